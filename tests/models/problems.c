/* problems.c -- what is said of a model that is not one: the whole message, with its place and its caret. */
#include "unit.h"

#include <stdlib.h>

/* Prints with a dot for every line end, so that a case is one text; NULL says that the model is right. */
static char *printed(const char *text, size_t length)
{
    char *out = NULL;
    size_t size;
    ad_problem problem;
    ad_model *m = ad_model_parse(text, length, &problem);
    FILE *stream = open_memstream(&out, &size);
    cr_assert((m != NULL) == (problem.status == AD_OK));
    ad_problem_print(&problem, "m", stream);
    fclose(stream);
    ad_model_free(m);
    return out;
}

static const struct { const char *text, *says; } cases[] = {
    /* names */
    {"param W36 = 1\nparam W13 = 1\ne6 = W63*2", "m:3:6: unknown name 'W63'; did you mean 'W36'?\n  e6 = W63*2\n       ^~~\n"},
    {"param rate = 1\ny = Rate", "m:2:5: unknown name 'Rate'; did you mean 'rate'?\n  y = Rate\n      ^~~~\n"},
    {"param rate = 1\ny = q", "m:2:5: unknown name 'q'\n  y = q\n      ^\n"},
    {"y = z + 1\nz = 2", "m:1:5: 'z' is not defined yet: line 2 defines it, and a name is used below that line only\n  y = z + 1\n      ^\n"},
    {"y = y + 1", "m:1:5: unknown name 'y'\n  y = y + 1\n      ^\n"},
    {"y = y + 1\n", "m:1:5: 'y' is not defined yet: line 1 defines it, and a name is used below that line only\n  y = y + 1\n      ^\n"},
    {"param w = 1\nconst w = 2", "m:2:7: 'w' is defined already, in line 1\n  const w = 2\n        ^\n"},
    {"param tanh = 1", "m:1:7: 'tanh' is a function: expected another name\n  param tanh = 1\n        ^~~~\n"},
    {"pi = 3", "m:1:1: 'pi' is the number pi: expected another name\n  pi = 3\n  ^~\n"},
    {"param d = 3", "m:1:7: 'd' is the sign of a derivative: expected another name\n  param d = 3\n        ^\n"},
    {"in = 3", "m:1:1: 'in' is a keyword: expected another name\n  in = 3\n  ^~\n"},
    {"param = 3", "m:1:7: expected a name, found '='\n  param = 3\n        ^\n"},
    {"y = claim + 1", "m:1:5: expected a number, a name, '(' or '-'; 'claim' is a keyword\n  y = claim + 1\n      ^~~~~\n"},
    /* functions */
    {"y = sigmod(1)", "m:1:5: unknown function 'sigmod'; did you mean 'sigmoid'?\n  y = sigmod(1)\n      ^~~~~~\n"},
    {"y = ln(2)", "m:1:5: unknown function 'ln'; did you mean 'log'?\n  y = ln(2)\n      ^~\n"},
    {"y = exp", "m:1:5: 'exp' is a function: expected its arguments, exp(x)\n  y = exp\n      ^~~\n"},
    {"y = exp(1, 2)", "m:1:5: exp takes 1 argument, here are 2\n  y = exp(1, 2)\n      ^~~~~~~~~\n"},
    {"y = hypot(1)", "m:1:5: hypot takes 2 arguments, here is 1\n  y = hypot(1)\n      ^~~~~~~~\n"},
    {"y = max()", "m:1:5: max takes at least 1 argument, here are 0\n  y = max()\n      ^~~~~\n"},
    {"y = dot(1, 2, 3)", "m:1:5: dot takes an even number of arguments, here are 3\n  y = dot(1, 2, 3)\n      ^~~~~~~~~~~~\n"},
    {"param w = 1\ny = w(2)", "m:2:5: 'w' is not a function; a product is written w*(...)\n  y = w(2)\n      ^\n"},
    {"y = pi(2)", "m:1:5: 'pi' is the number pi; a product is written with *\n  y = pi(2)\n      ^~\n"},
    {"param w = 1\ny = powi(2, w)", "m:2:13: the second argument of powi is a constant: expected a formula of numbers alone; a power of a name is "
     "written x^y\n  y = powi(2, w)\n              ^\n"},
    {"y = powi(2, 0.5 + 1)", "m:1:13: the second argument of powi is 1.5: expected an integer\n  y = powi(2, 0.5 + 1)\n              ^~~~~~~\n"},
    {"y = polygamma(2, -1)", "m:1:18: the second argument of polygamma is -1: expected an integer, 0 or more\n  y = polygamma(2, -1)\n"
     "                   ^~\n"},
    /* brackets, operators, ends */
    {"y = 2*(3 + 4", "m:1:7: this '(' is not closed; expected ')', found the end\n  y = 2*(3 + 4\n        ^\n"},
    {"y = exp(3 + 4", "m:1:8: this '(' is not closed; expected ')', found the end\n  y = exp(3 + 4\n         ^\n"},
    {"y = 2*3) + 4", "m:1:8: ')' without a '(' before it\n  y = 2*3) + 4\n         ^\n"},
    {"y = 2 +", "m:1:8: expected a number, a name, '(' or '-', found the end\n  y = 2 +\n         ^\n"},
    {"y = 2 + * 3", "m:1:9: expected a number, a name, '(' or '-', found '*'\n  y = 2 + * 3\n          ^\n"},
    {"y = ()", "m:1:6: expected a number, a name, '(' or '-', found ')'\n  y = ()\n       ^\n"},
    {"y =", "m:1:4: expected a number, a name, '(' or '-', found the end\n  y =\n     ^\n"},
    {"y = 2 3", "m:1:7: expected an operator, found '3'; a product is written x*y\n  y = 2 3\n        ^\n"},
    {"param x = 1\ny = 2x", "m:2:5: expected an operator after the number; a product is written 2*x\n  y = 2x\n      ^~\n"},
    {"param x = 1\ny = 2(x)", "m:2:6: expected an operator, found '('; a product is written x*y\n  y = 2(x)\n       ^\n"},
    {"y = 1, 2", "m:1:6: ',' outside the arguments of a function\n  y = 1, 2\n       ^\n"},
    {"y = 1 ? 2", "m:1:10: expected ':' for the other case of '?'\n  y = 1 ? 2\n           ^\n"},
    {"y = (1 ? 2)", "m:1:11: expected ':' for the other case of '?'\n  y = (1 ? 2)\n            ^\n"},
    {"y = 1 : 2", "m:1:7: ':' without a '?' before it\n  y = 1 : 2\n        ^\n"},
    {"y = 1 < 2 < 3", "m:1:11: comparisons do not chain: a < b < c is written (a < b)*(b < c)\n  y = 1 < 2 < 3\n            ^\n"},
    {"y = 2**3", "m:1:6: '**' is not of this language: a power is written x^y\n  y = 2**3\n       ^~\n"},
    {"y = 1 && 0", "m:1:7: '&&' is not of this language: 'both' is written (a < b)*(c < d)\n  y = 1 && 0\n        ^~\n"},
    {"y = 1 = 2", "m:1:7: expected the end of the formula; a comparison is written ==, found '='\n  y = 1 = 2\n        ^\n"},
    {"y == 2", "m:1:3: expected '='; '==' compares, found '=='\n  y == 2\n    ^~\n"},
    {"y = 1 \"note\"", "m:1:7: expected the end of the line; notes belong to claims, found '\"note\"'\n  y = 1 \"note\"\n        ^~~~~~\n"},
    /* numbers */
    {"y = 1.2.3", "m:1:5: not a number in C notation; expected one like 2, 0.5, .5, 1e-3 or 0x1p-3\n  y = 1.2.3\n      ^~~~~\n"},
    {"y = 0x", "m:1:5: not a number in C notation; expected one like 2, 0.5, .5, 1e-3 or 0x1p-3\n  y = 0x\n      ^~\n"},
    {"y = 1e999", "m:1:5: the number is too large for a double\n  y = 1e999\n      ^~~~~\n"},
    {"y = .", "m:1:5: neither a number nor part of a name: expected a digit after the '.' of a number, letters on both sides of one in a name\n"
     "  y = .\n      ^\n"},
    {"param a. = 2", "m:1:8: neither a number nor part of a name: expected a digit after the '.' of a number, letters on both sides of one in a name\n"
     "  param a. = 2\n         ^\n"},
    /* statements */
    {"const w = 1/3", "m:1:12: expected the end of the line: a const is one number, a formula is written NAME = ..., found '/'\n"
     "  const w = 1/3\n             ^\n"},
    {"param w = x", "m:1:11: expected a number, found 'x'\n  param w = x\n            ^\n"},
    {"param w", "m:1:8: expected '=', found the end of the line\n  param w\n         ^\n"},
    {"parm w = 1", "m:1:1: no statement begins with 'parm'; did you mean 'param'?\n  parm w = 1\n  ^~~~\n"},
    {"x + 1 = 2", "m:1:3: expected '=', found '+'\n  x + 1 = 2\n    ^\n"},
    {"(x) = 2", "m:1:1: expected const, param, column, minimize, claim or NAME = formula, found '('\n  (x) = 2\n  ^\n"},
    {"param w = 1 in (2, 3)", "m:1:11: the value 1 is outside the bounds (2, 3)\n  param w = 1 in (2, 3)\n            ^\n"},
    {"param w = 1 in (3, 0)", "m:1:17: the low bound is not below the high one\n  param w = 1 in (3, 0)\n                  ^~~~\n"},
    {"param w = 1 in 0, 3", "m:1:16: expected '(': bounds are written in (low, high), found '0'\n  param w = 1 in 0, 3\n                 ^\n"},
    {"param w = 1 in [0, 3]", "m:1:16: expected '(': bounds are written in (low, high)\n  param w = 1 in [0, 3]\n                 ^\n"},
    {"let w = 1", "m:1:1: no statement begins with 'let': expected const, param, column, minimize, claim or NAME = formula\n  let w = 1\n  ^~~\n"},
    {"claim 2 == 2", "m:1:13: expected '=' (and '==' compares): a claim is FORMULA = FORMULA, found the end of the line\n  claim 2 == 2\n"
     "              ^\n"},
    {"column x = 1", "m:1:10: expected the end of the line: one column a line, its values come with the data, found '='\n"
     "  column x = 1\n           ^\n"},
    {"y = 1\nminimize z", "m:2:10: unknown name 'z'\n  minimize z\n           ^\n"},
    {"y = 1\nminimize y^2", "m:2:11: expected the end of the line: what is minimized is a name; write E = ... above, found '^'\n"
     "  minimize y^2\n            ^\n"},
    {"y = 1\nminimize y\nminimize y", "m:3:10: line 2 says what to minimize already\n  minimize y\n           ^\n"},
    {"claim 1 + 1", "m:1:12: expected '=': a claim is FORMULA = FORMULA, found the end of the line\n  claim 1 + 1\n             ^\n"},
    {"claim 1 = 1 \"note", "m:1:13: the note has no closing quote in this line\n  claim 1 = 1 \"note\n              ^\n"},
    {"claim 1 = 1 = 1", "m:1:13: expected a note in double quotes or the end of the line, found '='\n  claim 1 = 1 = 1\n              ^\n"},
    /* derivatives */
    {"param w = 1\nE = w^2\nclaim d(E)/dv = 2", "m:3:13: unknown name 'v'\n  claim d(E)/dv = 2\n              ^\n"},
    {"param w = 1\nE = w^2\nclaim d(E) = 2", "m:3:12: expected '/d(NAME)' after d(...): a derivative is written d(E)/d(w)\n  claim d(E) = 2\n             ^\n"},
    {"param w = 1\nE = w^2\nclaim d(E)/d(w + 1) = 2", "m:3:16: expected ')': a derivative is with respect to one name, d(E)/d(w)\n"
     "  claim d(E)/d(w + 1) = 2\n                 ^\n"},
    {"param w = 1\nE = w^2\nclaim d(E)/2 = 2", "m:3:12: expected d(NAME), what to differentiate by, found '2'; a derivative is written d(E)/d(w)\n"
     "  claim d(E)/2 = 2\n             ^\n"},
    {"param w = 1\nclaim d2(w)/d(w)2 = 0", "m:2:7: unknown function 'd2'; a second derivative is written d(d(E)/d(w))/d(w)\n  claim d2(w)/d(w)2 = 0\n"
     "        ^~\n"},
    {"param w = 1\nclaim d^2w/dw^2 = 0", "m:2:7: expected '(' after d: a second derivative is written d(d(E)/d(w))/d(w)\n  claim d^2w/dw^2 = 0\n        ^\n"},
    {"y = d", "m:1:5: expected '(' after d: a derivative is written d(E)/d(w)\n  y = d\n      ^\n"},
    {"param w = 1\nE = w^2\nclaim d(E)/d(2) = 2", "m:3:14: expected the name to differentiate by, found '2'\n  claim d(E)/d(2) = 2\n               ^\n"},
    /* bytes */
    {"y = 1 \xe2\x88\x92 2", "m:1:7: '\xe2\x88\x92' is not of this language: the sign is written -\n  y = 1 \xe2\x88\x92 2\n        ^\n"},
    {"\xce\xb1 = 1", "m:1:1: the character '\xce\xb1' (U+03B1) is not of this language: names are of ASCII letters, digits and _\n"
     "  \xce\xb1 = 1\n  ^\n"},
    {"y = \xff", "m:1:5: byte 0xff is not UTF-8 text\n  y = ?\n      ^\n"},
    {"y = \t2 +\t\x01", "m:1:10: a control character, 0x01\n  y =  2 + ?\n           ^\n"},
    {"claim 1 = 1 \"\xc3\"", "m:1:14: byte 0xc3 is not UTF-8 text\n  claim 1 = 1 \"?\"\n               ^\n"},
    {"y = \xe2\x88\x82\x45", "m:1:6: unknown name 'E'\n  y = \xe2\x88\x82\x45\n       ^\n"},
    {"# one\r\ny = 1\r\nz = 1 +\r\n", "m:3:8: expected a number, a name, '(' or '-', found the end\n  z = 1 +\n         ^\n"},
    {"# one\ry = 1\rz = 1 +", "m:3:8: expected a number, a name, '(' or '-', found the end\n  z = 1 +\n         ^\n"},
};

Test(problems, are_told_with_their_place_and_how_to_mend_them)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out = printed(cases[i].text, strlen(cases[i].text));
        if (strcmp(out, cases[i].says)) {
            failed++;
            fprintf(stderr, "%s\n--- says\n%s--- not\n%s\n", cases[i].text, out, cases[i].says);
        }
        free(out);
    }
    cr_assert(!failed, "%d messages differ", failed);
}

Test(problems, show_the_part_of_a_long_line_around_them)
{
    char text[2000] = "y = 1";
    for (int i = 0; i < 100; i++)
        strcat(text, " + 0.25");
    strcat(text, " + bad");
    for (int i = 0; i < 100; i++)
        strcat(text, " + 0.25");
    char *out = printed(text, strlen(text));
    const char *expected = "m:1:709: unknown name 'bad'\n  ...";
    cr_assert(!strncmp(out, expected, strlen(expected)), "%s", out);
    const char *second = strchr(out, '\n') + 1, *third = strchr(second, '\n') + 1;
    cr_assert(third - second < 165 && !strncmp(third - 4, "...", 3));
    cr_assert(!strncmp(second + strcspn(third, "^"), "bad", 3) && !strcmp(third + strcspn(third, "^"), "^~~\n"), "%s", out);
    free(out);
}

Test(problems, name_bytes_that_are_no_text)
{
    static const char nul[] = "y = 1\nz = \0 2\n";
    char *out = printed(nul, sizeof nul - 1);
    cr_assert_str_eq(out, "m:2:5: a NUL byte: this is not text\n  z = ? 2\n      ^\n");
    free(out);
    ad_problem problem;
    cr_assert(!ad_expression_parse("1\0", 2, 0, NULL, &problem) && problem.status == AD_ERROR_SYNTAX && problem.column == 2);
    cr_assert(!ad_expression_parse("", 0, 0, NULL, &problem) && problem.line == 1 && problem.column == 1);
}

Test(problems, of_files_are_errors_of_reading)
{
    ad_problem problem;
    cr_assert(!ad_model_load("/nowhere/none.model", &problem) && problem.status == AD_ERROR_IO && problem.line == 0);
    char *out = NULL;
    size_t size;
    FILE *stream = open_memstream(&out, &size);
    ad_problem_print(&problem, "/nowhere/none.model", stream);
    fclose(stream);
    cr_assert_str_eq(out, "/nowhere/none.model: cannot be opened: No such file or directory\n");
    free(out);
    cr_assert(!ad_model_load("/", &problem) && problem.status == AD_ERROR_IO);
    cr_assert(!ad_model_load(NULL, NULL));
}

/* Any line end, tabs, a byte order mark, no last line end, comments in any encoding: the same model. */
Test(problems, are_none_where_the_text_is_merely_odd)
{
    static const char *const texts[] = {
        "param w = 1\ny = w*2\nclaim y = 2", "\xef\xbb\xbfparam w = 1\r\ny = w*2\r\nclaim y = 2\r\n", "param w = 1\ry = w*2\rclaim y = 2\r",
        "\tparam\tw\t=\t1\n\n\n y=w * 2 # caf\xe9\n#\nclaim\ty=2#c", "param w=1 \n#\xff\xfe\ny=w*2\n\nclaim y=2   \n\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ad_problem problem;
        ad_model *m = ad_model_parse(texts[i], strlen(texts[i]), &problem);
        cr_assert(m, "text %zu: %s", i, problem.message);
        cr_assert(ad_model_symbols(m) == 2 && ad_model_claims(m) == 1);
        ad_model_free(m);
    }
    static const char *const nothing[] = {"", "\n", "# nothing", "\xef\xbb\xbf", "\r\n\r\n", "   "};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        ad_model *m = ad_model_parse(nothing[i], strlen(nothing[i]), NULL);
        cr_assert(m && ad_model_symbols(m) == 0 && ad_model_minimize(m) == AD_NO_SYMBOL);
        ad_tape *tape = ad_tape_new();
        cr_assert(ad_model_record(m, tape, NULL) == AD_OK);
        ad_tape_free(tape);
        ad_model_free(m);
    }
}
