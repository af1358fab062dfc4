/* node.h -- one node of a tape with its operands, however they are stored. Not installed. */
#ifndef AUTODIFF_INSIGHT_NODE_H
#define AUTODIFF_INSIGHT_NODE_H

#include "autodiff/rules/rules.h"
#include "autodiff/tape/internal.h"

/* Operands of pairs stand in turn: x, y, x, y. Those of a leaf, and of the record of a third operand, are none. */
typedef struct ad_node {
    const ad_rule  *rule;
    enum ad_op      op;
    int             constant;              /* its last operand is one that has no slope: that of powi */
    size_t          n;                     /* operands */
    const uint32_t *list;                  /* [n] of an n-ary node, else NULL; valid until the tape records again */
    uint32_t        fixed[3];
} ad_node;

static inline ad_node ad_node_at(const ad_tape *tape, uint32_t i)
{
    uint64_t word = tape->head->words[i];
    ad_node node = {.op = (enum ad_op)ad_word_op(word)};
    node.rule = &ad_rules[node.op];
    if (node.rule->kind == AD_LIST || node.rule->kind == AD_PAIRS) {
        node.list = ad_word_list(tape, word);
        node.n = *node.list++ * (size_t)node.rule->arity;
    } else if (node.rule->kind != AD_LEAF) {
        node.n = (size_t)node.rule->arity;
        node.constant = node.rule->kind == AD_WITH_CONSTANT;
        node.fixed[0] = ad_word_x(word);
        node.fixed[1] = node.n > 1 ? ad_word_y(word) : 0;
        node.fixed[2] = node.n > 2 ? ad_word_x(tape->head->words[i - 1]) : 0;
    }
    return node;
}

static inline uint32_t ad_node_operand(const ad_node *node, size_t k) { return node->list ? node->list[k] : node->fixed[k]; }

#endif
