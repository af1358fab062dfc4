/* rule_book.c -- an operation has two homes, a row of ops.def and a documented prototype, and neither is without the
 * other; what a row says in text can be read, and means what the compiler makes of it.
 */
#define ad_rules           book_rules      /* the reader itself, compiled in: its parser is not exported */
#define ad_partial_program book_partial_program
#include "autodiff/rules/rules.c"
#undef words

#include "unit.h"
#include "rows.h"

#include <stdlib.h>

/* ---- The header, as text ----------------------------------------------------------------------------------------- */

static char *text_of(const char *path)
{
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s cannot be opened", path);
    char *text = calloc(1, 1 << 20);
    size_t n = fread(text, 1, (1 << 20) - 1, file);
    cr_assert(n > 1000 && n < (1 << 20) - 1, "%s has %zu bytes", path, n);
    fclose(file);
    return text;
}

static int is_letter(char c) { return c == '_' || isalnum((unsigned char)c); }

/* The row of a name, or NULL. */
static const struct row *row_of(const char *name, size_t length)
{
    for (int i = 0; i < ROWS; i++)
        if (strlen(rows[i].name) == length && !strncmp(rows[i].name, name, length))
            return &rows[i];
    return NULL;
}

typedef struct line {
    const char *start, *end;
} line;

static int begins(line l, const char *with)
{
    return (size_t)(l.end - l.start) >= strlen(with) && !strncmp(l.start, with, strlen(with));
}
static int ends(line l, const char *with)
{
    return (size_t)(l.end - l.start) >= strlen(with) && !strncmp(l.end - strlen(with), with, strlen(with));
}

/* The comment that ends in the line before l opens with slash, two stars, a space, and a word. */
static int is_documented(const line *lines, int i)
{
    if (i == 0 || !ends(lines[i - 1], "*/"))
        return 0;
    while (--i >= 0 && !begins(lines[i], "/*"))
        if (!begins(lines[i], " *"))
            return 0;
    return i >= 0 && begins(lines[i], "/** ") && lines[i].end - lines[i].start > 12;
}

/* Says what is wrong with the header's text, and how much is. */
static int faults_of(const char *text, char *said, size_t room)
{
    static line lines[4000];
    int n = 0, faults = 0, has_prototype[ROWS] = {0}, has_macro[ROWS] = {0};
    for (const char *at = text; *at && n < 4000; at += *at == '\n') {
        lines[n].start = at;
        at += strcspn(at, "\n");
        lines[n++].end = at;
    }
    *said = 0;
#define SAY(what, length, name) \
    (faults++, snprintf(said + strlen(said), room - strlen(said), "%.*s: %s\n", (int)(length), name, what))
    for (int i = 0; i < n; i++) {
        const char *prefix[] = {"AD_API ad_var ad_", "static inline ad_var ad_", "#define ad_"};
        for (int k = 0; k < 3; k++) {
            if (!begins(lines[i], prefix[k]))
                continue;
            const char *name = lines[i].start + strlen(prefix[k]);
            size_t length = 0;
            while (is_letter(name[length]))
                length++;
            if (name[length] != '(')
                continue;
            const struct row *row = row_of(name, length);
            if (!row)
                SAY(k < 2 ? "a prototype without a row" : "a macro without a row", length, name);
            else if (k < 2)
                has_prototype[row - rows]++;
            else {
                has_macro[row - rows]++;
                char lift[96];
                snprintf(lift, sizeof lift, "AD_LIFT%c(ad_%.*s,", row->has_constant ? 'C' : (char)('0' + row->operands),
                         (int)length, name);
                const char *found = strstr(lines[i].start, lift);
                if (!found || found > lines[i].end)
                    SAY("the macro does not lift its operands to it", length, name);
            }
            if (k < 2 && !is_documented(lines, i))
                SAY("no comment right above", length, name);
        }
    }
    for (int i = 0; i < ROWS; i++) {
        if (has_prototype[i] != 1)
            SAY("a row without one prototype", strlen(rows[i].name), rows[i].name);
        if (has_macro[i] != !rows[i].is_list)
            SAY("a row without its macro", strlen(rows[i].name), rows[i].name);
    }
    return faults;
}

Test(rule_book, every_row_has_a_documented_prototype_and_every_prototype_a_row)
{
    static char said[8192];
    char *text = text_of(OPERATIONS_H);
    int faults = faults_of(text, said, sizeof said);
    cr_assert(faults == 0, "%d faults in operations.h:\n%s", faults, said);
    free(text);
}

static void replace(char *text, const char *old, const char *new)
{
    char *at = strstr(text, old);
    cr_assert(at, "operations.h has no \"%s\": the test below tests nothing", old);
    size_t n = strlen(old), m = strlen(new);
    memmove(at + m, at + n, strlen(at + n) + 1);
    memcpy(at, new, m);
}

Test(rule_book, a_forgotten_prototype_macro_row_or_comment_would_be_noticed)
{
    static char said[8192];
    const struct {
        const char *old, *new, *what;
    } slips[] = {
        {"AD_API ad_var ad_tanh(ad_var x);", "", "tanh: a row without one prototype"},
        {"#define ad_tanh(x) AD_LIFT1(ad_tanh, x)", "", "tanh: a row without its macro"},
        {"#define ad_tanh(x) AD_LIFT1(ad_tanh, x)", "#define ad_tanh(x) AD_LIFT1(ad_sinh, x)",
         "tanh: the macro does not lift"},
        {"AD_API ad_var ad_tanh(ad_var x);",
         "AD_API ad_var ad_tanh(ad_var x);\n/** A note */\nAD_API ad_var ad_tahn(ad_var x);",
         "tahn: a prototype without a row"},
        {"AD_API ad_var ad_tanh(ad_var x);", "\nAD_API ad_var ad_tanh(ad_var x);", "tanh: no comment right above"},
        {"/** the hyperbolic tangent of x.", "/* the hyperbolic tangent of x.", "tanh: no comment right above"},
        {"AD_API ad_var ad_norm2(size_t n, const ad_var *x);", "", "norm2: a row without one prototype"},
    };
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        char *text = text_of(OPERATIONS_H);
        replace(text, slips[i].old, slips[i].new);
        int faults = faults_of(text, said, sizeof said);
        cr_assert(faults >= 1 && strstr(said, slips[i].what), "slip %zu was told as: %s", i, said);
        free(text);
    }
}

/* ---- What rows say ----------------------------------------------------------------------------------------------- */

enum { FIRST_ROW = AD_OP_THIRD + 1 };

Test(rule_book, the_exported_table_is_the_one_that_is_tested_here)
{
    cr_assert(ROWS == AD_OP_COUNT - FIRST_ROW);
    for (int i = 0; i < ROWS; i++)
        cr_assert(!strcmp(book_rules[FIRST_ROW + i].name, rows[i].name) && *book_rules[FIRST_ROW + i].words);
}

Test(rule_book, every_value_and_every_partial_can_be_read)
{
    for (int op = FIRST_ROW; op < AD_OP_COUNT; op++) {
        const ad_rule *rule = &book_rules[op];
        ad_program program;
        if (rule->kind == AD_LIST || rule->kind == AD_PAIRS) {
            char call[64];
            snprintf(call, sizeof call, "%s(n, x%s)", rule->name, rule->arity == 2 ? ", y" : "");
            cr_assert(!strcmp(rule->value, call), "%s: %s", rule->name, rule->value);
        } else
            cr_assert(read_expression(rule->value, &program), "%s: the value %s", rule->name, rule->value);
        for (int k = 0; k < rule->partials; k++)
            cr_assert(book_partial_program((enum ad_op)op, k), "%s: the partial %s", rule->name, rule->partial[k]);
    }
}

Test(rule_book, what_is_not_of_the_language_is_refused)
{
    const char *bad[] = {
        "",    "x +",   "(x",       "x)", "q",    "sin(x, y)", "sin()", "pow(x)", "nothing(x)", "x y",  "x ? y",
        "1 2", "x & y", "x ? y : ", "-",  "x, y", "sin x",     "()",    "x ++ y", "+x",         "y : x"};
    ad_program program;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert(!read_expression(bad[i], &program), "\"%s\" was read", bad[i]);
}

/* Runs a partial's program on plain numbers. */
static double run(const ad_program *program, double x, double y, double w, double z, double n, double m)
{
    ad_var stack[AD_DEPTH + 1];
    int depth = 0;
    for (int i = 0; i < program->size; i++) {
        int op = program->step[i].op;
        const double pushed[] = {x, y, w, z, n, m, program->step[i].number};
        if (op >= AD_OP_COUNT)
            stack[depth++] = ad_const(pushed[op - AD_OP_COUNT]);
        else {
            const struct row *row = &rows[op - FIRST_ROW];
            depth -= book_rules[op].arity;
            stack[depth] = row->record(stack + depth, row->has_constant ? (int)stack[depth + 1].value : 0);
            depth++;
        }
    }
    cr_assert(depth == 1);
    return stack[0].value;
}

Test(rule_book, the_text_of_a_partial_means_what_the_compiler_makes_of_it)
{
    uint64_t state = 20240607;
    const double special[] = {0, -0.0, 1, -1, 0.5, 2, 1e-300, 1e300, -1e300, INFINITY, -INFINITY, NAN, 40, -40, 3, -2};
    for (int i = 0; i < ROWS; i++)
        for (int round = 0; round < 300; round++) {
            double v[OPERANDS];
            for (int k = 0; k < OPERANDS; k++)
                v[k] = round % 2 ? random_within(&state, -4, 4) : special[random_below(&state, 16)];
            int c = random_below(&state, 5), operands = rows[i].operands, list = rows[i].is_list;
            double z = row_value(&rows[i], v, c);
            for (int k = 0; k < operands; k++) {
                int place = list ? k / LIST : k;
                double x = list ? v[k % LIST] : v[0], y = rows[i].has_constant ? c : list ? v[LIST + k % LIST] : v[1];
                double told = run(book_partial_program((enum ad_op)(FIRST_ROW + i), place), x, y, v[2], z, LIST,
                                  (v[0] == z) + (v[1] == z) + (v[2] == z));
                double compiled = rows[i].partial(k, v, c, z);
                cr_assert(
                    identical(told, compiled) || (isnan(told) && isnan(compiled)),
                    "%s, partial %d, \"%s\" at (%.17g, %.17g, %.17g), c = %d, z = %.17g: %.17g as text, %.17g compiled",
                    rows[i].name, place, book_rules[FIRST_ROW + i].partial[place], v[0], v[1], v[2], c, z, told,
                    compiled);
            }
        }
}
