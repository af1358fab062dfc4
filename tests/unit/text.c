/* text.c -- formulas as people write them, abridged where they are long, and what a variable is computed from. */
#include "unit.h"

static ad_tape *tape;
static ad_var a, b, c;
static void begin(void)
{
    tape = ad_tape_new();
    a = ad_param(tape, "a", 1);
    b = ad_param(tape, "b", 2);
    c = ad_param(tape, "c", 3);
}
static void end(void)
{
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}
TestSuite(text, .init = begin, .fini = end);

static void reads(int line, ad_var v, const char *want)
{
    char text[AD_TEXT_SIZE];
    size_t n = ad_text_of(v, text, sizeof text);
    cr_expect(!strcmp(text, want), "line %d: %s, not %s", line, text, want);
    cr_expect(n == strlen(text), "line %d: the length of %s is not %zu", line, text, n);
}
#define READS(v, want) reads(__LINE__, v, want)

Test(text, is_infix_with_as_few_parentheses_as_reading_allows)
{
    READS(ad_add(ad_mul(a, b), ad_mul(b, c)), "a*b + b*c");
    READS(ad_mul(ad_add(a, b), c), "(a + b)*c");
    READS(ad_add(a, ad_add(b, c)), "a + b + c");
    READS(ad_sub(a, ad_sub(b, c)), "a - (b - c)");
    READS(ad_sub(ad_sub(a, b), c), "a - b - c");
    READS(ad_div(a, ad_mul(b, c)), "a/(b*c)");
    READS(ad_mul(a, ad_div(b, c)), "a*(b/c)");
    READS(ad_div(ad_mul(a, b), c), "a*b/c");
    READS(ad_neg(ad_add(a, b)), "-(a + b)");
    READS(ad_neg(ad_mul(a, b)), "-a*b");
    READS(ad_neg(ad_neg(a)), "-(-a)");
    READS(ad_mul(a, ad_neg(b)), "a*(-b)");
    READS(ad_add(a, ad_mul(ad_neg(b), c)), "a + (-b*c)");
    READS(ad_sub(a, ad_mul(-2, ad_div(b, c))), "a - (-2*(b/c))");
    READS(ad_mul(ad_neg(a), b), "-a*b");
    READS(ad_add(a, -2), "a + (-2)");
    READS(ad_mul(-2, a), "-2*a");
    READS(ad_pow(a, ad_pow(b, c)), "a^b^c");
    READS(ad_pow(ad_pow(a, b), c), "(a^b)^c");
    READS(ad_pow(ad_neg(a), 2), "(-a)^2");
    READS(ad_neg(ad_pow(a, 2)), "-a^2");
    READS(ad_powi(a, -3), "a^(-3)");
    READS(ad_pow(-2, a), "(-2)^a");
    READS(ad_pow(a, ad_div(1, b)), "a^(1/b)");
    READS(ad_less(a, ad_add(b, 1)), "a < b + 1");
    READS(ad_equal(ad_less(a, b), c), "a < b == c");
    READS(ad_mul(ad_greater_equal(a, b), c), "(a >= b)*c");
    READS(ad_select(ad_greater(a, 0), ad_log(a), ad_neg(b)), "a > 0 ? log(a) : -b");
    READS(ad_select(a, b, ad_select(b, c, a)), "a ? b : b ? c : a");
    READS(ad_select(a, ad_select(b, c, a), b), "a ? (b ? c : a) : b");
    READS(ad_add(1, ad_select(a, b, c)), "1 + (a ? b : c)");
}

Test(text, calls_functions_by_their_names)
{
    ad_var list[] = {a, ad_mul(a, b), c};
    READS(ad_sigmoid(ad_add(ad_mul(a, b), c)), "sigmoid(a*b + c)");
    READS(ad_squared_error(1, a), "squared_error(1, a)");
    READS(ad_abs(a), "abs(a)");
    READS(ad_square(ad_add(a, 0.1)), "(a + 0.1)^2");
    READS(ad_square(ad_square(a)), "(a^2)^2");
    READS(ad_neg(ad_square(a)), "-a^2");
    READS(ad_square(ad_neg(a)), "(-a)^2");
    READS(ad_fma(a, b, c), "fma(a, b, c)");
    READS(ad_clamp(a, -1, 1), "clamp(a, -1, 1)");
    READS(ad_leaky_relu(a, 0.01), "leaky_relu(a, 0.01)");
    READS(ad_polygamma(a, 2), "polygamma(a, 2)");
    READS(ad_sum(3, list), "sum(a, a*b, c)");
    READS(ad_logsumexp(2, list), "logsumexp(a, a*b)");
    READS(ad_maximum(2, list), "max(a, a*b)");
    READS(ad_minimum(3, list), "min(a, a*b, c)");
    READS(ad_exp(ad_row_sum(ad_mul(a, ad_column(tape, "t")))), "exp(row_sum(a*t))");
    READS(ad_dot(2, list, list), "a*a + a*b*(a*b)");
    READS(ad_mul(2, ad_dot(2, list, list + 1)), "2*(a*(a*b) + a*b*c)");
    READS(ad_mul(ad_dot(1, &a, &b), 2), "a*b*2");
}

Test(text, of_a_call_shows_its_operands)
{
    ad_tape *inner = ad_tape_new();
    ad_var p = ad_param(inner, "p", 1), q = ad_param(inner, "q", 1), e = ad_mul(p, q), inputs[3];
    ad_function *f = ad_function_new(inner, 1, &e);
    ad_tape_free(inner);
    ad_var E = ad_call(f, 2, (ad_var[]){a, ad_add(b, 1)}, 0, NULL, NULL);
    READS(ad_neg(E), "-call(a, b + 1)");
    cr_assert(ad_inputs_of(E, 3, inputs) == 2 && inputs[1].link == b.link);
    ad_function_free(f);
}

Test(text, stops_at_names_and_a_formula_passes_one)
{
    char text[AD_TEXT_SIZE];
    ad_var e = ad_name(ad_add(ad_mul(a, b), c), "e"), y = ad_name(ad_sigmoid(e), "y");
    READS(y, "y");
    READS(ad_mul(y, e), "y*e");
    ad_formula_of(y, text, sizeof text);
    cr_assert_str_eq(text, "sigmoid(e)");
    ad_formula_of(a, text, sizeof text);
    cr_assert_str_eq(text, "a");
    READS(ad_const(0.1), "0.1");
    READS(ad_const(1.0 / 3), "0.3333333333333333");
    READS(ad_const(-INFINITY), "-inf");
    READS(ad_const(NAN), "nan");
    READS(ad_mul(ad_param(tape, NULL, 0), a), "input[3]*a");
}

Test(text, is_abridged_to_fit_and_stays_balanced)
{
    char text[AD_TEXT_SIZE];
    ad_var z = a, list[2000];
    for (int i = 0; i < 100000; i++)
        z = ad_sin(ad_mul(z, z));
    for (size_t size = 1; size <= sizeof text; size++) {
        memset(text, 'x', sizeof text);
        size_t n = ad_text_of(z, text, size);
        cr_assert(n < size && text[n] == 0 && (size == sizeof text || text[size] == 'x'));
        if (size > 16) {
            int open = 0;
            for (size_t i = 0; i < n; i++)
                open += (text[i] == '(') - (text[i] == ')');
            cr_assert(open == 0 && strstr(text, "..."), "%s", text);
        }
    }
    for (int i = 0; i < 2000; i++)
        list[i] = ad_mul(a, i);
    READS(ad_sum(2000, list), "sum(a*0, a*1, a*2, a*3, a*4, a*5, a*6, a*7, a*8, a*9, a*10, a*11, a*12, a*13, a*14, ..., a*1999)");
    READS(ad_dot(2000, list, list), "a*0*(a*0) + a*1*(a*1) + a*2*(a*2) + a*3*(a*3) + a*4*(a*4) + a*5*(a*5) + a*6*(a*6) + ... + a*1999*(a*1999)");
    cr_assert(ad_text_of(a, NULL, 0) == 0);
}

Test(text, cuts_names_that_are_too_long_between_characters)
{
    char name[1000], text[12];
    for (size_t i = 0; i + 2 < sizeof name; i += 2)
        memcpy(name + i, "\xce\xb1", 2);
    name[998] = 0;
    ad_var v = ad_param(tape, name, 1);
    ad_text_of(v, text, sizeof text);
    cr_assert_str_eq(text, "\xce\xb1\xce\xb1\xce\xb1\xce\xb1...");
    ad_text_of(ad_exp(v), text, sizeof text);
    cr_assert_str_eq(text, "exp(\xce\xb1\xce\xb1...");
    cr_assert(ad_text_of(v, text, 3) == 2 && !strcmp(text, ".."));
}

Test(text, inputs_are_those_a_variable_is_computed_from)
{
    ad_var e = ad_add(ad_mul(a, 2), c), found[3], list[] = {e, b, ad_column(tape, "t")};
    cr_assert(ad_inputs_of(e, 3, found) == 2 && found[0].link == a.link && found[1].link == c.link);
    cr_assert(ad_inputs_of(e, 1, found) == 2 && found[0].link == a.link);
    cr_assert(ad_inputs_of(ad_sum(3, list), 3, found) == 4 && found[2].link == c.link);
    cr_assert(ad_inputs_of(ad_fma(1, 2, b), 3, found) == 1 && found[0].link == b.link);
    cr_assert(ad_inputs_of(b, 0, NULL) == 1);
    cr_assert(ad_inputs_of(ad_const(1), 3, found) == 0);
}

Test(text, of_a_stale_variable_is_a_question_mark)
{
    char text[8];
    ad_tape *other = ad_tape_new();
    ad_var v = ad_param(other, "v", 1);
    ad_tape_reset(other);
    cr_assert(ad_text_of(v, text, sizeof text) == 1 && !strcmp(text, "?"));
    STATUS(other, AD_ERROR_STALE);
    cr_assert(ad_inputs_of(v, 0, NULL) == 0);
    ad_tape_free(other);
}
