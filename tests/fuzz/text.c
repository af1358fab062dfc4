/* text.c -- bytes as a model: refused with a place and a message, or read, recorded, printed and read again as the same. */
#include "text.h"

#include <autodiff/autodiff.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 20000, SYMBOLS = 4096 };

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static const char *problem_misbehaves(const ad_problem *p)
{
    static FILE *sink;
    if (!sink && !(sink = fopen("/dev/null", "w")))
        return "/dev/null cannot be opened";
    ad_problem_print(p, "text", sink);
    if (p->status != AD_ERROR_SYNTAX && p->status != AD_ERROR_LIMIT)
        return "a text is refused for another reason than its syntax";
    if (!p->line || !p->column || !p->length || !p->message[0] || strchr(p->message, '\n'))
        return "a problem without place or message";
    return p->caret > characters(p->excerpt) ? "a caret beyond its line" : NULL;
}

static int is_same(const ad_expression *a, const ad_expression *b)
{
    if (a->size != b->size)
        return 0;
    for (size_t i = 0; i < a->size; i++)
        if (a->nodes[i].kind != b->nodes[i].kind || a->nodes[i].op != b->nodes[i].op || a->nodes[i].operands != b->nodes[i].operands ||
            a->nodes[i].first != b->nodes[i].first || a->nodes[i].symbol != b->nodes[i].symbol || a->nodes[i].number != b->nodes[i].number)
            return 0;
    return 1;
}

static const char *formula_misbehaves(ad_model *m, const ad_expression *e)
{
    static char *text;
    static size_t room;
    static FILE *stream;
    if (!e)
        return NULL;
    for (size_t i = 0; i < e->size; i++)
        if (e->nodes[i].first > i || (size_t)e->nodes[i].at + e->nodes[i].length > e->length || e->nodes[i].where >= e->length)
            return "a node stands outside its formula";
    if (!stream && !(stream = open_memstream(&text, &room)))
        return "no memory";
    rewind(stream);
    if (ad_expression_print(e, stream) != AD_OK || fflush(stream))
        return "a formula is not printed";
    size_t length = (size_t)ftell(stream);
    ad_problem problem;
    const ad_expression *again = ad_model_formula(m, text, length, &problem);
    if (!again)
        return problem.status == AD_ERROR_LIMIT ? NULL : "a printed formula is not read again";
    ad_expression_literal(e, NULL);
    return is_same(e, again) ? NULL : "a printed formula is read as another one";
}

static const char *model_misbehaves(ad_model *m, int with_function)
{
    static ad_tape *tape;
    static ad_var vars[SYMBOLS];
    if (!tape && !(tape = ad_tape_create((ad_tape_options){.node_limit = NODES})))
        return "no tape";
    for (size_t i = 0; i < ad_model_symbols(m); i++) {
        const char *what = formula_misbehaves(m, ad_model_symbol(m, i)->formula);
        if (what)
            return what;
        if (ad_model_find(m, ad_model_symbol(m, i)->name) != i)
            return "a name is not found";
    }
    if (ad_model_symbols(m) > SYMBOLS)
        return NULL;
    ad_tape_reset(tape);
    ad_status status = ad_model_record(m, tape, vars);
    for (size_t i = 0; i < ad_model_claims(m); i++) {
        const ad_claim *c = ad_model_claim(m, i);
        const char *what = formula_misbehaves(m, c->left);
        if (what || (what = formula_misbehaves(m, c->right)))
            return what;
        if (status == AD_OK)
            ad_expressions_record(2, (const ad_expression *[]){c->left, c->right}, tape, vars, (ad_var[2]){{0}});
    }
    status = ad_tape_error(tape);
    if (status == AD_OK && ad_model_minimize(m) != AD_NO_SYMBOL)
        ad_backward(vars[ad_model_minimize(m)]);
    size_t nodes = ad_tape_size(tape);
    if (status != AD_OK && status != AD_ERROR_LIMIT)
        return "a model cannot be recorded";
    if (status == AD_OK && nodes < 500 && with_function && ad_model_minimize(m) != AD_NO_SYMBOL) {
        ad_function *f = ad_model_function(m, 0, NULL, NULL);
        if (!f || ad_function_params(f) != ad_model_params(m) || ad_function_columns(f) != ad_model_columns(m))
            return "a model that was recorded is no function";
        ad_function_free(f);
    }
    return NULL;
}

const char *text_misbehaves(const uint8_t *data, size_t size, int *was_model)
{
    ad_problem problem;
    char *text = malloc(size + !size);             /* of its very size: a byte read beyond it is seen */
    if (!text)
        return NULL;
    memcpy(text, data, size);
    ad_model *m = ad_model_parse(text, size, &problem);
    unsigned sum = 0;
    for (size_t i = 0; i < size; i++)
        sum = sum * 31 + data[i];
    free(text);
    if (was_model)
        *was_model = m != NULL;
    if (!m)
        return problem_misbehaves(&problem);
    const char *what = problem.status == AD_OK ? model_misbehaves(m, sum % 8 == 0) : "a model with a problem";
    ad_model_free(m);
    return what;
}
