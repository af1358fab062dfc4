/* run.c -- running plans over rows, and graphs with care. The instructions themselves are in lanes.c. */
#include "run.h"

#include "autodiff/tape/internal.h"
#include "callee.h"
#include "pool.h"
#include "threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* AD_ISA=baseline, avx2 or avx512 asks for less than the machine has. */
ad_lanes_runs ad_lanes_for_this_machine(void)
{
#ifdef AD_X86_LANES
    const char *asked = getenv("AD_ISA");
    int most = !asked || !strcmp(asked, "avx512") ? 2 : !strcmp(asked, "avx2");
    __builtin_cpu_init();
    if (most == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
        return (ad_lanes_runs){ad_lanes_avx512, ad_few_lanes_avx512};
    if (most && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (ad_lanes_runs){ad_lanes_avx2, ad_few_lanes_avx2};
#endif
    return (ad_lanes_runs){ad_lanes_baseline, ad_few_lanes_baseline};
}

/* ---- Rows in parts ------------------------------------------------------------------------------------------------------
 *
 * How rows are dealt out depends on their number and the plan alone, and the parts' sums are added in order: the same bits
 * however many threads there are. With threads a part's sums wait in a table until all parts are done. */

enum { MOST_PARTS = 64, LEAST_PARTS = 4, MOST_WAITING = 1 << 20, FAR = 1 << 19, MOST_KEPT = 1 << 23 };
static const double LEAST_PART = 50e3, LEAST_PER_SUM = 60, WORTH_THREADS = 500e3;  /* ns, by the plan's rough cost */

static size_t blocks_of(size_t rows) { return rows / AD_BLOCK + (rows % AD_BLOCK != 0); }

static size_t parts_of(const ad_pass *pass, size_t rows)
{
    double parts = (double)blocks_of(rows) * pass->cost / (LEAST_PART + LEAST_PER_SUM * pass->n_sums);
    size_t most = pass->n_sums ? MOST_WAITING / pass->n_sums : MOST_PARTS;
    most = most < LEAST_PARTS ? LEAST_PARTS : most > MOST_PARTS ? MOST_PARTS : most;
    size_t n = parts < 1 ? 1 : parts < (double)most ? (size_t)parts : most;
    return n < blocks_of(rows) || !rows ? n : blocks_of(rows);
}

static size_t part_begin(size_t rows, size_t parts, size_t k)
{
    size_t blocks = blocks_of(rows), at = blocks / parts * k + (blocks % parts * k) / parts;
    return at < rows / AD_BLOCK + 1 && at * AD_BLOCK < rows ? at * AD_BLOCK : rows;
}

/* Numbers of an output on its way to being row-major. */
static const size_t TURNED = AD_BLOCK + 8;

/* A worker's own: slots, accumulators, and a block of outputs on their way to being row-major. */
static size_t workspace_numbers(const ad_plan *P, int interleaved)
{
    size_t slots = 0, sums = 0;
    for (uint32_t p = 0; p < P->n_passes; p++) {
        slots = P->passes[p].n_slots > slots ? P->passes[p].n_slots : slots;
        sums  = P->passes[p].n_sums > sums ? P->passes[p].n_sums : sums;
    }
    return slots * AD_BLOCK + (interleaved ? P->n_outputs * TURNED : 0) + sums * 8;
}

size_t ad_plan_workspace(const ad_plan *P, int interleaved) { return workspace_numbers(P, interleaved) * sizeof(double); }

typedef struct running {
    const ad_plan *plan;
    const ad_pass *pass;
    ad_lanes_runs  lanes;
    double        *u;                      /* [n_uniform] */
    double        *work, *waiting;         /* [threads][numbers]; [parts][n_sums], NULL when alone */
    unsigned char *empty;                  /* [n_uniform] an empty sum; NULL where there are rows */
    size_t         numbers, rows, parts, next;
    const double *const *columns;
    ad_stored      stored;
    int            nan;
    int            steady;                 /* params are those of the last run: so is what is computed from them alone */
    ad_status      status;                 /* of calls */
} running;

static double folded(const double *sum)
{
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* What is computed from sums over no rows: the factor that was taken out of an empty sum may be infinite or NaN, but what
 * it would have multiplied is not there. Returns whether the node is such a sum still, and then 0. */
static int is_empty(uint32_t op, int x, int y)
{
    return op == AD_OP_mul || op == AD_OP_chain ? x || y : op == AD_OP_add ? x && y : op == AD_OP_neg && x;
}

/* A call of another function, or a copy of one of its operands or results. */
static void run_call(running *R, const ad_uniform_step *s)
{
    if (s->op == AD_COPY) {
        R->u[s->to] = R->u[s->x];
        return;
    }
    ad_callee *c = R->plan->callees[s->x];
    ad_status status = ad_callee_evaluate(c, R->u + s->to, R->u + s->to + ad_callee_params(c));
    R->status = R->status == AD_OK ? status : R->status;
}

/* Most steps put sums together: what they are made of has no call. With all by a call they took 4 % of P2. */
static inline double step(uint32_t op, double x, double y, double w)
{
    switch (op) {
    case AD_OP_add:   return x + y;
    case AD_OP_sub:   return x - y;
    case AD_OP_mul:   return x * y;
    case AD_OP_neg:   return -x;
    case AD_OP_chain: return x == 0 || y == 0 ? 0 : x * y;
    default:          return ad_evaluate((enum ad_op)op, x, y, w);
    }
}

static void run_steps(running *R, const ad_pass *pass)
{
    double *u = R->u;
    unsigned char *empty = R->empty;
    for (size_t i = 0; i < pass->n_steps; i++) {
        const ad_uniform_step *s = &pass->steps[i];
        if (s->op >= AD_OP_COUNT)
            run_call(R, s);
        else if (AD_LIKELY(!empty) || !(empty[s->to] = (unsigned char)is_empty(s->op, empty[s->x], empty[s->y])))
            u[s->to] = step(s->op, u[s->x], u[s->y], u[s->w]);
        else
            u[s->to] = 0;
    }
}

static void add_sum(running *R, uint32_t s, double part)
{
    uint32_t to = R->pass->sum_to[s];
    R->u[to & ~AD_UNIFORM] += to & AD_UNIFORM ? -part : part;
}

/* So many rows of a last block take less time AD_FEW at a time than as a block: P1's gradient of 24 rows 0.75 of it, of 48
 * 0.87, of 80 0.60, of 10 000 0.97. */
enum { MOST_BY_FEW = 3 * AD_FEW };

/* Takes parts until none is left. */
static void run_parts(void *running_, int worker)
{
    running *R = running_;
    const ad_pass *pass = R->pass;
    ad_stored stored = R->stored;
    double *work = R->work + (size_t)worker * R->numbers, *sums = work + (size_t)pass->n_slots * AD_BLOCK;
    int nan = 0;
    if (stored.interleaved) {
        stored.block = sums;
        sums += R->plan->n_outputs * TURNED;
        for (uint32_t k = 0; k < R->plan->n_outputs; k++)
            for (int j = 0; j < AD_BLOCK && R->plan->output[k] != UINT32_MAX; j++)
                stored.block[(size_t)k * AD_BLOCK + (size_t)j] = R->u[R->plan->output[k]];
    }
    for (size_t k; (k = __atomic_fetch_add(&R->next, 1, __ATOMIC_RELAXED)) < R->parts;) {
        memset(sums, 0, (size_t)pass->n_sums * 8 * sizeof *sums);
        size_t from = part_begin(R->rows, R->parts, k), to = part_begin(R->rows, R->parts, k + 1), rest = (to - from) % AD_BLOCK;
        size_t few = rest <= MOST_BY_FEW ? rest : 0;
        if (from < to - few)
            nan |= R->lanes.blocks(pass, R->u, R->columns, from, to - few, work, sums, &stored);
        if (few)
            nan |= R->lanes.few(pass, R->u, R->columns, to - few, to, work, sums, &stored);
        for (uint32_t s = 0; s < pass->n_sums; s++) {
            double part = folded(sums + (size_t)s * 8);
            if (R->waiting)
                R->waiting[k * pass->n_sums + s] = part;
            else
                add_sum(R, s, part);
        }
    }
    if (nan)
        __atomic_store_n(&R->nan, 1, __ATOMIC_RELAXED);
}

static void run_pass(running *R, const ad_pass *pass, int threads)
{
    const ad_plan *P = R->plan;
    int last = pass == &P->passes[P->n_passes - 1];
    R->pass = pass;
    if (!R->steady || pass != P->passes)
        run_steps(R, pass);
    for (uint32_t s = 0; s < pass->n_sums; s++) {
        R->u[pass->sum_to[s] & ~AD_UNIFORM] = 0;
        if (R->empty)
            R->empty[pass->sum_to[s] & ~AD_UNIFORM] = 1;
    }
    if (*pass->code == AD_END && !(last && R->stored.interleaved))
        return;
    double *waiting = R->waiting;
    R->parts = parts_of(pass, R->rows);
    R->next = 0;
    if (threads > 1 && R->parts > 1 && (double)blocks_of(R->rows) * pass->cost >= WORTH_THREADS) {
        ad_pool_run((size_t)threads < R->parts ? threads : (int)R->parts, run_parts, R);
        for (size_t k = 0; k < R->parts; k++)
            for (uint32_t s = 0; s < pass->n_sums; s++)
                add_sum(R, s, waiting[k * pass->n_sums + s]);
        return;
    }
    R->waiting = NULL;
    run_parts(R, 0);
    R->waiting = waiting;
}

/* Threads that this much work is worth, and how many sums will wait. */
static int threads_for(const ad_plan *P, size_t rows, size_t *waiting)
{
    int worth = 0;
    *waiting = 0;
    for (uint32_t p = 0; p < P->n_passes; p++) {
        size_t sums = P->passes[p].n_sums * parts_of(&P->passes[p], rows);
        worth |= (double)blocks_of(rows) * P->passes[p].cost >= WORTH_THREADS;
        *waiting = sums > *waiting ? sums : *waiting;
    }
    return worth ? ad_threads(-1) : 1;
}

struct ad_runner {
    running R;
    void   *block;                         /* [size] */
    size_t  size;
    int     threads;
};

void ad_runner_free(ad_runner *r)
{
    if (!r)
        return;
    ad_allocator a = r->R.plan->allocator;
    if (r->block)
        ad_resize(&a, r->block, r->size, 0);
    ad_resize(&a, r, sizeof *r, 0);
}

/* Memory for so many threads, on lines of their own; alone, without a table. The same as it has now is kept, constants and all. */
static int take_workspace(ad_runner *r, const ad_plan *P, int interleaved, int threads, size_t waiting)
{
    running *R = &r->R;
    size_t numbers = (workspace_numbers(P, interleaved) + 15) / 8 * 8;
    size_t most = (size_t)threads * numbers + (threads > 1 ? waiting : 0) + P->n_uniform + 16;
    size_t size = most * sizeof(double) + P->n_uniform;
    if (r->block && r->size == size && R->numbers == numbers && r->threads == threads)
        return 1;
    if (r->block)
        ad_resize(&P->allocator, r->block, r->size, 0);
    r->block = ad_resize(&P->allocator, NULL, 0, size);
    r->size = size;
    r->threads = threads;
    if (!r->block)
        return 0;
    R->numbers = numbers;
    R->work = (double *)(((uintptr_t)r->block + 63) / 64 * 64);
    R->u = R->work + (size_t)threads * numbers;
    R->waiting = threads > 1 ? R->u + P->n_uniform : NULL;
    memcpy(R->u, P->uniform, P->n_uniform * sizeof *R->u);
    return 1;
}

/* The plan is the same for all, but for the place where a runner waits. */
static ad_runner **spare_of(const ad_plan *P) { return &((ad_plan *)(uintptr_t)P)->spare; }

static ad_runner *begin(const ad_plan *P, size_t rows, int interleaved)
{
    size_t waiting;
    int threads = threads_for(P, rows, &waiting);
    ad_runner *r = __atomic_exchange_n(spare_of(P), NULL, __ATOMIC_ACQUIRE);
    if (!r && (r = ad_resize(&P->allocator, NULL, 0, sizeof *r)))
        *r = (ad_runner){.R = {.plan = P}};
    if (!r)
        return NULL;
    if (!take_workspace(r, P, interleaved, threads, waiting) &&
        (threads == 1 || !take_workspace(r, P, interleaved, 1, 0))) {
        ad_runner_free(r);
        return NULL;
    }
    running *R = &r->R;
    R->lanes = ad_lanes_for_this_machine();
    R->rows = rows;
    R->stored = (ad_stored){.n = P->n_outputs, .far = P->n_outputs && rows > FAR / P->n_outputs};
    R->status = AD_OK;
    R->empty = rows ? NULL : memset((unsigned char *)r->block + r->size - P->n_uniform, 0, P->n_uniform);
    return r;
}

static void end(ad_runner *r)
{
    ad_runner *none = NULL;
    if (r->size > MOST_KEPT || !__atomic_compare_exchange_n(spare_of(r->R.plan), &none, r, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ad_runner_free(r);
}

static void go(ad_runner *r, const double *params, const double *const *columns, ad_results *to)
{
    running *R = &r->R;
    const ad_plan *P = R->plan;
    R->columns = columns;
    R->stored.rows = to->rows;
    R->stored.interleaved = to->interleaved;
    R->nan = 0;
    R->steady = !params;
    for (uint32_t i = 0; params && i < P->n_params; i++)
        if (P->param[i] != UINT32_MAX)
            R->u[P->param[i]] = params[i];
    for (uint32_t p = 0; p < P->n_passes; p++)
        run_pass(R, &P->passes[p], r->threads);
    for (uint32_t i = 0; i < P->n_outputs; i++)
        if (P->output[i] != UINT32_MAX) {
            R->nan |= isnan(R->u[P->output[i]]) != 0;
            if (to->values)
                to->values[i] = R->u[P->output[i]];
        }
    to->nan = R->nan;
}

ad_status ad_plan_run(const ad_plan *P, const double *params, const double *const *columns, size_t rows, ad_results *to)
{
    static const double none[1] = {0};
    ad_runner *r = begin(P, rows, to->interleaved != NULL);
    if (!r)
        return AD_ERROR_NO_MEMORY;
    go(r, params ? params : none, columns, to);
    ad_status status = r->R.status;
    end(r);
    return status;
}

/* ---- The same plan again and again ---------------------------------------------------------------------------------------- */

ad_runner *ad_runner_open(const ad_plan *P, size_t rows) { return begin(P, rows, 0); }

ad_status ad_runner_go(ad_runner *r, const double *params, const double *const *columns, ad_results *to)
{
    go(r, params, columns, to);
    return r->R.status;
}

void ad_runner_close(ad_runner *r)
{
    if (r)
        end(r);
}

/* ---- With care -------------------------------------------------------------------------------------------------------- */

/* empty [n]: see is_empty; NULL where there are rows. */
static void evaluate(const ad_graph *G, uint32_t i, double *v, unsigned char *empty, ad_last_call *last)
{
    const ad_graph_node *n = ad_graph_at(G, i);
    if (empty)
        empty[i] = (unsigned char)(n->op == AD_OP_ROW_SUM || (n->op > AD_OP_THIRD && n->op < AD_OP_COUNT &&
                                                              is_empty(n->op, empty[n->x], empty[n->y])));
    if (empty && empty[i])
        v[i] = 0;
    else if (n->op == AD_OP_RESULT)
        v[i] = ad_last_call_result(last, G, i, v);
    else if (n->op > AD_OP_THIRD && n->op < AD_OP_COUNT)
        v[i] = ad_evaluate((enum ad_op)n->op, v[n->x], v[n->y], v[n->w]);
}

/* Rounds of: what does not vary and can be known; all rows, with sums of what they can; until nothing new is known. */
ad_status ad_graph_run(const ad_graph *G, uint32_t n_outputs, const uint32_t *outputs, const double *params,
                       const double *const *columns, size_t rows, ad_results *to)
{
    size_t size = G->n * (2 * sizeof(double) + sizeof(uint32_t) + 1);
    double *v = ad_resize(&G->allocator, NULL, 0, size + 1);
    ad_last_call last = {.call = UINT32_MAX};
    if (!v)
        return AD_ERROR_NO_MEMORY;
    double *sum = v + G->n;
    uint32_t *level = (uint32_t *)(sum + G->n), most = 0;
    unsigned char *empty = rows ? NULL : memset(level + G->n, 0, G->n);
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
                if (ad_graph_at(G, i)->op == AD_OP_ROW_SUM && rows)
                    v[i] = sum[i];
                else
                    evaluate(G, i, v, empty, &last);
            }
        for (size_t r = 0; r < rows; r++) {
            for (uint32_t i = 0; i < G->n; i++) {
                const ad_graph_node *n = ad_graph_at(G, i);
                if (n->op == AD_OP_ROW_SUM && level[i] == l + 1)
                    sum[i] += v[n->x];
                else if (n->op == AD_OP_COLUMN)
                    v[i] = columns[n->x][r];
                else if (ad_graph_varies(G, i) && level[i] <= l)
                    evaluate(G, i, v, NULL, &last);
            }
            for (uint32_t k = 0; l == most && k < n_outputs; k++)
                if (to->interleaved)
                    to->interleaved[r * n_outputs + k] = v[outputs[k]];
                else if (to->rows && ad_graph_varies(G, outputs[k]))
                    to->rows[k][r] = v[outputs[k]];
        }
    }
    for (uint32_t k = 0; to->values && k < n_outputs; k++)
        if (!ad_graph_varies(G, outputs[k]))
            to->values[k] = v[outputs[k]];
    ad_last_call_free(&last, G);
    ad_resize(&G->allocator, v, size + 1, 0);
    return last.status;
}
