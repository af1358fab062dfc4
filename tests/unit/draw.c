/* draw.c -- pictures: numbers and slopes are the engine's, DOT is well formed whatever the names, folding keeps to its limit. */
#include "unit.h"

#include "../functions/failing.h"
#include "json_text.h"

#include <nn/nn.h>
#include <stdlib.h>

static uint64_t state;
static unsigned draw(unsigned n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % n;
}

enum { NODES = 30 };

typedef struct graph {
    ad_tape *tape;
    ad_var   v[NODES], E;
} graph;

/* Names are random bytes, but 0: with quotes, dots, angles, what is no UTF-8; some nodes have none. */
static void random_name(char *name)
{
    static const char likely[] = ".<>\"\\&{}|;\n\t1234";
    unsigned n = 1 + draw(12);
    for (unsigned k = 0; k < n; k++)
        name[k] = (char)(draw(2) ? (unsigned)likely[draw(sizeof likely - 1)] : 1 + draw(255));
    name[n] = 0;
}

static graph random_graph(uint64_t seed)
{
    graph g = {.tape = ad_tape_new()};
    char name[16];
    state = seed;
    for (int i = 0; i < NODES; i++) {
        ad_var x = g.v[i ? draw((unsigned)i) : 0], y = g.v[i ? draw((unsigned)i) : 0];
        random_name(name);
        if (i < 5)
            g.v[i] = ad_param(g.tape, name, 0.3 + 0.2 * i);
        else {
            g.v[i] = draw(2) ? ad_add(ad_tanh(x), ad_mul(y, 0.5)) : ad_mul(ad_sin(x), ad_sigmoid(y));
            if (draw(3))
                ad_name(g.v[i], name);
        }
    }
    g.E = ad_add(g.v[NODES - 1], ad_mul(g.v[NODES - 2], g.v[NODES - 3]));
    return g;
}

static char *drawn(ad_var E, ad_draw_options options)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cr_assert_eq(ad_draw(E, out, options), AD_OK);
    fclose(out);
    return text;
}

/* Braces and brackets outside texts, angles of HTML-like ones, quotes: all closed, never more closed than open. */
static int is_balanced(const char *text)
{
    int braces = 0, angles = 0, quoted = 0;
    for (const char *c = text; *c; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte == 0x7f || (byte < ' ' && byte != '\n'))
            return 0;
        if (angles) {
            angles += *c == '<' ? 1 : *c == '>' ? -1 : 0;
            if (angles > 2)
                return 0;
        } else if (quoted || *c == '"')
            quoted ^= *c == '"';
        else if (*c == '<')
            angles = 1;
        else
            braces += *c == '{' || *c == '[' ? 1 : *c == '}' || *c == ']' ? -1 : 0;
        if (braces < 0)
            return 0;
    }
    return !braces && !angles && !quoted;
}

static int count(const char *text, const char *what)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

static int boxes_of(const char *dot) { return count(dot, " [style=\""); }

Test(draw, dot_is_well_formed_whatever_the_names)
{
    int is_here = !system("command -v dot >/dev/null 2>&1");
    FILE *graphviz = popen(is_here ? "! dot -Tplain 2>&1 >/dev/null | grep ." : "cat >/dev/null", "w");
    for (uint64_t seed = 1; seed <= 200; seed++) {
        graph g = random_graph(seed);
        char *dot = drawn(g.E, (ad_draw_options){.format = AD_DRAW_DOT, .by = g.v[0], .most = 5 + seed % 40, .title = "a \"<&>\\\" title\n"});
        cr_assert(is_balanced(dot), "seed %d: %s", (int)seed, dot);
        if (seed <= 8)
            fputs(dot, graphviz);
        free(dot);
        ad_tape_free(g.tape);
    }
    cr_assert_eq(pclose(graphviz), 0, "dot says what stands above");
}

Test(draw, json_is_well_formed_whatever_the_names)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        graph g = random_graph(seed);
        char *text = drawn(g.E, (ad_draw_options){.format = AD_DRAW_JSON, .most = 3 + seed % 40, .by = g.v[0], .title = "a \"title\"\n"});
        cr_assert(is_json(text), "seed %d: %s", (int)seed, text);
        free(text);
        ad_tape_free(g.tape);
    }
}

/* The article's shape: frames by number follow one another in the order of the graph, and the lines between them are long
 * enough for the weights of the second. */
Test(draw, frames_stand_in_order_and_side_by_side)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 0.5), w[3];
    for (int k = 0; k < 3; k++)
        w[k] = ad_param(tape, (const char *[]){"w1", "w2", "w3"}[k], 0.1 * (k + 1));
    ad_var y1 = ad_name(ad_sigmoid(ad_name(ad_mul(w[0], x), "e1")), "Y1"), y2 = ad_name(ad_sigmoid(ad_name(ad_mul(w[1], x), "e2")), "Y2");
    ad_var y3 = ad_name(ad_tanh(ad_name(ad_mul(w[2], ad_mul(y1, y2)), "e3")), "Y3");
    ad_var a = ad_name(ad_sin(y3), "h1_7"), E = ad_name(ad_mul(a, ad_name(ad_exp(a), "g2_7")), "E");
    char *text = drawn(E, (ad_draw_options){.format = AD_DRAW_DOT, .n_wrt = 3, .wrt = w});
    const char *first = strstr(text, "<b>e1</b>"), *second = strstr(text, "<b>e2</b>"), *third = strstr(text, "<b>e3</b>");
    cr_assert(first && second && third && first < second && second < third, "%s", text);
    int frames = 0, lines = 0;
    for (const char *at = text; (at = strstr(at, "subgraph cluster")); at++)
        frames++;
    for (const char *at = text; (at = strstr(at, "minlen=2")); at++)
        lines++;
    cr_assert_eq(frames, 3, "h1_7 and g2_7 are no neuron: %s", text);
    cr_assert_eq(lines, 2, "Y1 and Y2 to e3, and x to none: %s", text);
    cr_assert(strstr(text, "size of the adjoint") && strstr(text, "bgcolor=\"#0b559f\""), "%s", text);
    free(text);
    text = drawn(E, (ad_draw_options){.by = ad_param(tape, "idle", 1)});
    cr_assert(strstr(text, "no path from idle to E"), "%s", text);
    free(text);
    ad_tape_free(tape);
}

Test(draw, keeps_to_so_many_boxes_and_columns)
{
    for (uint64_t seed = 1; seed <= 60; seed++)
        for (size_t most = 3; most < 40; most += 4) {
            graph g = random_graph(seed);
            char *dot = drawn(g.E, (ad_draw_options){.format = AD_DRAW_DOT, .most = most});
            cr_assert(boxes_of(dot) <= (int)most, "seed %d: %d boxes of %zu: %s", (int)seed, boxes_of(dot), most, dot);
            free(dot);
            char *text = drawn(g.E, (ad_draw_options){.most = most, .digits = 17});
            int column = 0;
            for (const char *c = text; *c; c++) {
                column = *c == '\n' ? 0 : column + (((unsigned char)*c & 0xc0) != 0x80);
                cr_assert(column <= 100, "seed %d: %s", (int)seed, text);
            }
            free(text);
            ad_tape_free(g.tape);
        }
}

Test(draw, long_chains_keep_their_ends)
{
    ad_tape *tape = ad_tape_new();
    ad_var z = ad_param(tape, "x", 0.5);
    for (int i = 0; i < 5000; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        z = ad_name(ad_sin(z), name);
    }
    char *text = drawn(z, (ad_draw_options){.digits = 0});
    cr_assert(strstr(text, "4941 steps") && strstr(text, "s0 = sin(x)") && strstr(text, "s4999 = sin(s4998)"), "%s", text);
    free(text);
    ad_tape_free(tape);
}

/* What stands between two texts after a third, as a number. */
static double number_after(const char *text, const char *first, const char *before)
{
    const char *at = strstr(text, first), *number = at ? strstr(at, before) : NULL;
    return number ? strtod(number + strlen(before), NULL) : NAN;
}

Test(draw, numbers_and_slopes_are_the_engines)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.6), x = ad_param(tape, "x", 1.7), y = ad_name(ad_tanh(ad_mul(w, x)), "y");
    ad_var E = ad_name(ad_div(ad_square(ad_sub(0.25, y)), 2), "E");
    char *text = drawn(E, (ad_draw_options){.digits = 17});
    double slope_w = (1 - ad_value(y) * ad_value(y)) * 1.7;
    EQUAL(number_after(text, "E = ", "E = "), ad_value(E));
    EQUAL(number_after(text, "tanh(w*x)", "tanh(w*x)"), ad_grad(y));
    EQUAL(number_after(text, "   w ", "   w "), ad_grad(w));
    NEAR(number_after(text, "tanh(w*x)", "<-- "), slope_w, 1e-15);
    free(text);
    ad_tape_free(tape);
}

/* A neuron folded into a box: its slope is the sum over the paths inside, which is what the sweep gives for it alone. */
Test(draw, slopes_between_folded_boxes_are_sums_over_paths)
{
    ad_tape *tape = ad_tape_new();
    ad_var x = ad_param(tape, "x", 0.7), h = x;
    char name[32];
    for (int l = 1; l <= 4; l++) {
        ad_var part[3];
        for (int k = 0; k < 3; k++) {
            snprintf(name, sizeof name, "block%d.part%d", l, k);
            part[k] = ad_name(ad_sin(ad_mul(0.5 + k, h)), name);
        }
        snprintf(name, sizeof name, "block%d.y", l);
        h = ad_name(ad_add(part[0], ad_mul(part[1], part[2])), name);
    }
    ad_backward(h);
    ad_var y3 = ad_find(tape, "block3.y");
    double want = ad_grad(y3);
    char *text = drawn(h, (ad_draw_options){.digits = 17, .most = 6});
    cr_assert(strstr(text, "4 steps)"), "%s", text);
    NEAR(number_after(text, " block4 = ", "<-- "), want, 1e-15);
    free(text);
    text = drawn(h, (ad_draw_options){.format = AD_DRAW_DOT, .by = x});
    cr_assert_eq(count(text, "subgraph cluster_"), 4, "%s", text);
    cr_assert_eq(boxes_of(text), 17);
    free(text);
    ad_tape_free(tape);
}

/* Of 16 a layer neurons are boxes, of 64 layers are. */
Test(draw, networks_fold_by_neurons_then_layers)
{
    for (size_t width = 16; width <= 64; width += 48) {
        nn_network *net = nn_network_new((nn_network_options){.inputs = 2, .seed = 3,
            .layers = NN_LAYERS({.neurons = width, .activation = ad_tanh}, {.neurons = width, .activation = ad_tanh}, {.neurons = 1})});
        ad_tape *tape = ad_tape_new();
        ad_var *p = malloc(nn_network_size(net) * sizeof *p), x[2] = {ad_param(tape, "x1", 0.5), ad_param(tape, "x2", -0.3)}, y;
        nn_network_params(net, tape, p);
        cr_assert_eq(nn_mlp(net, p, x, &y), AD_OK);
        ad_var E = ad_name(ad_squared_error(1, y), "E");
        char *dot = drawn(E, (ad_draw_options){.format = AD_DRAW_DOT, .n_wrt = nn_network_size(net), .wrt = p});
        cr_assert(is_balanced(dot));
        cr_assert_eq(boxes_of(dot), width == 16 ? 2 + 16 + 16 + 1 + 1 : 2 + 3 + 1, "%d boxes", boxes_of(dot));
        double sum = 0;
        ad_backward(E);
        for (size_t k = 0; k < nn_network_size(net); k++)
            sum += !strncmp(nn_network_name(net, k), "layer3", 6) ? ad_grad(p[k]) * ad_grad(p[k]) : 0;
        char *text = drawn(E, (ad_draw_options){.n_wrt = nn_network_size(net), .wrt = p, .digits = 17});
        NEAR(number_after(text, "layer3", "|gradient| "), sqrt(sum), 1e-14);
        free(text);
        free(dot);
        free(p);
        ad_tape_free(tape);
        nn_network_free(net);
    }
}

Test(draw, refuses_what_it_cannot_draw)
{
    ad_tape *tape = ad_tape_new(), *other = ad_tape_new();
    ad_var x = ad_param(tape, "x", 1), E = ad_sin(x), foreign = ad_param(other, "y", 1);
    FILE *out = fopen("/dev/null", "w");
    cr_assert_eq(ad_draw(ad_const(1), out, (ad_draw_options){.digits = 0}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_draw(E, NULL, (ad_draw_options){.digits = 0}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_draw(E, out, (ad_draw_options){.digits = 18}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_draw(E, out, (ad_draw_options){.most = 2}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_draw(E, out, (ad_draw_options){.format = (ad_draw_format)99}), AD_ERROR_ARGUMENT);
    cr_assert_eq(ad_draw(E, out, (ad_draw_options){.by = foreign}), AD_ERROR_FOREIGN);
    ad_tape_reset(tape);
    cr_assert_eq(ad_draw(E, out, (ad_draw_options){.digits = 0}), AD_ERROR_STALE);
    ad_tape_reset(tape);
    x = ad_param(tape, "x", 1);
    FILE *full = fopen("/dev/full", "w");
    setvbuf(full, NULL, _IONBF, 0);
    cr_assert_eq(ad_draw(ad_square(x), full, (ad_draw_options){.format = AD_DRAW_DOT}), AD_ERROR_IO);
    fclose(full);
    fclose(out);
    ad_tape_free(tape);
    ad_tape_free(other);
}

static ad_status draw_once(failing *m, FILE *out, long fail_at)
{
    ad_tape *tape = ad_tape_create((ad_tape_options){.allocator = failing_allocator(m)});
    ad_status status = AD_ERROR_NO_MEMORY;
    ad_var x = ad_param(tape, "x", 0.3), w = ad_param(tape, "a.b.w", 0.5), list[] = {x, w, x};
    ad_var y = ad_name(ad_sigmoid(ad_mul(w, x)), "a.b.y"), s = ad_name(ad_logsumexp(3, list), "s1");
    ad_var E = ad_add(ad_mul(y, y), ad_mul(s, ad_name(ad_relu(s), "r1")));
    if (ad_tape_error(tape) == AD_OK) {
        long before = m->calls;
        if (fail_at)
            m->fail_at = before + fail_at;
        status = ad_draw(E, out, (ad_draw_options){.format = AD_DRAW_DOT, .by = x});
        m->calls -= before;
        m->fail_at = 0;
    }
    ad_tape_free(tape);
    return status;
}

Test(draw, every_allocation_may_fail, .timeout = 60)
{
    FILE *out = fopen("/dev/null", "w");
    failing m = {0};
    cr_assert_eq(draw_once(&m, out, 0), AD_OK);
    long calls = m.calls;
    cr_assert_gt(calls, 20);
    for (long k = 1; k <= calls; k++) {
        failing fails = {0};
        ad_status status = draw_once(&fails, out, k);
        cr_assert(status == AD_ERROR_NO_MEMORY, "allocation %ld of %ld: %d", k, calls, (int)status);
        cr_assert(fails.live == 0 && !fails.wrong, "allocation %ld: %zu bytes are left", k, fails.live);
    }
    fclose(out);
}
