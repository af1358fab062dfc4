/* run.c -- running plans over rows, and graphs with care. The instructions themselves are in lanes.c. */
#include "run.h"

#include "autodiff/tape/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* AD_ISA=baseline, avx2 or avx512 asks for less than the machine has. */
ad_lanes_run *ad_lanes_for_this_machine(void)
{
#ifdef AD_X86_LANES
    const char *asked = getenv("AD_ISA");
    int most = !asked || !strcmp(asked, "avx512") ? 2 : !strcmp(asked, "avx2");
    __builtin_cpu_init();
    if (most == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
        return ad_lanes_avx512;
    if (most && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return ad_lanes_avx2;
#endif
    return ad_lanes_baseline;
}

/* Rows are dealt out in parts that depend on their number alone, and the parts' sums are added in order: the same bits
 * however many threads there are. */
enum { MOST_PARTS = 64, LEAST_ROWS = 16 * AD_BLOCK };

static size_t parts_of(size_t rows)
{
    size_t parts = (rows + LEAST_ROWS - 1) / LEAST_ROWS;
    return parts < 1 ? 1 : parts > MOST_PARTS ? MOST_PARTS : parts;
}

static size_t part_begin(size_t rows, size_t parts, size_t k)
{
    size_t blocks = (rows + AD_BLOCK - 1) / AD_BLOCK, at = blocks / parts * k + (blocks % parts * k) / parts;
    return at * AD_BLOCK < rows ? at * AD_BLOCK : rows;
}

static double folded(const double *sum)
{
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

static void run_steps(const ad_pass *pass, double *u)
{
    for (uint32_t i = 0; i < pass->n_steps; i++) {
        const ad_uniform_step *s = &pass->steps[i];
        u[s->to] = ad_evaluate((enum ad_op)s->op, u[s->x], u[s->y], u[s->w]);
    }
}

/* Whether every gathered form is uniform alone is decided in the graph: a row sum of what does not vary. */
ad_status ad_plan_run(const ad_plan *P, const double *params, const double *const *columns, size_t rows, double *values,
                      double *const *rows_out)
{
    uint32_t slots = 0, sums = 0;
    size_t parts = parts_of(rows);
    for (uint32_t p = 0; p < P->n_passes; p++) {
        slots = P->passes[p].n_slots > slots ? P->passes[p].n_slots : slots;
        sums  = P->passes[p].n_sums > sums ? P->passes[p].n_sums : sums;
    }
    size_t size = ((size_t)P->n_uniform + (size_t)slots * AD_BLOCK + (size_t)sums * 8 + 24) * sizeof(double);
    void *block = ad_resize(&P->allocator, NULL, 0, size);
    if (!block)
        return AD_ERROR_NO_MEMORY;
    double *work = (double *)(((uintptr_t)block + 63) / 64 * 64), *gathered = work + (size_t)slots * AD_BLOCK;
    double *u = gathered + (size_t)sums * 8;
    ad_lanes_run *run = ad_lanes_for_this_machine();

    memcpy(u, P->uniform, P->n_uniform * sizeof *u);
    for (uint32_t i = 0; i < P->n_params; i++)
        if (P->param[i] != UINT32_MAX)
            u[P->param[i]] = params[i];
    for (uint32_t p = 0; p < P->n_passes; p++) {
        const ad_pass *pass = &P->passes[p];
        run_steps(pass, u);
        for (uint32_t s = 0; s < pass->n_sums; s++)
            u[pass->sum_to[s] & ~AD_UNIFORM] = 0;
        for (size_t k = 0; k < parts && *pass->code != AD_END; k++) {
            memset(gathered, 0, (size_t)pass->n_sums * 8 * sizeof *gathered);
            run(pass, u, columns, part_begin(rows, parts, k), part_begin(rows, parts, k + 1), work, gathered, rows_out);
            for (uint32_t s = 0; s < pass->n_sums; s++) {
                double part = folded(gathered + (size_t)s * 8);
                u[pass->sum_to[s] & ~AD_UNIFORM] += pass->sum_to[s] & AD_UNIFORM ? -part : part;
            }
        }
    }
    for (uint32_t i = 0; i < P->n_outputs; i++)
        if (P->output[i] != UINT32_MAX && values)
            values[i] = u[P->output[i]];
    ad_resize(&P->allocator, block, size, 0);
    return AD_OK;
}

/* ---- With care -------------------------------------------------------------------------------------------------------- */

static void evaluate(const ad_graph *G, uint32_t i, double *v)
{
    const ad_graph_node *n = ad_graph_at(G, i);
    if (n->op > AD_OP_THIRD && n->op < AD_OP_COUNT)
        v[i] = ad_evaluate((enum ad_op)n->op, v[n->x], v[n->y], v[n->w]);
}

/* Rounds of: what does not vary and can be known; all rows, with sums of what they can; until nothing new is known. */
ad_status ad_graph_run(const ad_graph *G, uint32_t n_outputs, const uint32_t *outputs, const double *params,
                       const double *const *columns, size_t rows, double *values, double *const *rows_out)
{
    size_t size = G->n * (2 * sizeof(double) + sizeof(uint32_t));
    double *v = ad_resize(&G->allocator, NULL, 0, size + 1);
    if (!v)
        return AD_ERROR_NO_MEMORY;
    double *sum = v + G->n;
    uint32_t *level = (uint32_t *)(sum + G->n), most = 0;
    for (uint32_t i = 0; i < G->n; i++) {
        const ad_graph_node *n = ad_graph_at(G, i);
        level[i] = 0;
        sum[i] = 0;
        for (int k = 0; k < ad_graph_arity(n->op); k++) {
            uint32_t below = level[ad_graph_operand(n, k)] + (n->op == AD_OP_ROW_SUM);
            level[i] = below > level[i] ? below : level[i];
        }
        most = level[i] > most ? level[i] : most;
        v[i] = n->op == AD_OP_PARAM ? params[n->x] : n->number;
    }
    for (uint32_t l = 0; l <= most; l++) {
        for (uint32_t i = 0; i < G->n; i++)
            if (!ad_graph_varies(G, i) && level[i] == l) {
                if (ad_graph_at(G, i)->op == AD_OP_ROW_SUM)
                    v[i] = sum[i];
                else
                    evaluate(G, i, v);
            }
        for (size_t r = 0; r < rows; r++) {
            for (uint32_t i = 0; i < G->n; i++) {
                const ad_graph_node *n = ad_graph_at(G, i);
                if (n->op == AD_OP_ROW_SUM && level[i] == l + 1)
                    sum[i] += v[n->x];
                else if (n->op == AD_OP_COLUMN)
                    v[i] = columns[n->x][r];
                else if (ad_graph_varies(G, i) && level[i] <= l)
                    evaluate(G, i, v);
            }
            for (uint32_t k = 0; l == most && rows_out && k < n_outputs; k++)
                if (ad_graph_varies(G, outputs[k]))
                    rows_out[k][r] = v[outputs[k]];
        }
    }
    for (uint32_t k = 0; values && k < n_outputs; k++)
        if (!ad_graph_varies(G, outputs[k]))
            values[k] = v[outputs[k]];
    ad_resize(&G->allocator, v, size + 1, 0);
    return AD_OK;
}
