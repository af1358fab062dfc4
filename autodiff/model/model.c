/* model.c -- a model's life, where its text comes from, what it holds. Statements are statements.c's. */
#include "internal.h"

#include "limits.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static ad_model *model_new(const ad_allocator *allocator)
{
    ad_model *m = ad_resize(allocator, NULL, 0, sizeof *m);
    if (m) {
        *m = (ad_model){.arena = {.allocator = *allocator}, .minimize = AD_NO_SYMBOL};
        m->scope.arena = &m->arena;
    }
    return m;
}

void ad_model_free(ad_model *m)
{
    if (!m)
        return;
    ad_allocator allocator = m->arena.allocator;
    ad_scope_free(&m->scope);
    ad_block_free(&m->symbols, &allocator);
    ad_block_free(&m->claims, &allocator);
    ad_block_free(&m->inputs[AD_PARAMS], &allocator);
    ad_block_free(&m->inputs[AD_COLUMNS], &allocator);
    ad_arena_free(&m->arena);
    ad_resize(&allocator, m, sizeof *m, 0);
}

/* ---- Texts ------------------------------------------------------------------------------------------------------------- */

/* A clean problem to state one in; `none` where the caller wants none. */
static ad_problem *cleared(ad_problem *problem, ad_problem *none)
{
    problem = problem ? problem : none;
    *problem = (ad_problem){0};
    return problem;
}

ad_status ad_model_extend(ad_model *m, const char *text, size_t length, ad_problem *problem)
{
    ad_problem none;
    problem = cleared(problem, &none);
    if (!m || (!text && length))
        ad_problem_state(problem, AD_ERROR_ARGUMENT, "no model, or no text");
    else if (length > AD_TEXT_LENGTH)
        ad_problem_state(problem, AD_ERROR_LIMIT, "a text of %zu bytes; the most is %d", length, AD_TEXT_LENGTH);
    else {
        char *copy = ad_arena_text(&m->arena, text ? text : "", length);
        if (!copy)
            ad_problem_memory(problem);
        else
            ad_read_statements(m, copy, length, problem);
    }
    return problem->status;
}

ad_model *ad_model_create(ad_allocator allocator, const char *text, size_t length, ad_problem *problem)
{
    allocator = ad_allocator_complete(allocator);
    ad_problem none;
    problem = cleared(problem, &none);
    ad_model *m = model_new(&allocator);
    if (!m)
        ad_problem_memory(problem);
    else if (ad_model_extend(m, text, length, problem) == AD_OK)
        return m;
    ad_model_free(m);
    return NULL;
}

ad_model *ad_model_parse(const char *text, size_t length, ad_problem *problem)
{
    return ad_model_create((ad_allocator){0}, text, length, problem);
}

static int read_stream(FILE *stream, const ad_allocator *a, ad_block *text, size_t *length, ad_problem *problem)
{
    size_t n = 1;
    for (*length = 0; n; *length += n) {
        if (*length > AD_TEXT_LENGTH)
            return ad_problem_state(problem, AD_ERROR_LIMIT, "more than %d bytes", AD_TEXT_LENGTH);
        if (!ad_block_grow(text, a, *length + BUFSIZ))
            return ad_problem_memory(problem);
        n = fread((char *)text->base + *length, 1, text->size - *length, stream);
    }
    return !ferror(stream) || ad_problem_state(problem, AD_ERROR_IO, "cannot be read: %s", strerror(errno));
}

ad_model *ad_model_load_stream(FILE *stream, ad_problem *problem)
{
    ad_allocator a = ad_allocator_complete((ad_allocator){0});
    ad_problem none;
    ad_block text = {0};
    size_t length = 0;
    problem = cleared(problem, &none);
    ad_model *m = NULL;
    if (!stream)
        ad_problem_state(problem, AD_ERROR_ARGUMENT, "no stream");
    else if (read_stream(stream, &a, &text, &length, problem))
        m = ad_model_parse(text.base, length, problem);
    ad_block_free(&text, &a);
    return m;
}

ad_model *ad_model_load(const char *file, ad_problem *problem)
{
    ad_problem none;
    problem = cleared(problem, &none);
    FILE *stream = file ? fopen(file, "rb") : NULL;
    if (!stream) {
        ad_problem_state(problem, AD_ERROR_IO, "cannot be opened: %s", file ? strerror(errno) : "no name");
        return NULL;
    }
    ad_model *m = ad_model_load_stream(stream, problem);
    fclose(stream);
    return m;
}

const ad_expression *ad_model_formula(ad_model *m, const char *text, size_t length, ad_problem *problem)
{
    ad_problem none;
    problem = cleared(problem, &none);
    char *copy = NULL;
    if (!m || !text)
        ad_problem_state(problem, AD_ERROR_ARGUMENT, "no model, or no text");
    else if (length > AD_TEXT_LENGTH)
        ad_problem_state(problem, AD_ERROR_LIMIT, "a formula of %zu bytes; the most is %d", length, AD_TEXT_LENGTH);
    else if (!(copy = ad_arena_text(&m->arena, text, length)))
        ad_problem_memory(problem);
    return copy ? ad_parse_whole(copy, length, &m->scope, &m->arena, problem) : NULL;
}

/* ---- What it holds ------------------------------------------------------------------------------------------------------- */

size_t ad_model_symbols(const ad_model *m) { return m ? m->scope.count : 0; }
size_t ad_model_claims(const ad_model *m) { return m ? m->n_claims : 0; }
size_t ad_model_minimize(const ad_model *m) { return m ? m->minimize : AD_NO_SYMBOL; }
size_t ad_model_params(const ad_model *m) { return m ? m->n_inputs[AD_PARAMS] : 0; }
size_t ad_model_columns(const ad_model *m) { return m ? m->n_inputs[AD_COLUMNS] : 0; }

const ad_symbol *ad_model_symbol(const ad_model *m, size_t i) { return i < ad_model_symbols(m) ? ad_symbol_at(m, i) : NULL; }
const ad_claim  *ad_model_claim(const ad_model *m, size_t i) { return i < ad_model_claims(m) ? (const ad_claim *)m->claims.base + i : NULL; }

size_t ad_model_param(const ad_model *m, size_t i)
{
    return i < ad_model_params(m) ? ((const size_t *)m->inputs[AD_PARAMS].base)[i] : AD_NO_SYMBOL;
}

size_t ad_model_column(const ad_model *m, size_t i)
{
    return i < ad_model_columns(m) ? ((const size_t *)m->inputs[AD_COLUMNS].base)[i] : AD_NO_SYMBOL;
}

size_t ad_model_find(const ad_model *m, const char *name)
{
    if (!m || !name)
        return AD_NO_SYMBOL;
    ad_scope scope = m->scope;                     /* a closed one: found without a change */
    ptrdiff_t place = ad_scope_find(&scope, name, strlen(name));
    return place < 0 ? AD_NO_SYMBOL : (size_t)place;
}

ad_status ad_model_set(ad_model *m, size_t symbol, double value)
{
    if (symbol >= ad_model_symbols(m) || ad_symbol_at(m, symbol)->kind == AD_SYMBOL_FORMULA)
        return AD_ERROR_ARGUMENT;
    ad_symbol_at(m, symbol)->value = value;
    return AD_OK;
}
