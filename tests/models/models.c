/* models.c -- what a model file says, and what becomes of it on a tape and as a function. */
#include "unit.h"

#include <stdlib.h>

static ad_model *parse(const char *text)
{
    ad_problem problem;
    ad_model *m = ad_model_parse(text, strlen(text), &problem);
    if (!m)
        ad_problem_print(&problem, "model", stderr);
    cr_assert(m, "the model is refused: %s", problem.message);
    return m;
}

static const char neuron[] = "# one neuron\n"
                             "const x = 1.7\n"
                             "param w = 0.6 in (0, 5)\n"
                             "param b = -.2 in (-inf, inf)\n"
                             "\n"
                             "y = sigmoid(w*x + b)   # the output\n"
                             "E = (0.25 - y)^2/2\n"
                             "minimize E\n"
                             "claim dE/dw = -(0.25 - y)*y*(1 - y)*x  \"line 3 of the notes\"\n"
                             "claim y = 0.694";

Test(models, hold_what_the_text_says)
{
    ad_model *m = parse(neuron);
    cr_assert(ad_model_symbols(m) == 5 && ad_model_params(m) == 2 && ad_model_columns(m) == 0 && ad_model_claims(m) == 2);
    const ad_symbol *w = ad_model_symbol(m, ad_model_find(m, "w")), *y = ad_model_symbol(m, 3);
    cr_assert(w->kind == AD_SYMBOL_PARAM && w->value == 0.6 && w->low == 0 && w->high == 5 && w->line == 3);
    cr_assert(y->kind == AD_SYMBOL_FORMULA && y->line == 6);
    cr_assert_str_eq(y->name, "y");
    cr_assert_str_eq(y->formula->text, "sigmoid(w*x + b)");
    cr_assert(ad_model_minimize(m) == ad_model_find(m, "E") && ad_model_find(m, "F") == AD_NO_SYMBOL);
    const ad_claim *c = ad_model_claim(m, 0);
    cr_assert(c->number == 1 && c->line == 9 && c->column == 7);
    cr_assert_str_eq(c->text, "dE/dw = -(0.25 - y)*y*(1 - y)*x");
    cr_assert_str_eq(c->note, "line 3 of the notes");
    cr_assert(!ad_model_claim(m, 1)->note && !ad_model_claim(m, 2));
    ad_literal literal;
    cr_assert(!ad_expression_literal(c->right, NULL));
    cr_assert(ad_expression_literal(ad_model_claim(m, 1)->right, &literal));
    cr_assert(literal.value == 0.694 && !literal.exact && literal.exponent == -3 && literal.digits == 3);
    ad_model_free(m);
}

Test(models, have_the_gradient_of_their_formulas)
{
    ad_model *m = parse(neuron);
    ad_tape *tape = ad_tape_new();
    ad_var v[5];
    cr_assert(ad_model_record(m, tape, v) == AD_OK);
    double y = 1 / (1 + exp(-(0.6 * 1.7 - 0.2))), dy = -(0.25 - y) * y * (1 - y);
    NEAR(ad_value(v[3]), y, 1e-15);
    ad_backward(v[ad_model_minimize(m)]);
    NEAR(ad_grad(v[1]), dy * 1.7, 1e-14);
    NEAR(ad_grad(v[2]), dy, 1e-14);
    NEAR(ad_grad(v[0]), dy * 0.6, 1e-14);              /* consts too */
    const ad_claim *c = ad_model_claim(m, 0);
    NEAR(ad_value(ad_expression_record(c->left, tape, v)), dy * 1.7, 1e-14);
    NEAR(ad_value(ad_expression_record(c->right, tape, v)), dy * 1.7, 1e-14);
    cr_assert_str_eq(ad_name_of(v[3]), "y");
    ad_tape_free(tape);
    ad_model_free(m);
}

Test(models, become_functions_of_params_and_columns)
{
    ad_model *m = parse("param w = 0.3\ncolumn x\nconst c = 2\nparam b = 0.1\ncolumn t\n"
                        "y = c*w*x + b\nE = (t - y)^2\nminimize E");
    ad_problem problem;
    ad_function *f = ad_model_function(m, 0, NULL, &problem);
    cr_assert(f, "%s", problem.message);
    cr_assert(ad_function_params(f) == 2 && ad_function_columns(f) == 2);
    cr_assert_str_eq(ad_function_param_name(f, 1), "b");
    cr_assert_str_eq(ad_function_column_name(f, 0), "x");
    const double x[] = {1, 2, 3}, t[] = {1, 0, 2}, *columns[] = {x, t}, p[] = {0.3, 0.1};
    double value, gradient[2], E = 0, dw = 0, db = 0;
    for (int i = 0; i < 3; i++) {
        double r = t[i] - (2 * 0.3 * x[i] + 0.1);
        E += r * r;
        dw -= 2 * r * 2 * x[i];
        db -= 2 * r;
    }
    cr_assert(ad_function_sum_gradient(f, p, columns, 3, &value, gradient) == AD_OK);
    NEAR(value, E, 1e-14);
    NEAR(gradient[0], dw, 1e-14);
    NEAR(gradient[1], db, 1e-13);
    ad_function_free(f);
    ad_model_free(m);
}

Test(models, know_derivatives_by_constants_aliases_and_numbers_also_in_functions)
{
    static const char text[] = "const c = 3\nparam p = 2\nhalf = 0.5\na = p\nE = half*a^2*c + p\nslope = dE/da\n"
                               "g = p*d(E)/d(c) + d(E)/d(half)*slope + d(E)/d(p)";
    ad_model *m = parse(text);
    ad_tape *tape = ad_tape_new();
    ad_var v[8];
    cr_assert(ad_model_record(m, tape, v) == AD_OK);
    EQUAL(ad_value(v[5]), 6);                          /* half 2 a c, without the path of p alone */
    EQUAL(ad_value(v[6]), 2 * 2 + 12 * 6 + 7);
    ad_problem problem;
    const ad_expression *g = ad_model_formula(m, "g", 1, &problem);
    ad_function *f = ad_model_function(m, 1, &g, &problem);
    cr_assert(f, "%s", problem.message);
    double value, p = 2;
    cr_assert(ad_function_params(f) == 1 && ad_function_at(f, &p, NULL, &value) == AD_OK);
    EQUAL(value, 2 * 2 + 12 * 6 + 7);
    ad_function_free(f);
    ad_tape_free(tape);
    ad_model_free(m);

    m = parse("const c = 3\nE = c^2\ng = dE/dc");      /* nothing but constants */
    g = ad_model_formula(m, "g", 1, NULL);
    cr_assert((f = ad_model_function(m, 1, &g, &problem)), "%s", problem.message);
    cr_assert(ad_function_at(f, NULL, NULL, &value) == AD_OK);
    EQUAL(value, 6);
    cr_assert(!ad_model_function(m, 0, NULL, &problem) && problem.status == AD_ERROR_ARGUMENT);
    ad_function_free(f);
    ad_model_free(m);
}

Test(models, can_be_moved_and_extended)
{
    ad_model *m = parse("param w = 1\ncolumn x\ny = w*x");
    ad_tape *tape = ad_tape_new();
    ad_var v[8];
    ad_problem problem;
    cr_assert(ad_model_record(m, tape, v) == AD_OK && isnan(ad_value(v[2])));
    cr_assert(ad_model_set(m, 0, 3) == AD_OK && ad_model_set(m, 1, 5) == AD_OK && ad_model_set(m, 2, 5) == AD_ERROR_ARGUMENT);
    cr_assert(ad_model_extend(m, "z = y^2\nclaim z = 225", 21, &problem) == AD_OK, "%s", problem.message);
    cr_assert(ad_model_record(m, tape, v) == AD_OK);
    EQUAL(ad_value(v[3]), 225);
    const ad_expression *e = ad_model_formula(m, "d(z)/d(w) + w", 13, &problem);
    cr_assert(e && ad_expression_uses(e, 0) && ad_expression_uses(e, 3) && !ad_expression_uses(e, 2));
    EQUAL(ad_value(ad_expression_record(e, tape, v)), 2 * 15 * 5 + 3);
    cr_assert(!ad_model_formula(m, "q + 1", 5, &problem) && problem.line == 1 && problem.column == 1);
    ad_tape_free(tape);
    ad_model_free(m);
}

/* The published article's network: values and derivatives by hand in C. */
Test(models, agree_with_formulas_recorded_in_c)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.7), x = ad_param(tape, "layer.x", -1.3);
    ad_var by_text = ad_formula(tape, "max(w, layer.x, 0.1)*tanh(w*layer.x) + logsumexp(w, layer.x, 1)^2"),
           by_hand = ad_add(ad_mul(ad_maximum(3, (ad_var[]){w, x, ad_const(0.1)}), ad_tanh(ad_mul(w, x))),
                            ad_square(ad_logsumexp(3, (ad_var[]){w, x, ad_const(1)})));
    cr_assert(identical(ad_value(by_text), ad_value(by_hand)));
    ad_backward(by_text);
    double dw = ad_grad(w), dx = ad_grad(x);
    ad_backward(by_hand);
    cr_assert(identical(dw, ad_grad(w)) && identical(dx, ad_grad(x)));
    ad_name(by_text, "E");
    EQUAL(ad_value(ad_formula(tape, "dE/dw")), dw);
    STATUS(tape, AD_OK);
    PLAIN_NAN(ad_formula(tape, "w + layer.y"));
    STATUS(tape, AD_ERROR_SYNTAX);
    SAYS(tape, "column 5: unknown name 'layer.y'; did you mean 'layer.x'?");
    ad_tape_free(tape);
}
