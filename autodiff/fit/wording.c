/* wording.c -- why a fit came to nothing, in the words of its model: the operation that left its domain and the row, the
 * combination of params that the data do not fix and the formula through which alone they enter, what moved last. */
#include "inside.h"
#include "retrace.h"

#include "autodiff/insight/audit.h"
#include "autodiff/insight/replay.h"
#include "autodiff/insight/text.h"

#include <math.h>
#include <stdarg.h>

static void say(ad_fitting *F, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(ad_fitting *F, const char *format, ...)
{
    size_t used = strlen(F->message);
    va_list more;
    va_start(more, format);
    vsnprintf(F->message + used, sizeof F->message - used, format, more);
    va_end(more);
}

static int is_finite(double x) { return fabs(x) < INFINITY; }
static double without_sign(double x) { return x != x ? fabs(x) : x; }     /* nan is nan */

/* ---- Outside the domain -------------------------------------------------------------------------------------------------- */

/* The first row in which an output of a function of rows is no number, or SIZE_MAX. */
static size_t first_bad_row(ad_fitting *F, const ad_function *f)
{
    ad_objective *P = F->P;
    enum { ROWS = 256 };
    size_t n = ad_function_outputs(f), rows;
    double *values = ad_store_numbers(P->store, n * ROWS), **to = ad_store_make(P->store, n, sizeof *to);
    const double **at = ad_store_make(P->store, ad_function_columns(f), sizeof *at);
    for (size_t k = 0; to && k < n; k++)
        to[k] = values + k * ROWS;
    for (size_t begin = 0; !P->store->failed && begin < P->rows; begin += rows) {
        rows = P->rows - begin < ROWS ? P->rows - begin : ROWS;
        for (size_t i = 0; i < ad_function_columns(f); i++)
            at[i] = P->columns[i] + begin;
        if ((P->status = ad_function_rows(f, F->p, at, rows, to)) != AD_OK)
            return SIZE_MAX;
        for (size_t r = 0; r < rows; r++)
            for (size_t k = 0; k < n; k++)
                if (!is_finite(to[k][r]))
                    return begin + r;
    }
    return SIZE_MAX;
}

/* What the audit says of one row; 0 where it finds nothing, or cannot look. */
static int say_finding(ad_fitting *F, const ad_function *f, size_t row)
{
    ad_objective *P = F->P;
    size_t n_columns = ad_function_columns(f);
    double *at = ad_store_numbers(P->store, P->n + n_columns);
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = P->f->allocator});
    ad_var E = ad_const(NAN);
    int said = 0;
    if (at && tape) {
        memcpy(at, F->p, P->n * sizeof *at);
        for (size_t i = 0; i < n_columns; i++)
            at[P->n + i] = P->columns[i][row];
        E = ad_replay(f, tape);
        const unsigned kinds[] = {1u << AD_AUDIT_NON_FINITE, 1u << AD_AUDIT_KINK | 1u << AD_AUDIT_RANGE};
        for (int k = 0; k < 2 && !said && ad_tape_error(tape) == AD_OK && E.link; k++) {
            ad_audit_report *report = ad_audit_rows(E, (ad_audit_options){.kinds = kinds[k], .most = 1}, at, NULL, 1);
            const ad_finding *found = report ? ad_audit_finding(report, 0) : NULL;
            if (found) {
                say(F, "%s", found->detail);
                for (size_t i = 0; i < found->operands; i++)
                    say(F, "%s%s = %g%s", i ? ", " : " (", found->operand_names[i], without_sign(found->operand_values[i]),
                        i + 1 < found->operands ? "" : ")");
                if (found->suggestion)
                    say(F, "; write %s instead", found->suggestion);
                said = 1;
            }
            ad_audit_free(report);
        }
    }
    int sums = 0;                          /* rows inside: then there is no replay to look at, and no fault */
    for (uint32_t i = 0; i < f->graph.n; i++)
        sums |= ad_graph_at(&f->graph, i)->op >= AD_OP_COUNT;
    if (!at || !tape || !E.link || ad_tape_error(tape) == AD_ERROR_NO_MEMORY)
        P->status = sums ? P->status : AD_ERROR_NO_MEMORY;
    ad_tape_free(tape);
    return said;
}

/* The first row whose loss has a slope that is no number. */
static size_t first_bad_slope(ad_fitting *F)
{
    ad_objective *P = F->P;
    ad_function *slopes = ad_function_varies(P->loss, 0) ? ad_function_derive(P->loss, (ad_derive_options){.status = &P->status}) : NULL;
    size_t row = slopes ? first_bad_row(F, slopes) : SIZE_MAX;
    ad_function_free(slopes);
    return row;
}

void ad_fit_name_domain(ad_fitting *F)
{
    ad_objective *P = F->P;
    const ad_function *f = P->f->n_outputs == 1 ? P->f : P->loss;          /* as it was written, where that shows it */
    size_t row = first_bad_row(F, f);
    if (row == SIZE_MAX && P->status == AD_OK)
        row = first_bad_row(F, f = P->loss);
    if (row == SIZE_MAX && P->status == AD_OK)
        row = first_bad_slope(F);
    F->result.row = row;
    say(F, "at the start");
    if (row != SIZE_MAX)
        say(F, ", row %zu", row + 1);
    say(F, ": ");
    if (row == SIZE_MAX || !say_finding(F, f, row))
        say(F, "the loss or its derivative is no number");
    say(F, strstr(F->message, "infinite itself") ? "; mend the data, or leave the row out"
                                                 : "; start where it is one, or bound the params so that it stays one");
    if (P->store->failed)
        P->status = AD_ERROR_NO_MEMORY;
}

/* ---- Not identifiable ---------------------------------------------------------------------------------------------------- */

enum { MOST_ROWS = 48, MOST_NODES = 20000, MOST_FORMULAS = 3 };

/* How a node answers to a move of the params along the direction, at its worst over the rows that were looked at. */
typedef struct answer {
    double left, terms;                    /* the largest change of the node, beside the largest sum of what its operands send */
    int    meets;                          /* operands send something that differs */
} answer;

static void follow(ad_retrace *R, const double *direction, double *dot, answer *answers)
{
    const ad_graph *G = &R->f->graph;
    for (uint32_t i = 0; i < G->n; i++) {
        const ad_graph_node *n = ad_graph_at(G, i);
        double sum = 0, size = 0;
        int senders = 0;
        for (int k = 0; k < ad_graph_arity(n->op); k++) {
            double from = dot[ad_graph_operand(n, k)], term = from == 0 ? 0 : from * ad_retrace_slope(R, i, k);
            sum += term;
            size += fabs(term);
            senders += term != 0;
        }
        dot[i] = n->op == AD_OP_PARAM ? direction[n->x] : sum;
        if (senders > 1 && fabs(sum) <= 1e-6 * size)
            dot[i] = 0;                                                    /* rounding: what follows it is not moved */
        if (size > 0) {
            answers[i].left = fmax(answers[i].left, fabs(sum) / size);
            answers[i].terms = fmax(answers[i].terms, size);
            answers[i].meets |= senders > 1;
        }
    }
}

/* The nodes in which moves of several params cancel, on every row: through these alone they enter. */
static size_t find_meetings(ad_fitting *F, const double *direction, ad_retrace *R, uint32_t *found)
{
    ad_objective *P = F->P;
    uint32_t n = P->f->graph.n;
    size_t n_found = 0, step = P->rows > MOST_ROWS ? P->rows / MOST_ROWS : 1;
    double *dot = ad_store_numbers(P->store, n);
    answer *answers = ad_store_make(P->store, n, sizeof *answers);
    if (P->store->failed || n > MOST_NODES)
        return 0;
    for (size_t row = 0; row < P->rows; row += step) {
        if (!ad_retrace_at(R, P->f, P->store, F->p, P->given, row))
            return 0;
        follow(R, direction, dot, answers);
    }
    for (uint32_t i = 0; i < n && n_found < MOST_FORMULAS; i++)
        if (answers[i].meets && answers[i].terms > 0 && answers[i].left <= 1e-6)
            found[n_found++] = i;
    return n_found;
}

/* "b, m and r" of the params that the direction moves. */
static size_t say_names(ad_fitting *F, const double *scaled)
{
    const ad_fit_result *r = &F->result;
    double most = 0;
    size_t n = 0, k = 0;
    for (size_t j = 0; j < r->n; j++)
        most = fmax(most, fabs(scaled[j]));
    for (size_t j = 0; j < r->n; j++)
        n += fabs(scaled[j]) > 1e-6 * most;
    for (size_t j = 0; j < r->n; j++)
        if (fabs(scaled[j]) > 1e-6 * most)
            say(F, "%s%s", k == 0 ? "" : k + 1 == n ? " and " : ", ", r->params[j].name), k++;
    return n;
}

static void say_direction(ad_fitting *F, const double *scaled)
{
    const ad_fit_result *r = &F->result;
    const char *before = "";
    say(F, " (null direction of the scaled information matrix, eigenvalue %.1e of the largest: ", fmax(0, r->eigenvalue));
    for (size_t j = 0; j < r->n; j++)
        if (fabs(scaled[j]) > 1e-6) {
            say(F, "%s%.3g %s", before, scaled[j], r->params[j].name);
            before = ", ";
        }
    say(F, ")");
}

void ad_fit_name_direction(ad_fitting *F, const double *direction, size_t flat)
{
    ad_fit_result *r = &F->result;
    const double *scaled = r->direction;
    uint32_t found[MOST_FORMULAS];
    char text[AD_TEXT_SIZE];
    ad_retrace R = {0};
    if (r->least_squares && r->observations < r->n) {
        say(F, "%zu observation%s cannot fix %zu params; give more data, or hold params", r->observations,
            r->observations == 1 ? "" : "s", r->n);
        return;
    }
    say(F, "the data do not fix ");
    size_t moved = say_names(F, scaled);
    size_t n = moved > 1 ? find_meetings(F, direction, &R, found) : 0;
    if (moved == 1)
        say(F, ": it has no effect on the fit there");
    for (size_t k = 0; k < n; k++) {
        ad_formula_of(R.node[found[k]], text, sizeof text);
        say(F, "%s%s", k ? k + 1 == n ? " and " : ", " : ": they enter only through ", text);
    }
    if (moved > 1 && !n)
        say(F, ": moved together, they change nothing");
    say_direction(F, scaled);
    if (flat > 1)
        say(F, ", and %zu more direction%s free", flat - 1, flat == 2 ? " is" : "s are");
    say(F, moved > 1 ? "; hold one of them, or give data that tell them apart" : "; hold it, or leave it out");
    ad_retrace_end(&R);
    if (F->P->store->failed || R.failed)
        F->P->status = AD_ERROR_NO_MEMORY;
}

void ad_fit_name_idle(ad_fitting *F, size_t j)
{
    const ad_fit_param *q = &F->result.params[j];
    if (fabs(q->last - q->start) > 1e-3 * fabs(q->start))
        say(F, "%s ran from %g to %g, where it has no effect on the fit; start nearer, or bound it", q->name, q->start, q->last);
    else
        say(F, "%s = %g has no effect on the fit there; start where it has one", q->name, q->last);
}

/* "w rises beyond 78.4, b falls beyond -40" of the first few params that a move [n] moves. */
static void say_moves(ad_fitting *F, const double *move)
{
    enum { MOST_NAMES = 8 };
    const ad_fit_result *r = &F->result;
    double most = 0;
    size_t n = 0;
    for (size_t j = 0; j < r->n; j++)
        most = fmax(most, fabs(move[j]));
    for (size_t j = 0; j < r->n; j++)
        if (fabs(move[j]) > 1e-6 * most && n++ < MOST_NAMES)
            say(F, "%s%.60s %s beyond %.6g", n > 1 ? ", " : "", r->params[j].name, move[j] > 0 ? "rises" : "falls", r->params[j].last);
    if (n > MOST_NAMES)
        say(F, ", and %zu more likewise", n - MOST_NAMES);
}

void ad_fit_name_runaway(ad_fitting *F, const double *move)
{
    const ad_fit_result *r = &F->result;
    say(F, "did not converge: %s has no least value, it does not rise however far ", r->least_squares ? "the sum of squares" : "the loss");
    say_moves(F, move);
    say(F, "%s; bound the params, hold one, or add a penalty to the loss",
        r->least_squares ? "" : ", as where a line separates two classes or counts are all 0");
}

/* ---- Not converged ------------------------------------------------------------------------------------------------------- */

void ad_fit_name_last(ad_fitting *F, const char *why)
{
    const ad_fit_result *r = &F->result;
    size_t last = 0;
    double most = -1;
    for (size_t j = 0; j < r->n; j++) {
        double size = fmax(fabs(r->params[j].last), fabs(r->params[j].start)), moved = fabs(r->params[j].moved) / (size > 0 ? size : 1);
        if (moved > most) {
            most = moved;
            last = j;
        }
    }
    for (size_t j = 0; j < r->n; j++) {
        const ad_fit_param *q = &r->params[j];
        if (q->start != 0 && q->last != 0 && fabs(log(fabs(q->last / q->start))) > 100) {
            say(F, "did not converge: %s ran from %g to %g, and the loss falls without end; bound it", q->name, q->start, q->last);
            return;
        }
    }
    say(F, "did not converge: %s", why ? why : "it stopped");
    if (most > 0)
        say(F, "; %s moved last, by %.2g %%, to %.6g", r->params[last].name, 100 * most, r->params[last].last);
    say(F, "; start nearer, bound the params, or allow more iterations");
}
