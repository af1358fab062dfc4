/* explain.c -- explanations: every number in them is the engine's, paths are counted right, and failures are told. */
#include "unit.h"

#include "../functions/failing.h"
#include "json_text.h"

#include <nn/nn.h>
#include <stdlib.h>

enum { NODES = 14 };

typedef struct graph {
    ad_tape *tape;
    ad_var   v[NODES], E;
    int      uses[NODES][NODES];           /* uses[i][k]: i is made of k */
} graph;

static uint64_t state;
static unsigned draw(unsigned n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % n;
}

/* Four inputs and named steps, each a function of two or three before it. */
static graph random_graph(uint64_t seed)
{
    graph g = {.tape = ad_tape_new()};
    char name[16];
    state = seed;
    for (int i = 0; i < NODES; i++) {
        unsigned a = draw(i ? (unsigned)i : 1), b = draw(i ? (unsigned)i : 1);
        snprintf(name, sizeof name, "n%d", i);
        if (i < 4) {
            g.v[i] = ad_param(g.tape, name, 0.3 + 0.2 * i);
            continue;
        }
        a = i == NODES - 1 ? NODES - 2 : a;
        ad_var x = g.v[a], y = g.v[b];
        switch (draw(7)) {
        case 0: g.v[i] = ad_add(ad_mul(0.5, x), y); break;
        case 1: g.v[i] = ad_mul(ad_sin(x), ad_tanh(y)); break;
        case 2: g.v[i] = ad_sigmoid(ad_sub(x, ad_mul(y, 2))); break;
        case 3: g.v[i] = ad_div(x, ad_add(2, ad_square(y))); break;
        case 4: g.v[i] = ad_max(ad_tanh(x), ad_sub(y, 0.125)); break;
        case 5: g.v[i] = ad_select(ad_less(x, 0.4), ad_exp(ad_neg(x)), ad_softplus(y)); break;
        default: g.v[i] = ad_pow(ad_add(2, ad_tanh(x)), ad_sigmoid(y));
        }
        ad_name(g.v[i], name);
    }
    g.E = g.v[NODES - 1];
    return g;
}

static char *explained(const graph *g, ad_explain_options options)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cr_assert_eq(ad_explain(g->E, out, options), AD_OK, "%s", ad_tape_error_message(g->tape));
    fclose(out);
    return text;
}

/* The number at the end of the equation whose left side is given, or NAN. */
static double result_of(const char *text, const char *left)
{
    char begin[64];
    snprintf(begin, sizeof begin, "  %s = ", left);
    const char *at = strstr(text, begin), *end = at ? strstr(at, "\n\n") : NULL, *last = NULL;
    if (at && !end)
        end = at + strlen(at);
    for (const char *p = at; p && p < end; p++)
        if (p[0] == '=' && p[1] == ' ')
            last = p + 2;
    return last ? strtod(last, NULL) : NAN;
}

Test(explain, every_number_is_the_engines)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        graph g = random_graph(seed);
        char *text = explained(&g, (ad_explain_options){.digits = 17}), left[32];
        ad_backward(g.E);
        int told = 0;
        for (int i = 0; i < NODES; i++) {
            snprintf(left, sizeof left, "n%d", i);
            double value = result_of(text, left);
            if (i >= 4 && !isnan(value))
                cr_assert(same(value, ad_value(g.v[i])), "seed %d, %s is %.17g, not %.17g: %s", (int)seed, left, value, ad_value(g.v[i]), text);
            told += i >= 4 && !isnan(value);
            snprintf(left, sizeof left, "dn%d/dn%d", NODES - 1, i);
            double slope = result_of(text, left);
            if (i < NODES - 1 && !isnan(slope))
                cr_assert(same(slope, ad_grad(g.v[i])), "seed %d, %s is %.17g, not %.17g: %s", (int)seed, left, slope, ad_grad(g.v[i]), text);
            told += i < NODES - 1 && !isnan(slope);
        }
        cr_assert_geq(told, 4, "seed %d: %s", (int)seed, text);
        free(text);
        ad_tape_free(g.tape);
    }
}

/* Layers of `width` neurons, each of all before it: width^(layers - 1) paths from an input, counted by a recursion too. */
static uint64_t count(int width, int layers) { return layers == 1 ? 1 : (uint64_t)width * count(width, layers - 1); }

Test(explain, paths_are_counted_and_summed_right)
{
    for (int width = 1; width <= 3; width++)
        for (int layers = 2; layers <= 5; layers++) {
            graph g = {.tape = ad_tape_new()};
            ad_var x[3], y[3];
            char name[16], want[80];
            for (int k = 0; k < width; k++)
                x[k] = ad_param(g.tape, k ? NULL : "x", 0.1 * (k + 1));
            ad_var input = x[0];
            for (int l = 1; l <= layers; l++) {
                int n = l == layers ? 1 : width;
                for (int k = 0; k < n; k++) {
                    y[k] = ad_const(0.1 * k);
                    for (int j = 0; j < width; j++)
                        y[k] = ad_add(y[k], ad_mul(0.3 + 0.1 * j - 0.2 * k, x[j]));
                    snprintf(name, sizeof name, "h%d_%d", l, k);
                    y[k] = ad_name(ad_tanh(y[k]), name);
                }
                for (int k = 0; k < n; k++)
                    x[k] = y[k];
            }
            g.E = y[0];
            char *text = explained(&g, (ad_explain_options){.by = input});
            uint64_t paths = count(width, layers);
            snprintf(want, sizeof want, "There %s %llu path%s from x to", paths == 1 ? "is" : "are", (unsigned long long)paths,
                     paths == 1 ? "" : "s");
            cr_assert(strstr(text, want), "%d layers of %d: no \"%s\" in %s", layers, width, want, text);
            const char *sum = strstr(text, "the sum of all paths");
            NEAR(strtod(sum + 20, NULL), ad_grad(input), 1e-14);
            const char *dual = strstr(text, "dual numbers (forward mode)");
            NEAR(strtod(dual + 27, NULL), ad_grad(input), 1e-14);
            const char *difference = strstr(dual, "e-07");
            cr_assert_not_null(difference);
            NEAR(strtod(difference + 4, NULL), ad_grad(input), 1e-7);
            const char *extrapolated = strstr(difference, "(Ridders)");
            cr_assert_not_null(extrapolated);
            NEAR(strtod(extrapolated + 9, NULL), ad_grad(input), 1e-10);
            free(text);
            ad_tape_free(g.tape);
        }
}

Test(explain, paths_beyond_counting_one_by_one_are_counted_exactly)
{
    graph g = {.tape = ad_tape_new()};
    ad_var x = ad_param(g.tape, "x", 0.01), z = x;
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        z = ad_name(ad_add(ad_mul(0.5, z), ad_sin(z)), name);
    }
    ad_var a = ad_name(ad_mul(z, 2), "a"), b = ad_name(ad_mul(z, 3), "b");
    g.E = ad_name(ad_mul(a, b), "E");
    char *text = explained(&g, (ad_explain_options){.by = x});
    cr_assert(strstr(text, "There are 2 paths from x to E"), "%s", text);
    free(text);
    ad_tape_reset(g.tape);
    x = ad_param(g.tape, "x", 0.01), z = x;
    for (int i = 0; i < 120; i++) {
        ad_var p = ad_name(ad_mul(z, 0.5), "p"), q = ad_name(ad_sin(z), "q");
        z = ad_name(ad_add(p, q), "z");
    }
    g.E = z;
    text = explained(&g, (ad_explain_options){.by = x});
    cr_assert(strstr(text, "1329227995784915872903807060280344576 paths"), "2^120 paths: %s", text);
    free(text);
    ad_tape_free(g.tape);
}

Test(explain, slopes_are_written_as_people_write_them)
{
    graph g = {.tape = ad_tape_new()};
    ad_var x = ad_param(g.tape, "x", 0.5), n = ad_param(g.tape, "n", 4), t = ad_param(g.tape, "t", 0.25);
    ad_var y = ad_name(ad_sigmoid(x), "y"), h = ad_name(ad_tanh(y), "h"), r = ad_name(ad_relu(h), "r");
    g.E = ad_name(ad_div(ad_square(ad_sub(t, r)), n), "E");
    char *text = explained(&g, (ad_explain_options){.n_wrt = 1, .wrt = &x});
    cr_assert(strstr(text, "dE/dr = -2*(t - r)/n"), "%s", text);
    cr_assert(strstr(text, "dE/dh = dE/dr "), "%s", text);
    cr_assert(strstr(text, "dE/dy = dE/dh*(1 - h^2)"), "%s", text);
    cr_assert(strstr(text, "dE/dx = dE/dy*y*(1 - y)"), "%s", text);
    cr_assert(!strstr(text, "dE/dt"), "%s", text);
    free(text);
    ad_tape_free(g.tape);
}

Test(explain, long_sums_and_products_are_one_step)
{
    graph g = {.tape = ad_tape_new()};
    ad_var x = ad_param(g.tape, "x", 0.5), s = ad_const(0), p = ad_const(1);
    for (int i = 1; i <= 100; i++) {
        s = ad_add(s, ad_mul(i, x));
        p = i < 9 ? ad_mul(p, ad_add(x, i)) : p;
    }
    g.E = ad_name(ad_mul(s, p), "E");
    char *text = explained(&g, (ad_explain_options){.digits = 5});
    cr_assert(strstr(text, "in 1 step from 1 input"), "%s", text);
    cr_assert(strstr(text, "+ ... + 100*x)*1*(x + 1)*"), "%s", text);
    cr_assert(strstr(text, "dE/dx = dE/dx\n") == NULL, "%s", text);
    free(text);
    ad_tape_free(g.tape);
}

Test(explain, numbers_put_in_give_the_number_behind)
{
    graph g = {.tape = ad_tape_new()};
    ad_var x = ad_param(g.tape, "x", 20), big = ad_param(g.tape, "big", 1e9);
    ad_var y = ad_name(ad_sigmoid(x), "y"), d = ad_name(ad_sub(ad_add(big, y), big), "d"), s = ad_name(ad_sigmoid(ad_mul(2, x)), "s");
    g.E = ad_name(ad_add(ad_mul(d, y), s), "E");
    char *text = explained(&g, (ad_explain_options){.digits = 4});
    cr_assert(strstr(text, "dE/dx = dE/ds*2*s*(1 - s) + dE/dy*y*(1 - y)"), "%s", text);
    cr_assert(strstr(text, "*0.99999999794*(1 - 0.99999999794)"), "1 - y with digits enough: %s", text);
    cr_assert(strstr(text, "= 8.497e-18 + "), "where no digits are enough the slope's own number: %s", text);
    free(text);
    ad_tape_free(g.tape);
}

Test(explain, says_what_does_not_depend)
{
    graph g = {.tape = ad_tape_new()};
    ad_var x = ad_param(g.tape, "x", 2), idle = ad_param(g.tape, "idle", 3), part = ad_mul(x, 3), later;
    g.E = ad_name(ad_sin(part), "E");
    char *text = explained(&g, (ad_explain_options){.by = idle, .questions = AD_ALL_QUESTIONS});
    cr_assert(strstr(text, "There is no path from idle to E"), "%s", text);
    free(text);
    later = ad_name(ad_cos(g.E), "later");
    text = explained(&g, (ad_explain_options){.by = later, .questions = AD_ALL_QUESTIONS});
    cr_assert(strstr(text, "There is no path from later to E"), "%s", text);
    free(text);
    text = explained(&g, (ad_explain_options){.by = g.E});
    cr_assert(strstr(text, "dE/dE = 1."), "%s", text);
    free(text);
    FILE *out = fopen("/dev/null", "w");
    cr_assert_eq(ad_explain(g.E, out, (ad_explain_options){.by = part}), AD_ERROR_ARGUMENT, "a part of a formula, without a name");
    fclose(out);
    ad_tape_free(g.tape);
}

/* The number behind "key": in JSON. */
static double fact(const char *json, const char *key)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\": ", key);
    const char *at = strstr(json, quoted);
    return at ? strtod(at + strlen(quoted), NULL) : NAN;
}

/* E = b c, b = 3 a, c = a^2, a = sin(x): c comes last and gives its part first. */
Test(explain, the_wrong_order_gives_that_wrong_number)
{
    graph g = {.tape = ad_tape_new()};
    ad_var x = ad_param(g.tape, "x", 0.5), a = ad_name(ad_sin(x), "a");
    ad_var b = ad_name(ad_mul(3, a), "b"), c = ad_name(ad_square(a), "c");
    g.E = ad_name(ad_mul(b, c), "E");
    char *json = explained(&g, (ad_explain_options){.format = AD_FORMAT_JSON, .by = x, .questions = AD_ALL_QUESTIONS});
    double A = ad_value(a), B = ad_value(b), C = ad_value(c), cosine = cos(0.5);
    NEAR(fact(json, "hands_on"), B * 2 * A, 1e-15);
    NEAR(fact(json, "in_place_of"), B * 2 * A + C * 3, 1e-15);
    NEAR(fact(json, "wrong"), B * 2 * A * cosine, 1e-15);
    NEAR(fact(json, "right"), (B * 2 * A + C * 3) * cosine, 1e-15);
    NEAR(fact(json, "accumulated"), 2 * ad_grad(x), 1e-15);
    /* once more: b and c begin with C and B, a with dE/da, x with dE/dx */
    double again = ad_grad(a) + (C + C) * 3 + (B + B) * 2 * A;
    NEAR(fact(json, "never_cleared"), ad_grad(x) + again * cosine, 1e-14);
    free(json);
    ad_tape_free(g.tape);
}

/* 2-3-2-1: a weight of the first layer reaches E by the two neurons of the second, a product of eight slopes each. */
Test(explain, networks_of_nn_are_explained_by_their_names)
{
    nn_network *net = nn_network_new((nn_network_options){.inputs = 2, .seed = 7, .layers = NN_LAYERS({.neurons = 3, .activation = ad_tanh},
        {.neurons = 2, .activation = ad_relu}, {.neurons = 1, .activation = ad_sigmoid})});
    size_t n = nn_network_size(net);
    graph g = {.tape = ad_tape_new()};
    ad_var p[32], y;
    cr_assert_leq(n, 32);
    nn_network_params(net, g.tape, p);
    cr_assert_eq(nn_mlp(net, p, (const ad_var[]){ad_const(0.4), ad_const(-0.7)}, &y), AD_OK);
    g.E = ad_name(ad_squared_error(0.3, y), "E");
    ad_explain_options options = {.format = AD_FORMAT_JSON, .n_wrt = n, .wrt = p, .by = p[0], .questions = AD_ALL_QUESTIONS};
    char *text = explained(&g, options);
    cr_assert(is_json(text), "%s", text);
    cr_assert(strstr(text, "\"name\": \"layer2.neuron1.e\"") && strstr(text, "\"layer1.neuron1.e\",\n          \"layer1.neuron1.y\""), "%s", text);
    const char *by = strstr(text, "\"by\": {");
    cr_assert_eq(fact(by, "path_count"), 2);
    cr_assert_eq(fact(by, "multiplications"), 2 * 6, "seven slopes a path, E's own adjoint none: %g", fact(by, "multiplications"));
    ad_backward(g.E);
    cr_assert_eq(fact(by, "derivative"), ad_grad(p[0]));
    free(text);
    static const ad_format formats[] = {AD_FORMAT_TEXT, AD_FORMAT_MARKDOWN, AD_FORMAT_LATEX};
    for (size_t f = 0; f < 3; f++) {
        options.format = formats[f];
        text = explained(&g, options);
        cr_assert(strstr(text, "There are 2 paths from layer1.neuron1.w1 to E"), "%s", text);
        free(text);
    }
    ad_tape_free(g.tape);
    nn_network_free(net);
}

Test(explain, json_is_well_formed_whatever_the_names)
{
    for (uint64_t seed = 1; seed <= 30; seed++) {
        graph g = random_graph(seed);
        ad_name(g.v[NODES / 2], "\"\\\n\xff<\xc3\xa4>");
        char *text = explained(&g, (ad_explain_options){.format = AD_FORMAT_JSON, .by = g.v[0], .questions = AD_ALL_QUESTIONS, .title = "\"", .note = "\t\xc3"});
        cr_assert(is_json(text), "seed %d: %s", (int)seed, text);
        free(text);
        ad_tape_free(g.tape);
    }
}

Test(explain, kinks_are_those_of_the_audit)
{
    graph g = {.tape = ad_tape_new()};
    ad_var x = ad_param(g.tape, "x", 0), y = ad_param(g.tape, "y", 1.25);
    g.E = ad_name(ad_add(ad_relu(x), ad_max(y, 1)), "E");
    char *text = explained(&g, (ad_explain_options){.questions = AD_WHAT_AT_KINKS});
    ad_audit_report *audit = ad_audit(g.E, (ad_audit_options){.kinds = 1u << AD_AUDIT_KINK});
    cr_assert_eq(ad_audit_count(audit), 1);
    char start[24];
    snprintf(start, sizeof start, "Here %.12s", ad_audit_finding(audit, 0)->detail);
    cr_assert(strstr(text, start), "no \"%s\" in %s", start, text);
    cr_assert(strstr(text, "\n      relu ") && strstr(text, "\n      max, by x ") && strstr(text, "operands that tie share equally"), "%s", text);
    ad_audit_free(audit);
    free(text);
    ad_tape_free(g.tape);
}

Test(explain, a_branch_not_taken_leaves_no_nan)
{
    graph g = {.tape = ad_tape_new()};
    ad_var x = ad_name(ad_exp(ad_param(g.tape, "w", 1.5)), "x"), positive = ad_greater(x, 0);
    g.E = ad_name(ad_add(ad_select(positive, x, ad_div(x, 0)), ad_select(positive, x, ad_log(ad_neg(x)))), "E");
    char *text = explained(&g, (ad_explain_options){0}), *backward = strstr(text, "Backward");
    cr_assert(backward && strstr(backward, "dE/dx = ") && !strstr(backward, "nan") && !strstr(backward, "inf"), "%s", text);
    free(text);
    ad_tape_free(g.tape);
}

Test(explain, long_graphs_are_abridged)
{
    graph g = {.tape = ad_tape_new()};
    ad_var z = ad_param(g.tape, "x", 0.5);
    for (int i = 0; i < 5000; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        z = ad_name(ad_sin(z), name);
    }
    g.E = z;
    char *text = explained(&g, (ad_explain_options){.most_steps = 10});
    cr_assert(strstr(text, "... 4990 steps of this kind ...") && strlen(text) < 6000, "%zu", strlen(text));
    free(text);
    ad_tape_free(g.tape);
}

Test(explain, refuses_what_it_cannot_explain)
{
    ad_tape *tape = ad_tape_new(), *other = ad_tape_new();
    ad_var x = ad_param(tape, "x", 1), E = ad_sin(x), foreign = ad_param(other, "y", 1);
    FILE *out = fopen("/dev/null", "w");
    cr_assert_eq(ad_explain(ad_const(1), out, (ad_explain_options){.digits = 0}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_explain(E, NULL, (ad_explain_options){.digits = 0}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_explain(E, out, (ad_explain_options){.digits = 18}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_explain(E, out, (ad_explain_options){.format = (ad_format)99}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_explain(E, out, (ad_explain_options){.by = foreign}), AD_ERROR_FOREIGN);
    ad_tape_reset(tape);
    cr_assert_eq(ad_explain(E, out, (ad_explain_options){.digits = 0}), AD_ERROR_STALE);
    ad_tape_reset(tape);
    x = ad_param(tape, "x", 1);
    ad_var e = ad_square(x);
    ad_function *f = ad_function_new(tape, 1, &e);
    cr_assert_eq(ad_explain(ad_call(f, 1, &x, 0, NULL, NULL), out, (ad_explain_options){.digits = 0}), AD_ERROR_ARGUMENT);
    FILE *full = fopen("/dev/full", "w");
    setvbuf(full, NULL, _IONBF, 0);
    cr_assert_eq(ad_explain(e, full, (ad_explain_options){.digits = 0}), AD_ERROR_IO);
    fclose(full);
    fclose(out);
    ad_function_free(f);
    ad_tape_free(tape);
    ad_tape_free(other);
}

static ad_status explain_once(failing *m, FILE *out, long fail_at, ad_format format)
{
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = failing_allocator(m)});
    ad_status status = AD_ERROR_NO_MEMORY;
    ad_var x = ad_param(tape, "x", 0.3), w = ad_param(tape, "w", 0.5), list[] = {x, w, x};
    ad_var y = ad_name(ad_sigmoid(ad_mul(w, x)), "y"), s = ad_name(ad_logsumexp(3, list), "s");
    ad_var E = ad_add(ad_mul(y, y), ad_mul(s, ad_relu(x)));
    if (ad_tape_error(tape) == AD_OK) {
        long before = m->calls;
        if (fail_at)
            m->fail_at = before + fail_at;
        status = ad_explain(E, out, (ad_explain_options){.format = format, .by = x, .questions = AD_ALL_QUESTIONS});
        m->calls -= before;
        m->fail_at = 0;
    }
    ad_tape_free(tape);
    return status;
}

Test(explain, every_allocation_may_fail, .timeout = 60)
{
    static const ad_format formats[] = {AD_FORMAT_TEXT, AD_FORMAT_HTML, AD_FORMAT_JSON};
    FILE *out = fopen("/dev/null", "w");
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        failing m = {0};
        cr_assert_eq(explain_once(&m, out, 0, formats[f]), AD_OK);
        long calls = m.calls;
        cr_assert_gt(calls, 20);
        for (long k = 1; k <= calls; k++) {
            failing fails = {0};
            ad_status status = explain_once(&fails, out, k, formats[f]);
            cr_assert(status == AD_ERROR_NO_MEMORY, "allocation %ld of %ld: %d", k, calls, (int)status);
            cr_assert(fails.live == 0 && !fails.wrong, "allocation %ld: %zu bytes are left", k, fails.live);
        }
    }
    fclose(out);
}
