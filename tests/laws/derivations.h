/* derivations.h -- random models, differentiated by the chain rule in text without the library; for the tests that include it.
 *
 * A derivative is a sum over paths of products of slopes, each slope in one of the ways that textbooks write it. They are
 * rearranged (order, expanded or nested, signs, quotients) and printed as formulas or as numbers of random precision, as they
 * are or with one slip. */
#ifndef DERIVATIONS_H
#define DERIVATIONS_H

#include <autodiff/autodiff.h>
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Random numbers, text ------------------------------------------------------------------------------------------------------- */

static uint64_t state;
static uint32_t draw(uint32_t n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % n;
}
static double uniform(double low, double high) { return low + (high - low) * draw(1 << 30) / (1 << 30); }

enum { TEXT = 1 << 20 };
typedef struct text { char *at; size_t n; } text;
static __attribute__((format(printf, 2, 3))) void put(text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    t->n += (size_t)vsnprintf(t->at + t->n, TEXT - t->n, format, arguments);
    va_end(arguments);
    cr_assert(t->n < TEXT - 4096, "the text of a model is too long");
}

/* ---- Models ------------------------------------------------------------------------------------------------------------------------ */

/* In the texts of operations x and y are operands and z is the value; a slope has up to three ways to be written. */
typedef struct operation {
    const char *value;
    int         operands;
    const char *slope[2][3];
    double    (*compute)(double x, double y);
    double    (*partial[2])(double x, double y);
} operation;

#define OPERATIONS(F) \
    F(add,  x + y,                        1,                               1) \
    F(sub,  x - y,                        1,                               -1) \
    F(mul,  x * y,                        y,                               x) \
    F(div,  x / (1 + y * y),              1 / (1 + y * y),                 -2 * x * y / (1 + y * y) / (1 + y * y)) \
    F(sig,  1 / (1 + exp(-x)),            exp(-x) / (1 + exp(-x)) / (1 + exp(-x)), 0) \
    F(tan,  tanh(x),                      1 / cosh(x) / cosh(x),           0) \
    F(exp,  exp(x / 4),                   exp(x / 4) / 4,                  0) \
    F(sin,  sin(x),                       cos(x),                          0) \
    F(cos,  cos(x),                       -sin(x),                         0) \
    F(sqr,  x * x,                        2 * x,                           0) \
    F(cub,  x * x * x,                    3 * x * x,                       0) \
    F(log,  log(1 + x * x),               2 * x / (1 + x * x),             0) \
    F(rot,  sqrt(1 + x * x),              x / sqrt(1 + x * x),             0) \
    F(soft, log1p(exp(x)),                1 / (1 + exp(-x)),               0) \
    F(atan, atan(x),                      1 / (1 + x * x),                 0) \
    F(err,  (x - y) * (x - y) / 2,        x - y,                           y - x)
#define F(name, z, dx, dy) \
    static double name##_z(double x, double y) { (void)y; return z; } \
    static double name##_x(double x, double y) { (void)x, (void)y; return dx; } \
    static double name##_y(double x, double y) { (void)x, (void)y; return dy; }
OPERATIONS(F)
#undef F
#define C(name) name##_z, {name##_x, name##_y}

static const operation operations[] = {
    {"x + y", 2, {{"1"}, {"1"}}, C(add)},
    {"x - y", 2, {{"1"}, {"-1"}}, C(sub)},
    {"x*y", 2, {{"y"}, {"x"}}, C(mul)},
    {"x/(1 + y^2)", 2, {{"1/(1 + y^2)", "(1 + y*y)^-1"}, {"-2*x*y/(1 + y^2)^2", "-2*z*y/(1 + y^2)"}}, C(div)},
    {"sigmoid(x)", 1, {{"z*(1 - z)", "sigmoid(x)*(1 - sigmoid(x))", "exp(-x)/(1 + exp(-x))^2"}, {NULL}}, C(sig)},
    {"tanh(x)", 1, {{"(1 - z^2)", "1/cosh(x)^2", "(1 - z)*(1 + z)"}, {NULL}}, C(tan)},
    {"exp(x/4)", 1, {{"z/4", "exp(x/4)/4", "0.25*z"}, {NULL}}, C(exp)},
    {"sin(x)", 1, {{"cos(x)"}, {NULL}}, C(sin)},
    {"cos(x)", 1, {{"-sin(x)", "(-1)*sin(x)"}, {NULL}}, C(cos)},
    {"x^2", 1, {{"2*x", "x*2", "(x + x)"}, {NULL}}, C(sqr)},
    {"x^3", 1, {{"3*x^2", "3*x*x"}, {NULL}}, C(cub)},
    {"log(1 + x^2)", 1, {{"2*x/(1 + x^2)", "x/(0.5 + x^2/2)"}, {NULL}}, C(log)},
    {"sqrt(1 + x^2)", 1, {{"x/z", "x/sqrt(1 + x^2)"}, {NULL}}, C(rot)},
    {"softplus(x)", 1, {{"sigmoid(x)", "1/(1 + exp(-x))"}, {NULL}}, C(soft)},
    {"atan(x)", 1, {{"1/(1 + x^2)"}, {NULL}}, C(atan)},
    {"(x - y)^2/2", 2, {{"(x - y)", "-(y - x)"}, {"-(x - y)", "(y - x)"}}, C(err)},
};
enum { OPERATION_COUNT = sizeof operations / sizeof *operations, MOST = 32, WAYS = 3 };
enum { SIG = 4, TAN = 5, LOG = 11 };

typedef struct node {
    char   name[24];
    int    op;                             /* -1: an input */
    int    operand[2];
    double value;
} node;

typedef struct model {
    node nodes[MOST];
    int  n, inputs, params;                /* params first, then consts, then the rest */
} model;

static void compute(model *m)
{
    for (int i = m->inputs; i < m->n; i++) {
        const operation *o = &operations[m->nodes[i].op];
        m->nodes[i].value = o->compute(m->nodes[m->nodes[i].operand[0]].value, m->nodes[m->nodes[i].operand[1]].value);
    }
}

static void make(model *m)
{
    static const char letters[] = "abcuvw";
    m->params = 3 + (int)draw(3);
    m->inputs = m->params + 1 + (int)draw(2);
    m->n = m->inputs + 5 + (int)draw(9);
    for (int i = 0; i < m->n; i++) {
        node *v = &m->nodes[i];
        *v = (node){.op = -1};
        if (i < m->inputs) {
            snprintf(v->name, sizeof v->name, "%c%d", i < m->params ? letters[draw(6)] : 'k', i);
            do
                v->value = round(uniform(-2, 2) * 1000) / 1000;
            while (fabs(v->value) < 0.05);
            continue;
        }
        v->op = (int)draw(OPERATION_COUNT);
        /* The newest that are not yet used, mostly: deep graphs with some fan-out. */
        v->operand[0] = draw(3) && i > m->inputs ? i - 1 : (int)draw((uint32_t)i);
        v->operand[1] = draw(2) ? (int)draw((uint32_t)m->inputs) : (int)draw((uint32_t)i);
        if (v->operand[0] == v->operand[1] && operations[v->op].operands == 2)
            v->operand[1] = (v->operand[0] + 1) % i;
        snprintf(v->name, sizeof v->name, "%c%d", "eyhz"[draw(4)], i);
    }
    compute(m);
}

/* A formula with its letters replaced. */
static void put_formula(text *t, const model *m, int i, const char *formula)
{
    const node *v = &m->nodes[i];
    for (const char *at = formula; *at; at++) {
        int alone = (at == formula || !strchr("abcdefghijklmnopqrstuvwxyz", at[-1])) && !(at[1] >= 'a' && at[1] <= 'z');
        if (alone && *at == 'x')
            put(t, "%s", m->nodes[v->operand[0]].name);
        else if (alone && *at == 'y')
            put(t, "%s", m->nodes[v->operand[1]].name);
        else if (alone && *at == 'z')
            put(t, "%s", v->name);
        else
            put(t, "%c", *at);
    }
}

static void put_model(text *t, const model *m)
{
    for (int i = 0; i < m->inputs; i++)
        put(t, "%s %s = %.17g\n", i < m->params ? "param" : "const", m->nodes[i].name, m->nodes[i].value);
    for (int i = m->inputs; i < m->n; i++) {
        put(t, "%s = ", m->nodes[i].name);
        put_formula(t, m, i, operations[m->nodes[i].op].value);
        put(t, "\n");
    }
}

/* ---- Derivatives: paths -------------------------------------------------------------------------------------------------------------- */

enum { PATHS = 24, LENGTH = MOST };
typedef struct step { int node, operand; } step;                        /* the slope of a node by an operand of it */
typedef struct paths {
    int  of, by, n, too_many;
    int  length[PATHS];
    step steps[PATHS][LENGTH];
} paths;

static void walk(paths *p, const model *m, int at, step *so_far, int length)
{
    if (p->too_many)
        return;
    if (at == p->by) {
        if (p->n == PATHS) {
            p->too_many = 1;
            return;
        }
        memcpy(p->steps[p->n], so_far, (size_t)length * sizeof *so_far);
        p->length[p->n++] = length;
        return;
    }
    if (at < p->by || m->nodes[at].op < 0)
        return;
    for (int k = 0; k < operations[m->nodes[at].op].operands; k++) {
        so_far[length] = (step){at, k};
        walk(p, m, m->nodes[at].operand[k], so_far, length + 1);
    }
}

static int find_paths(paths *p, const model *m, int of, int by)
{
    step so_far[LENGTH];
    *p = (paths){.of = of, .by = by};
    walk(p, m, of, so_far, 0);
    return p->n > 0 && !p->too_many;
}

static double slope_of(const model *m, step s)
{
    const node *v = &m->nodes[s.node];
    return operations[v->op].partial[s.operand](m->nodes[v->operand[0]].value, m->nodes[v->operand[1]].value);
}

/* What was done to the derivative: one mistake, or none. */
typedef struct slip {
    int    kind;
    step   at;                             /* of a slope */
    int    path, other;                    /* a path left out; another node */
    double number;
} slip;
enum { NONE, SIGN, FACTOR, MISSING_FACTOR, MISSING_PATH, OTHER_VARIABLE, WRONG_POINT, OFFSET, SINGLE, STALE, SWAPPED, KINDS };

/* The slope of the operation at another node's value, as "1 - y^2" with the wrong y. */
static double slope_at_other(const model *m, step s, int other)
{
    double z = m->nodes[other].value;
    return m->nodes[s.node].op == SIG ? z * (1 - z) : 1 - z * z;
}

static double value_of(const model *m, const paths *p, const slip *wrong)
{
    double sum = 0;
    for (int i = 0; i < p->n; i++) {
        double product = 1;
        if (wrong->kind == MISSING_PATH && wrong->path == i)
            continue;
        for (int e = 0; e < p->length[i]; e++) {
            step s = p->steps[i][e];
            int here = s.node == wrong->at.node && s.operand == wrong->at.operand;
            if (wrong->kind == MISSING_FACTOR && here)
                continue;
            product *= wrong->kind == WRONG_POINT && here ? slope_at_other(m, s, wrong->other) : slope_of(m, s);
        }
        sum += product;
    }
    return wrong->kind == SIGN ? -sum : wrong->kind == FACTOR ? wrong->number * sum : wrong->kind == OFFSET ? sum + wrong->number : sum;
}


/* ---- Derivatives in text --------------------------------------------------------------------------------------------------------------- */

static void put_slope(text *t, const model *m, step s, const slip *wrong)
{
    const operation *o = &operations[m->nodes[s.node].op];
    const char *const *ways = o->slope[s.operand];
    int n = ways[1] ? ways[2] ? 3 : 2 : 1;
    if (wrong->kind == WRONG_POINT && s.node == wrong->at.node && s.operand == wrong->at.operand) {
        const char *z = m->nodes[wrong->other].name;
        put(t, m->nodes[s.node].op == SIG ? "%s*(1 - %s)" : "(1 - %s*%s)", z, z);
        return;
    }
    put(t, "(");
    put_formula(t, m, s.node, ways[draw((uint32_t)n)]);
    put(t, ")");
}

static void put_product(text *t, const model *m, const paths *p, int i, const slip *wrong)
{
    step steps[LENGTH];
    int n = 0;
    for (int e = 0; e < p->length[i]; e++) {
        step s = p->steps[i][e];
        if (wrong->kind != MISSING_FACTOR || s.node != wrong->at.node || s.operand != wrong->at.operand)
            steps[n++] = s;
    }
    for (int e = n - 1; e > 0; e--) {                  /* any order */
        int k = (int)draw((uint32_t)e + 1);
        step kept = steps[e];
        steps[e] = steps[k];
        steps[k] = kept;
    }
    if (!n)
        put(t, "1");
    for (int e = 0; e < n; e++) {
        put(t, e ? "*" : "");
        put_slope(t, m, steps[e], wrong);
    }
}

/* The sum in any order, some terms as a difference from the negative. */
static void put_derivative(text *t, const model *m, const paths *p, const slip *wrong)
{
    int order[PATHS], n = 0;
    for (int i = 0; i < p->n; i++)
        if (wrong->kind != MISSING_PATH || wrong->path != i)
            order[n++] = i;
    for (int i = n - 1; i > 0; i--) {
        int k = (int)draw((uint32_t)i + 1), kept = order[i];
        order[i] = order[k];
        order[k] = kept;
    }
    int minus = wrong->kind == SIGN, wrapped = draw(3) == 0 || minus || wrong->kind == FACTOR || wrong->kind == OFFSET;
    if (wrong->kind == FACTOR)
        put(t, "%.17g*", wrong->number);
    put(t, minus ? "-(" : wrapped ? "(" : "");
    for (int i = 0; i < n; i++) {
        int negated = draw(4) == 0;
        put(t, i ? negated ? " - (-" : " + " : negated ? "-(-" : "");
        put_product(t, m, p, order[i], wrong);
        put(t, negated ? ")" : "");
    }
    put(t, wrapped ? ")" : "");
    if (wrong->kind == OFFSET)
        put(t, " + %.17g", wrong->number);
}

static void put_quantity(text *t, const model *m, const paths *p)
{
    const char *of = m->nodes[p->of].name, *by = m->nodes[p->by].name;
    put(t, draw(2) ? "d%s/d%s" : "d(%s)/d(%s)", of, by);
}

/* A number printed to so many digits; returns half a unit of the last. */
static double put_number(text *t, double value, int digits)
{
    char printed[64];
    snprintf(printed, sizeof printed, "%.*e", digits - 1, value);
    int exponent = atoi(strchr(printed, 'e') + 1);
    if (exponent > -4 && exponent < digits - 1 && draw(2))
        put(t, "%.*f", digits - 1 - exponent, value);
    else
        put(t, "%s", printed);
    return 0.5 * pow(10, exponent - digits + 1);
}

/* ---- Judging ------------------------------------------------------------------------------------------------------------------------------ */

static char model_text[TEXT];

static ad_judgements *judge(const text *t, ad_model **m, uint64_t seed)
{
    ad_problem problem;
    *m = ad_model_parse(t->at, t->n, &problem);
    if (!*m) {
        ad_problem_print(&problem, "model", stderr);
        cr_assert_fail("a model did not parse");
    }
    ad_judgements *j = ad_model_judge(*m, (ad_judge_options){.seed = seed});
    cr_assert(j && j->status == AD_OK, "%s", j ? j->message : "no memory");
    return j;
}

static int tame(const model *m)
{
    for (int i = 0; i < m->n; i++)
        if (!(fabs(m->nodes[i].value) < 1e6))
            return 0;
    return 1;
}

static size_t wanted(size_t normal, size_t soak) { return getenv("AD_SOAK") ? soak : normal; }

#endif
