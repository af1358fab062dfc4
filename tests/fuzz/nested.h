/* nested.h -- bytes as functions that call one another: rows of the rule book, calls at a point, calls over data, sums over rows; and
 * the same functions again with every call and every sum written out, row by row. Any bytes are functions. It is no test. */
#ifndef TESTS_FUZZ_NESTED_H
#define TESTS_FUZZ_NESTED_H

#include "decode.h"

/* Rows of data repeat after DISTINCT. */
enum { NESTED_FUNCTIONS = 3, NESTED_PARAMS = 3, NESTED_COLUMNS = 2, NESTED_NODES = 8, NESTED_OUTPUTS = 2, DISTINCT = 3, NESTED_ROWS = 130,
       NESTED_OPERANDS = 7, FACTOR = NESTED_OPERANDS - 1, NESTED_VALUES = NESTED_PARAMS + NESTED_COLUMNS + NESTED_NODES };
enum { NESTED_ROW, NESTED_CALL, NESTED_CALL_SUM, NESTED_ROW_SUM };

typedef struct nested_node {
    int             kind, op, n, constant, callee, rows;
    decoded_operand operand[NESTED_OPERANDS];  /* of a call: its params, what its columns are; last of all a factor of it */
} nested_node;

typedef struct nested_function {
    int          params, columns, nodes, outputs, sums, calls;  /* sums over the rows of its own; calls over data, which
                                                          * must be the same for all rows */
    double       data[NESTED_COLUMNS][NESTED_ROWS];      /* what calls over data run over */
    nested_node  node[NESTED_NODES];
    int          varies[NESTED_VALUES], output[NESTED_OUTPUTS];
    ad_function *f;
} nested_function;

typedef struct nested {
    nested_function function[NESTED_FUNCTIONS];          /* each may call those before */
    int             rows;
    double          param[NESTED_PARAMS];
} nested;

static inline double times_of(size_t rows, size_t r) { return (double)(rows / DISTINCT + (r < rows % DISTINCT)); }

/* ---- Decoding ---------------------------------------------------------------------------------------------------------- */

/* A value before; of those that do not vary if so asked, or a number. */
static inline decoded_operand nested_operand(bytes *b, const nested_function *f, int all, int uniform)
{
    int from = next(b);
    if (from % 8 != 7)
        for (int i = from < 128 ? from : -1 - from % 4, k = 0; k < all; k++, i++) {
            int at = ((i < 0 ? all + i : i) % all + all) % all;
            if (!uniform || !f->varies[at])
                return (decoded_operand){at, 0};
        }
    int8_t small = (int8_t)next(b);
    return (decoded_operand){-1, small / 32.};
}

static inline void decode_node(bytes *b, nested_function *f, nested_node *node, int all, const nested_function *before, int n_before)
{
    static const int kinds[] = {NESTED_CALL, NESTED_CALL_SUM, NESTED_ROW_SUM, NESTED_CALL}, rows[] = {1, 3, 0, 64, 65, 129};
    int head = next(b), kind = head / 4 % 3 ? NESTED_ROW : kinds[head % 4], over_data = kind == NESTED_CALL_SUM;
    node->kind = n_before || kind == NESTED_ROW_SUM ? kind : NESTED_ROW;
    node->op = AD_OP_THIRD + 1 + next(b) % (AD_OP_COUNT - AD_OP_THIRD - 1);
    head = next(b);
    node->n = 1 + head % 3;
    node->constant = head / 8 % 8 - 2;
    node->callee = n_before ? head % n_before : 0;
    node->rows = rows[head / 8 % 6];
    int used = node->kind == NESTED_ROW_SUM ? 1 : 6;
    if (node->kind == NESTED_CALL || node->kind == NESTED_CALL_SUM)
        used = before[node->callee].params + (over_data ? 0 : before[node->callee].columns);
    int *varies = &f->varies[all];
    for (int k = 0; k < used; k++) {
        int calls = node->kind == NESTED_CALL_SUM || (node->kind == NESTED_CALL && before[node->callee].calls);
        node->operand[k] = nested_operand(b, f, all, calls);
        f->calls |= calls;
        *varies |= node->operand[k].from >= 0 && f->varies[node->operand[k].from];
    }
    if (node->kind == NESTED_ROW_SUM)
        *varies = 0;
    else if (node->kind != NESTED_ROW) {
        node->operand[FACTOR] = nested_operand(b, f, all, 0);
        *varies |= node->operand[FACTOR].from >= 0 && f->varies[node->operand[FACTOR].from];
    }
    f->sums |= node->kind == NESTED_ROW_SUM;
}

static inline void decode_nested(const uint8_t *data, size_t size, nested *g)
{
    static const int rows[] = {65, 1, 3, 64, 0, 129, 8, 63};
    bytes b = {data, size + 1};
    memset(g, 0, sizeof *g);
    g->rows = rows[next(&b) % 8];
    for (int i = 0; i < NESTED_PARAMS; i++)
        g->param[i] = (int8_t)next(&b) / 50.;
    for (int j = 0; j < NESTED_FUNCTIONS; j++) {
        nested_function *f = &g->function[j];
        int head = next(&b), most = j == NESTED_FUNCTIONS - 1 ? NESTED_NODES : NESTED_NODES / 2;
        f->params = head % (NESTED_PARAMS + 1);
        f->columns = head / 4 % (NESTED_COLUMNS + 1);
        f->outputs = 1 + head / 16 % NESTED_OUTPUTS;
        f->nodes = 1 + next(&b) % most;
        for (int k = 0; k < NESTED_COLUMNS; k++) {
            double first = (int8_t)next(&b) / 50., step = (int8_t)next(&b) / 50.;
            for (int r = 0; r < NESTED_ROWS; r++)
                f->data[k][r] = first + r % DISTINCT * step;
            f->varies[f->params + k] = k < f->columns;
        }
        int inputs = f->params + f->columns;
        for (int i = 0; i < f->nodes; i++) {
            f->varies[inputs + i] = 0;
            decode_node(&b, f, &f->node[i], inputs + i, g->function, j);
        }
        for (int k = 0; k < f->outputs; k++)
            f->output[k] = inputs + f->nodes - 1 - (k ? next(&b) % f->nodes : 0);
    }
}

/* ---- Recording --------------------------------------------------------------------------------------------------------- */

/* Every other row is squashed, so that numbers stay such that something can be told of them. */
static inline ad_var nested_row(const nested_node *node, int i, const ad_var *x)
{
    ad_var z = decoded_row(node->op, node->n, node->constant, x);
    return i % 2 ? ad_tanh(z) : z;
}

/* What becomes of a call: all of its results, times a factor. */
static inline ad_var nested_results(const nested_function *callee, const ad_var *results, ad_var factor)
{
    return ad_mul(factor, callee->outputs > 1 ? ad_add(results[0], ad_mul(0.5, results[1])) : results[0]);
}

static inline void record_nested(ad_tape *tape, const nested *g, const nested_function *f, const ad_var *inputs, ad_var *outputs)
{
    ad_var value[NESTED_VALUES];
    int n = f->params + f->columns;
    memcpy(value, inputs, (size_t)n * sizeof *value);
    for (int i = 0; i < f->nodes; i++) {
        const nested_node *node = &f->node[i];
        const nested_function *callee = &g->function[node->callee];
        size_t params = (size_t)callee->params, columns = (size_t)callee->columns;
        const double *data[NESTED_COLUMNS] = {callee->data[0], callee->data[1]};
        ad_var x[NESTED_OPERANDS], results[NESTED_OUTPUTS];
        for (int k = 0; k < NESTED_OPERANDS; k++)
            x[k] = node->operand[k].from < 0 || n + i == 0 ? ad_const(node->operand[k].number) : value[node->operand[k].from];
        if (node->kind == NESTED_CALL)
            ad_call(callee->f, params, x, columns, x + params, results);
        if (node->kind == NESTED_CALL_SUM)
            ad_call_sum(callee->f, params, x, columns, data, (size_t)node->rows, results);
        ad_var sum = node->kind != NESTED_ROW_SUM ? x[0] : x[0].link ? ad_row_sum(x[0]) : ad_mul(x[0], ad_rows(tape));
        value[n + i] = node->kind == NESTED_ROW_SUM ? sum : node->kind == NESTED_ROW ? nested_row(node, i, x)
                     : nested_results(callee, results, x[FACTOR]);
    }
    for (int k = 0; k < f->outputs; k++)
        outputs[k] = value[f->output[k]];
}

typedef ad_var by_row[DISTINCT];

/* What is written out has params alone; numbers are params too, so that none is computed, and rounded, beforehand. */
enum { MOST_GIVEN = 1 << 15 };          /* and room for a direction */
typedef struct written {
    ad_tape *tape;
    double   point[MOST_GIVEN + NESTED_PARAMS]; /* of its params */
    size_t   n;
} written;

static inline ad_var given(written *w, double number)
{
    if (w->n == MOST_GIVEN)
        return ad_const(number);
    w->point[w->n++] = number;
    return ad_param(w->tape, NULL, number);
}

static inline ad_var sum_of_rows(const ad_var *x, size_t rows)
{
    ad_var sum = ad_const(0);
    for (size_t r = 0; r < DISTINCT && r < rows; r++)
        sum = ad_add(sum, ad_chain(times_of(rows, r), x[r]));
    return sum;
}

/* The same with no call and no sum: outputs of the first distinct rows of so many. */
static inline void write_out(written *w, const nested *g, const nested_function *f, const ad_var *params, by_row *columns,
                             size_t rows, size_t distinct, by_row *outputs)
{
    by_row value[NESTED_VALUES];
    int n = f->params + f->columns;
    for (size_t r = 0; r < distinct; r++) {
        for (int i = 0; i < n; i++)
            value[i][r] = i < f->params ? params[i] : columns[i - f->params][r];
    }
    for (int i = 0; i < f->nodes; i++) {
        const nested_node *node = &f->node[i];
        const nested_function *callee = &g->function[node->callee];
        by_row x[NESTED_OPERANDS], called[NESTED_COLUMNS], results[NESTED_OUTPUTS];
        for (int k = 0; k < NESTED_OPERANDS; k++) {
            int plain = node->operand[k].from < 0 || n + i == 0;
            ad_var number = plain ? given(w, node->operand[k].number) : ad_const(0);
            for (size_t r = 0; r < distinct; r++)
                x[k][r] = plain ? number : value[node->operand[k].from][r];
        }
        for (size_t r = 0; r < distinct; r++) {
            ad_var here[NESTED_OPERANDS], sums[NESTED_OUTPUTS];
            for (int k = 0; k < NESTED_OPERANDS; k++)
                here[k] = x[k][r];
            if (node->kind == NESTED_ROW)
                value[n + i][r] = nested_row(node, i, here);
            if (node->kind == NESTED_ROW_SUM)
                value[n + i][r] = r ? value[n + i][0] : sum_of_rows(x[0], rows);
            if (node->kind == NESTED_CALL) {
                for (int k = 0; k < callee->columns; k++)
                    called[k][0] = here[callee->params + k];
                write_out(w, g, callee, here, called, 1, 1, results);
                for (int k = 0; k < callee->outputs; k++)
                    sums[k] = results[k][0];
                value[n + i][r] = nested_results(callee, sums, here[FACTOR]);
            }
            if (node->kind == NESTED_CALL_SUM) {
                size_t most = node->rows < DISTINCT ? (size_t)node->rows : DISTINCT;
                for (int k = 0; k < callee->columns; k++)
                    for (size_t s = 0; s < most; s++)
                        called[k][s] = given(w, callee->data[k][s]);
                write_out(w, g, callee, here, called, (size_t)node->rows, most, results);
                for (int k = 0; k < callee->outputs; k++)
                    sums[k] = sum_of_rows(results[k], (size_t)node->rows);
                value[n + i][r] = nested_results(callee, sums, here[FACTOR]);
            }
        }
    }
    for (int k = 0; k < f->outputs; k++)
        for (size_t r = 0; r < distinct; r++)
            outputs[k][r] = value[f->output[k]][r];
}

#endif
