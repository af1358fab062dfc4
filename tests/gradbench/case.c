/* case.c -- what a case owns, how it fails, how its input is read. */
#include "gradbench.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "case.h"

/* ---- Owning and failing ------------------------------------------------------------------------------------------------ */

typedef struct gb_owned {
    struct gb_owned *next;
    void           (*release)(void *thing);
    void            *thing;
} gb_owned;

_Noreturn void gb_fail(gb_case *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->error, sizeof c->error, format, arguments);
    va_end(arguments);
    longjmp(c->failed, 1);
}

static void release_tape(void *tape) { ad_tape_free(tape); }
static void release_function(void *f) { ad_function_free(f); }

void *gb_own(gb_case *c, void *thing, void (*release)(void *))
{
    gb_owned *o = thing ? malloc(sizeof *o) : NULL;
    if (!o) {
        if (thing)
            release(thing);
        gb_fail(c, "no memory");
    }
    *o = (gb_owned){c->owned, release, thing};
    c->owned = o;
    return thing;
}

void gb_drop(gb_case *c, const void *thing)
{
    for (gb_owned **o = &c->owned; *o; o = &(*o)->next)
        if ((*o)->thing == thing) {
            gb_owned *gone = *o;
            *o = gone->next;
            gone->release(gone->thing);
            free(gone);
            return;
        }
}

void *gb_make(gb_case *c, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / 2 / size)
        gb_fail(c, "no memory for %zu numbers", n);
    enum { PAGE = 4096 };
    volatile char *block = calloc(n * size + 1, 1);
    for (size_t i = 0; block && i < n * size + 1; i += PAGE)
        block[i] = 0;                            /* its pages are there before anything is timed */
    return gb_own(c, (void *)(uintptr_t)block, free);
}

ad_tape *gb_tape(gb_case *c)
{
#ifdef __GLIBC__
    malloc_trim(0);                              /* what the input took is not there while functions are made */
#endif
    return gb_own(c, ad_tape_new(), release_tape);
}

ad_function *gb_keep(gb_case *c, ad_function *f, const ad_tape *tape)
{
    if (!f)
        gb_fail(c, "no function: %s", tape ? ad_tape_error_message(tape) : "it could not be derived");
    return gb_own(c, f, release_function);
}

void gb_check(gb_case *c, ad_status status)
{
    if (status != AD_OK)
        gb_fail(c, "the evaluation failed with status %d", (int)status);
}

void gb_check_tape(gb_case *c, const ad_tape *tape)
{
    if (ad_tape_error(tape) != AD_OK)
        gb_fail(c, "%s", ad_tape_error_message(tape));
}

void gb_case_free(gb_case *c)
{
    while (c->owned) {
        gb_owned *o = c->owned;
        c->owned = o->next;
        o->release(o->thing);
        free(o);
    }
}

/* ---- Reading ------------------------------------------------------------------------------------------------------------ */

json_t *gb_member(gb_case *c, const json_t *object, const char *name)
{
    json_t *v = json_object_get(object, name);
    if (!v)
        gb_fail(c, "the input has no \"%s\"", name);
    return v;
}

double gb_number(gb_case *c, const json_t *object, const char *name)
{
    const json_t *v = gb_member(c, object, name);
    if (!json_is_number(v))
        gb_fail(c, "\"%s\" is not a number", name);
    return json_number_value(v);
}

size_t gb_count(gb_case *c, const json_t *object, const char *name)
{
    double v = gb_number(c, object, name);
    if (!(v >= 0 && v <= 1e9) || v != (double)(size_t)v)
        gb_fail(c, "\"%s\" is %g, not a count", name, v);
    return (size_t)v;
}

static double number_at(gb_case *c, const json_t *array, size_t i, const char *name)
{
    const json_t *v = json_array_get(array, i);
    if (!json_is_number(v))
        gb_fail(c, "element %zu of \"%s\" is not a number", i, name);
    return json_number_value(v);
}

static const json_t *array(gb_case *c, const json_t *v, const char *name)
{
    if (!json_is_array(v))
        gb_fail(c, "\"%s\" is not a list", name);
    return v;
}

double *gb_list(gb_case *c, json_t *object, const char *name, size_t *n)
{
    const json_t *v = array(c, gb_member(c, object, name), name);
    *n = json_array_size(v);
    double *x = gb_make(c, *n, sizeof *x);
    for (size_t i = 0; i < *n; i++)
        x[i] = number_at(c, v, i, name);
    json_object_del(object, name);
    return x;
}

size_t *gb_indices(gb_case *c, json_t *object, const char *name, size_t *n)
{
    double *x = gb_list(c, object, name, n);
    size_t *index = gb_make(c, *n, sizeof *index);
    for (size_t i = 0; i < *n; i++) {
        if (!(x[i] >= 0 && x[i] <= 1e9) || x[i] != (double)(size_t)x[i])
            gb_fail(c, "element %zu of \"%s\" is %g, not an index", i, name, x[i]);
        index[i] = (size_t)x[i];
    }
    return index;
}

double *gb_matrix_of(gb_case *c, const json_t *value, const char *name, size_t *rows, size_t *columns)
{
    const json_t *v = array(c, value, name);
    *rows = json_array_size(v);
    *columns = *rows ? json_array_size(array(c, json_array_get(v, 0), name)) : 0;
    double *x = gb_make(c, *rows * *columns, sizeof *x);
    for (size_t i = 0; i < *rows; i++) {
        const json_t *row = array(c, json_array_get(v, i), name);
        if (json_array_size(row) != *columns)
            gb_fail(c, "row %zu of \"%s\" has %zu numbers, not %zu", i, name, json_array_size(row), *columns);
        for (size_t j = 0; j < *columns; j++)
            x[i * *columns + j] = number_at(c, row, j, name);
    }
    return x;
}

double *gb_matrix(gb_case *c, json_t *object, const char *name, size_t *rows, size_t *columns)
{
    double *x = gb_matrix_of(c, gb_member(c, object, name), name, rows, columns);
    json_object_del(object, name);
    return x;
}

const double **gb_columns(gb_case *c, const double *matrix, size_t rows, size_t columns)
{
    const double **column = gb_make(c, columns, sizeof *column);
    double *turned = gb_make(c, rows * columns, sizeof *turned);
    for (size_t j = 0; j < columns; j++) {
        column[j] = turned + j * rows;
        for (size_t i = 0; i < rows; i++)
            turned[j * rows + i] = matrix[i * columns + j];
    }
    return column;
}

/* ---- Writing ------------------------------------------------------------------------------------------------------------ */

/* JSON has no number that is not finite: NULL then, which the answer reports. */
json_t *gb_json_list(const double *x, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n && list; i++)
        if (json_array_append_new(list, json_real(x[i]))) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

json_t *gb_json_matrix(const double *x, size_t rows, size_t columns)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rows && list; i++)
        if (json_array_append_new(list, gb_json_list(x + i * columns, columns))) {
            json_decref(list);
            list = NULL;
        }
    return list;
}
