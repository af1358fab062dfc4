/* plot.h -- plots for the demos: a frame with axes, curves, points, and the outputs of a network over a plane. */
#ifndef DEMOS_PLOT_H
#define DEMOS_PLOT_H

#include "picture.h"
#include <nn/nn.h>

enum { PLOT_BLUE = 0x1f6fb4, PLOT_RED = 0xc8442d, PLOT_GREEN = 0x3a923a, PLOT_GREY = 0x888888, PLOT_INK = 0x222222 };

/* Where a plot is in the picture, and the numbers at its edges; y logarithmic if asked. */
typedef struct plot {
    picture *p;
    double left, top, width, height, x0, x1, y0, y1;
    int log_y;
} plot;

static inline double plot_x(const plot *f, double x) { return f->left + (x - f->x0) / (f->x1 - f->x0) * f->width; }

static inline double plot_y(const plot *f, double y)
{
    double part = f->log_y ? log(y / f->y0) / log(f->y1 / f->y0) : (y - f->y0) / (f->y1 - f->y0);
    return f->top + f->height - part * f->height;
}

/* The frame, a title above it, the numbers at the corners and what x is below. */
static inline void plot_axes(const plot *f, const char *title, const char *x_label)
{
    char text[32];
    double bottom = f->top + f->height, right = f->left + f->width;
    const double corners[][4] = {{f->left, f->top, f->left, bottom}, {f->left, bottom, right, bottom},
                                 {right, f->top, right, bottom}, {f->left, f->top, right, f->top}};
    for (int i = 0; i < 4; i++)
        picture_line(f->p, corners[i][0], corners[i][1], corners[i][2], corners[i][3], 1, PLOT_GREY);
    picture_text(f->p, f->left, f->top - 22, title, PLOT_INK);
    double centre = f->left + (f->width - PICTURE_LETTER * (double)strlen(x_label)) / 2;
    picture_text(f->p, centre, bottom + 8, x_label, PLOT_INK);
    snprintf(text, sizeof text, "%.4g", f->x0);
    picture_text(f->p, f->left, bottom + 8, text, PLOT_GREY);
    snprintf(text, sizeof text, "%.4g", f->x1);
    picture_text(f->p, right - PICTURE_LETTER * (double)strlen(text), bottom + 8, text, PLOT_GREY);
    for (int top = 0; top < 2; top++) {
        snprintf(text, sizeof text, "%.2g", top ? f->y1 : f->y0);
        picture_text(f->p, f->left - 6 - PICTURE_LETTER * (double)strlen(text), top ? f->top : bottom - 14, text, PLOT_GREY);
    }
}

/* x [n], or NULL for 1, 2, ...; what is outside the frame is left out. */
static inline void plot_curve(const plot *f, size_t n, const double *x, const double *y, unsigned colour)
{
    double high = fmax(f->y0, f->y1), low = fmin(f->y0, f->y1);
    for (size_t i = 1; i < n; i++)
        if (y[i - 1] >= low && y[i - 1] <= high && y[i] >= low && y[i] <= high)
            picture_line(f->p, plot_x(f, x ? x[i - 1] : (double)i), plot_y(f, y[i - 1]), plot_x(f, x ? x[i] : (double)(i + 1)), plot_y(f, y[i]),
                         2, colour);
}

/* class [n], or NULL for one colour: 1 is red, 0 blue. */
static inline void plot_points(const plot *f, size_t n, const double *x, const double *y, const double *class)
{
    for (size_t i = 0; i < n; i++) {
        picture_disc(f->p, plot_x(f, x[i]), plot_y(f, y[i]), 3.6, 0xffffff);
        picture_disc(f->p, plot_x(f, x[i]), plot_y(f, y[i]), 2.8, class && class[i] > 0.5 ? PLOT_RED : PLOT_BLUE);
    }
}

/* Blue where the probability is 0, red where it is 1, pale between. */
static inline unsigned plot_shade(double probability)
{
    double t = probability < 0.5 ? 1 - 2 * probability : 2 * probability - 1, strength = 0.25 + 0.55 * t;
    unsigned colour = probability < 0.5 ? 0x9cc4e4 : 0xf0b4a4, shade = 0;
    for (int shift = 0; shift < 24; shift += 8)
        shade |= (unsigned)(255 - strength * (255 - (double)(colour >> shift & 255))) << shift;
    return shade;
}

/* A network of two inputs and one logit, over the frame: shades of its probability, and the boundary where it is 1/2. */
static inline int plot_decision(const plot *f, const nn_network *net)
{
    size_t width = (size_t)f->width, height = (size_t)f->height, n = width * height;
    double *x = malloc(3 * n * sizeof *x), *y = x + n, *e = y + n;
    if (!x)
        return 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = f->x0 + ((double)(i % width) + 0.5) / (double)width * (f->x1 - f->x0);
        y[i] = f->y1 - ((double)(i / width) + 0.5) / (double)height * (f->y1 - f->y0);
    }
    int drawn = nn_predict(net, n, NN_COLUMNS(x, y), &e) == AD_OK;
    for (size_t i = 0; drawn && i < n; i++) {
        int edge = (i % width && (e[i] > 0) != (e[i - 1] > 0)) || (i >= width && (e[i] > 0) != (e[i - width] > 0));
        double left = f->left + (double)(i % width), top = f->top + (double)(i / width);
        picture_box(f->p, left, top, left + 1, top + 1, edge ? PLOT_INK : plot_shade(1 / (1 + exp(-e[i]))));
    }
    free(x);
    return drawn;
}

/* Errors of epochs, for the callback of nn_train. */
enum { PLOT_MOST = 100000 };
typedef struct plot_history {
    size_t n;
    double error[PLOT_MOST], validation[PLOT_MOST];
} plot_history;

static inline int plot_remember(const nn_epoch *epoch, void *history)
{
    plot_history *h = history;
    if (h->n < PLOT_MOST) {
        h->error[h->n] = epoch->error;
        h->validation[h->n++] = epoch->validation_error;
    }
    return 0;
}

/* A frame for a history, y logarithmic from the least to the largest error. */
static inline plot plot_for_history(picture *p, double left, double top, double width, double height, const plot_history *h)
{
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < h->n; i++) {
        low = fmin(low, fmin(h->error[i], h->validation[i]));
        high = fmax(high, fmax(h->error[i], h->validation[i]));
    }
    return (plot){p, left, top, width, height, 1, (double)h->n, low, high, 1};
}

/* A classifier of two inputs in a file: what it says over the square within +-half of (x, y), the points, and its errors. */
static inline int plot_classifier(const char *path, const char *title, const nn_network *net, double x, double y, double half, size_t n,
                                  const double *const *columns, const double *class, const plot_history *h)
{
    picture p = picture_new(880, 420);
    plot plane = {&p, 70, 40, 330, 330, x - half, x + half, y - half, y + half, 0};
    plot curve = plot_for_history(&p, 530, 40, 330, 330, h);
    int drawn = plot_decision(&plane, net);
    plot_points(&plane, n, columns[0], columns[1], class);
    plot_axes(&plane, title, "x");
    plot_axes(&curve, isnan(h->validation[0]) ? "error" : "error, red: validation", "epoch");
    plot_curve(&curve, h->n, NULL, h->error, PLOT_BLUE);
    plot_curve(&curve, h->n, NULL, h->validation, PLOT_RED);
    return picture_save(&p, path) && drawn;
}

#endif
