/* emitted.h -- generated C, compiled and loaded: what the tests of it share. It holds no test. */
#ifndef TESTS_FUNCTIONS_EMITTED_H
#define TESTS_FUNCTIONS_EMITTED_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE                        /* mkdtemp */
#endif
#include <autodiff/autodiff.h>
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARNINGS " -std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror "

typedef double loss_function(const double *params, const double *columns);
typedef double gradient_function(const double *params, const double *columns, double *gradient);
typedef void   values_function(const double *params, const double *columns, double *values);

/* A folder of generated files, to become one shared object. */
static char folder[64];
static void *object;

static int have(const char *compiler)
{
    char command[64];
    snprintf(command, sizeof command, "%s --version >/dev/null 2>&1", compiler);
    return !system(command);
}

static int open_folder(void)
{
    if (!have("cc")) {
        printf("no compiler: not tested\n");
        return 0;
    }
    strcpy(folder, "/tmp/chainrule-emit-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    return 1;
}

static void emit_in(FILE *file, const ad_function *f, const char *prefix)
{
    cr_assert_eq(ad_function_emit_c(f, file, (ad_emit_options){.prefix = prefix}), AD_OK);
}

static FILE *new_file(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s.c", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    return file;
}

/* In a file of its own. Many in one file compile in a third of the time, with -D_DEFAULT_SOURCE, as the first of them includes
 * math.h. */
static __attribute__((unused)) void emit(const ad_function *f, const char *prefix)
{
    FILE *file = new_file(prefix);
    emit_in(file, f, prefix);
    fclose(file);
}

/* Compiles all files of the folder, and loads what comes of it. */
static void build_with(const char *compiler, const char *more, const char *name)
{
    char command[512];
    snprintf(command, sizeof command, "cd %s && %s" WARNINGS "%s -shared -fPIC -o %s *.c -lm", folder, compiler, more, name);
    cr_assert_eq(system(command), 0, "%s", command);
    snprintf(command, sizeof command, "%s/%s", folder, name);
    object = dlopen(command, RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(object, "%s", dlerror());
}

static __attribute__((unused)) void build(const char *more) { build_with("cc", more, "object.so"); }

static void close_folder(void)
{
    char command[128];
    dlclose(object);
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

/* A function pointer from what dlsym gives, which C does not convert. */
static void find(const char *prefix, const char *name, void *function)
{
    char symbol[96];
    snprintf(symbol, sizeof symbol, "%s_%s", prefix, name);
    void *found = dlsym(object, symbol);
    cr_assert_not_null(found, "%s", symbol);
    memcpy(function, &found, sizeof found);
}

#endif
