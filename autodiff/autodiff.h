/* autodiff.h -- Chainrule: reverse-mode automatic differentiation of scalar computation graphs. Start here.
 *
 *     #include <autodiff/autodiff.h>
 *     #include <stdio.h>
 *
 *     int main(void)
 *     {
 *         ad_tape *tape = ad_tape_new();
 *         ad_var w = ad_param(tape, "w", 0.5), b = ad_param(tape, "b", -0.1);
 *         ad_var y = ad_sigmoid(ad_add(ad_mul(w, 2), b));
 *         ad_var E = ad_squared_error(1, y);
 *         ad_backward(E);
 *         printf("E %.6f  dE/dw %.6f  dE/db %.6f\n", ad_value(E), ad_grad(w), ad_grad(b));
 *         ad_tape_free(tape);
 *     }
 *
 * prints  E 0.041775  dE/dw -0.118800  dE/db -0.059400
 *
 * Operations on variables record a graph on a tape, computing values as they go; ad_backward sweeps it in reverse and
 * ad_grad reads the derivatives. Read on in this order: tape/tape.h (life, errors, inputs, names, marks),
 * tape/operations.h (everything that can be recorded), tape/derivatives.h (backward, gradients), ops.def (the rules); then
 * function/function.h (over rows of data), function/call.h (functions as operations), model/formula.h and model/model.h
 * (formulas and models in text), model/table.h (data), insight/text.h (formulas of nodes in words), insight/audit.h
 * (what is wrong with the numbers, and why), insight/side.h (one-sided slopes).
 */
#ifndef AUTODIFF_AUTODIFF_H
#define AUTODIFF_AUTODIFF_H

#include "function/call.h"
#include "fit/fit.h"
#include "function/function.h"
#include "function/indexed.h"
#include "function/scan.h"
#include "function/threads.h"
#include "insight/draw.h"
#include "insight/explain.h"
#include "insight/audit.h"
#include "insight/side.h"
#include "insight/check.h"
#include "insight/text.h"
#include "model/claims.h"
#include "model/formula.h"
#include "model/model.h"
#include "model/problem.h"
#include "model/table.h"
#include "tape/derivatives.h"
#include "tape/operations.h"
#include "tape/tape.h"
#include "tape/variable.h"

#endif
