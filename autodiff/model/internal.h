/* internal.h -- the model as its own files see it. Not installed. */
#ifndef AUTODIFF_MODEL_INTERNAL_H
#define AUTODIFF_MODEL_INTERNAL_H

#include "model.h"
#include "parser.h"

struct ad_model {
    ad_arena arena;
    ad_scope scope;                /* its names, in the order of the symbols */
    ad_block symbols, claims;      /* ad_symbol [scope.count], ad_claim [n_claims] */
    ad_block inputs[2];            /* size_t [n_inputs]: the places of params, of columns */
    size_t   n_claims, n_inputs[2];
    size_t   minimize, minimize_line;
};

enum { AD_PARAMS, AD_COLUMNS };

static inline ad_symbol *ad_symbol_at(const ad_model *model, size_t i) { return (ad_symbol *)model->symbols.base + i; }

/* Reads the statements of a text that ends with a 0 and lives as long as the model. Returns 0 with the problem stated. */
int ad_read_statements(ad_model *model, const char *text, size_t length, ad_problem *problem);

#endif
