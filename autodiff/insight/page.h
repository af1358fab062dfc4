/* page.h -- what explanations are written on: headings, sentences, numbered equations, tables; as plain text, Markdown or
 * LaTeX. In JSON sentences and rows are the elements of an array that is open. It knows nothing of graphs. Not installed. */
#ifndef AUTODIFF_INSIGHT_PAGE_H
#define AUTODIFF_INSIGHT_PAGE_H

#include "explain.h"
#include "json.h"
#include "text.h"
#include "write.h"

/* A formula in LaTeX takes more characters than it shows. */
enum { AD_LINE = 768, AD_LINES = 16 };

typedef struct ad_page {
    FILE     *out;
    ad_format format;
    ad_json  *json;                        /* of that format */
    ad_style  names, numbers;              /* how formulas are written: with names, with their numbers */
} ad_page;

/* left = right[0] = right[1] ...; a note stands behind its line, in plain characters. */
typedef struct ad_equation {
    size_t number;                         /* 0: none */
    char   left[AD_LINE], right[AD_LINES][AD_LINE], note[AD_LINES][AD_LINE];
    int    goes_on[AD_LINES];              /* the line goes on with the sum of the one before it, by this sign; 0: it is equal */
    int    lines, below;                   /* below: the right sides begin below the left, which is long */
} ad_equation;

void ad_page_begin(ad_page *p, const char *title);
void ad_page_heading(ad_page *p, const char *text);
/* A paragraph, as in printf. */
void ad_page_say(ad_page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ad_page_equation(ad_page *p, const ad_equation *e);
/* A table of plain cells: one call a row, the first is the head; the last column is as wide as it is. widths [columns] */
void ad_page_row(ad_page *p, int columns, const int *widths, const char *const *cells, int head);
void ad_page_end_table(ad_page *p);
void ad_page_end(ad_page *p);

/* The page's writing of a formula, of its numbers, of a name, of a number; into text [AD_LINE]. */
void ad_page_formula(const ad_page *p, ad_var v, char *text);
void ad_page_names(const ad_page *p, ad_var v, char *text);
void ad_page_numbers(const ad_page *p, ad_var v, int named, char *text);
void ad_page_name(const ad_page *p, const char *name, char *text);
void ad_page_number(const ad_page *p, double number, char *text);

#endif
