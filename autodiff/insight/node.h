/* node.h -- one node of a tape with its operands, however they are stored. Not installed. */
#ifndef AUTODIFF_INSIGHT_NODE_H
#define AUTODIFF_INSIGHT_NODE_H

#include "autodiff/rules/rules.h"
#include "autodiff/tape/call.h"

/* Operands of pairs stand in turn: x, y, x, y. Those of a leaf, and of the record of a third operand, are none. A result of a
 * call has the operands of the call. */
typedef struct ad_node {
    const ad_rule  *rule;
    enum ad_op      op;
    int             constant;              /* its last operand is one that has no slope: that of powi */
    size_t          n;                     /* operands */
    size_t          width;                 /* operands of an element: 2 of pairs; else of an n-ary node 1, of others n */
    const uint32_t *list;                  /* [n] of an n-ary node or a call, else NULL; valid until the tape records again */
    const ad_called *called;               /* of a call, else NULL */
    uint32_t        result;                /* of a call: which one */
    double          ties;                  /* operands equal to the value: the rule book's m, for those who ask */
    uint32_t        fixed[3];
} ad_node;

static inline ad_node ad_node_at(const ad_tape *tape, uint32_t i)
{
    uint64_t word = tape->head->words[i];
    ad_node node = {.op = (enum ad_op)ad_word_op(word)};
    node.rule = &ad_rules[node.op];
    if (node.rule->kind == AD_LIST || node.rule->kind == AD_PAIRS) {
        node.list = ad_word_list(tape, word);
        node.width = (size_t)node.rule->arity;
        node.n = *node.list++ * node.width;
    } else if (node.op == AD_OP_CALL) {
        node.called = ad_called_at(tape, ad_word_x(word));
        node.list = ad_called_operands(tape, node.called);
        node.n = node.called->n;
        node.width = 1;
        node.result = ad_word_y(word);
    } else if (node.rule->kind != AD_LEAF) {
        node.n = node.width = (size_t)node.rule->arity;
        node.constant = node.rule->kind == AD_WITH_CONSTANT;
        node.fixed[0] = ad_word_x(word);
        node.fixed[1] = node.n > 1 ? ad_word_y(word) : 0;
        node.fixed[2] = node.n > 2 ? ad_word_x(tape->head->words[i - 1]) : 0;
    }
    return node;
}

/* Whether the slopes depend on how many operands tie. */
static inline int ad_ties(enum ad_op op) { return op == AD_OP_maximum || op == AD_OP_minimum; }

static inline uint32_t ad_node_operand(const ad_node *node, size_t k) { return node->list ? node->list[k] : node->fixed[k]; }

#endif
