/* squares.c -- seeing that a loss is a sum of squares: sums, products with factors that are free of params, and squares in any
 * spelling. What is left over (an additive constant, another function) makes it another loss. */
#include "squares.h"

#include "fit.h"

#include <math.h>

static const uint32_t NONE = UINT32_MAX;
enum { MOST_TERMS = 4096 };

typedef struct term {
    uint32_t node, weight;                 /* weight: NONE for 1 */
    double   factor;
} term;

typedef struct reading {
    ad_graph      *G;
    unsigned char *depends;                /* [n] on params */
    uint32_t       n;                      /* nodes of f */
    term          *stack, *found;          /* [MOST_TERMS] */
    size_t         depth, n_found;
    int            refused;
} reading;

void ad_squares_mark(const ad_graph *G, unsigned char *depends)
{
    for (uint32_t i = 0; i < G->n; i++) {
        const ad_graph_node *n = ad_graph_at(G, i);
        depends[i] = n->op == AD_OP_PARAM;
        for (int k = 0; k < ad_graph_arity(n->op); k++)
            depends[i] |= depends[ad_graph_operand(n, k)];
    }
}

static int is_number(const ad_graph *G, uint32_t i, double *number)
{
    *number = ad_graph_at(G, i)->number;
    return ad_graph_at(G, i)->op == AD_OP_CONSTANT;
}

static int is_product(uint32_t op) { return op == AD_OP_mul || op == AD_OP_chain; }

/* Takes constant factors out of a product. */
static double pull_factors(const ad_graph *G, uint32_t *node)
{
    double factor = 1, c;
    for (;;) {
        const ad_graph_node *n = ad_graph_at(G, *node);
        if (is_product(n->op) && is_number(G, n->x, &c)) {
            factor *= c;
            *node = n->y;
        } else if (is_product(n->op) && is_number(G, n->y, &c)) {
            factor *= c;
            *node = n->x;
        } else if (n->op == AD_OP_div && is_number(G, n->y, &c)) {
            factor /= c;
            *node = n->x;
        } else
            return factor;
    }
}

/* And out of one over a product. */
static double pull(ad_graph *G, uint32_t *node)
{
    double factor = pull_factors(G, node), c;
    ad_graph_node n = *ad_graph_at(G, *node);
    if (n.op != AD_OP_div || !is_number(G, n.x, &c))
        return factor;
    uint32_t below = n.y;
    factor *= c / pull_factors(G, &below);
    *node = ad_graph_make(G, AD_OP_div, ad_graph_number(G, 1), below, 0);
    return factor;
}

static void push(reading *r, uint32_t node, uint32_t weight, double factor)
{
    if (r->depth + r->n_found >= MOST_TERMS)
        r->refused = 1;
    else
        r->stack[r->depth++] = (term){node, weight, factor};
}

static void found(reading *r, term t, uint32_t residual, double factor)
{
    r->found[r->n_found++] = (term){residual, t.weight, t.factor * factor};
}

/* Whether a node is free of params. What was added here is made of nodes of f, or is a weight. */
static int is_free(const reading *r, uint32_t i)
{
    const ad_graph_node *n = ad_graph_at(r->G, i);
    int depends = i < r->n && r->depends[i];
    for (int k = 0; i >= r->n && k < ad_graph_arity(n->op); k++)
        depends |= ad_graph_operand(n, k) < r->n && r->depends[ad_graph_operand(n, k)];
    return !depends;
}

static void weigh(reading *r, term t, uint32_t by, uint32_t rest, int divide)
{
    double factor = pull(r->G, &by), c;
    if (is_number(r->G, by, &c)) {
        push(r, rest, t.weight, divide ? t.factor / (factor * c) : t.factor * factor * c);
        return;
    }
    uint32_t weight = divide ? ad_graph_make(r->G, AD_OP_div, t.weight == NONE ? ad_graph_number(r->G, 1) : t.weight, by, 0)
                    : t.weight == NONE ? by : ad_graph_make(r->G, AD_OP_mul, t.weight, by, 0);
    push(r, rest, weight, divide ? t.factor / factor : t.factor * factor);
}

static void product(reading *r, term t, uint32_t x, uint32_t y)
{
    if (x == y)
        found(r, t, x, 1);
    else if (is_free(r, x))
        weigh(r, t, x, y, 0);
    else if (is_free(r, y))
        weigh(r, t, y, x, 0);
    else
        r->refused = 1;
}

static void visit(reading *r, term t)
{
    ad_graph *G = r->G;
    ad_graph_node n = *ad_graph_at(G, t.node);
    double power;
    if (n.op == AD_OP_CONSTANT && n.number == 0)
        return;
    if (is_free(r, t.node))
        r->refused = 1;
    else if (n.op == AD_OP_add || n.op == AD_OP_sub) {
        push(r, n.y, t.weight, n.op == AD_OP_add ? t.factor : -t.factor);
        if (!r->refused)
            push(r, n.x, t.weight, t.factor);                              /* on top: terms come in the order written */
    } else if (n.op == AD_OP_neg)
        push(r, n.x, t.weight, -t.factor);
    else if (is_product(n.op))
        product(r, t, n.x, n.y);
    else if (n.op == AD_OP_fma) {
        push(r, n.w, t.weight, t.factor);
        if (!r->refused)
            product(r, t, n.x, n.y);
    } else if (n.op == AD_OP_div && is_free(r, n.y))
        weigh(r, t, n.y, n.x, 1);
    else if (n.op == AD_OP_square)
        found(r, t, n.x, 1);
    else if ((n.op == AD_OP_pow || n.op == AD_OP_powi) && is_number(G, n.y, &power) && power == 2)
        found(r, t, n.x, 1);
    else if (n.op == AD_OP_squared_error)
        found(r, t, ad_graph_make(G, AD_OP_sub, n.x, n.y, 0), 0.5);
    else
        r->refused = 1;
}

enum { MOST_PARTS = 64 };
typedef struct part { uint32_t node; int negative; } part;

static uint32_t sum_of(ad_graph *G, size_t n, const part *parts, int negative)
{
    uint32_t sum = NONE;
    for (size_t k = 0; k < n && !G->failed; k++) {
        int minus = parts[k].negative ^ negative;
        sum = sum == NONE ? (minus ? ad_graph_make(G, AD_OP_neg, parts[k].node, 0, 0) : parts[k].node)
                          : ad_graph_make(G, minus ? AD_OP_sub : AD_OP_add, sum, parts[k].node, 0);
    }
    return sum;
}

/* A residual as what it adds and subtracts that is free of params, up to its sign, and the rest of it, which is compared with
 * that. NONE where one of them is nothing. */
static uint32_t free_part(const reading *r, uint32_t node, uint32_t *rest)
{
    part stack[MOST_PARTS + 2], parts[2][MOST_PARTS + 2];
    size_t depth = 0, n[2] = {0, 0};
    for (stack[depth++] = (part){node, 0}; depth;) {
        part at = stack[--depth];
        ad_graph_node g = *ad_graph_at(r->G, at.node);
        int is = is_free(r, at.node), full = depth + n[0] + n[1] >= MOST_PARTS;
        if (!is && !full && (g.op == AD_OP_add || g.op == AD_OP_sub)) {
            stack[depth++] = (part){g.y, at.negative ^ (g.op == AD_OP_sub)};
            stack[depth++] = (part){g.x, at.negative};
        } else if (!is && !full && g.op == AD_OP_neg)
            stack[depth++] = (part){g.x, !at.negative};
        else
            parts[is][n[is]++] = at;
    }
    if (!n[0] || !n[1])
        return NONE;
    *rest = sum_of(r->G, n[0], parts[0], !parts[1][0].negative);
    return sum_of(r->G, n[1], parts[1], parts[1][0].negative);
}

/* What the data say in a residual y - f, f - y, (y - f) / s, s (y - f), what the model says, and the weight that s stands for. */
static uint32_t response_of(const reading *r, uint32_t residual, uint32_t *scale, int *divides, uint32_t *fitted)
{
    uint32_t inner = residual;
    ad_graph_node n = *ad_graph_at(r->G, inner);
    *scale = NONE;
    while (n.op == AD_OP_abs || n.op == AD_OP_neg)
        n = *ad_graph_at(r->G, inner = n.x);
    if ((n.op == AD_OP_div && is_free(r, n.y)) || (is_product(n.op) && (is_free(r, n.x) || is_free(r, n.y)))) {
        *divides = n.op == AD_OP_div;
        *scale = *divides || is_free(r, n.y) ? n.y : n.x;
        inner = *scale == n.y ? n.x : n.y;
    }
    return free_part(r, inner, fitted);
}

static void finish(reading *r, ad_squares *s, size_t k, const term *t, double factor, uint32_t by, uint32_t root)
{
    ad_graph *G = r->G;
    uint32_t one = ad_graph_number(G, 1), weight = t->weight, residual = t->node, scale;
    int divides = 0;
    if (factor != 1)
        weight = weight == NONE ? ad_graph_number(G, factor) : ad_graph_make(G, AD_OP_mul, weight, ad_graph_number(G, factor), 0);
    s->response[k] = response_of(r, residual, &scale, &divides, &s->fitted[k]);
    if (weight != NONE)
        residual = ad_graph_make(G, AD_OP_mul, ad_graph_make(G, AD_OP_sqrt, weight, 0, 0), residual, 0);
    if (root != NONE)
        residual = ad_graph_make(G, AD_OP_mul, root, residual, 0);
    weight = weight == NONE ? one : weight;
    if (by != NONE)
        weight = ad_graph_make(G, AD_OP_mul, weight, by, 0);
    if (scale != NONE)
        weight = ad_graph_make(G, AD_OP_mul, weight, ad_graph_make(G, AD_OP_square, divides ? ad_graph_make(G, AD_OP_div, one, scale, 0) : scale, 0, 0), 0);
    s->residual[k] = residual;
    s->weight[k] = weight;
}

static int has_row_sum(const ad_graph *G)
{
    for (uint32_t i = 0; i < G->n; i++)
        if (ad_graph_at(G, i)->op == AD_OP_ROW_SUM)
            return 1;
    return 0;
}

int ad_squares_read(const ad_function *f, int are_residuals, int weighted, ad_store *store, ad_squares *s)
{
    if (!ad_graph_copy(&s->G, &f->graph)) {
        store->failed = 1;
        return 0;
    }
    if (has_row_sum(&f->graph))
        return 0;
    reading r = {.G = &s->G, .n = s->G.n};
    size_t most = are_residuals ? f->n_outputs : MOST_TERMS;
    r.depends = ad_store_make(store, r.n, 1);
    r.stack = ad_store_make(store, most, sizeof *r.stack);
    r.found = ad_store_make(store, most, sizeof *r.found);
    if (store->failed)
        return 0;
    ad_squares_mark(&s->G, r.depends);
    if (are_residuals)
        for (uint32_t k = 0; k < f->n_outputs; k++)
            found(&r, (term){.weight = NONE, .factor = 1}, f->outputs[k], 1);
    else
        push(&r, f->outputs[0], NONE, 1);
    while (r.depth && !r.refused && !s->G.failed)
        visit(&r, r.stack[--r.depth]);
    s->m = r.n_found;
    s->residual = ad_store_make(store, s->m, sizeof *s->residual);
    s->weight   = ad_store_make(store, s->m, sizeof *s->weight);
    s->response = ad_store_make(store, s->m, sizeof *s->response);
    s->fitted   = ad_store_make(store, s->m, sizeof *s->fitted);
    if (r.refused || !s->m || store->failed || s->G.failed)
        return 0;
    uint32_t by = weighted ? ad_graph_make(&s->G, AD_OP_COLUMN, f->n_columns, 0, 0) : NONE;
    uint32_t root = weighted ? ad_graph_make(&s->G, AD_OP_COLUMN, f->n_columns + 1, 0, 0) : NONE;
    for (size_t k = 0; k < s->m && !s->G.failed; k++) {
        double factor = r.found[k].factor / r.found[0].factor;
        if (!(r.found[k].factor > 0) || !(factor < INFINITY))
            return 0;
        finish(&r, s, k, &r.found[k], factor, by, root);
    }
    return !s->G.failed;
}

ad_function *ad_fit_responses(const ad_function *f, ad_fit_objective objective)
{
    if (!f || (objective != AD_FIT_RESIDUALS && f->n_outputs != 1))
        return NULL;
    ad_store store = {.arena = {.allocator = f->allocator}};
    ad_squares s = {0};
    ad_function *made = NULL;
    int seen = ad_squares_read(f, objective == AD_FIT_RESIDUALS, 0, &store, &s);
    uint32_t *outputs = seen ? ad_store_make(&store, 2 * s.m, sizeof *outputs) : NULL;
    for (size_t k = 0; outputs && seen && k < s.m; k++) {
        seen = s.response[k] != NONE;
        outputs[2 * k] = s.response[k];
        outputs[2 * k + 1] = s.fitted[k];
    }
    if (outputs && seen)
        made = ad_function_extract(f, &s.G, 0, 0, 2 * s.m, outputs);
    ad_graph_free(&s.G);
    ad_store_free(&store);
    return made;
}
