/* decode.h -- bytes as a graph over the whole rule book: params, columns, constants, every row on any operands, the same
 * graph again on any tape. Any bytes are a graph. It is no test. */
#ifndef TESTS_FUZZ_DECODE_H
#define TESTS_FUZZ_DECODE_H

#include <autodiff/autodiff.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { MOST_PARAMS = 4, MOST_COLUMNS = 3, MOST_NODES = 40, MOST_LIST = 5, MOST_OUTPUTS = 3, MOST_ROWS = 200,
       MOST_INPUTS = MOST_PARAMS + MOST_COLUMNS };

typedef struct decoded_operand {
    int    from;                           /* a value before, or -1: the number */
    double number;
} decoded_operand;

typedef struct decoded {
    int    params, columns, nodes, outputs, rows, squashed, many;
    double param[MOST_PARAMS], direction[MOST_INPUTS], column[MOST_COLUMNS][MOST_ROWS];
    struct { int op, n, constant; decoded_operand operand[2 * MOST_LIST]; } node[MOST_NODES];
    int    output[MOST_OUTPUTS];
} decoded;

typedef struct bytes {
    const uint8_t *at;
    size_t         left;
} bytes;

static inline int next(bytes *b)
{
    b->left -= b->left > 0;
    return b->left ? *b->at++ : 0;
}

/* Ties and kinks are frequent, strange numbers now and then. */
static inline double decoded_number(bytes *b)
{
    static const double strange[] = {0, -0.0, INFINITY, -INFINITY, NAN, 1e300, -1e300, 1e-300, 5e-324, -5e-324, 1e16, 0.1, 1e154, -1e-160,
                                     20, 710, -745, 1e9};
    int kind = next(b);
    if (kind < 6)
        return strange[next(b) % (int)(sizeof strange / sizeof *strange)];
    int8_t small = (int8_t)next(b);
    return kind < 128 ? small / 32. : small / 32. + next(b) / 8192. + kind / 2097152.;
}

static inline void decode(const uint8_t *data, size_t size, decoded *g)
{
    static const int rows[] = {0, 1, 2, 63, 64, 65, 127, 129, 5, 8};
    bytes b = {data, size + 1};
    memset(g, 0, sizeof *g);
    int head = next(&b);
    g->params = head % (MOST_PARAMS + 1);
    g->columns = head / 8 % (MOST_COLUMNS + 1);
    g->squashed = head / 32 % 2;
    head = next(&b);
    g->rows = rows[head % 10];
    g->many = head >= 252;
    g->nodes = next(&b) % (MOST_NODES + 1);
    g->outputs = 1 + next(&b) % MOST_OUTPUTS;
    for (int i = 0; i < g->params; i++)
        g->param[i] = decoded_number(&b);
    for (int k = 0; k < g->columns; k++) {
        double first = decoded_number(&b), step = decoded_number(&b);
        for (int r = 0; r < MOST_ROWS; r++)
            g->column[k][r] = r % 7 == 3 ? first : r % 5 == 2 ? step : first + r % 11 * step * 0.125;
    }
    for (int i = 0; i < MOST_INPUTS; i++)
        g->direction[i] = 1 + i % 3 * 0.5;
    int values = g->params + g->columns;
    for (int i = 0; i < g->nodes; i++) {
        g->node[i].op = AD_OP_THIRD + 1 + next(&b) % (AD_OP_COUNT - AD_OP_THIRD - 1);
        head = next(&b);
        g->node[i].n = 1 + head % MOST_LIST;
        g->node[i].constant = head / 8 % 8 - 2;
        for (int k = 0; k < 2 * MOST_LIST && k < (k < 3 ? 3 : 2 * g->node[i].n); k++) {
            int from = next(&b), all = values + i;
            decoded_operand *o = &g->node[i].operand[k];
            if (from % 8 == 7 || all == 0)
                *o = (decoded_operand){-1, decoded_number(&b)};
            else                           /* the later half are of the last few */
                *o = (decoded_operand){from < 128 ? from % all : all - 1 - from % (all < 4 ? all : 4), 0};
        }
    }
    for (int k = 0; k < g->outputs; k++)
        g->output[k] = values + g->nodes ? values + g->nodes - 1 - (k ? next(&b) % (values + g->nodes) : 0) : -1;
}

static inline ad_var decoded_row(int op, int n, int constant, const ad_var *x)
{
    ad_var second[MOST_LIST];
    for (int i = 0; i < n; i++)
        second[i] = x[n + i];
    (void)second;
    switch (op) {
#define OP1(name, ...) case AD_OP_##name: return ad_##name(x[0]);
#define OP2(name, ...) case AD_OP_##name: return ad_##name(x[0], x[1]);
#define OP3(name, ...) case AD_OP_##name: return ad_##name(x[0], x[1], x[2]);
#define FC1(name, ...) case AD_OP_##name: return ad_##name(x[0], AD_OP_##name == AD_OP_leaky_relu ? constant * 0.25 : constant);
#define NA1(name, ...) case AD_OP_##name: return ad_##name((size_t)n, x);
#define NA2(name, ...) case AD_OP_##name: return ad_##name((size_t)n, x, second);
#include <autodiff/ops.def>
    default: return x[0];
    }
}

/* Records the graph on inputs [params + columns]; outputs [g->outputs]. */
static inline void record_decoded(const decoded *g, const ad_var *inputs, ad_var *outputs)
{
    ad_var value[MOST_INPUTS + MOST_NODES];
    int n = g->params + g->columns;
    for (int i = 0; i < n; i++)
        value[i] = inputs[i];
    for (int i = 0; i < g->nodes; i++) {
        ad_var x[2 * MOST_LIST];
        for (int k = 0; k < 2 * MOST_LIST; k++) {
            const decoded_operand *o = &g->node[i].operand[k];
            x[k] = o->from < 0 || n + i == 0 ? ad_const(o->number) : value[o->from];
        }
        ad_var z = decoded_row(g->node[i].op, g->node[i].n, g->node[i].constant, x);
        value[n + i] = g->squashed && i % 2 ? ad_tanh(z) : z;
    }
    for (int k = 0; k < g->outputs; k++)
        outputs[k] = g->output[k] < 0 ? ad_const(0.5) : value[g->output[k]];
}

#endif
