/* paths_wide.c -- values of places in long double: what rounding in double hides. */
#include "paths.h"

#include <math.h>

void ad_paths_values_wide(const ad_paths *p, const double *inputs, ad_wide *value)
{
    for (uint32_t i = 0; i < p->n; i++) {
        const ad_place *place = &p->places[i];
        const uint32_t *operand = ad_paths_operands(p, i);
        const ad_rule *rule = &ad_rules[place->op];
        if (place->input != UINT32_MAX && inputs)
            value[i] = inputs[place->input];
        else if (rule->kind == AD_LEAF)
            value[i] = place->number;
        else if (rule->kind == AD_LIST || rule->kind == AD_PAIRS)
            value[i] = ad_wide_of_list(place->op, place->n, operand, value);
        else
            value[i] = ad_wide_value(place->op, value[operand[0]], place->n > 1 ? value[operand[1]] : 0,
                                     place->n > 2 ? value[operand[2]] : 0);
    }
}

/* Both are nothing but rounding, each of its own terms. */
static int vanish(ad_wide x, double rounding_x, ad_wide y, double rounding_y)
{
    const ad_wide finer = LDBL_EPSILON / DBL_EPSILON;
    return fabsl(x) <= finer * rounding_x && fabsl(y) <= finer * rounding_y;
}

int ad_wide_agree(ad_wide x, double rounding_x, ad_wide y, double rounding_y, double relative)
{
    return AD_WIDE && (fabsl(x - y) <= relative * fmaxl(fabsl(x), fabsl(y)) || vanish(x, rounding_x, y, rounding_y));
}
