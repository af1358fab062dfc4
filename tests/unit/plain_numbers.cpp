// plain_numbers.cpp -- a C++ program mixes variables and plain numbers of any type on either side, as a C program does.
#include <autodiff/autodiff.h>
#include <nn/nn.h>

#include <cstdio>
#include <string>
#include <vector>

static int failures;

static void equal(const char *what, double got, double want)
{
    if (got == want)
        return;
    failures++;
    std::printf("%s is %.17g, not %.17g\n", what, got, want);
}

template <class N> static void mixes(const char *type, N n)
{
    ad_tape *tape = ad_tape_new();
    const ad_var w = ad_param(tape, "w", 0.5);
    ad_var left = ad_mul(n, w), right = ad_mul(w, n);
    equal(type, left.value, double(n) * 0.5);
    ad_backward(left);
    equal(type, ad_grad(w), double(n));
    ad_backward(right);
    equal(type, ad_grad(w), double(n));
    equal(type, ad_value(ad_fma(n, w, 1)), double(n) * 0.5 + 1);
    equal(type, ad_value(ad_fma(w, 1.0f, n)), 0.5 + double(n));
    equal(type, ad_value(ad_add(n, n)), double(n) + double(n));
    equal(type, ad_value(ad_atan2(n, w)), ad_value(ad_atan2(ad_const(double(n)), ad_const(0.5))));
    equal(type, double(ad_add(n, 1).link), 0);
    equal("status", ad_tape_error(tape), AD_OK);
    ad_tape_free(tape);
}

int main()
{
    mixes("int", 3);
    mixes("float", 0.1f);
    mixes("double", -2.25);
    mixes("long", 123456789L);
    mixes("unsigned long", 12ul);
    mixes("bool", true);
    mixes("char", 'a');
    mixes("short", short(-5));

    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5), b = ad_param(tape, "b", -0.1);
    ad_var E = ad_squared_error(1, ad_sigmoid(ad_add(ad_mul(w, 2), b)));
    ad_backward(E);
    char text[64];
    std::snprintf(text, sizeof text, "%.12g", ad_grad(w));
    if (std::string(text) != "-0.118799932096") {
        failures++;
        std::printf("dE/dw is %s\n", text);
    }
    equal("powi", ad_value(ad_powi(w, 2)), 0.25);
    equal("powi of a number", ad_value(ad_powi(3, 2)), 9);
    equal("leaky_relu of a number", ad_value(ad_leaky_relu(-2, 0.5)), -1);
    equal("polygamma", ad_value(ad_polygamma(1.5, 0)), ad_value(ad_digamma(1.5)));
    equal("a number alone", ad_value(ad_exp(0)), 1);
    equal("clamp", ad_value(ad_clamp(w, 0, 1L)), 0.5);
    equal("select", ad_value(ad_select(true, w, 0)), 0.5);
    equal("select", ad_value(ad_select(ad_less(w, 1), 7, b)), 7);

    std::vector<ad_var> x = {w, ad_const(2), b};
    equal("sum", ad_value(ad_sum(x.size(), x.data())), 0.5 + 2 + -0.1);
    ad_var y = nn_neuron(1, &w, &b, nullptr, ad_tanh);
    equal("neuron", ad_value(y), ad_value(ad_tanh(0.5 * -0.1)));
    ad_var d;
    ad_gradient(ad_mul(w, w), 1, &w, &d);
    equal("gradient", ad_value(d), 1);
    equal("status", ad_tape_error(tape), AD_OK);
    ad_tape_free(tape);
    return failures != 0;
}
