/* run.c -- the modules by name, and one run of a function with its timings. */
#include "run.h"

#include "case.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

static const gb_module *const modules[] = {&gb_ba, &gb_det, &gb_gmm, &gb_hello, &gb_ht, &gb_kmeans, &gb_llsq, &gb_lse, &gb_lstm,
                                           &gb_ode, &gb_particle, &gb_saddle};

const gb_module *gb_module_named(const char *name)
{
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        if (!strcmp(modules[i]->name, name))
            return modules[i];
    return NULL;
}

const gb_function *gb_function_named(const gb_module *m, const char *name)
{
    for (const gb_function *f = m->functions; f->name; f++)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}

static int64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void add_timing(json_t *timings, const char *name, int64_t ns)
{
    json_array_append_new(timings, json_pack("{s:s, s:I}", "name", name, "nanoseconds", (json_int_t)ns));
}

/* What the eval asks for with "min_runs" and "min_seconds"; one run where it asks for nothing. */
static void repeat(gb_case *c, const gb_function *f, json_t *timings)
{
    const json_t *input = json_is_object(c->input) ? c->input : NULL;
    double runs = input && json_object_get(input, "min_runs") ? gb_number(c, input, "min_runs") : 1;
    double seconds = input && json_object_get(input, "min_seconds") ? gb_number(c, input, "min_seconds") : 0, spent = 0;
    if (!(runs >= 0 && runs <= 1e9) || !(seconds >= 0 && seconds <= 1e6))
        gb_fail(c, "\"min_runs\" is %g and \"min_seconds\" is %g", runs, seconds);
    for (double i = 0; i < 1 || i < runs || spent < seconds; i++) {
        int64_t start = nanoseconds();
        f->evaluate(c);
        int64_t taken = nanoseconds() - start;
        add_timing(timings, "evaluate", taken);
        spent += (double)taken / 1e9;
    }
}

json_t *gb_run(const gb_function *f, json_t *input)
{
    gb_case c = {.input = input};
    json_t *volatile timings = json_array(), *volatile answer = NULL;
    if (!setjmp(c.failed)) {
        int64_t start = nanoseconds();
        f->prepare(&c);
        add_timing(timings, "prepare", nanoseconds() - start);
        repeat(&c, f, timings);
        json_t *output = f->output(&c);
        if (!output)
            gb_fail(&c, "the output has numbers that are not finite, which JSON cannot write");
        answer = json_pack("{s:b, s:o, s:O}", "success", 1, "output", output, "timings", timings);
    } else
        answer = json_pack("{s:b, s:s}", "success", 0, "error", c.error);
    gb_case_free(&c);
    json_decref(timings);
    return answer;
}
