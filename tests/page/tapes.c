/* tapes.c -- pages of graphs that no model file can hold, for the tests of the page: names that would be markup or scripts
 * if a page let them, and a network.
 *
 *     tapes hostile|network PAGE       writes the page; prints value and derivative of every param, a line each
 */
#include <autodiff/autodiff.h>
#include <nn/network.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_page(ad_var E, size_t n, const ad_var *params, const char *path, const char *title)
{
    FILE *out = fopen(path, "w");
    ad_explain_options how = {.format = AD_FORMAT_HTML, .n_wrt = n, .wrt = params, .title = title};
    int failed = !out || ad_explain(E, out, how) != AD_OK;
    if (out && fclose(out))
        failed = 1;
    for (size_t i = 0; i < n; i++)
        printf("%.17g %.17g\n", ad_value(params[i]), ad_grad(params[i]));
    return failed;
}

static int hostile(const char *path)
{
    static const char *const names[] = {
        "</script><script>document.title = 'taken'</script>", "\"><img src=x onerror=\"document.title='taken'\">", "<!--", "]]>",
        "a\nb\tc\\", "\xff\xfe\x80 not UTF-8", "gr\xc3\xb6\xc3\x9f" "e", "__proto__", "&lt;b&gt;", "d(E)/d(x)", "${x}`'",
        "\xe2\x80\xa8 line", "\x01" "7\x02",
    };
    enum { N = sizeof names / sizeof *names };
    ad_tape *tape = ad_tape_new();
    ad_var x[N], sum = ad_const(0);
    for (int i = 0; i < N; i++) {
        char formula[80];
        x[i] = ad_param(tape, names[i], 0.1 * (i + 1));
        snprintf(formula, sizeof formula, "%s squared", names[i]);
        sum = ad_add(sum, ad_name(ad_square(x[i]), formula));
    }
    int failed = write_page(ad_name(ad_tanh(sum), names[0]), N, x, path,
                            "<title>&amp; </title><script>document.title = 'taken'</script>");
    ad_tape_free(tape);
    return failed;
}

static int network(const char *path)
{
    nn_network *net = nn_network_new((nn_network_options){.inputs = 2, .seed = 3,
        .layers = NN_LAYERS({.neurons = 16, .activation = ad_tanh}, {.neurons = 16, .activation = ad_sigmoid}, {.neurons = 1})});
    ad_tape *tape = ad_tape_new();
    size_t n = nn_network_size(net);
    ad_var *p = malloc(n * sizeof *p), x[2] = {ad_param(tape, "x1", 0.5), ad_param(tape, "x2", -0.3)}, y;
    int failed = !p;
    if (p) {
        nn_network_params(net, tape, p);
        failed = nn_mlp(net, p, x, &y) != AD_OK || write_page(ad_name(ad_squared_error(1, y), "E"), n, p, path, "A network");
    }
    free(p);
    ad_tape_free(tape);
    nn_network_free(net);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    return !strcmp(argv[1], "hostile") ? hostile(argv[2]) : network(argv[2]);
}
