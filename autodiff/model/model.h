/* model.h -- models in text: constants, parameters, columns of data, named formulas, a loss, claims about them.
 *
 *     const x = 1.7                          a given number             # a comment
 *     param w = 0.6 in (0, inf)              what is sought, with bounds if need be
 *     column t                               one value per row of the data
 *     y = sigmoid(w*x)                       a named intermediate, of names above it
 *     minimize E                             which name is the loss
 *     claim dE/dw = -(t - y)*y*(1 - y)*x "where it stands"
 *
 * One statement a line; formulas are those of formula.h. The numbers of const and param may have a sign. In a model with
 * columns every formula is per row, and the loss is the sum of the named formula over the rows.
 *
 *     #include <autodiff/autodiff.h>
 *     #include <stdio.h>
 *     #include <string.h>
 *
 *     int main(void)
 *     {
 *         const char *text = "const x = 1.7\nparam w = 0.6\ny = sigmoid(w*x)\nE = (0.25 - y)^2/2\nminimize E";
 *         ad_problem problem;
 *         ad_model *model = ad_model_parse(text, strlen(text), &problem);     // of a file: ad_model_load
 *         if (!model) {
 *             ad_problem_print(&problem, "text", stderr);
 *             return 1;
 *         }
 *         ad_tape *tape = ad_tape_new();
 *         ad_var v[4];                                                        // one for every name
 *         ad_model_record(model, tape, v);
 *         ad_backward(v[ad_model_minimize(model)]);
 *         printf("E %.6f  dE/dw %.6f\n", ad_value(v[3]), ad_grad(v[ad_model_find(model, "w")]));
 *         ad_tape_free(tape);
 *         ad_model_free(model);
 *     }
 *
 * prints  E 0.117599  dE/dw 0.160594
 *
 * A model belongs to one thread at a time. Texts that it hands out live as long as the model.
 */
#ifndef AUTODIFF_MODEL_MODEL_H
#define AUTODIFF_MODEL_MODEL_H

#include "../function/function.h"
#include "formula.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ad_model ad_model;

/** No such symbol. */
#define AD_NO_SYMBOL ((size_t)-1)

typedef enum ad_symbol_kind { AD_SYMBOL_CONST, AD_SYMBOL_PARAM, AD_SYMBOL_COLUMN, AD_SYMBOL_FORMULA } ad_symbol_kind;

/** A name of a model. */
typedef struct ad_symbol {
    ad_symbol_kind       kind;
    const char          *name;
    size_t               line;     /* where it stands, from 1                                                        */
    double               value;    /* of const and param, at the model's point; of a column the row's, NaN if not set */
    double               low, high;/* a param's bounds: -INFINITY and INFINITY where there are none                  */
    const ad_expression *formula;  /* of AD_SYMBOL_FORMULA, else NULL                                                */
} ad_symbol;

/** A claim: left = right. */
typedef struct ad_claim {
    size_t               number;   /* from 1                                  */
    size_t               line;     /* from 1                                  */
    size_t               column;   /* where its left side begins, from 1      */
    const char          *text;     /* as it was written, both sides           */
    const char          *note;     /* "where it stands", without its quotes; NULL */
    const ad_expression *left, *right;
} ad_claim;

/** Reads a model from a file. NULL with the problem (which may be NULL itself) stated: AD_ERROR_SYNTAX, AD_ERROR_LIMIT,
 *  AD_ERROR_NO_MEMORY; AD_ERROR_IO where there is no such file, or it cannot be read. Free it with ad_model_free. */
AD_API ad_model *ad_model_load(const char *file, ad_problem *problem);
/** Reads a model from a stream, to its end. */
AD_API ad_model *ad_model_load_stream(FILE *stream, ad_problem *problem);
/** Reads a model from text [length]. An empty one is a model without names. */
AD_API ad_model *ad_model_parse(const char *text, size_t length, ad_problem *problem);
/** As ad_model_parse, with memory from an allocator, which must outlive the model. */
AD_API ad_model *ad_model_create(ad_allocator allocator, const char *text, size_t length, ad_problem *problem);
AD_API void      ad_model_free(ad_model *model);

/** Adds statements to a model. Their lines count from 1 again. After a problem the model is what the statements before the
 *  faulty one made of it. */
AD_API ad_status ad_model_extend(ad_model *model, const char *text, size_t length, ad_problem *problem);
/** Reads one more formula of a model's names; the model owns it. NULL with the problem stated. */
AD_API const ad_expression *ad_model_formula(ad_model *model, const char *text, size_t length, ad_problem *problem);

/** The names, in the order of the text: how many, each (NULL beyond), the place of one (AD_NO_SYMBOL). A node's
 *  `symbol` is such a place. */
AD_API size_t           ad_model_symbols(const ad_model *model);
AD_API const ad_symbol *ad_model_symbol(const ad_model *model, size_t i);
AD_API size_t           ad_model_find(const ad_model *model, const char *name);
/** How many params and columns there are, and the place of each among the symbols: the inputs of the model's functions. */
AD_API size_t           ad_model_params(const ad_model *model);
AD_API size_t           ad_model_param(const ad_model *model, size_t i);
AD_API size_t           ad_model_columns(const ad_model *model);
AD_API size_t           ad_model_column(const ad_model *model, size_t i);
/** The name to minimize, or AD_NO_SYMBOL. */
AD_API size_t           ad_model_minimize(const ad_model *model);
/** The claims, in the order of the text. NULL beyond. */
AD_API size_t           ad_model_claims(const ad_model *model);
AD_API const ad_claim  *ad_model_claim(const ad_model *model, size_t i);

/** Moves the model's point: the value of a const, a param (also beyond its bounds), or of a column in the present row.
 *  AD_ERROR_ARGUMENT: no such symbol, or an intermediate. */
AD_API ad_status ad_model_set(ad_model *model, size_t symbol, double value);

/** Records the model on a tape, at its point.  vars [ad_model_symbols]. Consts, params and columns become params of the
 *  tape, so that one can differentiate by each of them, and every symbol has a node of its own, of its name.
 *  Returns the tape's error; then vars are NaN. */
AD_API ad_status ad_model_record(const ad_model *model, ad_tape *tape, ad_var *vars);

/** Formulas of the model's names as a function: inputs are the model's params and its columns, in order; consts are
 *  numbers, as they are at present.  outputs [n]; n = 0: the name to minimize. NULL with the problem stated:
 *  AD_ERROR_ARGUMENT (nothing to minimize), AD_ERROR_LIMIT, AD_ERROR_NO_MEMORY. Free it with ad_function_free. */
AD_API ad_function *ad_model_function(const ad_model *model, size_t n, const ad_expression *const *outputs, ad_problem *problem);

#ifdef __cplusplus
}
#endif
#endif
