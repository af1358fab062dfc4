/* place.c -- slots for the values of a pass, by liveness. Linear scan: which instruction names a value for the last time
 * is found backwards, then slots are dealt out forwards. */
#include "lower.h"

#include <string.h>

typedef void visit(lowering *L, ad_pass *pass, uint32_t *word);

/* The results of an instruction: how many words after the code name one. */
static int results(uint32_t code)
{
    return code < AD_LINEAR_TWO ? 1 : code <= AD_SINE_COSINE ? 2 : 0;
}

/* The terms of a linear instruction from the number of classes on; returns where they end. */
static uint32_t *for_terms(lowering *L, ad_pass *pass, uint32_t *x, visit *f)
{
    for (uint32_t classes = *x++; classes; classes--) {
        uint32_t n = x[1] * ad_term_width(x[0]);
        for (x += 2; n; n--, x++)
            if (!(*x & AD_UNIFORM))
                f(L, pass, x);
    }
    return x;
}

/* Calls f for every operand that is a node. */
static void for_operands(lowering *L, ad_pass *pass, uint32_t *code, visit *f)
{
    uint32_t *x = code + 2;
    switch (*code) {
    case AD_END:
        return;
    case AD_GATHER_PRODUCTS:
        f(L, pass, code + 1);
        for (uint32_t k = 0; k < code[3]; k++)
            f(L, pass, code + 4 + 2 * k);
        return;
    case AD_GATHER_DIFFERENCES:
        f(L, pass, code + 1);
        for (uint32_t k = 0; k < code[2]; k++)
            f(L, pass, code + 4 + 3 * k);
        return;
    case AD_LINEAR: case AD_GATHER:
        for_terms(L, pass, x, f);
        return;
    case AD_LINEAR_TWO:
        for (uint32_t k = 0; k < code[3]; k++)
            f(L, pass, code + 6 + 3 * k);
        for_terms(L, pass, for_terms(L, pass, code + 4 + 3 * code[3], f), f);
        return;
    case AD_GATHER_TWO:
        f(L, pass, code + 1);
        f(L, pass, code + 2);
        for (uint32_t k = 0; k < code[5]; k++)
            f(L, pass, code + 8 + 3 * k);
        for (uint32_t k = 0; k < code[6] + code[7]; k++)
            f(L, pass, code + 8 + 3 * code[5] + 2 * k);
        return;
    case AD_SIGMOIDS: case AD_SINE_COSINE:
        f(L, pass, code + 3);
        return;
    default:
        for (int k = 0; k < (*code == AD_STORE ? 1 : ad_code_arity(*code)); k++, x++)
            if (!(*x & AD_UNIFORM))
                f(L, pass, x);
    }
}

/* seen[i]: whether a later instruction needs the value as it is here. */
static void find_last(lowering *L, ad_pass *pass, uint32_t *word)
{
    (void)pass;
    uint32_t i = *word;
    if (!L->seen[i] && at(L, i)->op != AD_OP_COLUMN)
        *word |= AD_LAST;
    L->seen[i] = 1;
}

/* The stack of unused slots is L->stack, its height L->stack[n]. */
static void use(lowering *L, ad_pass *pass, uint32_t *word)
{
    (void)pass;
    uint32_t i = *word & ~AD_LAST, *unused = L->stack, *n_unused = &L->stack[L->G->n];
    if (*word & AD_LAST)
        unused[(*n_unused)++] = L->slot[i];
    *word = L->slot[i] * AD_BLOCK;
}

static void set(lowering *L, ad_pass *pass, uint32_t *to)
{
    uint32_t *unused = L->stack, *n_unused = &L->stack[L->G->n];
    L->slot[*to] = *n_unused ? unused[--*n_unused] : pass->n_slots++;
    *to = L->slot[*to] * AD_BLOCK;
}

/* Operands give their slots back before results take theirs, so that a result may overwrite an operand: every
 * instruction reads all operands of a row before it writes the row. Not so two functions at once. */
void lower_place(lowering *L, ad_pass *pass)
{
    const uint32_t *starts = L->starts.base;
    if (L->failed || L->n_starts == 1)
        return;
    for (uint32_t i = 0; i < L->G->n; i++)
        if (varies(L, i))
            L->seen[i] = 0;
    for (uint32_t k = L->n_starts; k-- > 0;) {
        uint32_t *code = pass->code + starts[k];
        for (int r = 0; r < results(*code); r++)
            L->seen[code[1 + r]] = 0;      /* computed here: what stood there before is not needed */
        for_operands(L, pass, code, find_last);
    }
    pass->n_slots = pass->n_columns;
    L->stack[L->G->n] = 0;
    for (uint32_t k = 0; k < L->n_starts; k++) {
        uint32_t *code = pass->code + starts[k];
        int n = results(*code);
        int first = *code == AD_SIGMOIDS || *code == AD_SINE_COSINE;
        for (int r = 0; r < n && first; r++)
            set(L, pass, code + 1 + r);
        for_operands(L, pass, code, use);
        for (int r = 0; r < n && !first; r++)
            set(L, pass, code + 1 + r);
    }
}
