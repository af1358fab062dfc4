/* random_graphs.c -- thousands of random graphs of all rows, their gradients held against forward differentiation.
 *
 * The witness is dual numbers, carried along while the graph is recorded, with the partials that the compiler makes of
 * ops.def: it tests sweeps and sharing, not the rules. A second number bounds each tangent by the sum of what its paths
 * contribute, and so says how much rounding may make of it. Seeds are fixed; a failure prints its own, and AD_SEED in
 * the environment runs that graph alone.
 */
#include "../unit/unit.h"
#include "../unit/rows.h"

#include <stdlib.h>

enum { GRAPHS = 40000, PARAMS = 5, WATCHED = PARAMS, DIRECTIONS = PARAMS + 1, NODES = 120 };

typedef struct dual {
    ad_var var;
    double tangent[DIRECTIONS], bound[DIRECTIONS];
} dual;

typedef struct graph {
    ad_tape *tape;
    uint64_t state;
    dual     node[NODES];
    int      n, params, watched;           /* the last direction is a node in the middle */
} graph;

static long used[ROWS];

static dual plain(double value)
{
    dual d = {.var = ad_const(value)};
    return d;
}

static double some_number(graph *g)
{
    static const double favourites[] = {0, 1, -1, 2, 0.5, -0.25, 3, 10};
    return random_below(&g->state, 3) ? random_within(&g->state, -3, 3) : favourites[random_below(&g->state, 8)];
}

static dual some_operand(graph *g)
{
    if (!random_below(&g->state, 5))
        return plain(some_number(g));
    int recent = g->n < 6 ? g->n : 6;
    return g
        ->node[random_below(&g->state, 3) ? g->n - 1 - random_below(&g->state, recent) : random_below(&g->state, g->n)];
}

static dual *push(graph *g, dual d)
{
    g->node[g->n] = d;
    return &g->node[g->n++];
}

/* A row at some operands, or 0 where it is near a kink, out of its domain, or large. The operands may be one another.
 */
static int try_row(graph *g, int i)
{
    const struct row *row = &rows[i];
    dual operand[OPERANDS], d = {.var = {0, 0}};
    ad_var variable[OPERANDS];
    double v[OPERANDS], slope[OPERANDS];
    int c = random_below(&g->state, 4);
    for (int k = 0; k < row->operands; k++) {
        operand[k] = some_operand(g);
        variable[k] = operand[k].var;
        v[k] = variable[k].value;
    }
    double z = row_value(row, v, c);
    if (!(fabs(z) < 1e4) || !row->holds(v, c, z))
        return 0;
    for (int k = 0; k < row->operands; k++) {
        slope[k] = row->partial(k, v, c, z);
        if (!(fabs(slope[k]) < 1e4))
            return 0;
        for (int j = 0; j < DIRECTIONS; j++) {
            d.tangent[j] += slope[k] * operand[k].tangent[j];
            d.bound[j] += fabs(slope[k]) * operand[k].bound[j];
            if (!(d.bound[j] < 1e10))
                return 0;
        }
    }
    d.var = row->record(variable, c);
    if (!is_plain(d.var)) {
        cr_assert(identical(d.var.value, z), "%s: recorded %.17g, alone %.17g", row->name, d.var.value, z);
        used[i]++;
    }
    push(g, d);
    return 1;
}

/* Infinities and NaN in a branch that is not taken: must leave no trace. */
static void poison(graph *g)
{
    dual good = g->node[g->n - 1];
    const struct row *row = &rows[random_below(&g->state, ROWS)];
    ad_var bad[OPERANDS];
    for (int k = 0; k < OPERANDS; k++) {
        ad_var v = g->node[random_below(&g->state, g->n)].var;
        int kind = random_below(&g->state, 4);
        bad[k] = kind == 0   ? ad_div(v, 0)
                 : kind == 1 ? ad_log(ad_neg(ad_abs(v)))
                 : kind == 2 ? ad_mul(0, v)
                             : ad_exp(ad_exp(ad_mul(v, v)));
    }
    ad_var bitter = row->record(bad, 1), condition = ad_greater_equal(ad_square(good.var), 0);
    good.var = random_below(&g->state, 2)
                   ? ad_select(condition, good.var, bitter)
                   : ad_add(good.var, ad_select(condition, ad_mul(0, ad_sqrt(ad_mul(0, good.var))), bitter));
    push(g, good);
}

static void grow(graph *g, uint64_t seed)
{
    g->state = seed * 0x9e3779b97f4a7c15u;
    g->n = 0;
    g->params = 1 + random_below(&g->state, PARAMS);
    for (int j = 0; j < g->params; j++) {
        dual d = {.var = ad_param(g->tape, NULL, some_number(g))};
        d.tangent[j] = d.bound[j] = 1;
        push(g, d);
    }
    int size = g->n + 3 + random_below(&g->state, NODES - g->n - 6);
    g->watched = -1;
    for (int tries = 0; g->n < size && tries < 4000; tries++) {
        if (!try_row(g, random_below(&g->state, ROWS)))
            continue;
        if (!random_below(&g->state, 25) && g->n < size && !is_plain(g->node[g->n - 1].var))
            poison(g);
        if (g->watched < 0 && g->n > size / 3 && !is_plain(g->node[g->n - 1].var)) {
            g->watched = g->n - 1;
            g->node[g->watched].tangent[WATCHED] = g->node[g->watched].bound[WATCHED] = 1;
        }
    }
    /* The last nodes together are E, so that most of the graph matters. */
    dual E = g->node[g->n - 1];
    for (int i = g->n - 2; i >= 0 && i > g->n - 8; i--) {
        E.var = ad_add(E.var, g->node[i].var);
        for (int j = 0; j < DIRECTIONS; j++) {
            E.tangent[j] += g->node[i].tangent[j];
            E.bound[j] += g->node[i].bound[j];
        }
    }
    push(g, E);
}

static void compare(const char *what, uint64_t seed, const graph *g, const double *found)
{
    const dual *E = &g->node[g->n - 1];
    for (int j = 0; j < g->params + (g->watched >= 0); j++) {
        int at = j < g->params ? j : WATCHED;
        cr_assert(fabs(found[j] - E->tangent[at]) <= 1e-12 * E->bound[at] + 1e-300,
                  "AD_SEED=%llu: %s by %s %d is %.17g, forward %.17g, bound %.3g, %d nodes", (unsigned long long)seed,
                  what, at == WATCHED ? "node" : "param", at == WATCHED ? g->watched : j, found[j], E->tangent[at],
                  E->bound[at], g->n);
    }
}

static void check(graph *g, uint64_t seed)
{
    grow(g, seed);
    ad_var E = g->node[g->n - 1].var, wrt[DIRECTIONS], out[DIRECTIONS];
    int n = g->params + (g->watched >= 0);
    double found[DIRECTIONS] = {0};
    for (int j = 0; j < n; j++)
        wrt[j] = j < g->params ? g->node[j].var : g->node[g->watched].var;
    ad_backward(E);
    for (int j = 0; j < n; j++)
        found[j] = is_plain(E) ? 0 : ad_grad(wrt[j]);
    compare("the sweep", seed, g, found);
    ad_grad_clear(g->tape);
    ad_accumulate(E);
    for (int j = 0; j < g->params; j++)
        cr_assert(is_plain(E) || near(ad_grad(wrt[j]), found[j], 0),
                  "AD_SEED=%llu: ad_accumulate gives param %d %.17g, not %.17g", (unsigned long long)seed, j,
                  ad_grad(wrt[j]), found[j]);
    ad_gradient(E, (size_t)n, wrt, out);
    for (int j = 0; j < n; j++)
        found[j] = out[j].value;
    compare("the gradient as nodes", seed, g, found);
    cr_assert(ad_tape_error(g->tape) == AD_OK, "AD_SEED=%llu: %s", (unsigned long long)seed,
              ad_tape_error_message(g->tape));
    ad_tape_reset(g->tape);
}

Test(random_graphs, have_the_gradient_that_forward_differentiation_has)
{
    static graph g;
    g.tape = ad_tape_new();
    const char *seed = getenv("AD_SEED"), *soak = getenv("AD_SOAK");
    if (seed) {
        check(&g, strtoull(seed, NULL, 10));
        return;
    }
    for (uint64_t s = 1; s <= GRAPHS * (soak ? 100u : 1u); s++)
        check(&g, s);
    for (int i = 0; i < ROWS; i++)
        cr_assert(used[i] >= 100, "%s was in %ld graphs only", rows[i].name, used[i]);
    ad_tape_free(g.tape);
}

/* The second derivatives of random graphs commute, and the sweep over a recorded gradient agrees with recording again.
 * Where all of them cancel to nothing, rounding is left: the first ones' terms, and the chains' products, say how much there may
 * be. */
Test(random_graphs, have_second_derivatives_that_commute)
{
    static graph g;
    g.tape = ad_tape_new();
    long compared = 0;
    for (uint64_t s = 1; s <= GRAPHS / 10; s++) {
        grow(&g, 1000000 + s);
        ad_var E = g.node[g.n - 1].var, x[PARAMS], d[PARAMS], dd[PARAMS];
        double h[PARAMS][PARAMS], most = 0, terms = 0;
        int n = g.params;
        for (int j = 0; j < n; j++) {
            x[j] = g.node[j].var;
            terms = fmax(terms, g.node[g.n - 1].bound[j]);
        }
        ad_gradient(E, (size_t)n, x, d);
        for (int i = 0; i < n; i++) {
            ad_gradient(d[i], (size_t)n, x, dd);
            ad_backward(d[i]);
            for (int j = 0; j < n; j++) {
                h[i][j] = dd[j].value;
                most = fmax(most, fabs(h[i][j]));
                if (!is_plain(d[i]))
                    cr_assert(near(ad_grad(x[j]), h[i][j], 1e-6) || fabs(ad_grad(x[j]) - h[i][j]) <= 1e-9 * most + 4e-15 * terms * (1 + terms),
                              "seed %llu: row %d, column %d: %.17g by the sweep, %.17g by nodes", (unsigned long long)s,
                              i, j, ad_grad(x[j]), h[i][j]);
            }
        }
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++) {
                compared += h[i][j] != 0 && isfinite(h[i][j]);
                cr_assert(same(h[i][j], h[j][i]) || fabs(h[i][j] - h[j][i]) <= 1e-7 * most + 4e-15 * terms * (1 + terms),
                          "seed %llu: (%d, %d) is %.17g, (%d, %d) is %.17g", (unsigned long long)s, i, j, h[i][j], j, i,
                          h[j][i]);
            }
        ad_tape_reset(g.tape);
    }
    cr_assert(compared > 500, "%ld pairs compared", compared);
    ad_tape_free(g.tape);
}
