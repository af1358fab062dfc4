/* gradient.c -- the gradient as new nodes: the backward sweep written onto the tape instead of done in numbers.
 *
 * The partials are the texts of ops.def, as programs of rows. A contribution is the row `chain`, so that zero against
 * infinity stays nothing in every later derivative too.
 *
 * What varies with the rows contributes to what does not by its sum over rows. */
#include "call.h"

#include "autodiff/rules/rules.h"
#include "operations.h"

#include <math.h>
#include <string.h>

enum { WANTED = 1, ON_PATH = 2, ON_WAY = WANTED | ON_PATH, VARIES = 4 };

typedef struct work {
    ad_tape       *tape;
    ad_var        *adjoint;                /* [top + 1] a plain 0 where nothing has arrived */
    ad_var        *across;                 /* [top + 1] what is yet to be summed over rows; NULL where nothing is */
    unsigned char *mark;                   /* [top + 1] */
    uint32_t       top;
    uint32_t       list;                   /* the node whose elements equal to it were counted last */
    ad_var         ties;                   /* how many they are */
    int            by_row;                 /* E varies: nothing is summed over rows */
} work;

/* Calls visit for every operand of a node: its id, and its place among the operands. */
typedef void visitor(work *w, uint32_t node, uint32_t operand, int place, size_t element);

static void each_operand(work *w, uint32_t i, visitor *visit)
{
    uint64_t word = w->tape->head->words[i];
    const ad_rule *rule = &ad_rules[ad_word_op(word)];
    if (ad_word_op(word) == AD_OP_CALL)
        for (uint32_t k = 0; k < ad_called_at(w->tape, ad_word_x(word))->n; k++)
            visit(w, i, ad_called_operands(w->tape, ad_called_at(w->tape, ad_word_x(word)))[k], 0, k);
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
    if (w->mark[operand] & ON_WAY)
        w->mark[node] |= ON_PATH;
    if (ad_word_op(w->tape->head->words[node]) != AD_OP_ROW_SUM)
        w->mark[node] |= w->mark[operand] & VARIES;
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

static void add_to(ad_var *sum, ad_var term)
{
    if (ad_is_plain(*sum) && sum->value == 0)
        *sum = term;
    else if (!ad_is_plain(term) || term.value != 0)
        *sum = ad_add(*sum, term);
}

/* What a node that varies contributes to one that does not, it contributes once a row. */
static void give(work *w, uint32_t i, uint32_t target, ad_var term)
{
    int each_row = w->across && !w->by_row && (w->mark[i] & VARIES) && !(w->mark[target] & VARIES);
    if (w->mark[target] & ON_WAY)
        add_to(each_row ? &w->across[target] : &w->adjoint[target], term);
}

static void contribute(work *w, uint32_t i, uint32_t target, int place, size_t element)
{
    if (!(w->mark[target] & ON_WAY))
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
    give(w, i, target, simplified(AD_OP_chain, w->adjoint[i], slope, ad_const(0)));
}

static int is_zero(ad_var v) { return ad_is_plain(v) && v.value == 0; }

/* ---- Sums over rows --------------------------------------------------------------------------------------------------- */

static ad_var row_sum(work *w, ad_var x)
{
    uint64_t one = ad_is_plain(x) ? ad_constant_id(w->tape, 1, "gradient") : 0;
    if (one > AD_ID_MASK)
        return ad_const(NAN);
    return ad_is_plain(x) ? ad_mul(x, ad_record1(AD_OP_ROW_SUM, ad_var_at(w->tape, (uint32_t)one), NAN))
                          : ad_record1(AD_OP_ROW_SUM, x, NAN);
}

static void through_row_sum(work *w, uint32_t i)
{
    uint32_t x = ad_word_x(w->tape->head->words[i]);
    if (w->by_row)
        ad_fault(w->tape, AD_ERROR_ARGUMENT, "ad_gradient: the variable has one value per row and depends on a sum over rows: its "
                 "derivatives are rows by rows; sum it with ad_row_sum first");
    else
        give(w, i, x, w->mark[x] & VARIES ? w->adjoint[i]
                                          : simplified(AD_OP_chain, w->adjoint[i], row_sum(w, ad_const(1)), ad_const(0)));
}

/* ---- Calls ------------------------------------------------------------------------------------------------------------ */

/* Calls the adjoint of a call: operands, then the results' adjoints g [m]; its results go to the operands, each times h. */
static void call_adjoint(work *w, uint32_t i, ad_var *x, uint32_t n, const ad_var *g, uint32_t m, ad_var h)
{
    ad_status status;
    ad_called *c = ad_called_at(w->tape, ad_word_x(w->tape->head->words[i]));
    const ad_called_kind *kind = c->kind;
    uint64_t before = w->tape->faults;
    void *object = kind->derived(c->object, &status);
    if (!object) {
        ad_fault_memory(w->tape, "gradient", "the derivative of a call");
        return;
    }
    for (uint32_t j = 0; j < n; j++)
        x[j] = ad_var_at(w->tape, ad_called_operands(w->tape, c)[j]);
    memcpy(x + n, g, m * sizeof *x);
    ad_call_record(w->tape, "gradient", kind, object, n + (size_t)m, x, n, x);
    for (uint32_t j = 0; j < n && w->tape->faults == before; j++) {
        /* The calls may have moved. */
        uint32_t target = ad_called_operands(w->tape, ad_called_at(w->tape, ad_word_x(w->tape->head->words[i])))[j];
        give(w, i, target, simplified(AD_OP_chain, h, x[j], ad_const(0)));
    }
}

/* At the first result: those after it have all they get. Where the adjoints have one value per row and the call has not,
 * each of its results is derived by itself, so that no sum of the call's own is made for every row. */
static void through_call(work *w, uint32_t i)
{
    uint64_t word = w->tape->head->words[i];
    const ad_called *c = ad_called_at(w->tape, ad_word_x(word));
    const ad_allocator *a = &w->tape->allocator;
    uint32_t n = c->n, m = c->m, known = w->top - i < m ? w->top - i + 1 : m;
    size_t bytes = (n + 2 * (size_t)m) * sizeof(ad_var);
    int some = 0;
    for (uint32_t k = 0; k < known; k++)
        some |= !is_zero(w->adjoint[i + k]);
    if (ad_word_y(word) || !some)
        return;
    ad_var *x = ad_resize(a, NULL, 0, bytes), *g;
    if (!x) {
        ad_fault_memory(w->tape, "gradient", "the adjoints of a call");
        return;
    }
    g = x + n + m;
    for (uint32_t k = 0; k < m; k++)
        g[k] = k < known ? w->adjoint[i + k] : ad_const(0);
    if (!w->by_row || (w->mark[i] & VARIES))
        call_adjoint(w, i, x, n, g, m, ad_const(1));
    else
        for (uint32_t k = 0; k < known; k++) {
            for (uint32_t l = 0; l < m; l++)
                g[l] = ad_const(l == k);
            if (!is_zero(w->adjoint[i + k]))
                call_adjoint(w, i, x, n, g, m, w->adjoint[i + k]);
        }
    ad_resize(a, x, bytes, 0);
}

/* ---- The sweep -------------------------------------------------------------------------------------------------------- */

static void visit(work *w, uint32_t i)
{
    switch (ad_word_op(w->tape->head->words[i])) {
    case AD_OP_ROW_SUM: through_row_sum(w, i); return;
    case AD_OP_CALL:    through_call(w, i); return;
    default:            each_operand(w, i, contribute);
    }
}

static void sweep(work *w)
{
    for (uint32_t i = 0; i <= w->top; i++) {
        if (ad_word_op(w->tape->head->words[i]) == AD_OP_COLUMN)
            w->mark[i] |= VARIES;
        each_operand(w, i, inherit_path);
    }
    w->by_row = (w->mark[w->top] & VARIES) != 0;
    w->adjoint[w->top] = ad_const(1);
    for (uint32_t i = w->top + 1; i-- > 0;) {
        if (w->across && !is_zero(w->across[i]))
            add_to(&w->adjoint[i], row_sum(w, w->across[i]));
        if ((w->mark[i] & ON_PATH) && (!is_zero(w->adjoint[i]) || ad_word_op(w->tape->head->words[i]) == AD_OP_CALL))
            visit(w, i);
    }
}

static int has_row_sum(const work *w)
{
    for (uint32_t i = 0; w->tape->n_inputs && i <= w->top; i++)
        if (ad_word_op(w->tape->head->words[i]) == AD_OP_ROW_SUM)
            return 1;
    return 0;
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
        int sums = has_row_sum(&w);
        w.adjoint = ad_resize(&tape->allocator, NULL, 0, nodes * sizeof *w.adjoint);
        w.across  = sums ? ad_resize(&tape->allocator, NULL, 0, nodes * sizeof *w.across) : NULL;
        w.mark    = ad_resize(&tape->allocator, NULL, 0, nodes);
        sound = w.adjoint && w.mark && (w.across || !sums);
        if (!sound)
            ad_fault_memory(tape, function, "the adjoints");
    }
    uint64_t before = tape ? tape->faults : 0;
    if (sound) {
        memset(w.adjoint, 0, nodes * sizeof *w.adjoint);
        memset(w.mark, 0, nodes);
        if (w.across)
            memset(w.across, 0, nodes * sizeof *w.across);
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
    if (tape && w.across)
        ad_resize(&tape->allocator, w.across, nodes * sizeof *w.across, 0);
    if (tape && w.mark)
        ad_resize(&tape->allocator, w.mark, nodes, 0);
}
