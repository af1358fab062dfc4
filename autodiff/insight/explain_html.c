/* explain_html.c -- an explanation as one page that is stepped through: the graph, its formulas and the rule book as data for
 * the page's own scripts, which are in html/. Nothing is computed here that the page computes. */
#include "drawing.h"
#include "explaining.h"
#include "html/parts.h"
#include "write.h"

#include <math.h>
#include <string.h>

enum { MOST_BOXES = 60 };                  /* in the picture; more fold */

/* ---- Data ---------------------------------------------------------------------------------------------------------------- */

/* Inside quotes; `<` is escaped, so that no text ends the script that holds it. */
static void put_text(FILE *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c < ' ' || c == 0x7f)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
}

static void put_string(FILE *out, const char *text)
{
    char clean[AD_LINE];
    snprintf(clean, sizeof clean, "%s", text);
    ad_drawing_clean(clean);
    fputc('"', out);
    put_text(out, clean, strlen(clean));
    fputc('"', out);
}

/* What JSON has no number for is a word, as JavaScript calls it. */
static void put_number(FILE *out, double x)
{
    if (isfinite(x))
        fprintf(out, "%.17g", x);
    else
        fputs(isnan(x) ? "\"NaN\"" : x > 0 ? "\"Infinity\"" : "\"-Infinity\"", out);
}

/* A formula of the notebook: texts, and the steps between them by their numbers, [2,"*",5," + ",3]. Symbols are the notebook's
 * first inputs, in order. */
static void put_formula(const ad_explaining *e, ad_var v)
{
    FILE *out = e->page.out;
    char text[AD_LINE];
    ad_write_formula(v, 0, (ad_style){.marked = 1}, text, sizeof text);
    fputc('[', out);
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, (const char[]){AD_MARK_BEGIN, 0});
        fputs(at > text ? "," : "", out);
        if (n) {
            fputc('"', out);
            put_text(out, at, n);
            fputc('"', out);
            at += n;
            continue;
        }
        n = strcspn(++at, (const char[]){AD_MARK_END, 0});
        fprintf(out, "%.*s", (int)n, at);
        at += n + (at[n] != 0);
    }
    fputc(']', out);
}

/* ---- The nodes of a tape, as programs ------------------------------------------------------------------------------------ */

/* What numbers nodes anew: number [nodes], 0 for one that is not needed. */
typedef struct numbering {
    const ad_tape *tape;
    uint32_t      *number, top, n;
    size_t         size;
} numbering;

/* Those that `top` needs, from 1 on. 0 when there is no memory. */
static int number_nodes(numbering *w, const ad_tape *tape, uint32_t top)
{
    w->tape = tape;
    w->top = top;
    w->size = (top + (size_t)1) * sizeof *w->number;
    w->number = ad_resize(&tape->allocator, NULL, 0, w->size);
    if (!w->number)
        return 0;
    memset(w->number, 0, w->size);
    w->number[top] = 1;
    for (uint32_t i = top + 1; i-- > 0;) {
        if (!w->number[i])
            continue;
        ad_node node = ad_node_at(tape, i);
        for (size_t k = 0; k < node.n; k++)
            w->number[ad_node_operand(&node, k)] = 1;
    }
    for (uint32_t i = 0; i <= top; i++)
        if (w->number[i])
            w->number[i] = ++w->n;
    return 1;
}

static void put_node(const numbering *w, FILE *out, uint32_t i)
{
    ad_node node = ad_node_at(w->tape, i);
    if (node.rule->kind == AD_LEAF) {
        fprintf(out, "[\"%s\",", node.op == AD_OP_CONSTANT ? "number" : "input");
        put_number(out, w->tape->head->values[i]);
    } else {
        fprintf(out, "[\"%s\"", node.rule->name);
        for (size_t k = 0; k < node.n; k++)
            fprintf(out, ",%u", (unsigned)w->number[ad_node_operand(&node, k)] - 1);
    }
    fputc(']', out);
}

static void put_nodes(const numbering *w, FILE *out)
{
    const char *before = "";
    for (uint32_t i = 0; i <= w->top; i++)
        if (w->number[i]) {
            fputs(before, out);
            put_node(w, out, i);
            before = ",\n";
        }
}

/* ---- Slopes, as programs of few nodes ------------------------------------------------------------------------------------ */

enum { MOST_IN_SLOPE = 64 };

/* The nodes that a formula of the notebook needs, in order of evaluation; 0 when they are too many. */
static size_t nodes_of(const ad_tape *notebook, uint32_t top, uint32_t *ids)
{
    size_t n = 1;
    ids[0] = top;
    for (size_t at = 0; at < n; at++) {    /* ids fall; each node's operands are sorted in behind it */
        ad_node node = ad_node_at(notebook, ids[at]);
        for (size_t k = 0; k < node.n; k++) {
            uint32_t id = ad_node_operand(&node, k);
            size_t place = n;
            while (place > at + 1 && ids[place - 1] < id)
                place--;
            if (ids[place - 1] == id)
                continue;
            if (n == MOST_IN_SLOPE)
                return 0;
            memmove(&ids[place + 1], &ids[place], (n++ - place) * sizeof *ids);
            ids[place] = id;
        }
    }
    return n;
}

static unsigned place_of(const uint32_t *ids, size_t n, uint32_t id)
{
    size_t k = 0;
    while (k < n && ids[k] != id)
        k++;
    return (unsigned)(n - 1 - k);
}

/* A slope as it was written at this point, so that the page can tell whether it is still the slope at another. */
static void put_slope_program(const ad_explaining *e, ad_var slope)
{
    const ad_tape *notebook = e->s.notebook;
    FILE *out = e->page.out;
    uint32_t ids[MOST_IN_SLOPE];
    size_t n = ad_is_plain(slope) ? 0 : nodes_of(notebook, ad_id(slope), ids);
    if (ad_is_plain(slope)) {
        fputs("[[\"number\",", out);
        put_number(out, slope.value);
        fputs("]]", out);
        return;
    }
    fputc('[', out);
    for (size_t k = n; k-- > 0;) {
        ad_node node = ad_node_at(notebook, ids[k]);
        fputs(k < n - 1 ? "," : "", out);
        if (node.op == AD_OP_CONSTANT) {
            fputs("[\"number\",", out);
            put_number(out, notebook->head->values[ids[k]]);
        } else if (node.rule->kind == AD_LEAF)
            fprintf(out, "[\"step\",%u", (unsigned)ad_word_y(notebook->head->words[ids[k]]));
        else {
            fprintf(out, "[\"%s\"", node.rule->name);
            for (size_t j = 0; j < node.n; j++)
                fprintf(out, ",%u", place_of(ids, n, ad_node_operand(&node, j)));
        }
        fputc(']', out);
    }
    fputc(']', out);
}

/* ---- Steps --------------------------------------------------------------------------------------------------------------- */

static void put_edge(const ad_explaining *e, const ad_edge *edge)
{
    FILE *out = e->page.out;
    fprintf(out, "{\"from\":%u,\"slope\":", (unsigned)edge->from);
    put_formula(e, edge->slope);
    fputs(",\"program\":", out);
    put_slope_program(e, edge->slope);
    fputs(",\"rules\":[", out);
    for (int k = 0; k < 3 && edge->rules[k]; k++)
        fprintf(out, "%s[\"%s\",\"%s\"]", k ? "," : "", edge->rows[k], edge->rules[k]);
    fputs("]}", out);
}

static void put_step(const ad_explaining *e, const numbering *w, const ad_step *step)
{
    FILE *out = e->page.out;
    fputs("{\"name\":", out);
    put_string(out, step->name);
    fprintf(out, ",\"node\":%u,\"input\":%s,\"given\":%s", (unsigned)w->number[step->node] - 1, step->input ? "true" : "false",
            step->given ? "true" : "false");
    if (!step->input) {
        fputs(",\"formula\":", out);
        put_formula(e, step->formula);
    }
    fputs(",\"edges\":[", out);
    for (size_t k = 0; k < step->n_edges; k++) {
        fputs(k ? ",\n  " : "", out);
        put_edge(e, &e->s.edge[step->first_edge + k]);
    }
    fputs("]}", out);
}

/* Which steps stand in one box of the picture. The drawing borrows the steps. */
static int put_boxes(ad_explaining *e)
{
    ad_drawing d = {.tape = e->tape, .out = e->page.out, .options = {.most = MOST_BOXES, .digits = e->options.digits},
                    .s = e->s, .by = e->s.n};
    int made = ad_drawing_make(&d);
    for (size_t b = 0; made && b < d.boxes; b++) {
        const ad_box *box = &d.box[b];
        char name[AD_DRAWN];
        ad_drawing_name(&d, box, 0, name);
        fprintf(d.out, "%s{\"name\":", b ? ",\n" : "");
        put_string(d.out, name);
        fputs(",\"steps\":[", d.out);
        for (size_t k = 0; k < box->n; k++)
            fprintf(d.out, "%s%zu", k ? "," : "", d.member[box->first + k]);
        fputs("]}", d.out);
    }
    ad_drawing_drop(&d);
    return made;
}

static int put_model(ad_explaining *e)
{
    const ad_steps *s = &e->s;
    FILE *out = e->page.out;
    numbering w = {0};
    if (!number_nodes(&w, e->tape, s->step[s->n - 1].node))
        return 0;
    fputs("{\"title\":", out);
    put_string(out, e->options.title ? e->options.title : "");
    fputs(",\"note\":", out);
    put_string(out, e->options.note ? e->options.note : "");
    fprintf(out, ",\"digits\":%d,\"mostPaths\":%zu,\"by\":%ld,\"questions\":%u,\n\"nodes\":[\n", e->options.digits,
            e->options.most_paths, e->by < s->n ? (long)e->by : -1L, e->options.questions);
    put_nodes(&w, out);
    fputs("],\n\"steps\":[\n", out);
    for (size_t i = 0; i < s->n; i++) {
        fputs(i ? ",\n" : "", out);
        put_step(e, &w, &s->step[i]);
    }
    fputs("],\n\"boxes\":[\n", out);
    int made = put_boxes(e);
    fputs("]}\n", out);
    ad_resize(&e->tape->allocator, w.number, w.size, 0);
    return made;
}

/* ---- The rule book: its text is JavaScript as it stands ------------------------------------------------------------------ */

static void put_function(FILE *out, const char *text)
{
    fprintf(out, "{text: \"%s\", of: (x, y, w, z, n, m) => +(%s)}", text, text);
}

static void put_rules(FILE *out)
{
    static const char *const kinds[] = {"leaf", "fixed", "constant", "list", "pairs"};
    for (int op = AD_OP_THIRD + 1; op < AD_OP_COUNT; op++) {
        const ad_rule *rule = &ad_rules[op];
        fprintf(out, "%s: {name: \"%s\", kind: \"%s\", words: \"%s\",\n    value: ", rule->name, rule->name, kinds[rule->kind],
                rule->words);
        put_function(out, rule->value);
        fputs(",\n    holds: ", out);
        put_function(out, rule->holds);
        fputs(",\n    partials: [", out);
        for (int k = 0; k < rule->partials; k++) {
            fputs(k ? ", " : "", out);
            put_function(out, rule->partial[k]);
        }
        fputs("]},\n", out);
    }
}

/* ---- The page ------------------------------------------------------------------------------------------------------------ */

static void put_html(FILE *out, const char *text)
{
    char clean[AD_LINE];
    snprintf(clean, sizeof clean, "%s", text);
    ad_drawing_clean(clean);
    for (const char *at = clean; *at; at++)
        switch (*at) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        default: fputc(*at, out);
        }
}

static void put_part(FILE *out, const char *const *lines)
{
    for (; *lines; lines++)
        fputs(*lines, out);
}

void ad_explain_html(ad_explaining *e)
{
    FILE *out = e->page.out;
    const ad_step *last = &e->s.step[e->s.n - 1];
    put_part(out, ad_html_before_title);
    put_html(out, e->options.title ? e->options.title : last->name);
    fputs(e->options.title ? "" : ", step by step", out);
    put_part(out, ad_html_before_model);
    e->failed |= !put_model(e);
    put_part(out, ad_html_before_rules);
    put_rules(out);
    put_part(out, ad_html_to_the_end);
}
