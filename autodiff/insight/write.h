/* write.h -- formulas of nodes in the styles that explanations are written in. Not installed; text.h is what users see. */
#ifndef AUTODIFF_INSIGHT_WRITE_H
#define AUTODIFF_INSIGHT_WRITE_H

#include "../tape/tape.h"

enum { AD_MARK_BEGIN = 1, AD_MARK_END = 2 }; /* characters that no name shown has */

typedef struct ad_style {
    int latex;                             /* else infix in plain characters */
    int digits;                            /* names give way to their values, with so many digits; 0: names stay */
    int constants;                         /* constants that nobody wrote, of more than 12 digits, have so many; 0: all */
    int marked;                            /* an input's name gives way to its number among inputs, between AD_MARK_* */
} ad_style;

/* The text of a variable, its name or (named 0) the formula behind it, as ad_text_of does. */
size_t ad_write_formula(ad_var v, int named, ad_style style, char *text, size_t size);
/* A number with so many significant digits, or with the fewest that read back (0). */
size_t ad_write_number(double number, ad_style style, char *text, size_t size);
/* Whether a constant is so long that nobody wrote it: log 2, a third. */
int    ad_is_long(double number);
/* A name as mathematics: W36 gets a subscript, alpha is the letter, dE/dw a fraction. Only in LaTeX; else itself. */
size_t ad_write_name(const char *name, ad_style style, char *text, size_t size);

#endif
