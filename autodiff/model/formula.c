/* formula.c -- formulas recorded on a tape, and what their nodes say. The grammar is parser.c's. */
#include "parser.h"

#include "autodiff/rules/rules.h"
#include "autodiff/tape/internal.h"
#include "autodiff/tape/operations.h"
#include "limits.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* ---- Rows -------------------------------------------------------------------------------------------------------------- */

ad_var ad_apply(enum ad_op op, size_t n, const ad_var *v)
{
    if (n != 2 && (op == AD_OP_min || op == AD_OP_max))        /* ties of more than two share equally */
        return op == AD_OP_min ? ad_minimum(n, v) : ad_maximum(n, v);
    switch (op) {
#define OP1(name, ...) case AD_OP_##name: return ad_##name(v[0]);
#define OP2(name, ...) case AD_OP_##name: return ad_##name(v[0], v[1]);
#define OP3(name, ...) case AD_OP_##name: return ad_##name(v[0], v[1], v[2]);
#define FC1(name, ...) case AD_OP_##name: return ad_record(op, v[0], v[1], ad_const(0));
#define NA1(name, ...) case AD_OP_##name: return ad_##name(n, v);
#define NA2(name, ...) case AD_OP_##name: return ad_##name(n / 2, v, v + n / 2);
#include "../ops.def"
    default: return ad_const(NAN);
    }
}

/* x^n with n written as an integer is a square or an integer power: no slope by n, and right for any sign of x. */
static ad_var apply_power(const ad_expression *e, size_t i, const ad_var *v)
{
    const ad_formula_node *exponent = &e->nodes[i - 1];
    int literal = exponent->kind == AD_NODE_NUMBER ||
                  (exponent->kind == AD_NODE_ROW && exponent->op == AD_OP_neg && exponent[-1].kind == AD_NODE_NUMBER);
    double n = v[1].value;
    if (!literal || n != floor(n) || fabs(n) > INT_MAX)
        return ad_pow(v[0], v[1]);
    return n == 2 ? ad_square(v[0]) : ad_powi(v[0], (int)n);
}

/* ---- Derivatives of names: one sweep for all that are asked of a name ---------------------------------------------------- */

typedef struct asked {
    uint32_t of, by;
    ad_var   slope;
} asked;

typedef struct sweeps {
    ad_tape *tape;
    asked   *list;                         /* [count] rising, each once */
    ad_var  *by;                           /* [count] for a sweep */
    size_t   room, count;
} sweeps;

static int precedes(const asked *a, const asked *b) { return a->of < b->of || (a->of == b->of && a->by < b->by); }

static void sift(asked *heap, size_t i, size_t n)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        asked moved = heap[i];
        child += child + 1 < n && precedes(&heap[child], &heap[child + 1]);
        if (!precedes(&moved, &heap[child]))
            return;
        heap[i] = heap[child];
        heap[child] = moved;
    }
}

static void sort(asked *list, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(list, i, n);
    for (size_t i = n; i-- > 1;) {
        asked last = list[i];
        list[i] = list[0];
        list[0] = last;
        sift(list, 0, i);
    }
}

static int is_of_name(const ad_expression *e, size_t i)
{
    return e->nodes[i].kind == AD_NODE_DERIVATIVE && e->nodes[i - 1].kind == AD_NODE_NAME;
}

static void sweep_names(sweeps *s, const ad_var *vars)
{
    for (size_t i = 0, next; i < s->count; i = next) {
        for (next = i; next < s->count && s->list[next].of == s->list[i].of; next++)
            s->by[next - i] = vars[s->list[next].by];
        ad_gradient(vars[s->list[i].of], next - i, s->by, s->by);
        for (size_t k = i; k < next; k++)
            s->list[k].slope = s->by[k - i];
    }
}

/* 0 without memory. */
static int collect(sweeps *s, size_t n, const ad_expression *const *e, const ad_var *vars)
{
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < e[k]->size; i++)
            s->room += (size_t)is_of_name(e[k], i);
    if (!s->room)
        return 1;
    s->list = ad_resize(&s->tape->allocator, NULL, 0, s->room * sizeof *s->list);
    s->by = ad_resize(&s->tape->allocator, NULL, 0, s->room * sizeof *s->by);
    if (!s->list || !s->by)
        return 0;
    size_t all = 0;
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < e[k]->size; i++)
            if (is_of_name(e[k], i))
                s->list[all++] = (asked){e[k]->nodes[i - 1].symbol, e[k]->nodes[i].symbol, ad_const(NAN)};
    sort(s->list, all);
    for (size_t i = 0; i < all; i++)
        if (!s->count || precedes(&s->list[s->count - 1], &s->list[i]))
            s->list[s->count++] = s->list[i];
    sweep_names(s, vars);
    return 1;
}

static ad_var slope_of_name(const sweeps *s, uint32_t of, uint32_t by)
{
    const asked wanted = {of, by, {0, 0}};
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (precedes(&s->list[middle], &wanted))
            low = middle + 1;
        else
            high = middle;
    }
    return s->list[low].slope;
}

static void drop(sweeps *s)
{
    if (s->list)
        ad_resize(&s->tape->allocator, s->list, s->room * sizeof *s->list, 0);
    if (s->by)
        ad_resize(&s->tape->allocator, s->by, s->room * sizeof *s->by, 0);
}

/* ---- Recording --------------------------------------------------------------------------------------------------------- */

/* Runs the nodes on a stack [e->size]. s is NULL where there are no derivatives. */
static ad_var run(const ad_expression *e, const sweeps *s, const ad_var *vars, ad_var *stack)
{
    size_t depth = 0;
    for (size_t i = 0; i < e->size; i++) {
        const ad_formula_node *n = &e->nodes[i];
        ad_var *at = stack + (depth - n->operands);
        switch (n->kind) {
        case AD_NODE_NUMBER: *at = ad_const(n->number); break;
        case AD_NODE_PI:     *at = ad_const(3.14159265358979323846); break;
        case AD_NODE_NAME:   *at = vars[n->symbol]; break;
        case AD_NODE_ROW:
            *at = n->op == AD_OP_pow ? apply_power(e, i, at) : ad_apply(n->op, n->operands, at);
            break;
        default:
            if (is_of_name(e, i))
                *at = slope_of_name(s, e->nodes[i - 1].symbol, n->symbol);
            else
                ad_gradient(*at, 1, &vars[n->symbol], at);
        }
        depth += 1 - (size_t)n->operands;
    }
    return stack[0];
}

void ad_expressions_record(size_t n, const ad_expression *const *e, ad_tape *tape, const ad_var *vars, ad_var *results)
{
    sweeps s = {.tape = tape};
    size_t most = 0;
    for (size_t k = 0; k < n; k++) {
        most = e[k]->size > most ? e[k]->size : most;
        results[k] = ad_const(NAN);
    }
    if (!tape || !n)
        return;
    ad_var *stack = ad_resize(&tape->allocator, NULL, 0, most * sizeof *stack);
    if (stack && collect(&s, n, e, vars))
        for (size_t k = 0; k < n; k++)
            results[k] = run(e[k], &s, vars, stack);
    else
        ad_fault_memory(tape, "expression_record", "a formula");
    drop(&s);
    if (stack)
        ad_resize(&tape->allocator, stack, most * sizeof *stack, 0);
}

ad_var ad_expression_record(const ad_expression *e, ad_tape *tape, const ad_var *vars)
{
    ad_var result = ad_const(NAN);
    if (e)
        ad_expressions_record(1, &e, tape, vars, &result);
    return result;
}

int ad_constant_value(const ad_expression *e, const ad_allocator *allocator, double *value)
{
    ad_var *stack = ad_resize(allocator, NULL, 0, e->size * sizeof *stack);
    if (!stack)
        return 0;
    *value = ad_value(run(e, NULL, NULL, stack));
    ad_resize(allocator, stack, e->size * sizeof *stack, 0);
    return 1;
}

/* ---- Formulas on their own ---------------------------------------------------------------------------------------------- */

typedef struct alone {
    ad_expression e;                       /* what the user holds */
    ad_arena      arena;
    ad_scope      scope;
} alone;

static alone *alone_new(const ad_allocator *allocator, enum ad_scope_kind kind, ad_tape *tape)
{
    alone *a = ad_resize(allocator, NULL, 0, sizeof *a);
    if (a) {
        *a = (alone){.arena = {.allocator = *allocator}, .scope = {.kind = kind, .tape = tape}};
        a->scope.arena = &a->arena;
    }
    return a;
}

static void alone_free(alone *a)
{
    if (!a)
        return;
    ad_allocator allocator = a->arena.allocator;
    ad_scope_free(&a->scope);
    ad_arena_free(&a->arena);
    ad_resize(&allocator, a, sizeof *a, 0);
}

static int read_alone(alone *a, const char *text, size_t length, ad_problem *problem)
{
    if (length > AD_TEXT_LENGTH)
        return ad_problem_state(problem, AD_ERROR_LIMIT, "a formula of %zu bytes; the most is %d", length, AD_TEXT_LENGTH);
    char *copy = ad_arena_text(&a->arena, text, length);
    if (!copy)
        return ad_problem_memory(problem);
    ad_expression *e = ad_parse_whole(copy, length, &a->scope, &a->arena, problem);
    if (!e)
        return 0;
    a->e = *e;
    return 1;
}

ad_expression *ad_expression_parse(const char *text, size_t length, size_t n, const char *const *names, ad_problem *problem)
{
    ad_allocator allocator = ad_allocator_complete((ad_allocator){0});
    ad_problem none;
    if (!problem)
        problem = &none;
    *problem = (ad_problem){0};
    alone *a = alone_new(&allocator, names ? AD_SCOPE_CLOSED : AD_SCOPE_OPEN, NULL);
    int done = a != NULL;
    for (size_t i = 0; i < n && done && names; i++)
        done = ad_scope_add(&a->scope, names[i], strlen(names[i])) >= 0;
    if (!done)
        ad_problem_memory(problem);
    if (done && read_alone(a, text, length, problem))
        return &a->e;
    alone_free(a);
    return NULL;
}

void        ad_expression_free(ad_expression *e) { alone_free((alone *)e); }
size_t      ad_expression_names(const ad_expression *e) { return e ? ((const alone *)e)->scope.count : 0; }
const char *ad_expression_name(const ad_expression *e, size_t i)
{
    return e ? ad_scope_name(&((const alone *)e)->scope, i) : NULL;
}

static ad_var record_alone(alone *a, ad_tape *tape)
{
    size_t n = a->scope.count;
    ad_var *vars = ad_arena_take(&a->arena, (n + 1) * sizeof *vars);
    if (!vars)
        return ad_fault_memory(tape, "formula", "the names");
    for (size_t i = 0; i < n; i++)
        vars[i] = ad_find(tape, ad_scope_name(&a->scope, i));
    return ad_expression_record(&a->e, tape, vars);
}

ad_var ad_formula(ad_tape *tape, const char *text)
{
    if (!tape || !text)
        return ad_fault(tape, AD_ERROR_ARGUMENT, "ad_formula: no text");
    ad_problem problem = {0};
    alone *a = alone_new(&tape->allocator, AD_SCOPE_OF_TAPE, tape);
    ad_var z = ad_const(NAN);
    if (!a)
        ad_problem_memory(&problem);
    else if (read_alone(a, text, strlen(text), &problem))
        z = record_alone(a, tape);
    alone_free(a);
    if (problem.status == AD_ERROR_NO_MEMORY)
        return ad_fault_memory(tape, "formula", "the formula");
    if (problem.status != AD_OK && problem.line)
        return ad_fault(tape, problem.status, "ad_formula: line %zu, column %zu: %s", problem.line, problem.column, problem.message);
    return problem.status == AD_OK ? z : ad_fault(tape, problem.status, "ad_formula: %s", problem.message);
}

/* ---- Looking in --------------------------------------------------------------------------------------------------------- */

/* What the digits of a number say of its precision. */
static void measure(const char *text, size_t length, ad_literal *literal)
{
    int point = 0, power = 0, seen = 0, sign = 1;
    size_t i = 0;
    *literal = (ad_literal){.exact = 1};
    if (length > 1 && (text[1] == 'x' || text[1] == 'X'))
        return;
    for (; i < length && (isdigit((unsigned char)text[i]) || text[i] == '.'); i++) {
        if (text[i] == '.') {
            point = 1;
            continue;
        }
        seen |= text[i] != '0';
        literal->digits += seen;
        literal->exponent -= point;
    }
    if (i < length) {
        sign = text[i + 1] == '-' ? -1 : 1;
        for (i += isdigit((unsigned char)text[i + 1]) ? 1 : 2; i < length; i++)
            power = power > INT_MAX / 20 ? power : 10 * power + (text[i] - '0');
        literal->exponent += sign * power;
        point = 1;
    }
    literal->exact = !point;
    literal->exponent = point ? literal->exponent : 0;
}

int ad_expression_literal(const ad_expression *e, ad_literal *literal)
{
    const ad_formula_node *number = e->nodes;
    int negative = e->size == 2 && e->nodes[1].kind == AD_NODE_ROW && e->nodes[1].op == AD_OP_neg;
    if (number->kind != AD_NODE_NUMBER || !(e->size == 1 || negative))
        return 0;
    double value;
    size_t length = ad_read_number(e->text, e->length, number->where, &value);
    if (literal) {
        measure(e->text + number->where, length, literal);
        literal->value = negative ? -number->number : number->number;
        literal->digits += !literal->digits;
    }
    return 1;
}

int ad_expression_uses(const ad_expression *e, size_t symbol)
{
    for (size_t i = 0; i < e->size; i++)
        if ((e->nodes[i].kind == AD_NODE_NAME || e->nodes[i].kind == AD_NODE_DERIVATIVE) && e->nodes[i].symbol == symbol)
            return 1;
    return 0;
}
