/* plan.c -- lowering: which nodes are needed, what varies, what fuses, in which order, in which slots.
 *
 * Everything is a walk over node ids in order, so it takes linear time and no recursion. */
#include "plan.h"

#include <string.h>

static const uint32_t NONE = UINT32_MAX;

typedef struct lowering {
    ad_plan        *plan;
    const ad_graph *G;
    uint32_t       *level;                 /* [n] row sums below a node, one after another */
    uint32_t       *uniform;               /* [n] place of a uniform value */
    uint32_t       *uses;                  /* [n] by varying nodes, row sums and outputs of the pass */
    uint32_t       *first_sum, *next_sum;  /* [n] row sums of a node */
    uint32_t       *last, *slot;           /* [n] instruction of the last use; slot */
    uint32_t       *opposite;              /* [n] of a node x: the node sigmoid(-x) of this pass */
    unsigned char  *needed, *in_pass, *exact, *fused, *done;
    uint32_t       *stack;                 /* [n + 1] of nodes to expand, signs beside them */
    signed char    *signs;
    ad_block        term[AD_CLASSES];      /* operands gathered for a linear instruction */
    uint32_t        n_term[AD_CLASSES];
    ad_block        starts;                /* where each instruction begins */
    uint32_t        n_starts;
    int             failed;
} lowering;

static void *table(lowering *L, size_t size)
{
    void *t = L->failed ? NULL : ad_resize(&L->plan->allocator, NULL, 0, size);
    L->failed |= !t;
    return t;
}

static void drop(lowering *L, void *t, size_t size)
{
    if (t)
        ad_resize(&L->plan->allocator, t, size, 0);
}

static const ad_graph_node *at(const lowering *L, uint32_t i) { return ad_graph_at(L->G, i); }
static int varies(const lowering *L, uint32_t i) { return ad_graph_varies(L->G, i); }

static void *grown(lowering *L, ad_block *block, size_t bytes)
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

static void place_uniforms(lowering *L)
{
    ad_plan *P = L->plan;
    for (uint32_t i = 0; i < L->G->n; i++)
        L->uniform[i] = L->needed[i] && !varies(L, i) ? P->n_uniform++ : NONE;
    P->uniform = grown(L, &P->uniform_block, (P->n_uniform + (size_t)1) * sizeof *P->uniform);
    P->param = grown(L, &P->param_block, (P->n_params + (size_t)1) * sizeof *P->param);
    if (L->failed)
        return;
    memset(P->param, 0xff, P->n_params * sizeof *P->param);
    for (uint32_t i = 0; i < L->G->n; i++)
        if (L->uniform[i] != NONE) {
            P->uniform[L->uniform[i]] = at(L, i)->number;
            if (at(L, i)->op == AD_OP_PARAM)
                P->param[at(L, i)->x] = L->uniform[i];
        }
}

static void list_steps(lowering *L, ad_pass *pass, uint32_t level)
{
    for (uint32_t i = 0; i < L->G->n && !L->failed; i++) {
        const ad_graph_node *n = at(L, i);
        if (L->uniform[i] == NONE || L->level[i] != level || n->op <= AD_OP_THIRD || n->op == AD_OP_ROW_SUM)
            continue;
        pass->steps = grown(L, &pass->step_block, (pass->n_steps + (size_t)1) * sizeof *pass->steps);
        if (L->failed)
            return;
        uint32_t place[3] = {0, 0, 0};
        for (int k = 0; k < ad_graph_arity(n->op); k++)
            place[k] = L->uniform[ad_graph_operand(n, k)];
        pass->steps[pass->n_steps++] = (ad_uniform_step){n->op, L->uniform[i], place[0], place[1], place[2]};
    }
}

/* ---- One pass: fusing ------------------------------------------------------------------------------------------------- */

static int is_sum(uint32_t op) { return op == AD_OP_add || op == AD_OP_sub || op == AD_OP_neg; }
static int is_product(const lowering *L, uint32_t i)
{
    return at(L, i)->op == AD_OP_mul || (at(L, i)->op == AD_OP_chain && !L->exact[i]);
}

static void emit(lowering *L, ad_pass *pass, uint32_t word)
{
    if (pass->n_code * sizeof word >= pass->code_block.size)
        pass->code = grown(L, &pass->code_block, (pass->n_code + 1) * sizeof word);
    if (!L->failed)
        pass->code[pass->n_code++] = word;
}

static void begin(lowering *L, ad_pass *pass)
{
    uint32_t *starts = grown(L, &L->starts, (L->n_starts + (size_t)1) * sizeof *starts);
    if (starts)
        starts[L->n_starts++] = (uint32_t)pass->n_code;
}

/* Operands are node ids until slots are known; uniform ones have their place at once. */
static uint32_t operand(const lowering *L, uint32_t i) { return varies(L, i) ? i : AD_UNIFORM | L->uniform[i]; }

static void add_term(lowering *L, int class, uint32_t a, uint32_t b, int pair)
{
    size_t width = pair ? 2 : 1;
    uint32_t *t = grown(L, &L->term[class], (L->n_term[class] + (size_t)1) * width * sizeof *t);
    if (!t)
        return;
    t += L->n_term[class]++ * width;
    t[0] = operand(L, a);
    if (pair)
        t[1] = operand(L, b);
}

/* The terms of a node: sums used once open up, products used once become pairs. The top one opens when asked to. */
static void collect(lowering *L, uint32_t top, int open_top)
{
    uint32_t depth = 0;
    memset(L->n_term, 0, sizeof L->n_term);
    L->stack[depth] = top;
    L->signs[depth++] = 1;
    while (depth) {
        uint32_t i = L->stack[--depth];
        signed char sign = L->signs[depth];
        int open = L->fused[i] || (open_top && i == top);
        const ad_graph_node *n = at(L, i);
        int minus = sign < 0;
        if (!varies(L, i))
            add_term(L, 6 + minus, i, 0, 0);
        else if (open && is_sum(n->op)) {
            if (n->op != AD_OP_neg) {      /* the later operand is opened last: terms stay in order */
                L->stack[depth] = n->y;
                L->signs[depth++] = n->op == AD_OP_sub ? (signed char)-sign : sign;
            }
            L->stack[depth] = n->x;
            L->signs[depth++] = n->op == AD_OP_neg ? (signed char)-sign : sign;
        } else if (open && is_product(L, i)) {
            uint32_t a = n->x, b = n->y;
            if (varies(L, a) && !varies(L, b)) {
                a = n->y;
                b = n->x;
            }
            add_term(L, (varies(L, a) ? 0 : 2) + minus, a, b, 1);
        } else
            add_term(L, 4 + minus, i, 0, 0);
    }
}

static void emit_terms(lowering *L, ad_pass *pass, uint32_t code, uint32_t to)
{
    begin(L, pass);
    emit(L, pass, code);
    emit(L, pass, to);
    for (int c = 0; c < AD_CLASSES; c++)
        emit(L, pass, L->n_term[c]);
    for (int c = 0; c < AD_CLASSES; c++)
        for (uint32_t k = 0; k < L->n_term[c] * (c < 4 ? 2u : 1u); k++)
            emit(L, pass, ((uint32_t *)L->term[c].base)[k]);
}

static void emit_row(lowering *L, ad_pass *pass, uint32_t i)
{
    const ad_graph_node *n = at(L, i);
    uint32_t op = n->op == AD_OP_chain && !L->exact[i] ? (uint32_t)AD_OP_mul : n->op;
    begin(L, pass);
    emit(L, pass, op);
    emit(L, pass, i);
    for (int k = 0; k < ad_graph_arity(n->op); k++)
        emit(L, pass, operand(L, ad_graph_operand(n, k)));
}

/* Appends to the instruction before when that gathers products of the same factor. */
static void emit_product(lowering *L, ad_pass *pass, uint32_t a, uint32_t b, uint32_t sum)
{
    uint32_t *before = L->n_starts ? pass->code + ((uint32_t *)L->starts.base)[L->n_starts - 1] : NULL;
    if (before && *before == AD_GATHER_PRODUCTS && before[2] == 1 && before[1] != a && before[1] != b &&
        (before[3] == a || before[3] == b)) {
        uint32_t other = before[1];        /* the first product could not know which factor is the common one */
        before[1] = before[3];
        before[3] = other;
    }
    if (before && *before == AD_GATHER_PRODUCTS && (before[1] == a || before[1] == b)) {
        emit(L, pass, before[1] == a ? b : a);
        emit(L, pass, sum);
        if (!L->failed)
            pass->code[((uint32_t *)L->starts.base)[L->n_starts - 1] + 2]++;
        return;
    }
    begin(L, pass);
    emit(L, pass, AD_GATHER_PRODUCTS);
    emit(L, pass, a);
    emit(L, pass, 1);
    emit(L, pass, b);
    emit(L, pass, sum);
}

/* sigmoid(x) with sigmoid(-x), earlier than it stands; the -x between them is dropped when nothing else wants it. */
static void emit_sigmoids(lowering *L, ad_pass *pass, uint32_t i)
{
    uint32_t opposite = L->opposite[at(L, i)->x], minus = at(L, opposite)->x;
    begin(L, pass);
    emit(L, pass, AD_SIGMOIDS);
    emit(L, pass, i);
    emit(L, pass, opposite);
    emit(L, pass, operand(L, at(L, i)->x));
    L->done[opposite] = 1;
    if (minus > i && --L->uses[minus] == 0)
        L->in_pass[minus] = 0;
}

static void emit_gather(lowering *L, ad_pass *pass, uint32_t sum)
{
    pass->sum_to = grown(L, &pass->sum_block, (pass->n_sums + (size_t)1) * sizeof *pass->sum_to);
    if (L->failed)
        return;
    pass->sum_to[pass->n_sums] = L->uniform[sum];
    collect(L, at(L, sum)->x, 0);
    uint32_t terms = 0;
    for (int c = 0; c < AD_CLASSES; c++)
        terms += L->n_term[c];
    if (terms == 1 && L->n_term[0] == 1)
        emit_product(L, pass, *(uint32_t *)L->term[0].base, ((uint32_t *)L->term[0].base)[1], pass->n_sums++);
    else
        emit_terms(L, pass, AD_GATHER, pass->n_sums++);
}

/* Marks what the pass computes: what its row sums and stored outputs need, and how often each is used. */
static void mark_pass(lowering *L, uint32_t level, int last, uint32_t n_outputs, const uint32_t *outputs)
{
    uint32_t n = L->G->n;
    memset(L->in_pass, 0, n);
    memset(L->fused, 0, n);
    memset(L->done, 0, n);
    memset(L->uses, 0, n * sizeof *L->uses);
    memset(L->first_sum, 0xff, n * sizeof *L->first_sum);
    for (uint32_t i = 0; last && i < n_outputs; i++)
        if (varies(L, outputs[i])) {
            L->in_pass[outputs[i]] = 1;
            L->uses[outputs[i]] += 2;      /* stored: it must have a slot */
        }
    for (uint32_t i = n; i-- > 0;) {
        const ad_graph_node *node = at(L, i);
        if (node->op == AD_OP_ROW_SUM && L->needed[i] && L->level[i] == level + 1) {
            L->in_pass[node->x] = 1;
            L->uses[node->x]++;
            L->next_sum[i] = L->first_sum[node->x];
            L->first_sum[node->x] = i;
        }
        for (int k = 0; L->in_pass[i] && varies(L, i) && k < ad_graph_arity(node->op); k++) {
            uint32_t x = ad_graph_operand(node, k);
            if (varies(L, x)) {
                L->in_pass[x] = 1;
                L->uses[x]++;
            }
        }
    }
}

/* What is used once, by a sum or a row sum, is fused into it; sigmoid(x) and sigmoid(-x) are found. */
static void mark_fused(lowering *L)
{
    memset(L->opposite, 0xff, L->G->n * sizeof *L->opposite);
    for (uint32_t i = 0; i < L->G->n; i++) {
        const ad_graph_node *n = at(L, i);
        if (!L->in_pass[i] || !varies(L, i))
            continue;
        if (n->op == AD_OP_sigmoid && at(L, n->x)->op == AD_OP_neg)
            L->opposite[at(L, n->x)->x] = i;
        for (int k = 0; k < ad_graph_arity(n->op) && is_sum(n->op); k++) {
            uint32_t x = ad_graph_operand(n, k);
            if (L->uses[x] == 1 && varies(L, x) && (is_sum(at(L, x)->op) || is_product(L, x)))
                L->fused[x] = 1;
        }
        if (L->uses[i] == 1 && L->first_sum[i] != NONE && (is_sum(n->op) || is_product(L, i)))
            L->fused[i] = 1;
    }
}

static void emit_pass(lowering *L, ad_pass *pass, int last, uint32_t n_outputs, const uint32_t *outputs)
{
    L->n_starts = 0;
    for (uint32_t i = 0; i < L->G->n && !L->failed; i++) {
        const ad_graph_node *n = at(L, i);
        if (!L->in_pass[i])
            continue;
        if (varies(L, i) && n->op == AD_OP_COLUMN) {
            pass->columns = grown(L, &pass->column_block, (pass->n_columns + (size_t)1) * sizeof *pass->columns);
            if (L->failed)
                return;
            L->slot[i] = pass->n_columns;
            pass->columns[pass->n_columns++] = n->x;
        } else if (varies(L, i) && !L->fused[i]) {
            if (is_sum(n->op)) {
                collect(L, i, 1);
                emit_terms(L, pass, AD_LINEAR, i);
            } else if (n->op == AD_OP_sigmoid && L->opposite[n->x] != NONE)
                emit_sigmoids(L, pass, i);
            else if (!L->done[i])
                emit_row(L, pass, i);
        }
        for (uint32_t s = L->first_sum[i]; s != NONE; s = L->next_sum[s])
            emit_gather(L, pass, s);
    }
    for (uint32_t i = 0; last && i < n_outputs; i++)
        if (varies(L, outputs[i])) {
            begin(L, pass);
            emit(L, pass, AD_STORE);
            emit(L, pass, i);
            emit(L, pass, outputs[i]);
        }
    begin(L, pass);
    emit(L, pass, AD_END);
}

/* ---- One pass: slots -------------------------------------------------------------------------------------------------- */

/* The operands of the instruction at code[0]: the first, how many, how far apart. */
static uint32_t *operands(uint32_t *code, uint32_t *n, uint32_t *stride)
{
    *stride = 1;
    if (*code == AD_GATHER_PRODUCTS) {     /* but for the common factor */
        *stride = 2;
        *n = code[2];
        return code + 3;
    }
    if (*code == AD_LINEAR || *code == AD_GATHER) {
        *n = 0;
        for (int c = 0; c < AD_CLASSES; c++)
            *n += code[2 + c] * (c < 4 ? 2u : 1u);
        return code + 2 + AD_CLASSES;
    }
    if (*code == AD_SIGMOIDS) {
        *n = 1;
        return code + 3;
    }
    *n = *code == AD_STORE ? 1 : *code == AD_END ? 0 : (uint32_t)ad_graph_arity(*code);
    return code + 2;
}

typedef struct slots {
    lowering *L;
    ad_pass  *pass;
    uint32_t *unused, n_unused;            /* slots given back */
} slots;

static void use(slots *s, uint32_t *operand, uint32_t k)
{
    uint32_t i = *operand;
    if (i & AD_UNIFORM)
        return;
    *operand = s->L->slot[i] * AD_BLOCK;
    if (s->L->last[i] == k && at(s->L, i)->op != AD_OP_COLUMN) {
        s->unused[s->n_unused++] = s->L->slot[i];
        s->L->last[i] = NONE;              /* named twice here: given back once */
    }
}

static void set(slots *s, uint32_t *to)
{
    uint32_t i = *to;
    s->L->slot[i] = s->n_unused ? s->unused[--s->n_unused] : s->pass->n_slots++;
    *to = s->L->slot[i] * AD_BLOCK;
}

/* Operands give their slots back before results take theirs, so that a result may overwrite an operand: every
 * instruction reads all operands of a row before it writes the row. With two results that holds no longer. */
static void place_slots(lowering *L, ad_pass *pass)
{
    const uint32_t *starts = L->starts.base;
    slots s = {L, pass, L->stack, 0};
    uint32_t n;
    if (L->failed)
        return;
    for (uint32_t k = 0; k < L->n_starts; k++) {
        uint32_t stride, *x = operands(pass->code + starts[k], &n, &stride);
        for (uint32_t j = 0; j < n; j++)
            if (!(x[j * stride] & AD_UNIFORM))
                L->last[x[j * stride]] = k;
        if (pass->code[starts[k]] == AD_GATHER_PRODUCTS)
            L->last[pass->code[starts[k] + 1]] = k;
    }
    pass->n_slots = pass->n_columns;
    for (uint32_t k = 0; k < L->n_starts; k++) {
        uint32_t *code = pass->code + starts[k], stride, *x = operands(code, &n, &stride);
        if (*code == AD_SIGMOIDS) {
            set(&s, &code[1]);
            set(&s, &code[2]);
        }
        if (*code == AD_GATHER_PRODUCTS)
            use(&s, &code[1], k);
        for (uint32_t j = 0; j < n; j++)
            use(&s, &x[j * stride], k);
        if (*code < AD_SIGMOIDS)
            set(&s, &code[1]);
    }
}

/* ---- All of it -------------------------------------------------------------------------------------------------------- */

static void make_passes(lowering *L, uint32_t n_outputs, const uint32_t *outputs)
{
    ad_plan *P = L->plan;
    uint32_t levels = find_levels(L);
    P->passes = grown(L, &P->pass_block, (levels + (size_t)1) * sizeof *P->passes);
    P->output = grown(L, &P->output_block, (n_outputs + (size_t)1) * sizeof *P->output);
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
        mark_pass(L, level, last, n_outputs, outputs);
        mark_fused(L);
        emit_pass(L, pass, last, n_outputs, outputs);
        place_slots(L, pass);
    }
}

int ad_plan_make(ad_plan *plan, const ad_graph *G, uint32_t n_params, uint32_t n_outputs, const uint32_t *outputs)
{
    size_t n = G->n + (size_t)1, ids = n * sizeof(uint32_t);
    *plan = (ad_plan){.allocator = G->allocator, .n_params = n_params};
    lowering L = {.plan = plan, .G = G};
    uint32_t **of_ids[] = {&L.level, &L.uniform, &L.uses, &L.first_sum, &L.next_sum, &L.last, &L.slot, &L.stack, &L.opposite};
    unsigned char **of_bytes[] = {&L.needed, &L.in_pass, &L.exact, &L.fused, &L.done, (unsigned char **)&L.signs};
    for (size_t i = 0; i < sizeof of_ids / sizeof *of_ids; i++)
        *of_ids[i] = table(&L, ids);
    for (size_t i = 0; i < sizeof of_bytes / sizeof *of_bytes; i++)
        *of_bytes[i] = table(&L, n);
    if (!L.failed) {
        mark_needed(&L, n_outputs, outputs);
        make_passes(&L, n_outputs, outputs);
    }
    for (size_t i = 0; i < sizeof of_ids / sizeof *of_ids; i++)
        drop(&L, *of_ids[i], ids);
    for (size_t i = 0; i < sizeof of_bytes / sizeof *of_bytes; i++)
        drop(&L, *of_bytes[i], n);
    for (int c = 0; c < AD_CLASSES; c++)
        ad_block_free(&L.term[c], &plan->allocator);
    ad_block_free(&L.starts, &plan->allocator);
    if (L.failed)
        ad_plan_free(plan);
    return !L.failed;
}

void ad_plan_free(ad_plan *plan)
{
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
