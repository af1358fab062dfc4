/* emitted.c -- generated C of random graphs over the whole rule book: the bits of the function at a point, and a gradient
 * within the witness's bounds. The graphs are those of decode.h, many of them compiled at once. Where no compiler
 * is found when it runs, it passes with a message.
 *
 * usage: fuzz_emitted [GRAPHS [SEED]] */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE                        /* mkdtemp */
#endif
#include "decode.h"
#include "witness.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LENGTH = 700, A_FILE = 60, POINTS = 8 };

typedef double loss_function(const double *params, const double *columns);
typedef double gradient_function(const double *params, const double *columns, double *gradient);

typedef struct emitted {
    unsigned long seed;
    decoded       g;
    ad_function  *f, *slopes;              /* of the first output, by the params */
} emitted;

static char folder[64];
static unsigned long compared, untold;

static void decode_seed(unsigned long seed, decoded *g)
{
    uint8_t data[LENGTH];
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15);
    for (int i = 0; i < LENGTH; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        data[i] = (uint8_t)(state >> 56);
    }
    decode(data, LENGTH, g);
}

static int make(emitted *e, unsigned long seed, int number)
{
    char prefix[32], path[112];
    ad_var inputs[MOST_INPUTS], outputs[MOST_OUTPUTS];
    ad_tape *tape = ad_tape_new();
    e->seed = seed;
    decode_seed(seed, &e->g);
    for (int i = 0; i < e->g.params + e->g.columns; i++)
        inputs[i] = i < e->g.params ? ad_param(tape, i % 2 ? "w" : NULL, 0) : ad_column(tape, NULL);
    record_decoded(&e->g, inputs, outputs);
    e->f = ad_function_new(tape, 1, outputs);
    e->slopes = e->f && e->g.params ? ad_function_derive(e->f, (ad_derive_options){0}) : NULL;
    ad_tape_free(tape);
    snprintf(prefix, sizeof prefix, "f%d", number);
    snprintf(path, sizeof path, "%s/%s.c", folder, prefix);
    FILE *file = fopen(path, "w");
    int sound = file && e->f && (e->slopes || !e->g.params) &&
                ad_function_emit_c(e->f, file, (ad_emit_options){.prefix = prefix}) == AD_OK;
    return file && !fclose(file) && sound;
}

static void *compile(void)
{
    char command[256];
    snprintf(command, sizeof command, "cd %s && cc -std=c99 -Wall -Wextra -Wpedantic -Werror -O1 -shared -fPIC -o object.so *.c -lm", folder);
    if (system(command))
        return NULL;
    snprintf(command, sizeof command, "%s/object.so", folder);
    return dlopen(command, RTLD_NOW | RTLD_LOCAL);
}

/* A function pointer from what dlsym gives, which C does not convert. */
static int find(void *object, int number, const char *name, void *function)
{
    char symbol[64];
    snprintf(symbol, sizeof symbol, "f%d_%s", number, name);
    void *found = dlsym(object, symbol);
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

static int is_same(double x, double y) { return (isnan(x) && isnan(y)) || !memcmp(&x, &y, sizeof x); }

static int compare_at(const emitted *e, int number, void *object, size_t r)
{
    loss_function *loss;
    gradient_function *gradient;
    double columns[MOST_COLUMNS] = {0}, got[MOST_PARAMS], value;
    if (!find(object, number, "loss", &loss) || !find(object, number, "gradient", &gradient))
        return 0;
    for (int k = 0; k < e->g.columns; k++)
        columns[k] = e->g.column[k][r];
    if (ad_function_at(e->f, e->g.param, columns, &value) != AD_OK)
        return 0;
    double z = loss(e->g.param, columns);
    compared++;
    if (!is_same(z, value)) {
        printf("seed %lu, row %zu: the value is %.17g, at a point %.17g\n", e->seed, r, z, value);
        return 0;
    }
    z = gradient(e->g.param, columns, got);
    if (!is_same(z, value) && !(fabs(z - value) <= 1e-13 * fabs(value))) {
        bounded *v = malloc((e->f->graph.n + (size_t)1) * sizeof *v);
        witness(&e->f->graph, e->g.param, columns, v);
        int told = agrees(z, v[e->f->outputs[0]], 4);
        free(v);
        if (!told) {
            printf("seed %lu, row %zu: the gradient's value is %.17g, at a point %.17g\n", e->seed, r, z, value);
            return 0;
        }
    }
    bounded *v = e->slopes ? malloc((e->slopes->graph.n + (size_t)1) * sizeof *v) : NULL;
    if (v)
        witness(&e->slopes->graph, e->g.param, columns, v);
    int sound = 1;
    for (int i = 0; v && i < e->g.params && sound; i++) {
        bounded wanted = v[e->slopes->outputs[i]];
        int told = agrees(got[i], wanted, 4);
        compared += told >= 0;
        untold += told < 0;
        sound = told != 0;
        if (!sound)
            printf("seed %lu, row %zu: slope %d is %.17g, not %.17g +- %.3g\n", e->seed, r, i, got[i], wanted.value, wanted.error);
    }
    free(v);
    return sound;
}

/* Some functions, compiled together. */
static int run(unsigned long seed, int n)
{
    static emitted e[A_FILE];
    int sound = 1;
    for (int k = 0; k < n && sound; k++)
        sound = make(&e[k], seed + (unsigned long)k, k);
    void *object = sound ? compile() : NULL;
    if (!object)
        printf("seeds from %lu: not emitted, or not compiled\n", seed);
    sound = object != NULL;
    for (int k = 0; k < n; k++) {
        for (size_t r = 0; r < (e[k].g.columns ? POINTS : 1) && object; r++)
            sound &= compare_at(&e[k], k, object, r);
        ad_function_free(e[k].f);
        ad_function_free(e[k].slopes);
        e[k].f = e[k].slopes = NULL;
    }
    if (object)
        dlclose(object);
    return sound;
}

int main(int argc, char **argv)
{
    int graphs = argc > 1 ? atoi(argv[1]) : getenv("AD_SOAK") ? 6000 : 60, sound = 1;
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    char command[96];
    if (system("cc --version >/dev/null 2>&1")) {
        printf("no compiler: not tested\n");
        return 77;
    }
    strcpy(folder, "/tmp/chainrule-emitted-XXXXXX");
    if (!mkdtemp(folder))
        return 2;
    for (int done = 0; done < graphs && sound; done += A_FILE)
        sound = run(seed + (unsigned long)done, graphs - done < A_FILE ? graphs - done : A_FILE);
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command))
        sound = 0;
    printf("%d graphs, %lu numbers compared, %lu of which nothing can be told\n", graphs, compared, untold);
    return !sound || compared < untold;
}
