/* judge_cause.c -- why a claim is wrong, against the exact value and against the one from the author's own numbers; and where an
 * update step leads. */
#include "judge.h"

#include "autodiff/tape/operations.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- Values that were or became others ----------------------------------------------------------------------------------------- */

/* The name without what says that it is an earlier or later one of the same: w_old, new_w, w.prev. 0: it says nothing such. */
static size_t without_age(const char *name, char *base, size_t size)
{
    static const char *const ages[] = {"old", "new", "prev", "previous", "next", "before", "after", "updated", "update", "upd", "init", "initial",
                                       "start", "last", "final", "plus", "orig", "stale", "current", "cur"};
    size_t n = strlen(name);
    for (size_t k = 0; k < sizeof ages / sizeof *ages; k++) {
        size_t m = strlen(ages[k]);
        if (n > m + 1 && !strcmp(name + n - m, ages[k]) && strchr("_.", name[n - m - 1]))
            return (size_t)snprintf(base, size, "%.*s", (int)(n - m - 1), name);
        if (n > m + 1 && !strncmp(name, ages[k], m) && strchr("_.", name[m]))
            return (size_t)snprintf(base, size, "%s", name + m + 1);
    }
    snprintf(base, size, "%s", name);
    return 0;
}

/* The place of the name that a formula is an update step of: v in v - ..., or v + ...; AD_NO_SYMBOL. */
static size_t step_from(const ad_judging *j, size_t u)
{
    const ad_expression *e = ad_model_symbol(j->model, u)->formula;
    const ad_formula_node *root = e ? &e->nodes[e->size - 1] : NULL;
    const ad_formula_node *left = root && root->kind == AD_NODE_ROW && root->operands == 2 ? &e->nodes[root->first] : NULL;
    int is_step = left && (root->op == AD_OP_sub || root->op == AD_OP_add) && left->kind == AD_NODE_NAME &&
                  e->nodes[e->size - 2].first == 1 && ad_model_symbol(j->model, left->symbol)->kind != AD_SYMBOL_FORMULA;
    return is_step ? left->symbol : AD_NO_SYMBOL;
}

/* Whether one is an older or newer one of the other by name. */
static int namesakes(const char *a, const char *b)
{
    char x[256], y[256];
    size_t aged = without_age(a, x, sizeof x) + without_age(b, y, sizeof y);
    return aged && !strcmp(x, y);
}

enum { MOST_OTHERS = 64, WORDS = 96 };

typedef struct others {
    size_t         n;
    ad_other_value list[MOST_OTHERS];
    char           words[MOST_OTHERS][WORDS];
} others;

static void add_other(others *o, ad_other_value v, const char *format, const char *name, double value)
{
    if (o->n == MOST_OTHERS)
        return;
    snprintf(o->words[o->n], WORDS, format, name, value);
    v.words = o->words[o->n];
    o->list[o->n++] = v;
}

/* The name that an update step is of, "w - rate*dE/dw" or a sum; and the derivative in it. */
static size_t update_of(const ad_judging *j, size_t i, int *atom)
{
    const ad_judged *c = &j->claims[i];
    const ad_claim *claim = ad_model_claim(j->model, i);
    const ad_side *side = ad_computed_side(c);
    const ad_expression *e = c->quantity ? claim->right : claim->left;
    const ad_formula_node *root = &e->nodes[e->size - 1];
    if (root->kind != AD_NODE_ROW || (root->op != AD_OP_sub && root->op != AD_OP_add) || e->nodes[0].kind != AD_NODE_NAME ||
        e->nodes[e->size - 2].first != 1)
        return AD_NO_SYMBOL;
    for (int u = 0; u < side->n_atoms; u++) {
        *atom = j->uses[side->first_atom + u];
        if (j->atoms[*atom].by_symbol == e->nodes[0].symbol && j->atoms[*atom].of_symbol != AD_NO_SYMBOL)
            return e->nodes[0].symbol;
    }
    return AD_NO_SYMBOL;
}

/* Names that are older or newer ones of others, once for all claims. */
static void find_related(ad_judging *j)
{
    char base[256];
    for (size_t u = 0; u < j->symbols && j->symbols < 1024; u++) {
        const ad_symbol *b = ad_model_symbol(j->model, u);
        size_t from = step_from(j, u), aged = without_age(b->name, base, sizeof base);
        for (size_t v = 0; v < j->symbols && (aged || from != AD_NO_SYMBOL); v++) {
            const ad_symbol *a = ad_model_symbol(j->model, v);
            if (v == u || (v != from && !namesakes(a->name, b->name)))
                continue;
            if (a->kind != AD_SYMBOL_FORMULA && j->n_related < AD_RELATED)
                j->related[j->n_related++] = (ad_related){v, u};
            if (b->kind != AD_SYMBOL_FORMULA && j->n_related < AD_RELATED && !without_age(a->name, base, sizeof base))
                j->related[j->n_related++] = (ad_related){u, v};
        }
    }
    j->knows_related = 1;
}

static void gather_others(ad_judging *j, size_t i, others *o)
{
    o->n = 0;
    if (!j->knows_related)
        find_related(j);
    for (size_t k = 0; k < j->n_related; k++)
        add_other(o, (ad_other_value){.of = j->names[j->related[k].of], .place = j->names[j->related[k].other]}, "%s",
                  ad_model_symbol(j->model, j->related[k].other)->name, 0);
    for (size_t k = 0; k < i; k++) {                   /* numbers of earlier claims: update steps, and names claimed before */
        const ad_judged *c = &j->claims[k];
        const ad_side *side = ad_computed_side(c);
        int atom;
        size_t updated = c->found.is_number ? update_of(j, k, &atom) : AD_NO_SYMBOL;
        if (updated != AD_NO_SYMBOL) {
            const char *name = ad_model_symbol(j->model, updated)->name;
            add_other(o, (ad_other_value){.of = j->names[updated], .place = UINT32_MAX, .value = c->found.claimed}, "the updated %s = %.8g", name,
                      c->found.claimed);
            if (c->found.computed != c->found.claimed)
                add_other(o, (ad_other_value){.of = j->names[updated], .place = UINT32_MAX, .value = c->found.computed}, "the updated %s = %.8g", name,
                          c->found.computed);
        } else if (c->found.is_number && side->symbol != AD_NO_SYMBOL && c->found.verdict == AD_WRONG)
            add_other(o, (ad_other_value){.of = j->names[side->symbol], .place = UINT32_MAX, .value = c->found.claimed}, "the earlier %s = %.8g",
                      ad_model_symbol(j->model, side->symbol)->name, c->found.claimed);
    }
}

/* ---- Suspects ----------------------------------------------------------------------------------------------------------------------- */

typedef struct material {
    others      others;
    ad_entry    entry;                     /* another claim, whose number stands here */
    size_t      n_entries, samples;
    double     *claimed, *exact, *tolerance, *quantity;    /* [samples] */
    ad_given   *given;
    size_t      n_given;
    ad_suspicions found;                     /* the best of all searches */
    double      penalty;
    const char *exact_words;
} material;

static void merge(material *m, const ad_suspicions *more)
{
    for (size_t k = 0; k < more->n; k++)
        if (more->found[k].cause != AD_CAUSE_UNKNOWN || more->found[k].rank < 9)
            ad_suspicions_add(&m->found, more->found[k].cause, more->found[k].rank + m->penalty, "%s", more->found[k].detail);
}

static int seek(ad_judging *j, size_t i, material *m, uint32_t of, uint32_t by, const char *quantity, const char *exact_words)
{
    ad_judged *c = &j->claims[i];
    ad_suspect s = {.claimed = m->claimed, .exact = m->exact, .tolerance = m->tolerance, .samples = m->samples,
                    .printed = c->found.is_number && !ad_claimed_side(c)->literal.exact, .digits = ad_claimed_side(c)->literal.digits,
                    .quantity = quantity, .exact_words = exact_words, .paths = of == UINT32_MAX || c->found.by_sum ? NULL : &j->paths, .of = of, .by = by,
                    .rows = 1, .inputs = j->points, .given = m->given, .n_given = m->n_given, .n_names = j->n_names, .names = j->names,
                    .entries = &m->entry, .n_entries = m->n_entries, .others = m->others.list, .n_others = m->others.n};
    ad_suspicions found;
    if (!ad_cause_find(&s, &j->allocator, &found))
        return 0;
    merge(m, &found);
    return 1;
}

/* The side itself, as a value made of names and derivatives. */
static int seek_as_value(ad_judging *j, size_t i, material *m)
{
    ad_judged *c = &j->claims[i];
    memcpy(m->exact, m->quantity, m->samples * sizeof *m->exact);
    for (size_t s = 0; s < m->samples; s++) {
        m->claimed[s] = c->value[!c->quantity][s];
        m->tolerance[s] = c->found.is_number ? c->tolerance : 1e-9 * fmax(fabs(m->claimed[s]), fabs(m->exact[s]));
    }
    const ad_claim *claim = ad_model_claim(j->model, i);
    char text[AD_WORDS_OF_SIDE];
    const ad_expression *e = c->quantity ? claim->right : claim->left;
    snprintf(text, sizeof text, "%.*s", (int)(e->length < sizeof text ? e->length : sizeof text - 1), e->text);
    return seek(j, i, m, ad_computed_side(c)->place, UINT32_MAX, text, m->exact_words);
}

/* The claimed formula, with one operation changed, if that makes it right. */
static int seek_repair(ad_judging *j, size_t i, material *m)
{
    ad_judged *c = &j->claims[i];
    const ad_side *claimed = ad_claimed_side(c);
    if (c->found.is_number || claimed->place == UINT32_MAX || claimed->symbol != AD_NO_SYMBOL)
        return 1;
    for (size_t s = 0; s < m->samples; s++) {
        m->claimed[s] = m->quantity[s];
        m->exact[s] = c->value[!c->quantity][s];
        m->tolerance[s] = 1e-9 * fabs(m->quantity[s]);
    }
    ad_suspect s = {.claimed = m->claimed, .exact = m->exact, .tolerance = m->tolerance, .samples = m->samples, .exact_words = "", .quantity = "",
                    .paths = &j->paths, .of = claimed->place, .by = UINT32_MAX, .rows = 1, .inputs = j->points, .n_names = j->n_names,
                    .names = j->names, .repairs = 1};
    ad_suspicions found;
    if (!ad_cause_find(&s, &j->allocator, &found))
        return 0;
    merge(m, &found);
    return 1;
}

/* One derivative in it: what it would have to be for the claim to be right. */
static int seek_as_derivative(ad_judging *j, size_t i, material *m, int atom)
{
    ad_judged *c = &j->claims[i];
    const ad_atom *a = &j->atoms[atom];
    const ad_side *side = ad_computed_side(c);
    int alone = side->atom == atom;
    char words[AD_WORDS_OF_SIDE];
    if (a->place == UINT32_MAX || side->place == UINT32_MAX)
        return 1;
    for (size_t s = 0; s < m->samples; s++) {
        double claimed = c->value[!c->quantity][s], weight = 1, tolerance = c->tolerance;
        ad_paths_values(&j->paths, j->points[s], s ? 0 : m->n_given, m->given, j->value);
        m->exact[s] = j->value[a->place];
        if (!alone) {
            ad_paths_adjoints(&j->paths, j->value, side->place, j->adjoint);
            weight = j->adjoint[a->place];
        }
        if (!c->found.is_number)
            tolerance = 1e-9 * fmax(fabs(claimed), fabs(m->quantity[s]));
        m->claimed[s] = alone ? claimed : weight != 0 ? m->exact[s] + (claimed - m->quantity[s]) / weight : NAN;
        m->tolerance[s] = tolerance / fabs(weight);
    }
    if (alone)
        snprintf(words, sizeof words, "%s", m->exact_words);
    else
        snprintf(words, sizeof words, m->n_given ? "%s from the author's own numbers" : "the exact %s", a->text);
    return seek(j, i, m, a->of_place, a->of_place == UINT32_MAX || a->by_place >= a->of_place ? UINT32_MAX : a->by_place, a->text, words);
}

static int seek_all(ad_judging *j, size_t i, material *m)
{
    const ad_side *side = ad_computed_side(&j->claims[i]);
    int before = -1;
    if ((side->atom == AD_NO_ATOM || j->claims[i].found.by_sum) && !seek_as_value(j, i, m))
        return 0;
    for (int u = 0; u < side->n_atoms && !j->claims[i].found.by_sum; u++) {
        int atom = j->uses[side->first_atom + u];
        if (atom != before && !seek_as_derivative(j, i, m, atom))
            return 0;
        before = atom;
    }
    return 1;
}

/* ---- Another claim's number ------------------------------------------------------------------------------------------------------------ */

static int value_fits(const ad_judging *j, size_t claimed, size_t exact)
{
    const ad_judged *c = &j->claims[claimed], *e = &j->claims[exact];
    for (size_t s = 0; s < (c->found.is_number || e->found.is_number ? 1 : j->samples); s++) {
        double y = c->value[!c->quantity][s], z = e->value[e->quantity][s];
        double tolerance = c->found.is_number ? c->tolerance : 1e-9 * fmax(fabs(y), fabs(z));
        if (isfinite(y) && isfinite(z) && !(fabs(y - z) <= tolerance))
            return 0;
    }
    return 1;
}

/* A claim, before or after, that has this one's value where this one has its. */
static void find_swapped(ad_judging *j, size_t i, material *m)
{
    const ad_judged *c = &j->claims[i];
    for (size_t k = 0; k < j->n; k++) {
        ad_judged *other = &j->claims[k];
        const ad_claim *claim = ad_model_claim(j->model, k);
        int of_number = ad_computed_side(other)->is_literal != ad_claimed_side(other)->is_literal;
        if (k == i || of_number != c->found.is_number)
            continue;
        if (of_number && other->tolerance == 0) {      /* not judged yet: claims after this one */
            other->tolerance = ad_number_tolerance(&ad_claimed_side(other)->literal, other->value[other->quantity][0]);
        }
        other->found.is_number = of_number;
        if (!value_fits(j, k, k) && value_fits(j, i, k) && value_fits(j, k, i)) {
            const ad_expression *e = other->quantity ? claim->right : claim->left;
            snprintf(m->others.words[MOST_OTHERS - 1], WORDS, "%.*s of line %zu", (int)(e->length < 60 ? e->length : 60), e->text, claim->line);
            m->entry = (ad_entry){.name = m->others.words[MOST_OTHERS - 1], .exact = other->value[other->quantity], .mutual = 1};
            m->n_entries = 1;
            return;
        }
    }
}

/* ---- All together --------------------------------------------------------------------------------------------------------------------- */

static int take_material(ad_judging *j, material *m)
{
    double **blocks[] = {&m->claimed, &m->exact, &m->tolerance, &m->quantity};
    for (size_t k = 0; k < 4; k++)
        if (!(*blocks[k] = ad_judging_take(j, j->samples, sizeof(double))))
            return 0;
    m->given = ad_judging_take(j, j->n + 1, sizeof *m->given);
    return m->given != NULL;
}

static void drop_material(ad_judging *j, material *m)
{
    double *blocks[] = {m->claimed, m->exact, m->tolerance, m->quantity};
    for (size_t k = 0; k < 4; k++)
        ad_judging_drop(j, blocks[k], j->samples, sizeof(double));
    ad_judging_drop(j, m->given, j->n + 1, sizeof *m->given);
}

/* From the author's own numbers: the values of names, and where there are some the derivatives of the chain. */
static int seek_from_own(ad_judging *j, size_t i, material *m)
{
    ad_judged *c = &j->claims[i];
    const ad_side *side = ad_computed_side(c);
    double slack;
    size_t line;
    m->exact_words = "the value from the author's own numbers";
    m->penalty = 0.15;
    if (isfinite(c->found.recomputed)) {
        m->n_given = ad_own_given(j, i, 0, m->given);
        m->quantity[0] = c->found.recomputed;
        if (!seek_all(j, i, m))
            return 0;
        m->n_given = 0;
    }
    double own = side->atom == AD_NO_ATOM ? NAN : ad_own_derivative(j, i, side->atom, &line, &slack);
    if (!isfinite(own))
        return 1;
    m->claimed[0] = c->found.claimed;
    m->exact[0] = own;
    m->tolerance[0] = c->tolerance;
    m->penalty = 0.2;
    return seek(j, i, m, UINT32_MAX, UINT32_MAX, j->atoms[side->atom].text, m->exact_words);
}

static void write_detail(ad_judged *c, const ad_suspicions *found)
{
    size_t n = strlen(c->detail);
    if (found->found[0].cause != AD_CAUSE_UNKNOWN || found->found[0].rank < 9)
        snprintf(c->detail + n, sizeof c->detail - n, "%s%s", n ? "; " : "", found->found[0].detail);
    else if (!n && isfinite(c->found.recomputed) && fabs(c->found.recomputed - c->found.computed) > c->tolerance)
        snprintf(c->detail, sizeof c->detail, "%.8g exactly, and %.8g even from the author's own numbers", c->found.computed, c->found.recomputed);
    else if (!n && c->found.is_number)
        snprintf(c->detail, sizeof c->detail, "the exact value is %.8g", c->found.computed);
    else if (!n)
        snprintf(c->detail, sizeof c->detail, "the two sides are %.8g and %.8g", c->found.computed, c->found.claimed);
}

int ad_judge_explain(ad_judging *j, size_t i)
{
    ad_judged *c = &j->claims[i];
    material m = {.samples = c->found.is_number ? 1 : j->samples, .exact_words = "the exact value"};
    int done = take_material(j, &m);
    if (done) {
        gather_others(j, i, &m.others);
        find_swapped(j, i, &m);
        memcpy(m.quantity, c->value[c->quantity], m.samples * sizeof *m.quantity);
        done = seek_all(j, i, &m) && (!c->found.is_number || seek_from_own(j, i, &m));
    }
    if (done && !m.found.n)
        done = seek_repair(j, i, &m);
    if (done) {
        if (!m.found.n)
            ad_suspicions_add(&m.found, AD_CAUSE_UNKNOWN, 9, "no known slip explains it");
        c->found.n_causes = ad_suspicions_causes(&m.found, c->causes);
        c->found.cause = m.found.found[0].cause;
        write_detail(c, &m.found);
        if (c->found.loss_name) {
            size_t n = strlen(c->detail);
            snprintf(c->detail + n, sizeof c->detail - n, "; the step %s %s, from %.7g to %.7g",
                     c->found.loss_claimed > c->found.loss_before ? "climbs: it raises" : "lowers", c->found.loss_name, c->found.loss_before,
                     c->found.loss_claimed);
        }
    }
    drop_material(j, &m);
    return done;
}

/* ---- Update steps ----------------------------------------------------------------------------------------------------------------------- */

static double loss_at(ad_judging *j, uint32_t of, uint32_t by, double at)
{
    ad_paths_values(&j->paths, j->points[0], 1, &(ad_given){by, at}, j->value);
    return j->value[of];
}

void ad_judge_update(ad_judging *j, size_t i)
{
    ad_judged *c = &j->claims[i];
    int atom;
    size_t symbol = update_of(j, i, &atom);
    if (symbol == AD_NO_SYMBOL || j->atoms[atom].of_place == UINT32_MAX || j->atoms[atom].of_place <= j->names[symbol] || c->found.by_sum)
        return;
    uint32_t of = j->atoms[atom].of_place, by = j->names[symbol];
    c->found.loss_name = ad_model_symbol(j->model, j->atoms[atom].of_symbol)->name;
    c->found.loss_before = loss_at(j, of, by, ad_model_symbol(j->model, symbol)->kind == AD_SYMBOL_FORMULA ? NAN : ad_model_symbol(j->model, symbol)->value);
    c->found.loss_exact = loss_at(j, of, by, c->found.computed);
    c->found.loss_claimed = loss_at(j, of, by, c->found.claimed);
}
