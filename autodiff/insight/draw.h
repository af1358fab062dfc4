/* draw.h -- the picture of a graph: its steps as boxes with their values and adjoints, edges with their slopes.
 *
 *     ad_draw(E, stdout, (ad_draw_options){0});
 *
 * Steps are those of explain.h: variables that have names, and what two formulas share. A box tells the value above, the name
 * and its formula, the adjoint below; an edge the slope of what is made by what it is made of. Names with dots
 * (layer1.neuron2.w1) stand in nested frames; so do steps that end in the same number and use one another (e1, Y1).
 *
 * A picture keeps to so many boxes. A larger graph folds: first inputs into the one step that uses them, then frames into one
 * box each, the innermost first (neurons, then layers), then steps in the middle of the order of evaluation. A folded box
 * tells what it holds and the 2-norms of its adjoints. A slope by a folded box is the sum over all paths inside, from the one
 * value that enters to the one that is shown; where there are several such values, their number stands in place of a slope.
 */
#ifndef AUTODIFF_INSIGHT_DRAW_H
#define AUTODIFF_INSIGHT_DRAW_H

#include "../tape/tape.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** JSON is one object, whose fields stay; more may come. Numbers have all their digits; what is not finite is "inf", "-inf",
 *  "nan"; null is what there is not.
 *
 *    quantity, value, title, note
 *    frames  [{id, name, parent}]             parent: another frame's id, null at the top
 *    boxes   [{id, name, kind, frame,         kind: input, step, or folded (several steps in one box)
 *              value, formula, adjoint,       adjoint: null where the box has none; a 2-norm where several values leave it
 *              steps, inputs, gradient,       how many are in it; folded inputs, and the 2-norm of the derivatives by them
 *              shade, marked}]                shade: 0 to 6 by the size of the adjoint, -1 for nan
 *    edges   [{from, to, slope, formula,      boxes' ids; slope: null where it stands for several
 *              slopes, marked}]               how many it stands for
 */
typedef enum ad_draw_format {
    AD_DRAW_TEXT,                          /* for terminals: at most 100 columns, deeper steps further down      */
    AD_DRAW_DOT,                           /* the language of Graphviz: dot -Tsvg                                */
    AD_DRAW_JSON                           /* for programs                                                       */
} ad_draw_format;

/** Zero members are defaults. */
typedef struct ad_draw_options {
    ad_draw_format format;
    const char    *title;                  /* NULL: E's name and value                                           */
    const char    *note;                   /* said below it; NULL: nothing                                       */
    size_t         n_wrt;                  /* wrt [n_wrt] inputs whose derivatives are wanted; NULL: all inputs.  */
    const ad_var  *wrt;                    /*   the others are drawn without adjoints                             */
    ad_var         by;                     /* whose paths to E are marked; a plain number: none                  */
    int            digits;                 /* significant, 1 to 17; 0: 4                                         */
    size_t         most;                   /* boxes, at least 3; 0: 60                                           */
} ad_draw_options;

/** Draws E's graph on a stream. Sweeps E's tape: ad_grad then answers for E. In DOT, fill is the size of the adjoint, in six
 *  shades of one blue that differ in grey too, a factor of 4 apart; what is marked is bold. Names are written as UTF-8,
 *  what is none as `?`. Where edges are more than 150, and more than 4 a box, their slopes are tool tips alone.
 *  Errors: AD_ERROR_ARGUMENT (E is a plain number; digits, most or format out of range; no stream; E's graph has calls of
 *  ad_call or sums over rows), AD_ERROR_STALE, AD_ERROR_FOREIGN (wrt, by), AD_ERROR_NO_MEMORY, AD_ERROR_IO. What was written
 *  before a failure of the stream stays. */
AD_API ad_status ad_draw(ad_var E, FILE *out, ad_draw_options options);

#ifdef __cplusplus
}
#endif
#endif
