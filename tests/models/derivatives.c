/* derivatives.c -- derivatives written in formulas are those of the tape. */
#include "unit.h"

static const char inputs[] = "param w = 0.6\nparam v = -0.4\nconst c = 1.25\ncolumn x\n";

static const struct { const char *formula; } cases[] = {
    {"tanh(w*x + v)*c"}, {"w^2*v + exp(w*v)"}, {"a*b + a"}, {"max(w, v, x)*a"}, {"w > v ? a*w : b"}, {"logsumexp(w, v, a, b)^2"},
    {"norm2(a, b)/x"}, {"c^w"}, {"a"}, {"5"}, {"silu(a) + gelu(b)*x"}, {"lgamma(a^2 + 1)"},
};

static ad_model *model(const char *formula)
{
    char text[512];
    ad_problem problem;
    int n = snprintf(text, sizeof text, "%sa = sin(w*x) + c\nb = a*v - c\nE = %s\n", inputs, formula);
    ad_model *m = ad_model_parse(text, (size_t)n, &problem);
    cr_assert(m, "%s: %s", formula, problem.message);
    ad_model_set(m, 3, 0.8);
    return m;
}

static double value_of(ad_model *m, ad_tape *tape, const ad_var *vars, const char *text)
{
    ad_problem problem;
    const ad_expression *e = ad_model_formula(m, text, strlen(text), &problem);
    cr_assert(e, "%s: %s", text, problem.message);
    return ad_value(ad_expression_record(e, tape, vars));
}

Test(derivatives, are_those_of_the_sweep_and_of_recorded_gradients)
{
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        ad_model *m = model(cases[k].formula);
        ad_tape *tape = ad_tape_new();
        ad_var v[7], g[7], h[7];
        char text[64];
        cr_assert(ad_model_record(m, tape, v) == AD_OK);
        ad_gradient(v[6], 7, v, g);
        for (size_t i = 0; i < 7; i++) {
            const char *name = ad_model_symbol(m, i)->name;
            snprintf(text, sizeof text, "d(E)/d(%s)", name);
            double first = value_of(m, tape, v, text);
            ad_backward(v[6]);
            cr_assert(near(first, ad_grad(v[i]), 1e-13), "E = %s: %s is %.17g, not %.17g", cases[k].formula, text, first, ad_grad(v[i]));
            snprintf(text, sizeof text, "dE/d%s", name);
            cr_assert(identical(value_of(m, tape, v, text), first), "%s", text);
            snprintf(text, sizeof text, "\xe2\x88\x82 E/\xe2\x88\x82(%s)", name);
            cr_assert(identical(value_of(m, tape, v, text), first), "%s", text);
            ad_gradient(g[i], 7, v, h);
            for (size_t j = 0; j < 7; j++) {
                snprintf(text, sizeof text, "d(d(E)/d%s)/d(%s)", name, ad_model_symbol(m, j)->name);
                double second = value_of(m, tape, v, text);
                cr_assert(near(second, ad_value(h[j]), 1e-12), "E = %s: %s is %.17g, not %.17g", cases[k].formula, text, second,
                          ad_value(h[j]));
            }
        }
        STATUS(tape, AD_OK);
        ad_tape_free(tape);
        ad_model_free(m);
    }
}

/* The same formulas as functions: consts are numbers there, and have derivatives all the same. */
Test(derivatives, are_the_same_in_functions)
{
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        ad_model *m = model(cases[k].formula);
        ad_tape *tape = ad_tape_new();
        ad_var v[7];
        cr_assert(ad_model_record(m, tape, v) == AD_OK);
        static const char *const outputs[] = {"dE/dw", "dE/dc", "dE/dx", "dE/da + d(d(E)/d(c))/d(b)", "d(d(E)/d(w))/d(c)", "E"};
        enum { N = sizeof outputs / sizeof *outputs };
        const ad_expression *e[N];
        double values[N], params[] = {0.6, -0.4}, column = 0.8;
        ad_problem problem;
        for (size_t i = 0; i < N; i++)
            e[i] = ad_model_formula(m, outputs[i], strlen(outputs[i]), &problem);
        ad_function *f = ad_model_function(m, N, e, &problem);
        cr_assert(f, "%s", problem.message);
        cr_assert(ad_function_params(f) == 2 && ad_function_columns(f) == 1);
        cr_assert(ad_function_at(f, params, &column, values) == AD_OK);
        ad_var together[N];
        ad_expressions_record(N, e, tape, v, together);
        for (size_t i = 0; i < N; i++) {
            double alone = ad_value(ad_expression_record(e[i], tape, v));
            cr_assert(identical(alone, ad_value(together[i])), "%s alone and together", outputs[i]);
            cr_assert(near(values[i], alone, 1e-12), "E = %s: %s is %.17g, not %.17g", cases[k].formula, outputs[i], values[i], alone);
        }
        ad_function_free(f);
        ad_tape_free(tape);
        ad_model_free(m);
    }
}

/* An intermediate that is another's alias, or a number, is a variable of its own. */
Test(derivatives, with_respect_to_an_intermediate_count_its_paths_alone)
{
    ad_problem problem;
    const char *text = "param p = 3\na = p\nb = a\nn = 2\nE = a*p + b + n*n\ng = dE/da";
    ad_model *m = ad_model_parse(text, strlen(text), &problem);
    ad_tape *tape = ad_tape_new();
    ad_var v[6];
    cr_assert(ad_model_record(m, tape, v) == AD_OK);
    EQUAL(value_of(m, tape, v, "dE/dp"), 7);
    EQUAL(value_of(m, tape, v, "dE/da"), 4);
    EQUAL(value_of(m, tape, v, "dE/db"), 1);
    EQUAL(value_of(m, tape, v, "dE/dn"), 4);
    EQUAL(value_of(m, tape, v, "dE/dg"), 0);
    EQUAL(value_of(m, tape, v, "dE/dE"), 1);
    EQUAL(value_of(m, tape, v, "d(E - p)/d(p)"), 6);
    EQUAL(value_of(m, tape, v, "dg/dp"), 1);
    EQUAL(value_of(m, tape, v, "d(2)/d(p)"), 0);
    ad_tape_free(tape);
    ad_model_free(m);
}

/* dE/dw is a derivative where E and w are names and dE and dw are not. */
Test(derivatives, are_told_from_quotients)
{
    static const struct { const char *names, *formula; double value; const char *message; } readings[] = {
        {"param E = 6\nparam w = 3", "dE/dw", 0, NULL},
        {"param dE = 6\nparam dw = 3", "dE/dw", 2, NULL},
        {"param dE = 6\nparam dw = 3\nparam E = 1", "dE/dw", 2, NULL},
        {"param dE = 6\nparam dw = 3\nparam E = 1\nparam w = 1", "dE/dw", 0, "a derivative or a quotient? Write d(E)/d(w), or (dE)/(dw)"},
        {"param dE = 6\nparam dw = 3\nparam E = 1\nparam w = 1", "(dE)/(dw)", 2, NULL},
        {"param dE = 6\nparam dw = 3\nparam E = 1\nparam w = 1", "d(E)/d(E)", 1, NULL},
        {"param dE = 6\nparam E = 1\nparam w = 1", "dE/dw", 0, "a derivative or a quotient? Write d(E)/d(w), or (dE)/(dw)"},
        {"param dE = 6\nparam w = 3", "dE/w", 2, NULL},
        {"param x = 2\nE = x^3", "x*dE/dx^2", 288, NULL},
        {"param x = 2\nE = x^3", "24/dE/dx", 2, NULL},
        {"param x = 2\nE = x^3\nparam dt = 4", "dt/dE/dx", 1.0 / 3, NULL},
        {"param x = 2\nE = x^3", "dE/d(x)/d(E)/dx", 1, NULL},
        {"param layer.x = 2\nlayer.E = layer.x^3", "dlayer.E/dlayer.x", 12, NULL},
        {"param x = 2\nE = x^3", "dE/dy", 0, "unknown name 'y'"},
        {"param x = 2\nE = x^3", "dF/dx", 0, "unknown name 'dF'"},
    };
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        ad_problem problem;
        ad_model *m = ad_model_parse(readings[i].names, strlen(readings[i].names), &problem);
        cr_assert(m, "%s: %s", readings[i].names, problem.message);
        const ad_expression *e = ad_model_formula(m, readings[i].formula, strlen(readings[i].formula), &problem);
        if (readings[i].message)
            cr_assert(!e && !strcmp(problem.message, readings[i].message), "%s: %s", readings[i].formula, problem.message);
        else {
            cr_assert(e, "%s: %s", readings[i].formula, problem.message);
            ad_tape *tape = ad_tape_new();
            ad_var v[8];
            ad_model_record(m, tape, v);
            NEAR(ad_value(ad_expression_record(e, tape, v)), readings[i].value, 1e-15);
            ad_tape_free(tape);
        }
        ad_model_free(m);
    }
}
