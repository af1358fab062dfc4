/* grammar.c -- what formulas mean: precedence, every row by its name, printing and reading again. */
#include "unit.h"
#include "rows.h"

#include <stdlib.h>

static ad_expression *parse(const char *text, size_t n, const char *const *names)
{
    ad_problem problem;
    ad_expression *e = ad_expression_parse(text, strlen(text), n, names, &problem);
    if (!e)
        ad_problem_print(&problem, NULL, stderr);
    cr_assert(e, "'%s' is refused: %s", text, problem.message);
    return e;
}

static double value(const char *text)
{
    static const char *const names[] = {"x", "y", "dx", "E"};
    const ad_var vars[] = {ad_const(3), ad_const(-0.5), ad_const(7), ad_const(11)};
    ad_expression *e = parse(text, 4, names);
    ad_tape *tape = ad_tape_new();
    double v = ad_value(ad_expression_record(e, tape, vars));
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
    ad_expression_free(e);
    return v;
}

Test(grammar, binds_as_mathematics_does)
{
    const double x = 3, y = -0.5;
    static const struct { const char *text; double value; } cases[] = {
        {"1 + 2*3", 7}, {"(1 + 2)*3", 9}, {"7 - 4 - 2", 1}, {"8/4/2", 1}, {"8/4*2", 4}, {"-2^2", -4}, {"(-2)^2", 4}, {"2^-1", 0.5},
        {"2^3^2", 512}, {"2^-1^2", 0.5}, {"-2^-2", -0.25}, {"2^-3*4", 0.5}, {"--3", 3}, {"2--3", 5}, {"2*-3", -6}, {"-2*3", -6},
        {"+4", 4}, {"2 - +3", -1}, {"-3^2 + 1", -8}, {"2*3^2", 18}, {"1 < 2", 1}, {"2 <= 1", 0}, {"1 + 1 == 2", 1}, {"1 != 1", 0},
        {"1 < 2 == 1", 1}, {"2 > 1 + 1", 0}, {"3 >= 1 ? 4 : 5", 4}, {"0 ? 1 : 0 ? 2 : 3", 3}, {"1 ? 0 ? 1 : 2 : 3", 2},
        {"1 ? 2 : 3 + 1", 2}, {"(1 ? 2 : 3) + 1", 3}, {"0 ? 1/0 : 5", 5}, {"1e3 + .5", 1000.5}, {"0x1p-3", 0.125}, {"0x10", 16},
        {"1.e2", 100}, {"010", 10}, {"2.5E-1", 0.25}, {"-1 < 0 ? -1 : 1", -1}, {"2 # two", 2}, {"1 +\n 2", 3}, {"((((5))))", 5},
        {"max(1, 2, 3) - min(4, 5)", -1}, {"sum(1, 2, 3) + mean(2, 4)", 9}, {"max(2)", 2}, {"dot(1, 2, 3, 4)", 11},
        {"norm2(3, 4)", 5}, {"logsumexp(0)", 0}, {"powi(2, -3)", 0.125}, {"leaky_relu(-2, 1/4)", -0.5}, {"fma(2, 3, 4)", 10},
        {"select(0, 1, 2)", 2}, {"clamp(5, 0, 1)", 1}, {"sqrt (16)", 4}, {"dx/E", 7.0 / 11}, {"E/dx", 11.0 / 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got = value(cases[i].text);
        cr_assert(got == cases[i].value, "%s is %.17g, not %.17g", cases[i].text, got, cases[i].value);
    }
    EQUAL(value("pi"), 3.14159265358979323846);
    EQUAL(value("x*y - y/x + x^2*y^3"), x * y - y / x + x * x * pow(y, 3));
    EQUAL(value("-x^y"), -pow(3, -0.5));
    EQUAL(value("y^0.5 == y^0.5 ? 1 : 0"), 0);         /* NaN */
    EQUAL(value("y^3"), -0.125);
}

/* What C records is what the text says, to the last bit of value and slopes. */
Test(grammar, has_every_row_by_its_name)
{
    for (int i = 0; i < ROWS; i++) {
        ad_tape *tape = ad_tape_new();
        ad_var v[OPERANDS];
        char text[256], name[16];
        size_t used = (size_t)snprintf(text, sizeof text, "%s(", rows[i].name);
        for (int k = 0; k < rows[i].operands; k++) {
            snprintf(name, sizeof name, "v%d", k);
            v[k] = ad_param(tape, name, (double[]){0.3, 0.4, 0.7, 0.2, 0.6, 0.9}[k]);
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", k ? ", " : "", name);
        }
        snprintf(text + used, sizeof text - used, rows[i].has_constant ? ", 2)" : ")");
        ad_var by_hand = rows[i].record(v, 2), by_text = ad_formula(tape, text);
        cr_assert(ad_tape_error(tape) == AD_OK, "%s: %s", text, ad_tape_error_message(tape));
        cr_assert(same(ad_value(by_hand), ad_value(by_text)), "%s is %.17g, not %.17g", text, ad_value(by_text), ad_value(by_hand));
        double slope[OPERANDS];
        ad_backward(by_hand);
        for (int k = 0; k < rows[i].operands; k++)
            slope[k] = ad_grad(v[k]);
        ad_backward(by_text);
        for (int k = 0; k < rows[i].operands; k++)
            cr_assert(same(ad_grad(v[k]), slope[k]), "d(%s)/d(v%d) is %.17g, not %.17g", text, k, ad_grad(v[k]), slope[k]);
        ad_tape_free(tape);
    }
}

/* ---- Printing and reading again --------------------------------------------------------------------------------------- */

static const char *const names[] = {"x", "y", "dx", "dy", "x.y", "E"};
enum { NAMES = sizeof names / sizeof *names };

static char *print(const ad_expression *e)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    cr_assert(ad_expression_print(e, stream) == AD_OK && !fclose(stream));
    return text;
}

static int equal(const ad_expression *a, const ad_expression *b)
{
    int same_nodes = a->size == b->size;
    for (size_t i = 0; same_nodes && i < a->size; i++) {
        const ad_formula_node *x = &a->nodes[i], *y = &b->nodes[i];
        same_nodes = x->kind == y->kind && x->op == y->op && x->operands == y->operands && x->first == y->first &&
                     x->symbol == y->symbol && x->number == y->number && !x->name == !y->name && (!x->name || !strcmp(x->name, y->name));
    }
    return same_nodes;
}

static void comes_back(const char *text, const char *printed)
{
    ad_expression *e = parse(text, NAMES, names);
    char *again = print(e);
    if (printed)
        cr_assert(!strcmp(again, printed), "%s is printed as %s, not %s", text, again, printed);
    ad_expression *f = parse(again, NAMES, names);
    cr_assert(equal(e, f), "%s, printed as %s, is another formula when it is read again", text, again);
    char *third = print(f);
    cr_assert(!strcmp(again, third), "%s, printed as %s, is then printed as %s", text, again, third);
    free(again);
    free(third);
    ad_expression_free(e);
    ad_expression_free(f);
}

Test(grammar, prints_formulas_with_the_parentheses_they_need)
{
    static const char *const cases[][2] = {
        {"((x+y))*2", "(x + y)*2"}, {"x-(y-1)", "x - (y - 1)"}, {"(x-y)-1", "x - y - 1"}, {"x/(y/2)", "x/(y/2)"}, {"x*(y*2)", "x*(y*2)"},
        {"(-x)^2", "(-x)^2"}, {"-(x^2)", "-x^2"}, {"(x^y)^2", "(x^y)^2"}, {"x^(y^2)", "x^y^2"}, {"x^-y", "x^-y"}, {"-(-x)", "-(-x)"},
        {"(x<y)<1", "(x < y) < 1"}, {"x<y==1", "x < y == 1"}, {"pow(x,2)+neg(y)", "x^2 + -y"}, {"add(x, mul(y, 2))", "x + y*2"},
        {"x<1?y:x>2?1:2", "x < 1 ? y : x > 2 ? 1 : 2"}, {"(x?y:1)*2", "(x ? y : 1)*2"}, {"(x?1:y)?1:2", "(x ? 1 : y) ? 1 : 2"},
        {"dE/d(x)*1.50e0", "d(E)/d(x)*1.50e0"}, {"\xe2\x88\x82\x45/\xe2\x88\x82x", "d(E)/d(x)"}, {"d(d(E^2)/dx.y)/d(y)", "d(d(E^2)/d(x.y))/d(y)"},
        {"div(dx,dy)", "dx/(dy)"}, {"(dx)/(dy)^2", "dx/(dy)^2"}, {"div(x,dy)/2", "x/(dy)/2"}, {"min(x,y,1,2)", "min(x, y, 1, 2)"},
        {"-pi*0x1p4", "-pi*0x1p4"}, {"d(E)/d(x)^2", "d(E)/d(x)^2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        comes_back(cases[i][0], cases[i][1]);
}

/* A random formula of about `budget` nodes, written with more parentheses than it needs, or fewer. */
static size_t write_random(char *out, size_t room, int budget, int order, uint64_t *state)
{
    static const char *const infix[] = {"+", "-", "*", "/", "^", "<", "<=", ">", ">=", "==", "!="};
    size_t n = 0;
    int what = budget < 2 ? random_below(state, 3) : 3 + random_below(state, order < 3 ? 9 : 8), half = budget / 2;
#define PUT(...) (n += (size_t)snprintf(out + n, room - n, __VA_ARGS__))
#define PART(b)  (n += write_random(out + n, room - n, b, order + (what == 11), state))
    switch (what) {
    case 0: PUT("%s", names[random_below(state, NAMES)]); break;
    case 1: PUT("%d.%d", random_below(state, 100), random_below(state, 100)); break;
    case 2: PUT("%s", random_below(state, 4) ? "3" : "pi"); break;
    case 3: case 4: case 5: case 6: {
        int op = random_below(state, 11);
        PUT("("); PART(half); PUT(")%s(", infix[op]); PART(budget - half); PUT(")");
        break;
    }
    case 7: PUT("-("); PART(budget - 1); PUT(")"); break;
    case 8: PUT("("); PART(budget / 3); PUT(") ? ("); PART(budget / 3); PUT(") : ("); PART(budget / 3); PUT(")"); break;
    case 9: PUT("max("); PART(half); PUT(", "); PART(half); PUT(", "); PART(1); PUT(")"); break;
    case 10: PUT("tanh("); PART(budget - 1); PUT(")"); break;
    default: PUT("d("); PART(budget - 1); PUT(")/d(%s)", names[random_below(state, NAMES)]); break;
    }
    return n;
}

Test(grammar, reads_what_it_printed)
{
    uint64_t state = 20261123;
    char *text = malloc(1 << 20);
    for (int i = 0; i < 3000; i++) {
        write_random(text, 1 << 20, 1 + i % 60, 0, &state);
        comes_back(text, NULL);
    }
    free(text);
}

/* ---- Looking in -------------------------------------------------------------------------------------------------------- */

Test(grammar, tells_literals_from_formulas)
{
    static const struct { const char *text; int is; ad_literal literal; } cases[] = {
        {"0.52498", 1, {0.52498, 0, -5, 5}}, {"-0.0451", 1, {-0.0451, 0, -4, 3}}, {"+7", 1, {7, 1, 0, 1}}, {"120", 1, {120, 1, 0, 3}},
        {"1.20e3", 1, {1200, 0, 1, 3}}, {"1e3", 1, {1000, 0, 3, 1}}, {"5.", 1, {5, 0, 0, 1}}, {".5", 1, {0.5, 0, -1, 1}},
        {"0x1p-2", 1, {0.25, 1, 0, 1}}, {"0.000", 1, {0, 0, -3, 1}}, {"(2.5e-10)", 1, {2.5e-10, 0, -11, 2}}, {"-(0.25)", 1, {-0.25, 0, -2, 2}},
        {"0.1 + 0", 0, {0, 0, 0, 0}}, {"--1", 0, {0, 0, 0, 0}}, {"x", 0, {0, 0, 0, 0}}, {"pi", 0, {0, 0, 0, 0}}, {"2*3", 0, {0, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ad_expression *e = parse(cases[i].text, NAMES, names);
        ad_literal got = {0}, want = cases[i].literal;
        cr_assert(ad_expression_literal(e, &got) == cases[i].is, "%s", cases[i].text);
        cr_assert(got.value == want.value && got.exact == want.exact && got.exponent == want.exponent && got.digits == want.digits,
                  "%s: %g, %d, 10^%d, %d digits", cases[i].text, got.value, got.exact, got.exponent, got.digits);
        ad_expression_free(e);
    }
}

static void shows(const ad_expression *e, size_t i, const char *text, char at)
{
    const ad_formula_node *n = &e->nodes[i];
    cr_assert(strlen(text) == n->length && !memcmp(e->text + n->at, text, n->length), "node %zu is '%.*s', not '%s'", i, (int)n->length,
              e->text + n->at, text);
    cr_assert(e->text[n->where] == at, "node %zu is pointed at '%c', not '%c'", i, e->text[n->where], at);
}

Test(grammar, knows_where_each_node_stands)
{
    ad_expression *e = parse("  (x + 1)*-tanh(y) / d(E)/d(x)  ", NAMES, names);
    cr_assert_str_eq(e->text, "(x + 1)*-tanh(y) / d(E)/d(x)");
    cr_assert(e->length == strlen(e->text));
    static const struct { const char *text; char at; } nodes[] = {
        {"x", 'x'}, {"1", '1'}, {"(x + 1)", '+'}, {"y", 'y'}, {"tanh(y)", 't'}, {"-tanh(y)", '-'}, {"(x + 1)*-tanh(y)", '*'}, {"E", 'E'},
        {"d(E)/d(x)", 'd'}, {"(x + 1)*-tanh(y) / d(E)/d(x)", '/'},
    };
    cr_assert(e->size == sizeof nodes / sizeof *nodes);
    for (size_t i = 0; i < e->size; i++)
        shows(e, i, nodes[i].text, nodes[i].at);
    cr_assert(e->nodes[6].operands == 2 && e->nodes[6].first == 0 && e->nodes[5].first == 3 && e->nodes[8].operands == 1);
    ad_expression_free(e);

    ad_problem problem;
    e = ad_expression_parse("a*b.c + a + dz/dt", 17, 0, NULL, &problem);      /* any names */
    cr_assert(e && ad_expression_names(e) == 4 && !ad_expression_name(e, 4), "%s", problem.message);
    cr_assert_str_eq(ad_expression_name(e, 1), "b.c");
    cr_assert_str_eq(ad_expression_name(e, 3), "dt");
    ad_expression_free(e);
}
