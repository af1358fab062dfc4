/* judge_sides.c -- the sides of claims on a tape. A derivative in one becomes a node of its own, so that it can be given another
 * value, and what a side makes of it is told apart from the derivative itself. */
#include "judge.h"

#include "autodiff/tape/operations.h"

#include <math.h>
#include <string.h>

/* ---- Expressions with derivatives as names --------------------------------------------------------------------------------- */

typedef struct rewriting {
    ad_formula_node *nodes;                /* [longest side], and so the others */
    uint32_t *map;                         /* places of the old nodes among the new ones */
    uint32_t *last;                        /* the outermost derivative that begins at a node; 0: none */
    size_t    size;
} rewriting;

/* A copy of nodes [first, last], which are a formula of their own. */
static ad_expression part_of(const ad_expression *e, size_t first, size_t last, ad_formula_node *nodes)
{
    for (size_t i = first; i <= last; i++) {
        nodes[i - first] = e->nodes[i];
        nodes[i - first].first -= (uint32_t)first;
    }
    return (ad_expression){.text = e->text, .length = e->length, .size = last - first + 1, .nodes = nodes};
}

static int same_atom(const ad_judging *j, size_t of, size_t by)
{
    for (int a = 0; a < j->n_atoms; a++)
        if (j->atoms[a].of_symbol == of && j->atoms[a].by_symbol == by)
            return a;
    return AD_NO_ATOM;
}

/* The derivative at node i of a side; a new atom, or one that is there. AD_NO_ATOM without memory. */
static int atom_at(ad_judging *j, const ad_expression *e, size_t i, ad_formula_node *scratch)
{
    const ad_formula_node *d = &e->nodes[i], *operand = &e->nodes[i - 1];
    size_t of = operand->kind == AD_NODE_NAME ? operand->symbol : AD_NO_SYMBOL;
    int known = of == AD_NO_SYMBOL ? AD_NO_ATOM : same_atom(j, of, d->symbol);
    if (known != AD_NO_ATOM)
        return known;
    ad_atom *a = &j->atoms[j->n_atoms];
    *a = (ad_atom){.of_symbol = of, .by_symbol = d->symbol, .by = j->vars[d->symbol], .place = UINT32_MAX, .of_place = UINT32_MAX,
                   .by_place = UINT32_MAX};
    if (of != AD_NO_SYMBOL)
        a->of = j->vars[of];
    else {
        ad_expression part = part_of(e, d->first, i - 1, scratch);
        a->of = ad_expression_record(&part, j->tape, j->vars);
    }
    if (!(a->text = ad_judging_take(j, d->length + 1, 1)))
        return AD_NO_ATOM;
    memcpy(a->text, e->text + d->at, d->length);
    return j->n_atoms++;
}

/* All derivatives of a name, in one sweep. */
static int sweep_atoms(ad_judging *j)
{
    size_t n = (size_t)j->n_atoms;
    ad_var *by = ad_judging_take(j, n, sizeof *by);
    char *done = ad_judging_take(j, n, 1);
    for (size_t a = 0; by && done && a < n; a++) {
        size_t count = 0;
        for (size_t b = a; b < n && !done[a]; b++)
            if (b == a || (j->atoms[a].of_symbol != AD_NO_SYMBOL && j->atoms[b].of_symbol == j->atoms[a].of_symbol))
                by[count++] = j->atoms[b].by;
        if (done[a])
            continue;
        ad_gradient(j->atoms[a].of, count, by, by);
        for (size_t b = n; b-- > a;)
            if (b == a || (j->atoms[a].of_symbol != AD_NO_SYMBOL && j->atoms[b].of_symbol == j->atoms[a].of_symbol)) {
                j->atoms[b].value = by[--count];
                done[b] = 1;
            }
    }
    int all = by && done;
    ad_judging_drop(j, by, n, sizeof *by);
    ad_judging_drop(j, done, n, 1);
    return all;
}

/* A node of its own, of that name. */
static ad_var own_node(ad_tape *tape, ad_var v, const char *name)
{
    return ad_is_plain(v) ? ad_param(tape, name, v.value) : ad_name(ad_mul(v, 1), name);
}

/* ---- Sides ---------------------------------------------------------------------------------------------------------------------- */

/* Finds the derivatives of a side: those not inside another. */
static int find_atoms(ad_judging *j, const ad_expression *e, ad_side *side, ad_formula_node *scratch)
{
    side->first_atom = j->n_uses;
    for (size_t end = e->size; end > 0;) {
        size_t i = end - 1;
        if (e->nodes[i].kind != AD_NODE_DERIVATIVE) {
            end--;
            continue;
        }
        int atom = atom_at(j, e, i, scratch);
        if (atom == AD_NO_ATOM)
            return 0;
        j->uses[j->n_uses++] = atom;
        side->n_atoms++;
        end = e->nodes[i].first;
    }
    return 1;
}

/* Records a side with its derivatives as the names after the model's. */
static void record_side(ad_judging *j, const ad_expression *e, ad_side *side, rewriting *w, ad_var *vars)
{
    int use = side->first_atom + side->n_atoms;
    w->size = 0;
    memset(w->last, 0, e->size * sizeof *w->last);
    for (size_t i = 0; i < e->size; i++)
        if (e->nodes[i].kind == AD_NODE_DERIVATIVE)
            w->last[e->nodes[i].first] = (uint32_t)i;
    for (size_t i = 0; i < e->size; i++) {
        size_t last = w->last[i] ? w->last[i] : i;
        ad_formula_node node = e->nodes[last];
        w->map[i] = (uint32_t)w->size;
        if (node.kind == AD_NODE_DERIVATIVE) {
            node.kind = AD_NODE_NAME;
            node.operands = 0;
            node.symbol = (uint32_t)(j->symbols + (size_t)j->uses[--use]);
            node.first = (uint32_t)w->size;
        } else
            node.first = w->map[node.first];
        w->nodes[w->size++] = node;
        i = last;
    }
    ad_expression rewritten = {.text = e->text, .length = e->length, .size = w->size, .nodes = w->nodes};
    const ad_formula_node *root = &w->nodes[w->size - 1];
    side->symbol = root->kind == AD_NODE_NAME && root->symbol < j->symbols ? root->symbol : AD_NO_SYMBOL;
    side->atom = root->kind == AD_NODE_NAME && root->symbol >= j->symbols ? (int)(root->symbol - j->symbols) : AD_NO_ATOM;
    side->value = ad_expression_record(&rewritten, j->tape, vars);
}

static size_t longest_side(const ad_judging *j, size_t *derivatives)
{
    size_t most = 1;
    *derivatives = 0;
    for (size_t i = 0; i < j->n; i++)
        for (int k = 0; k < 2; k++) {
            const ad_claim *c = ad_model_claim(j->model, i);
            const ad_expression *e = k ? c->right : c->left;
            most = e->size > most ? e->size : most;
            for (size_t m = 0; m < e->size; m++)
                *derivatives += e->nodes[m].kind == AD_NODE_DERIVATIVE;
        }
    return most;
}

/* The side that has the derivatives, or else that is no number, is what is computed. */
static void choose_quantity(ad_judged *c)
{
    const ad_side *left = &c->side[0], *right = &c->side[1];
    c->quantity = left->is_literal && !right->is_literal ? 1 : !right->is_literal && !left->n_atoms && right->n_atoms ? 1 : 0;
    c->found.is_number = left->is_literal || right->is_literal;
}

static int record_sides(ad_judging *j, rewriting *w, ad_var *vars)
{
    for (size_t i = 0; i < j->n; i++) {
        const ad_claim *claim = ad_model_claim(j->model, i);
        for (int k = 0; k < 2; k++) {
            const ad_expression *e = k ? claim->right : claim->left;
            j->claims[i].side[k].is_literal = ad_expression_literal(e, &j->claims[i].side[k].literal);
            if (!find_atoms(j, e, &j->claims[i].side[k], w->nodes))
                return 0;
        }
    }
    if (!sweep_atoms(j))
        return 0;
    for (int a = 0; a < j->n_atoms; a++)
        vars[j->symbols + (size_t)a] = j->atoms[a].value = own_node(j->tape, j->atoms[a].value, j->atoms[a].text);
    for (size_t i = 0; i < j->n; i++) {
        const ad_claim *claim = ad_model_claim(j->model, i);
        for (int k = 0; k < 2; k++)
            record_side(j, k ? claim->right : claim->left, &j->claims[i].side[k], w, vars);
        choose_quantity(&j->claims[i]);
    }
    return ad_tape_error(j->tape) == AD_OK;
}

int ad_judge_record(ad_judging *j)
{
    size_t derivatives, most = longest_side(j, &derivatives), all = j->symbols + derivatives;
    j->vars = ad_judging_take(j, all, sizeof *j->vars);
    j->most_atoms = (int)derivatives;
    j->atoms = ad_judging_take(j, derivatives, sizeof *j->atoms);
    j->uses  = ad_judging_take(j, derivatives, sizeof *j->uses);
    rewriting w = {.nodes = ad_judging_take(j, most, sizeof *w.nodes), .map = ad_judging_take(j, most, sizeof *w.map),
                   .last = ad_judging_take(j, most, sizeof *w.last)};
    int done = j->vars && j->atoms && j->uses && w.nodes && w.map && w.last && ad_model_record(j->model, j->tape, j->vars) == AD_OK &&
               record_sides(j, &w, j->vars);
    ad_judging_drop(j, w.nodes, most, sizeof *w.nodes);
    ad_judging_drop(j, w.map, most, sizeof *w.map);
    ad_judging_drop(j, w.last, most, sizeof *w.last);
    return done;
}

void ad_judge_forget_sides(ad_judging *j)
{
    size_t all = j->symbols + (size_t)j->most_atoms;
    for (int a = 0; a < j->n_atoms; a++)
        ad_judging_drop(j, j->atoms[a].text, strlen(j->atoms[a].text) + 1, 1);
    ad_judging_drop(j, j->vars, all, sizeof *j->vars);
    ad_judging_drop(j, j->atoms, (size_t)j->most_atoms, sizeof *j->atoms);
    ad_judging_drop(j, j->uses, (size_t)j->most_atoms, sizeof *j->uses);
    j->vars = NULL;
    j->atoms = NULL;
    j->uses = NULL;
    j->n_atoms = 0;
}

/* ---- Places ---------------------------------------------------------------------------------------------------------------------- */

static uint32_t place_of(const ad_judging *j, ad_var v) { return ad_is_plain(v) ? UINT32_MAX : ad_paths_place(&j->paths, ad_id(v)); }

int ad_judge_take_paths(ad_judging *j)
{
    size_t most = j->symbols + 3 * (size_t)j->n_atoms + 2 * j->n, n = 0;
    uint32_t *ids = ad_judging_take(j, most, sizeof *ids);
    j->names = ad_judging_take(j, j->symbols, sizeof *j->names);
    if (!ids || !j->names) {
        ad_judging_drop(j, ids, most, sizeof *ids);
        return 0;
    }
    for (size_t i = 0; i < j->symbols; i++)
        ids[n++] = ad_id(j->vars[i]);
    for (int a = 0; a < j->n_atoms; a++) {
        ids[n++] = ad_id(j->atoms[a].value);
        if (!ad_is_plain(j->atoms[a].of))
            ids[n++] = ad_id(j->atoms[a].of);
        if (!ad_is_plain(j->atoms[a].by))
            ids[n++] = ad_id(j->atoms[a].by);
    }
    for (size_t i = 0; i < 2 * j->n; i++)
        if (!ad_is_plain(j->claims[i / 2].side[i % 2].value))
            ids[n++] = ad_id(j->claims[i / 2].side[i % 2].value);
    int done = ad_paths_take(&j->paths, j->tape, n, ids);
    j->taken = 1;
    for (size_t i = 0; i < j->symbols && done; i++)
        j->names[j->n_names++] = place_of(j, j->vars[i]);
    for (int a = 0; a < j->n_atoms && done; a++) {
        j->atoms[a].place = place_of(j, j->atoms[a].value);
        j->atoms[a].of_place = place_of(j, j->atoms[a].of);
        j->atoms[a].by_place = place_of(j, j->atoms[a].by);
    }
    for (size_t i = 0; i < 2 * j->n && done; i++)
        j->claims[i / 2].side[i % 2].place = place_of(j, j->claims[i / 2].side[i % 2].value);
    ad_judging_drop(j, ids, most, sizeof *ids);
    return done;
}
