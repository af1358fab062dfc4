/* plan.c -- lowering: which nodes are needed, in which pass, and what is computed before the rows. The instructions of a
 * pass are made in fuse.c and place.c. */
#include "callee.h"
#include "lower.h"
#include "run.h"

#include <string.h>

/* All tables are one block: a few huge pages where each alone would be touched small page by small page. */
enum { IDS = 8, BYTES = 7 };              /* tables by node: of ids, of bytes */

static size_t tables_size(const lowering *L)
{
    size_t n = L->G->n + (size_t)1;
    return ad_scratch_size(&L->G->allocator, n * (IDS * sizeof(uint32_t) + BYTES) + (L->n_outputs + (size_t)1) * sizeof(uint32_t));
}

static void *make_tables(lowering *L)
{
    size_t n = L->G->n + (size_t)1;
    void *tables = ad_resize(&L->plan->allocator, NULL, 0, tables_size(L));
    uint32_t **of_ids[IDS] = {&L->level, &L->uniform, &L->next_sum, &L->uses, &L->first_sum, &L->first_out, &L->mark, &L->stack};
    unsigned char **of_bytes[BYTES] = {&L->needed, &L->in_pass, &L->exact, &L->fused, &L->done, &L->compound,
                                       (unsigned char **)&L->signs};
    uint32_t *ids = tables;
    L->failed |= !tables;
    for (int i = 0; tables && i < IDS; i++, ids += n)
        *of_ids[i] = ids;
    L->next_out = ids;
    unsigned char *bytes = tables ? (unsigned char *)(ids + L->n_outputs + 1) : NULL;
    for (int i = 0; tables && i < BYTES; i++, bytes += n)
        *of_bytes[i] = bytes;
    return tables;
}

void *lower_grown(lowering *L, ad_block *block, size_t bytes)
{
    if (L->failed || !ad_block_grow(block, &L->plan->allocator, bytes)) {
        L->failed = 1;
        return NULL;
    }
    return block->base;
}

/* ---- What is needed, and in which pass ------------------------------------------------------------------------------ */

static void mark_needed(lowering *L, uint32_t n_outputs, const uint32_t *outputs)
{
    memset(L->needed, 0, L->G->n);
    for (uint32_t i = 0; i < n_outputs; i++)
        L->needed[outputs[i]] = 1;
    for (uint32_t i = L->G->n; i-- > 0;)
        for (int k = 0; L->needed[i] && k < ad_graph_arity(at(L, i)->op); k++)
            L->needed[ad_graph_operand(at(L, i), k)] = 1;
}

static uint32_t find_levels(lowering *L)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < L->G->n; i++) {
        const ad_graph_node *n = at(L, i);
        L->level[i] = 0;
        for (int k = 0; k < ad_graph_arity(n->op); k++) {
            uint32_t below = L->level[ad_graph_operand(n, k)] + (n->op == AD_OP_ROW_SUM);
            if (below > L->level[i])
                L->level[i] = below;
        }
        if (L->needed[i] && L->level[i] > most)
            most = L->level[i];
    }
    return most;
}

/* A comparison and its like can turn a NaN into a number: what reaches one must be exact at once. */
static int hides_nan(uint32_t op)
{
    switch (op) {
    case AD_OP_less: case AD_OP_less_equal: case AD_OP_greater: case AD_OP_greater_equal: case AD_OP_equal:
    case AD_OP_not_equal: case AD_OP_select: case AD_OP_pow: case AD_OP_powi: case AD_OP_hypot: case AD_OP_copysign:
    case AD_OP_leaky_relu: case AD_OP_clamp: case AD_OP_min: case AD_OP_max: case AD_OP_sign: case AD_OP_relu:
        return 1;
    default:
        return 0;
    }
}

static void mark_exact(lowering *L)
{
    memset(L->exact, 0, L->G->n);
    for (uint32_t i = L->G->n; i-- > 0;) {
        const ad_graph_node *n = at(L, i);
        if (L->needed[i] && (L->exact[i] || hides_nan(n->op)))
            for (int k = 0; k < ad_graph_arity(n->op); k++)
                L->exact[ad_graph_operand(n, k)] = 1;
        L->plan->chains |= L->needed[i] && n->op == AD_OP_chain && !L->exact[i] && varies(L, i);
    }
}

/* A call has its operands side by side, and then its results. */
static uint32_t numbers_of(const lowering *L, uint32_t i)
{
    const ad_graph_node *n = at(L, i);
    const ad_callee *c = n->op == AD_OP_CALL ? ad_graph_callee(L->G, n->y) : NULL;
    return c ? ad_callee_params(c) + ad_callee_outputs(c) : 1;
}

static int is_uniform(const lowering *L, uint32_t i) { return L->needed[i] && !varies(L, i); }

static void place_uniforms(lowering *L)
{
    ad_plan *P = L->plan;
    for (uint32_t i = 0; i < L->G->n; i++)
        if (is_uniform(L, i)) {
            L->uniform[i] = P->n_uniform;
            P->n_uniform += numbers_of(L, i);
        }
    P->uniform = lower_grown(L, &P->uniform_block, (P->n_uniform + (size_t)1) * sizeof *P->uniform);
    P->param = lower_grown(L, &P->param_block, (P->n_params + (size_t)1) * sizeof *P->param);
    if (L->failed)
        return;
    memset(P->param, 0xff, P->n_params * sizeof *P->param);
    for (uint32_t i = 0; i < L->G->n; i++)
        if (is_uniform(L, i)) {
            P->uniform[L->uniform[i]] = at(L, i)->op == AD_OP_CONSTANT ? at(L, i)->number : 0;
            if (at(L, i)->op == AD_OP_PARAM)
                P->param[at(L, i)->x] = L->uniform[i];
        }
}

static void add_step(lowering *L, ad_pass *pass, ad_uniform_step step)
{
    pass->steps = lower_grown(L, &pass->step_block, (pass->n_steps + (size_t)1) * sizeof *pass->steps);
    if (!L->failed)
        pass->steps[pass->n_steps++] = step;
}

static void add_call(lowering *L, ad_pass *pass, uint32_t call)
{
    uint32_t to = L->uniform[call], callee = at(L, call)->y, i = at(L, call)->x;
    for (uint32_t j = ad_callee_params(ad_graph_callee(L->G, callee)); j-- > 0 && !L->failed; i = at(L, i)->x)
        add_step(L, pass, (ad_uniform_step){AD_COPY, to + j, L->uniform[at(L, i)->y], 0, 0});
    add_step(L, pass, (ad_uniform_step){AD_OP_CALL, to, callee, 0, 0});
}

static void list_steps(lowering *L, ad_pass *pass, uint32_t level)
{
    for (uint32_t i = 0; i < L->G->n && !L->failed; i++) {
        const ad_graph_node *n = at(L, i);
        uint32_t place[3] = {0, 0, 0};
        if (!is_uniform(L, i) || L->level[i] != level || n->op <= AD_OP_THIRD)
            continue;
        for (int k = 0; k < ad_graph_arity(n->op) && n->op < AD_OP_COUNT; k++)
            place[k] = L->uniform[ad_graph_operand(n, k)];
        if (n->op < AD_OP_COUNT)
            add_step(L, pass, (ad_uniform_step){n->op, L->uniform[i], place[0], place[1], place[2]});
        else if (n->op == AD_OP_CALL)
            add_call(L, pass, i);
        else if (n->op == AD_OP_RESULT) {
            const ad_graph_node *call = at(L, n->x);
            uint32_t from = L->uniform[n->x] + ad_callee_params(ad_graph_callee(L->G, call->y)) + n->y;
            add_step(L, pass, (ad_uniform_step){AD_COPY, L->uniform[i], from, 0, 0});
        }
    }
}

/* ---- All of it -------------------------------------------------------------------------------------------------------- */

static void make_passes(lowering *L, uint32_t n_outputs, const uint32_t *outputs)
{
    ad_plan *P = L->plan;
    uint32_t levels = find_levels(L);
    P->passes = lower_grown(L, &P->pass_block, (levels + (size_t)1) * sizeof *P->passes);
    P->output = lower_grown(L, &P->output_block, (n_outputs + (size_t)1) * sizeof *P->output);
    if (L->failed)
        return;
    memset(P->passes, 0, (levels + (size_t)1) * sizeof *P->passes);
    P->n_passes = levels + 1;
    P->n_outputs = n_outputs;
    mark_exact(L);
    place_uniforms(L);
    for (uint32_t i = 0; i < n_outputs && !L->failed; i++)
        P->output[i] = varies(L, outputs[i]) ? NONE : L->uniform[outputs[i]];
    for (uint32_t level = 0; level <= levels && !L->failed; level++) {
        ad_pass *pass = &P->passes[level];
        int last = level == levels;
        list_steps(L, pass, level);
        lower_fuse(L, pass, level, last, outputs);
        lower_place(L, pass);
    }
}

int ad_plan_make(ad_plan *plan, const ad_graph *G, uint32_t n_params, uint32_t n_outputs, const uint32_t *outputs)
{
    *plan = (ad_plan){.allocator = G->allocator, .callees = G->callees.base, .n_params = n_params};
    lowering L = {.plan = plan, .G = G, .n_outputs = n_outputs};
    void *tables = make_tables(&L);
    if (!L.failed) {
        mark_needed(&L, n_outputs, outputs);
        make_passes(&L, n_outputs, outputs);
    }
    if (tables)
        ad_resize(&plan->allocator, tables, tables_size(&L), 0);
    for (int g = 0; g < LOWER_GROUPS; g++)
        ad_block_free(&L.group[g].pairs, &plan->allocator);
    for (int c = 0; c < AD_CLASSES; c++) {
        ad_block_free(&L.form.term[c], &plan->allocator);
        ad_block_free(&L.other.term[c], &plan->allocator);
    }
    ad_block_free(&L.starts, &plan->allocator);
    if (L.failed)
        ad_plan_free(plan);
    return !L.failed;
}

void ad_plan_free(ad_plan *plan)
{
    ad_runner_free(plan->spare);
    plan->spare = NULL;
    for (uint32_t i = 0; i < plan->n_passes; i++) {
        ad_pass *p = &plan->passes[i];
        ad_block *blocks[] = {&p->step_block, &p->code_block, &p->sum_block, &p->column_block};
        for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++)
            ad_block_free(blocks[k], &plan->allocator);
    }
    ad_block *blocks[] = {&plan->uniform_block, &plan->param_block, &plan->pass_block, &plan->output_block};
    for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++)
        ad_block_free(blocks[k], &plan->allocator);
    plan->n_passes = 0;
}
