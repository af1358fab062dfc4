/* progress.c -- a line that is drawn over itself: epoch, bar, errors, speed. */
#include "progress.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

double nn_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void nn_progress_begin(nn_progress *p, FILE *stream, size_t epochs, size_t rows)
{
    *p = (nn_progress){.stream = stream && isatty(fileno(stream)) ? stream : NULL, .epochs = epochs, .rows = rows, .drawn = -INFINITY};
}

/* 1234567 rows/s is 1.23 M. */
static void write_speed(char *to, size_t size, double speed)
{
    static const struct { double unit; const char *letter; } units[] = {{1e9, " G"}, {1e6, " M"}, {1e3, " k"}, {1, ""}};
    int u = 0;
    while (u < 3 && speed < units[u].unit)
        u++;
    snprintf(to, size, "%.3g%s rows/s", speed / units[u].unit, units[u].letter);
}

/* A line that wrapped could not be drawn over: 79 letters where the terminal does not say. */
static int room_on(FILE *stream)
{
    struct winsize size = {0};
    return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : 79;
}

void nn_progress_draw(nn_progress *p, size_t epoch, size_t rows, double error, double validation, double rows_per_second, int must)
{
    enum { BAR = 10 };
    double now;
    if (!p->stream || ((now = nn_seconds()) - p->drawn < 0.1 && !must))
        return;
    char line[200], bar[BAR + 1], speed[40], held[40] = "";
    double done = ((double)epoch + (double)rows / (double)p->rows) / (double)p->epochs;
    int full = done < 1 ? (int)(done * BAR) : BAR;
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)full);
    bar[BAR] = 0;
    write_speed(speed, sizeof speed, rows_per_second);
    if (!isnan(validation))
        snprintf(held, sizeof held, "  validation %.4g", validation);
    int room = room_on(p->stream), width = snprintf(line, sizeof line, "epoch %zu/%zu [%s] error %.4g%s  %s", epoch + (rows > 0), p->epochs, bar, error, held, speed);
    width = width < room ? width : room;
    fprintf(p->stream, "\r%-*.*s", p->width < room ? p->width : room, room, line);
    fflush(p->stream);
    p->width = width;
    p->drawn = now;
}

void nn_progress_end(nn_progress *p)
{
    if (p->stream && p->width)
        fputc('\n', p->stream);
    if (p->stream)
        fflush(p->stream);
}
