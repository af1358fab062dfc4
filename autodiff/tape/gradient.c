/* gradient.c -- the gradient as new nodes: the backward sweep written onto the tape instead of done in numbers.
 *
 * The partials are the texts of ops.def, as programs of rows. A contribution is the row `chain`, so that zero against
 * infinity stays nothing in every later derivative too. */
#include "internal.h"

#include "autodiff/rules/rules.h"
#include "operations.h"

#include <math.h>
#include <string.h>

enum { WANTED = 1, ON_PATH = 2 };

typedef struct work {
    ad_tape       *tape;
    ad_var        *adjoint;                /* [top + 1] a plain 0 where nothing has arrived */
    unsigned char *mark;                   /* [top + 1] */
    uint32_t       top;
    uint32_t       list;                   /* the node whose elements equal to it were counted last */
    ad_var         ties;                   /* how many they are */
} work;

/* Calls visit for every operand of a node: its id, and its place among the operands. */
typedef void visitor(work *w, uint32_t node, uint32_t operand, int place, size_t element);

static void each_operand(work *w, uint32_t i, visitor *visit)
{
    uint64_t word = w->tape->head->words[i];
    const ad_rule *rule = &ad_rules[ad_word_op(word)];
    if (rule->kind == AD_LEAF)
        return;
    if (rule->kind == AD_LIST || rule->kind == AD_PAIRS) {
        /* The list may move while the gradient is recorded: fetch it anew each time. */
        size_t n = ad_word_list(w->tape, word)[0] * (size_t)rule->arity;
        for (size_t k = 0; k < n; k++)
            visit(w, i, ad_word_list(w->tape, word)[1 + k], (int)(k % (size_t)rule->arity),
                  k / (size_t)rule->arity);
        return;
    }
    uint32_t operand[3] = {ad_word_x(word), ad_word_y(word), rule->arity == 3 ? ad_word_x(w->tape->head->words[i - 1]) : 0};
    for (int k = 0; k < rule->partials; k++)
        visit(w, i, operand[k], k, 0);
}

static void inherit_path(work *w, uint32_t node, uint32_t operand, int place, size_t element)
{
    (void)place, (void)element;
    if (w->mark[operand])
        w->mark[node] |= ON_PATH;
}

static ad_var simplified(enum ad_op op, ad_var x, ad_var y, ad_var z)
{
    switch (op) {
    case AD_OP_mul:
        if (ad_is_plain(x) && x.value == 1)
            return y;
        if (ad_is_plain(y) && y.value == 1)
            return x;
        break;
    case AD_OP_chain:
        if ((ad_is_plain(x) && x.value == 0) || (ad_is_plain(y) && y.value == 0))
            return ad_const(0);
        if (ad_is_plain(x) && x.value == 1)
            return y;
        if (ad_is_plain(y) && y.value == 1)
            return x;
        if (ad_is_plain(x) && x.value == -1)
            return ad_neg(y);
        if (ad_is_plain(y) && y.value == -1)
            return ad_neg(x);
        break;
    case AD_OP_select:
        if (ad_is_plain(x))
            return x.value != 0 ? y : z;
        break;
    default:
        break;
    }
    return ad_record(op, x, y, z);
}

/* How many elements of a list equal its node, as a node: counted once for all of them. */
static ad_var ties_of(work *w, uint32_t node)
{
    if (w->list == node)
        return w->ties;
    uint64_t word = w->tape->head->words[node];
    uint32_t n = ad_word_list(w->tape, word)[0];
    ad_var z = ad_var_at(w->tape, node), m = ad_const(0);
    for (uint32_t k = 0; k < n; k++) {
        ad_var tie = ad_equal(ad_var_at(w->tape, ad_word_list(w->tape, word)[1 + k]), z);
        m = k ? ad_add(m, tie) : tie;
    }
    w->list = node;
    return w->ties = m;
}

/* Runs a partial's program on the tape. Constants of the graph enter as plain numbers, so that what they decide folds. */
static ad_var partial(work *w, enum ad_op op, int place, uint32_t node, const uint32_t *operand, double n)
{
    const ad_program *program = ad_partial_program(op, place);
    ad_var stack[AD_DEPTH + 1];
    int depth = 0;
    for (int i = 0; program && i < program->size; i++) {
        int step = program->step[i].op;
        if (step < AD_OP_COUNT) {
            depth -= ad_rules[step].arity - 1;
            ad_var *at = stack + depth - 1, none = ad_const(0);
            *at = simplified((enum ad_op)step, at[0], ad_rules[step].arity > 1 ? at[1] : none,
                             ad_rules[step].arity > 2 ? at[2] : none);
            continue;
        }
        switch (step) {
        case AD_PUSH_NUMBER: stack[depth++] = ad_const(program->step[i].number); break;
        case AD_PUSH_N:      stack[depth++] = ad_const(n); break;
        case AD_PUSH_M:      stack[depth++] = ties_of(w, node); break;
        case AD_PUSH_Z:      stack[depth++] = ad_var_at(w->tape, node); break;
        default: {
            uint32_t id = operand[step - AD_PUSH_X];
            const ad_tape_head *head = w->tape->head;
            stack[depth++] = ad_word_op(head->words[id]) == AD_OP_CONSTANT ? ad_const(head->values[id])
                                                                           : ad_var_at(w->tape, id);
        }
        }
    }
    return depth == 1 ? stack[0] : ad_const(NAN);
}

static void contribute(work *w, uint32_t i, uint32_t target, int place, size_t element)
{
    if (!w->mark[target])
        return;
    uint64_t word = w->tape->head->words[i];
    const ad_rule *rule = &ad_rules[ad_word_op(word)];
    uint32_t operand[3] = {ad_word_x(word), ad_word_y(word), rule->arity == 3 ? ad_word_x(w->tape->head->words[i - 1]) : 0};
    double n = 0;
    if (rule->kind == AD_LIST || rule->kind == AD_PAIRS) {
        const uint32_t *list = ad_word_list(w->tape, word);
        n = list[0];
        for (int k = 0; k < rule->arity; k++)
            operand[k] = list[1 + element * (size_t)rule->arity + (size_t)k];
    }
    ad_var slope = partial(w, (enum ad_op)ad_word_op(word), place, i, operand, n);
    ad_var term = simplified(AD_OP_chain, w->adjoint[i], slope, ad_const(0));
    ad_var *sum = &w->adjoint[target];
    if (ad_is_plain(*sum) && sum->value == 0)
        *sum = term;
    else if (!ad_is_plain(term) || term.value != 0)
        *sum = ad_add(*sum, term);
}

static void sweep(work *w)
{
    for (uint32_t i = 0; i <= w->top; i++)
        each_operand(w, i, inherit_path);
    w->adjoint[w->top] = ad_const(1);
    for (uint32_t i = w->top + 1; i-- > 0;) {
        ad_var g = w->adjoint[i];
        if ((w->mark[i] & ON_PATH) && !(ad_is_plain(g) && g.value == 0))
            each_operand(w, i, contribute);
    }
}

void ad_gradient(ad_var E, size_t n, const ad_var *wrt, ad_var *out)
{
    const char *function = "gradient";
    if (ad_is_plain(E)) {
        for (size_t i = 0; i < n; i++)
            out[i] = ad_const(isnan(E.value) ? NAN : 0);
        return;
    }
    ad_tape *tape = ad_tape_of(E, function);
    work w = {.tape = tape, .top = ad_id(E), .list = UINT32_MAX};
    size_t nodes = w.top + (size_t)1;
    int sound = tape != NULL;
    for (size_t i = 0; i < n && sound; i++)
        sound = ad_is_plain(wrt[i]) || ad_accepts(tape, wrt[i], function, "a variable to differentiate by");
    if (sound) {
        w.adjoint = ad_resize(&tape->allocator, NULL, 0, nodes * sizeof *w.adjoint);
        w.mark    = ad_resize(&tape->allocator, NULL, 0, nodes);
        sound = w.adjoint && w.mark;
        if (!sound)
            ad_fault_memory(tape, function, "the adjoints");
    }
    uint64_t before = tape ? tape->faults : 0;
    if (sound) {
        memset(w.adjoint, 0, nodes * sizeof *w.adjoint);
        memset(w.mark, 0, nodes);
        for (size_t i = 0; i < n; i++)
            if (!ad_is_plain(wrt[i]) && ad_id(wrt[i]) < nodes)
                w.mark[ad_id(wrt[i])] |= WANTED;
        sweep(&w);
        sound = tape->faults == before;
    }
    for (size_t i = 0; i < n; i++) {
        ad_var v = wrt[i];
        out[i] = !sound ? ad_const(NAN) : ad_is_plain(v) || ad_id(v) >= nodes ? ad_const(0) : w.adjoint[ad_id(v)];
    }
    if (tape && w.adjoint)
        ad_resize(&tape->allocator, w.adjoint, nodes * sizeof *w.adjoint, 0);
    if (tape && w.mark)
        ad_resize(&tape->allocator, w.mark, nodes, 0);
}
