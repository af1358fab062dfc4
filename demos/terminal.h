/* terminal.h -- what the demos share: headings, colour where it is welcome, and a plot that any terminal can show.
 *
 * Colour needs a terminal that is not dumb, and NO_COLOR unset or empty; everything is plain ASCII without it.
 */
#ifndef DEMOS_TERMINAL_H
#define DEMOS_TERMINAL_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLAIN  "\033[0m"
#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"

static inline int term_has_colour(void)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") && !(no_color && *no_color);
}

/** A colour's code, or nothing where colour is not welcome. */
static inline const char *term_ink(const char *code) { return term_has_colour() ? code : ""; }

static inline void term_title(const char *title) { printf("\n%s%s%s\n\n", term_ink(BOLD), title, term_ink(PLAIN)); }

enum { TERM_PLOT_WIDTH = 65, TERM_ROWS_PER_DECADE = 3 };

/* The row of a positive value, counted down from 10^top. */
static inline long term_plot_row(double y, double top) { return lround((top - log10(y)) * TERM_ROWS_PER_DECADE); }

/** Plots y[0] ... y[n-1] on a logarithmic scale, 74 columns wide.  y [n] positive, n > 1. */
static inline void term_plot_log(size_t n, const double *y, const char *y_label, const char *x_label)
{
    long row[TERM_PLOT_WIDTH], last = 0;
    double highest = y[0];
    for (size_t i = 1; i < n; i++)
        highest = fmax(highest, y[i]);
    const double top = ceil(log10(highest));
    for (size_t c = 0; c < TERM_PLOT_WIDTH; c++) {
        row[c] = term_plot_row(y[c * (n - 1) / (TERM_PLOT_WIDTH - 1)], top);
        last = row[c] > last ? row[c] : last;
    }

    printf("  %s\n", y_label);
    for (long r = 0; r <= last; r++) {
        char line[TERM_PLOT_WIDTH + 1] = "";
        int  length = 0;
        for (int c = 0; c < TERM_PLOT_WIDTH; c++) {
            long from = row[c > 0 ? c - 1 : 0], to = row[c];        /* steep stretches fill the rows they skip */
            int  drawn = r == to || (from < r && r < to) || (to < r && r < from);
            line[c] = drawn ? '*' : ' ';
            length = drawn ? c + 1 : length;
        }
        if (r % TERM_ROWS_PER_DECADE == 0)
            printf("  1e%+03.0f +", top - (double)(r / TERM_ROWS_PER_DECADE));
        else
            printf("        |");
        printf("%s%.*s%s\n", term_ink(GREEN), length, line, term_ink(PLAIN));
    }

    printf("        ");
    for (int c = 0; c < TERM_PLOT_WIDTH; c++)
        putchar(c % (TERM_PLOT_WIDTH / 4) ? '-' : '+');
    printf("\n        0");
    for (size_t quarter = 1; quarter <= 4; quarter++)
        printf("%*zu", TERM_PLOT_WIDTH / 4, quarter * (n - 1) / 4);
    printf("\n%*s\n", 8 + TERM_PLOT_WIDTH, x_label);
}

#endif
