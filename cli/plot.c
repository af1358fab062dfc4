/* plot.c -- what was fitted, drawn: data and curve above, residuals below, as SVG; or data and curve in characters.
 *
 * Where the model depends on one column that is the horizontal axis and the curve is drawn through it; else it is the fitted
 * value, and the line is where fitted and observed agree.
 */
#include "cli.h"
#include "fit.h"
#include "output.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GRID = 400, MOST_POINTS = 4000, MOST_RESPONSES = 6 };

typedef struct picture {
    size_t      m, rows;                   /* responses; rows */
    size_t      column;                    /* the horizontal axis, or SIZE_MAX: the fitted value */
    const char *axis;
    double     *values;                    /* [2 m][rows] observed and fitted in turn */
    double     *x;                         /* [rows], of one column */
    double     *curve_x, *curve;           /* [GRID]; [m][GRID] */
    double      low_x, high_x, low_y, high_y, most;   /* ranges; the largest residual */
} picture;

static const double *observed(const picture *p, size_t k) { return p->values + 2 * k * p->rows; }
static const double *fitted(const picture *p, size_t k) { return p->values + (2 * k + 1) * p->rows; }
static const double *across(const picture *p, size_t k) { return p->x ? p->x : fitted(p, k); }

/* ---- Numbers -------------------------------------------------------------------------------------------------------------- */

/* Outputs of the responses' function on columns, in rows of `values`. */
static int evaluate(const cli_fitting *fit, const ad_function *f, const double *const *columns, size_t rows, double *values)
{
    size_t n = ad_function_outputs(f), n_params = fit->result->n;
    double **to = calloc(n + 1, sizeof *to), *params = calloc(n_params + 1, sizeof *params);
    int done = to && params;
    for (size_t k = 0; done && k < n; k++)
        to[k] = values + k * rows;
    for (size_t j = 0; done && j < n_params; j++)
        params[j] = fit->result->params[j].estimate;
    done = done && ad_function_rows(f, params, columns, rows, to) == AD_OK;
    free(to);
    free(params);
    return done;
}

/* Whether what is fitted changes when a column is replaced by another one. */
static int depends(const cli_fitting *fit, const ad_function *f, picture *p, size_t column, double *work, double *other)
{
    const double **columns = calloc(fit->n_columns + 1, sizeof *columns);
    int differs = 0;
    if (!columns)
        return 0;
    for (size_t i = 0; i < fit->n_columns; i++)
        columns[i] = fit->columns[i];
    for (size_t r = 0; r < p->rows; r++)
        other[r] = fit->columns[column][(r + 1) % p->rows] * 1.001 + (fit->columns[column][r] == 0 ? 1e-3 : 0);
    columns[column] = other;
    if (evaluate(fit, f, columns, p->rows, work))
        for (size_t k = 0; k < p->m && !differs; k++)
            for (size_t r = 0; r < p->rows && !differs; r++)
                differs = !(work[(2 * k + 1) * p->rows + r] == fitted(p, k)[r]);
    free(columns);
    return differs;
}

static void widen(double *low, double *high, double x)
{
    if (isfinite(x)) {
        *low = fmin(*low, x);
        *high = fmax(*high, x);
    }
}

static void find_ranges(picture *p)
{
    p->low_x = p->low_y = INFINITY;
    p->high_x = p->high_y = -INFINITY;
    for (size_t k = 0; k < p->m; k++)
        for (size_t r = 0; r < p->rows; r++) {
            widen(&p->low_x, &p->high_x, across(p, k)[r]);
            widen(&p->low_y, &p->high_y, observed(p, k)[r]);
            widen(&p->low_y, &p->high_y, fitted(p, k)[r]);
            if (isfinite(observed(p, k)[r] - fitted(p, k)[r]))
                p->most = fmax(p->most, fabs(observed(p, k)[r] - fitted(p, k)[r]));
        }
    double *ends[][2] = {{&p->low_x, &p->high_x}, {&p->low_y, &p->high_y}};
    for (int i = 0; i < 2; i++)
        if (!(*ends[i][0] < *ends[i][1])) {
            double at = isfinite(*ends[i][0]) ? *ends[i][0] : 0, wide = at != 0 ? 0.1 * fabs(at) : 1;
            *ends[i][0] = at - wide;
            *ends[i][1] = at + wide;
        }
    p->most = p->most > 0 ? p->most : 1;
}

static int make_curve(const cli_fitting *fit, const ad_function *f, picture *p)
{
    const double **columns = calloc(fit->n_columns + 1, sizeof *columns);
    double *all = calloc((fit->n_columns + 2 * p->m + 2) * GRID, sizeof *all), *values = all ? all + fit->n_columns * GRID : NULL;
    p->curve_x = calloc(GRID, sizeof *p->curve_x);
    p->curve = calloc(p->m * GRID, sizeof *p->curve);
    int done = columns && all && p->curve_x && p->curve;
    for (size_t i = 0; done && i < fit->n_columns; i++) {
        for (size_t g = 0; g < GRID; g++)
            all[i * GRID + g] = i == p->column ? p->low_x + (p->high_x - p->low_x) * (double)g / (GRID - 1) : fit->columns[i][0];
        columns[i] = all + i * GRID;
    }
    if (done && p->column != SIZE_MAX) {
        done = evaluate(fit, f, columns, GRID, values);
        memcpy(p->curve_x, columns[p->column], GRID * sizeof *p->curve_x);
        for (size_t k = 0; k < p->m; k++)
            memcpy(p->curve + k * GRID, values + (2 * k + 1) * GRID, GRID * sizeof *values);
    } else if (done)
        for (size_t g = 0; g < GRID; g++)
            for (size_t k = 0; k < p->m; k++)
                p->curve_x[g] = p->curve[k * GRID + g] = p->low_x + (p->high_x - p->low_x) * (double)g / (GRID - 1);
    free(columns);
    free(all);
    return done;
}

static int compute(const cli_fitting *fit, const ad_function *f, picture *p)
{
    size_t matters = 0, numbers = 2 * p->m * p->rows;
    double *work = calloc(numbers + 1, sizeof *work), *other = calloc(p->rows + 1, sizeof *other);
    p->values = calloc(numbers + 1, sizeof *p->values);
    p->column = SIZE_MAX;
    int done = work && other && p->values && evaluate(fit, f, fit->columns, p->rows, p->values);
    for (size_t i = 0; done && i < fit->n_columns; i++)
        if (depends(fit, f, p, i, work, other)) {
            p->column = i;
            matters++;
        }
    p->column = matters == 1 ? p->column : SIZE_MAX;
    p->axis = matters == 1 ? fit->names[p->column] : "fitted";
    if (done && matters == 1 && (p->x = calloc(p->rows + 1, sizeof *p->x)))
        memcpy(p->x, fit->columns[p->column], p->rows * sizeof *p->x);
    free(work);
    free(other);
    if (!done || (matters == 1 && !p->x))
        return 0;
    find_ranges(p);
    return make_curve(fit, f, p);
}

/* ---- SVG ------------------------------------------------------------------------------------------------------------------- */

/* Okabe and Ito's colours, safe for the colour-blind. */
static const char *const colors[MOST_RESPONSES] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};

typedef struct panel { double left, right, top, bottom, low_x, high_x, low_y, high_y; } panel;

static double to_x(const panel *a, double x) { return a->left + (a->right - a->left) * ((x - a->low_x) / (a->high_x - a->low_x)); }
static double to_y(const panel *a, double y) { return a->bottom - (a->bottom - a->top) * ((y - a->low_y) / (a->high_y - a->low_y)); }

/* 1, 2 or 5 times a power of ten, about five to the range. */
static double tick_step(double low, double high)
{
    double rough = (high - low) / 5, power = pow(10, floor(log10(rough))), part = rough / power;
    return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

static void put_text(FILE *to, const char *text)
{
    for (; *text; text++)
        *text == '<' ? fputs("&lt;", to) : *text == '&' ? fputs("&amp;", to) : fputc(*text, to);
}

static void draw_axes(FILE *to, const panel *a, const char *x_name, const char *y_name)
{
    double step = tick_step(a->low_x, a->high_x);
    fprintf(to, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"none\" stroke=\"#888\"/>\n", a->left, a->top, a->right - a->left,
            a->bottom - a->top);
    for (double i = ceil(a->low_x / step); i * step <= a->high_x * (1 + DBL_EPSILON); i++) {
        double at = to_x(a, i * step);
        fprintf(to, "<path d=\"M%.2f %gv-5\" stroke=\"#888\"/>", at, a->bottom);
        if (x_name)
            fprintf(to, "<text x=\"%.2f\" y=\"%g\" text-anchor=\"middle\">%.6g</text>", at, a->bottom + 16, i == 0 ? 0 : i * step);
        fputc('\n', to);
    }
    step = tick_step(a->low_y, a->high_y);
    for (double i = ceil(a->low_y / step); i * step <= a->high_y * (1 + DBL_EPSILON); i++)
        fprintf(to, "<path d=\"M%g %.2fh5\" stroke=\"#888\"/><text x=\"%g\" y=\"%.2f\" text-anchor=\"end\">%.6g</text>\n", a->left,
                to_y(a, i * step), a->left - 6, to_y(a, i * step) + 4, i == 0 ? 0 : i * step);
    if (x_name) {
        fprintf(to, "<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">", (a->left + a->right) / 2, a->bottom + 34);
        put_text(to, x_name);
        fputs("</text>\n", to);
    }
    fprintf(to, "<text transform=\"translate(16 %g) rotate(-90)\" text-anchor=\"middle\">%s</text>\n", (a->top + a->bottom) / 2, y_name);
}

static void draw_curve(FILE *to, const panel *a, const picture *p, size_t k)
{
    int open = 0;
    fprintf(to, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" d=\"", colors[k % MOST_RESPONSES]);
    for (size_t g = 0; g < GRID; g++) {
        double y = p->curve[k * GRID + g];
        open = isfinite(y) && y >= a->low_y && y <= a->high_y
             ? fprintf(to, "%c%.2f %.2f", open ? 'L' : 'M', to_x(a, p->curve_x[g]), to_y(a, y)) : 0;
    }
    fputs("\"/>\n", to);
}

static void draw_points(FILE *to, const panel *a, const picture *p, size_t k, int residuals)
{
    size_t step = p->rows > MOST_POINTS ? p->rows / MOST_POINTS : 1;
    fprintf(to, "<g fill=\"%s\" fill-opacity=\"0.6\">\n", colors[k % MOST_RESPONSES]);
    for (size_t r = 0; r < p->rows; r += step) {
        double x = across(p, k)[r], y = observed(p, k)[r] - (residuals ? fitted(p, k)[r] : 0);
        if (isfinite(x) && isfinite(y))
            fprintf(to, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"2.5\"/>\n", to_x(a, x), to_y(a, y));
    }
    fputs("</g>\n", to);
}

static void draw_svg(FILE *to, const picture *p)
{
    double wide = 0.03 * (p->high_x - p->low_x), tall = 0.05 * (p->high_y - p->low_y);
    panel above = {70, 700, 20, 350, p->low_x - wide, p->high_x + wide, p->low_y - tall, p->high_y + tall}, below = above;
    below.top = 370;
    below.bottom = 490;
    below.high_y = 1.1 * p->most;
    below.low_y = -below.high_y;
    fprintf(to, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 540\" width=\"720\" height=\"540\" "
                "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"720\" height=\"540\" fill=\"white\"/>\n");
    draw_axes(to, &above, NULL, p->column == SIZE_MAX ? "observed" : "observed and fitted");
    draw_axes(to, &below, p->axis, "residual");
    fprintf(to, "<path d=\"M%g %.2fH%g\" stroke=\"#888\"/>\n", below.left, to_y(&below, 0), below.right);
    for (size_t k = 0; k < p->m; k++) {
        draw_points(to, &above, p, k, 0);
        draw_curve(to, &above, p, k);
        draw_points(to, &below, p, k, 1);
    }
    fputs("</svg>\n", to);
}

/* ---- Characters ------------------------------------------------------------------------------------------------------------ */

static void draw_characters(FILE *to, const picture *p)
{
    enum { WIDE = 72, TALL = 20 };
    char rows[TALL][WIDE + 1], text[CLI_NUMBER];
    panel a = {0, WIDE - 1, 0, TALL - 1, p->low_x, p->high_x, p->low_y, p->high_y};
    memset(rows, ' ', sizeof rows);
    for (size_t k = 0; k < p->m; k++) {
        for (size_t g = 0; g < GRID; g++)
            if (p->curve[k * GRID + g] >= p->low_y && p->curve[k * GRID + g] <= p->high_y)
                rows[(int)(to_y(&a, p->curve[k * GRID + g]) + 0.5)][(int)(to_x(&a, p->curve_x[g]) + 0.5)] = '.';
        for (size_t r = 0; r < p->rows; r++)
            if (isfinite(across(p, k)[r]) && isfinite(observed(p, k)[r]))
                rows[(int)(to_y(&a, observed(p, k)[r]) + 0.5)][(int)(to_x(&a, across(p, k)[r]) + 0.5)] = k ? (char)('a' + (int)(k % 26)) : 'o';
    }
    fputc('\n', to);
    for (int i = 0; i < TALL; i++) {
        size_t n = WIDE;
        while (n && rows[i][n - 1] == ' ')
            n--;
        snprintf(text, sizeof text, "%.4g", i == 0 ? p->high_y : i == TALL - 1 ? p->low_y : 0);
        fprintf(to, "%11s |%.*s\n", i == 0 || i == TALL - 1 ? text : "", (int)n, rows[i]);
    }
    fprintf(to, "%11s +", "");
    for (int i = 0; i < WIDE; i++)
        fputc('-', to);
    int used = fprintf(to, "\n%11s  %-12.4g", "", p->low_x) - 1;
    fprintf(to, "%*s%*.4g\n%11s  o observed, . fitted\n", (int)(WIDE / 2 - 12 + strlen(p->axis) / 2), p->axis,
            (int)(WIDE + 13 - used - (WIDE / 2 - 12 + (int)strlen(p->axis) / 2)), p->high_x, "");
}

/* ---- All of it ------------------------------------------------------------------------------------------------------------- */

static int draw(const picture *p, const char *file)
{
    if (!strcmp(file, "-")) {
        draw_characters(stdout, p);
        return CLI_RIGHT;
    }
    FILE *to = fopen(file, "w");
    int error = errno;
    if (to) {
        draw_svg(to, p);
        error = ferror(to) ? EIO : 0;
        if (fclose(to) && !error)
            error = errno;
    }
    if (to && !error)
        return CLI_RIGHT;
    cli_message("--plot %s: %s", file, strerror(error));
    return CLI_USAGE;
}

int cli_fit_plot(const cli_fitting *fit, const char *file)
{
    picture p = {.rows = fit->rows};
    ad_function *f = fit->objective == AD_FIT_LIKELIHOOD ? NULL : ad_fit_responses(fit->f, fit->objective);
    int status = CLI_RIGHT;
    if (f && fit->n_columns) {
        p.m = ad_function_outputs(f) / 2;
        if (compute(fit, f, &p))
            status = draw(&p, file);
        else {
            cli_message("no memory");
            status = CLI_USAGE;
        }
    } else
        cli_message("--plot: there is nothing to draw: the loss does not show what is observed, as (y - f)^2 would");
    free(p.values);
    free(p.x);
    free(p.curve_x);
    free(p.curve);
    ad_function_free(f);
    return status;
}
