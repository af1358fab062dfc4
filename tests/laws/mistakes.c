/* mistakes.c -- no planted mistake goes unseen, and its cause is named: in derivatives of random models, printed as formulas or as
 * numbers of random precision. Normal run: some hundred of each kind. AD_SOAK=1: 10^4, with figures on stderr. */
#include "derivations.h"

/* ---- Planting -------------------------------------------------------------------------------------------------------------------------------- */

static const ad_cause causes[KINDS] = {AD_CAUSE_NONE, AD_CAUSE_SIGN, AD_CAUSE_FACTOR, AD_CAUSE_MISSING_FACTOR, AD_CAUSE_MISSING_PATH,
    AD_CAUSE_OTHER_VARIABLE, AD_CAUSE_WRONG_POINT, AD_CAUSE_OFFSET, AD_CAUSE_SINGLE_PRECISION, AD_CAUSE_STALE_VALUE, AD_CAUSE_SWAPPED};

static int is_unit(const model *m, step s) { return fabs(fabs(slope_of(m, s)) - 1) < 1e-9; }

/* Chooses where a mistake of a kind is made; 0 where there is no place for it. */
static int plant(slip *wrong, const model *m, const paths *p, int kind)
{
    static const double factors[] = {2, 0.5, -2, 4, 0.25, 3, 1.0 / 3, 10};
    const step *path = p->steps[draw((uint32_t)p->n)];
    *wrong = (slip){.kind = kind};
    switch (kind) {
    case FACTOR:
        wrong->number = factors[draw(8)];
        return 1;
    case OFFSET:
        wrong->number = (draw(2) ? 1 : -1) * (draw(3) ? 1.0 : draw(9) + 1) / (draw(2) ? 1 : draw(2) ? 10 : 100);
        return 1;
    case MISSING_PATH:
        wrong->path = (int)draw((uint32_t)p->n);
        return p->n > 1;
    case MISSING_FACTOR:
        wrong->at = path[draw((uint32_t)p->length[0])];
        return p->n == 1 && !is_unit(m, wrong->at);
    case WRONG_POINT:
        for (int tries = 0; tries < 20; tries++) {
            int i = (int)draw((uint32_t)p->n);
            wrong->at = p->steps[i][draw((uint32_t)p->length[i])];
            wrong->other = (int)draw((uint32_t)m->n);
            if ((m->nodes[wrong->at.node].op == SIG || m->nodes[wrong->at.node].op == TAN) && wrong->other != wrong->at.node)
                return 1;
        }
        return 0;
    default:
        return 1;
    }
}

/* How large the terms are: what cancels. */
static double size_of(const model *m, const paths *p)
{
    double sum = 0;
    for (int i = 0; i < p->n; i++) {
        double product = 1;
        for (int e = 0; e < p->length[i]; e++)
            product *= slope_of(m, p->steps[i][e]);
        sum += fabs(product);
    }
    return sum;
}

/* The derivative from values that are each off by 1e-13, a few hundred roundings: how firm its digits are. */
static double shaken(const model *m, const paths *p)
{
    model other = *m;
    for (int i = m->inputs; i < m->n; i++) {
        const operation *o = &operations[m->nodes[i].op];
        double z = o->compute(other.nodes[m->nodes[i].operand[0]].value, other.nodes[m->nodes[i].operand[1]].value);
        double size = fabs(z) + (m->nodes[i].op == LOG);                /* log(1 + x^2) rounds 1 + x^2 */
        other.nodes[i].value = z + (draw(2) ? 1e-13 : -1e-13) * size;
    }
    return value_of(&other, p, &(slip){.kind = NONE});
}

/* Writes the wrong claim; returns 0 where the mistake would not show. */
static int put_wrong(text *t, const model *m, const paths *p, const slip *wrong)
{
    double right = value_of(m, p, &(slip){.kind = NONE}), value = value_of(m, p, wrong), size = size_of(m, p);
    int digits = 3 + (int)draw(13), formula = draw(2) && wrong->kind < OFFSET + 1;
    paths other;
    if (wrong->kind == OTHER_VARIABLE || wrong->kind == SWAPPED) {
        if (!find_paths(&other, m, p->of, wrong->other))
            return 0;
        value = value_of(m, &other, &(slip){.kind = NONE});
    }
    if (wrong->kind == SINGLE) {
        value = (double)(float)right;
        digits = 9 + (int)draw(6);
    }
    if (wrong->kind == STALE) {                        /* a whole computation with the older value of a param */
        model old = *m;
        old.nodes[wrong->other].value = wrong->number;
        compute(&old);
        value = value_of(&old, p, &(slip){.kind = NONE});
        formula = 0;
    }
    if (!isfinite(value) || fabs(value) < 1e-200 || fabs(right) < 1e-7 * size || size < 1e-12 || size > 1e8)
        return 0;
    if (fabs(shaken(m, p) - right) > 0.5 * fabs(value - right))
        return 0;                          /* rounding may do as much */
    double unit = pow(10, floor(log10(fmax(fabs(value), 1e-300)) + pow(10, -digits)) - digits + 1);     /* of the number as printed */
    if (formula ? fabs(value - right) < 1e-6 * (size + fabs(value)) : fabs(value - right) < 1.01 * unit + 1e-14 * size)
        return 0;
    put(t, "claim ");
    put_quantity(t, m, p);
    put(t, " = ");
    if (formula)
        put_derivative(t, m, wrong->kind == OTHER_VARIABLE ? &other : p, wrong->kind == OTHER_VARIABLE ? &(slip){.kind = NONE} : wrong);
    else
        put_number(t, value, digits);
    put(t, "\n");
    return 1;
}

static int has(const ad_judgement *c, ad_cause cause)
{
    for (size_t k = 0; k < c->n_causes; k++)
        if (c->causes[k] == cause)
            return 1;
    return 0;
}

/* ---- Twins ----------------------------------------------------------------------------------------------------------------------------------- */

/* Some slips are another slip too, by an identity: of E = f(x - y) the derivative by y for that by x is a sign, of f(n(x)) the one
 * by n is a missing factor dn/dx, of E = g(x) + x an offset of -1 is a missing path. Nobody can tell which it was, not from all
 * digits at all points, and the commonest is named first. So what is asked of the first cause is asked of plants that have no
 * twin among the other kinds; of all plants it is asked that the true cause is among those named. */

enum { POINTS = 6 };
typedef struct twin {
    const model *points;                   /* [POINTS] the model at random params */
    double claimed[POINTS], exact[POINTS];
    int    kind, found;
} twin;

static double paths_at(const model *m, int of, int by, paths *p)
{
    return of == by ? 1 : find_paths(p, m, of, by) ? value_of(m, p, &(slip){.kind = NONE}) : 0;
}

/* Whether a slip of another kind predicts what was claimed, at all points. */
static void hold(twin *t, int kind, const double *predicted)
{
    int same = kind != t->kind;
    for (int k = 0; k < POINTS && same; k++)
        same = fabs(predicted[k] - t->claimed[k]) <= 1e-9 * fabs(t->claimed[k]);
    t->found |= same;
}

static void hold_slip(twin *t, const paths *p, slip other)
{
    double predicted[POINTS];
    for (int k = 0; k < POINTS; k++)
        predicted[k] = value_of(&t->points[k], p, &other);
    hold(t, other.kind, predicted);
}

/* The derivative less the paths through node n, or through that operand of it; and those alone. */
static void hold_paths(twin *t, const paths *p, int n, int operand)
{
    double less[POINTS], alone[POINTS];
    for (int k = 0; k < POINTS; k++) {
        paths part = *p;
        part.n = 0;
        for (int i = 0; i < p->n; i++)
            for (int e = 0; e < p->length[i]; e++)
                if (p->steps[i][e].node == n && (operand < 0 || p->steps[i][e].operand == operand)) {
                    memcpy(part.steps[part.n], p->steps[i], sizeof p->steps[i]);
                    part.length[part.n++] = p->length[i];
                    break;
                }
        alone[k] = value_of(&t->points[k], &part, &(slip){.kind = NONE});
        less[k] = t->exact[k] - alone[k];
    }
    hold(t, MISSING_PATH, less);
    hold(t, MISSING_PATH, alone);
}

/* The stretch of the chain from node `from` up to node `to` left out; with one end at the end, the derivative by or of another. */
static void hold_stretches(twin *t, const paths *p)
{
    for (int to = p->by + 1; to <= p->of; to++)
        for (int from = p->by; from < to; from++) {
            double predicted[POINTS];
            paths part;
            for (int k = 0; k < POINTS; k++)
                predicted[k] = paths_at(&t->points[k], p->of, to, &part) * paths_at(&t->points[k], from, p->by, &part);
            hold(t, MISSING_FACTOR, predicted);
        }
    for (int v = 0; v < t->points->n; v++) {
        double by[POINTS], of[POINTS];
        paths part;
        for (int k = 0; k < POINTS; k++) {
            by[k] = v < p->of ? paths_at(&t->points[k], p->of, v, &part) : NAN;
            of[k] = v > p->by ? paths_at(&t->points[k], v, p->by, &part) : NAN;
        }
        hold(t, OTHER_VARIABLE, by);
        hold(t, OTHER_VARIABLE, of);
    }
}

static int has_twin(const model *m, const paths *p, const slip *wrong)
{
    static const double factors[] = {2, 3, 4, 5, 6, 8, 10, 12, 16, 1.5};
    model points[POINTS];
    paths other;
    twin t = {.points = points, .kind = wrong->kind};
    if (wrong->kind > OFFSET)                          /* single precision, stale, swapped: of numbers, at one point */
        return 0;
    for (int k = 0; k < POINTS; k++) {
        points[k] = *m;
        for (int i = 0; i < m->params; i++)
            points[k].nodes[i].value *= uniform(0.6, 1.4);
        compute(&points[k]);
        t.exact[k] = value_of(&points[k], p, &(slip){.kind = NONE});
        t.claimed[k] = wrong->kind == OTHER_VARIABLE ? paths_at(&points[k], p->of, wrong->other, &other) : value_of(&points[k], p, wrong);
    }
    hold_slip(&t, p, (slip){.kind = SIGN});
    for (size_t f = 0; f < 4 * sizeof factors / sizeof *factors; f++)
        hold_slip(&t, p, (slip){.kind = FACTOR, .number = (f & 1 ? 1 / factors[f / 4] : factors[f / 4]) * (f & 2 ? -1 : 1)});
    for (int i = 0; i < p->n; i++) {
        hold_slip(&t, p, (slip){.kind = MISSING_PATH, .path = i});
        for (int e = 0; e < p->length[i]; e++) {
            hold_slip(&t, p, (slip){.kind = MISSING_FACTOR, .at = p->steps[i][e]});
            hold_paths(&t, p, p->steps[i][e].node, -1);
            hold_paths(&t, p, p->steps[i][e].node, p->steps[i][e].operand);
        }
    }
    hold_stretches(&t, p);
    return t.found;
}

/* ---- Scores ---------------------------------------------------------------------------------------------------------------------------------- */

typedef struct score { size_t planted, first, listed, twins, first_of_all; } score;

/* One model, one mistake (swapped: two). */
static void try_mistake(uint64_t trial, int kind, score *score)
{
    model m;
    paths p;
    slip wrong;
    text t = {model_text, 0};
    state = trial * 104729 + (uint64_t)kind * 7 + 3;
    make(&m);
    if (!tame(&m))
        return;
    int of = m.inputs + (int)draw((uint32_t)(m.n - m.inputs)), by = kind == SWAPPED || draw(3) ? (int)draw((uint32_t)m.params) : (int)draw((uint32_t)of);
    if (!find_paths(&p, &m, of, by) || !plant(&wrong, &m, &p, kind))
        return;
    if (kind == OTHER_VARIABLE || kind == SWAPPED) {
        wrong.other = (int)draw((uint32_t)m.params);
        if (wrong.other == by)
            return;
    }
    if (kind == STALE) {
        wrong.other = (int)draw((uint32_t)m.params);
        wrong.number = m.nodes[wrong.other].value + round(uniform(-0.3, 0.3) * 1000) / 1000;
        put(&t, "const %s_old = %.17g\n", m.nodes[wrong.other].name, wrong.number);
    }
    put_model(&t, &m);
    if (!put_wrong(&t, &m, &p, &wrong))
        return;
    if (kind == SWAPPED) {
        paths back;
        slip other = {.kind = SWAPPED, .other = by};
        if (!find_paths(&back, &m, of, wrong.other) || !put_wrong(&t, &m, &back, &other))
            return;
    }
    int twin = has_twin(&m, &p, &wrong);
    ad_model *read;
    ad_judgements *j = judge(&t, &read, trial);
    for (size_t i = 0; i < j->n; i++) {
        const ad_judgement *c = &j->claims[i];
        cr_assert_eq(c->verdict, AD_WRONG, "kind %d, trial %d: not flagged: %s, %.17g and %.17g\n%s", kind, (int)trial, c->claim->text, c->computed,
                     c->claimed, model_text);
        score->planted++;
        score->twins += twin;
        score->first += c->cause == causes[kind] && !twin;
        score->first_of_all += c->cause == causes[kind];
        score->listed += has(c, causes[kind]);
    }
    ad_judgements_free(j);
    ad_model_free(read);
}

Test(mistakes, that_are_planted_are_flagged_and_nine_in_ten_get_their_cause, .timeout = 0)
{
    size_t most = wanted(300, 10000);
    for (int kind = SIGN; kind < KINDS; kind++) {
        score s = {0, 0, 0, 0, 0};
        for (uint64_t trial = 0; s.planted - s.twins < most && trial < 1000 * most; trial++)
            try_mistake(trial, kind, &s);
        size_t clear = s.planted - s.twins;
        if (getenv("AD_SOAK"))
            fprintf(stderr, "%-17s %zu planted, all flagged, true cause first %.1f %%, named %.1f %%; %zu without a twin, first %.1f %%\n",
                    ad_cause_name(causes[kind]), s.planted, 100.0 * (double)s.first_of_all / (double)s.planted,
                    100.0 * (double)s.listed / (double)s.planted, clear, 100.0 * (double)s.first / (double)clear);
        cr_expect(clear >= most, "%s: only %zu mistakes planted", ad_cause_name(causes[kind]), clear);
        cr_expect(10 * s.listed >= 9 * s.planted, "%s: named of %zu in %zu", ad_cause_name(causes[kind]), s.listed, s.planted);
        cr_expect(10 * s.first >= 9 * clear, "%s: first of %zu in %zu", ad_cause_name(causes[kind]), s.first, clear);
    }
}
