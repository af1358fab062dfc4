/* text.h -- a graph in words for people: what a variable is called, the formula that made it, what it is computed from.
 *
 * Formulas are infix, with the operands' names and as few parentheses as reading allows: `W13*Y1 + W23*Y2`,
 * `sigmoid(e1)`, `x > 0 ? log(x) : 0`. An operand without a name appears as its own formula, as deep as there is room;
 * what has none is `...`; of a long list, sum or product the first and the last are shown. An input without a name is
 * `input[k]`, the k-th of the tape's inputs from 0 on. Generated C is another matter: ad_function_emit_c.
 */
#ifndef AUTODIFF_INSIGHT_TEXT_H
#define AUTODIFF_INSIGHT_TEXT_H

#include "../tape/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A size at which a formula still fits a line. */
enum { AD_TEXT_SIZE = 112 };

/** What people call a variable: its name if it has one, else its formula.
 *  text [size], always ended by 0 unless size is 0. Returns the length written, below size; for AD_TEXT_SIZE the text is
 *  abridged to about a line, and less deep the smaller the size. A plain number is its digits, the fewest that read back.
 *  A stale variable: "?", AD_ERROR_STALE. */
AD_API size_t ad_text_of(ad_var v, char *text, size_t size);
/** The formula of the operation that made a variable, whether or not it has a name; for an input its name. Else as
 *  ad_text_of. */
AD_API size_t ad_formula_of(ad_var v, char *text, size_t size);
/** The inputs, params and columns, that v is computed from, in order of creation.  inputs [most]; NULL is legal when
 *  most is 0. Returns how many there are, which may be more than most: those left out come last. An input is computed from
 *  itself. A stale variable, or no memory (one byte a node): 0, with the tape's error. */
AD_API size_t ad_inputs_of(ad_var v, size_t most, ad_var *inputs);

#ifdef __cplusplus
}
#endif
#endif
