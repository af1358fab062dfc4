/* draw_text.c -- a picture for terminals: boxes by depth, each with arrows from what it is made of. */
#include "drawing.h"
#include "write.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 100, BAR = 6 };

/* Columns: a number with sign, point and exponent, two of them in a line; a name with its formula between. */
static int number_width(const ad_drawing *d) { return d->options.digits + 7; }
static int words_width(const ad_drawing *d) { return WIDTH - 2 * number_width(d) - BAR - 4; }

/* Characters, not bytes. */
static int length(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void put_padded(const ad_drawing *d, const char *text, int width)
{
    fprintf(d->out, "%s%*s", text, width > length(text) ? width - length(text) : 0, "");
}

static void put_row(const ad_drawing *d, const ad_box *box)
{
    static const char bars[] = "######";
    int number = number_width(d), wide = words_width(d);
    char value[AD_DRAWN] = "", name[AD_DRAWN], formula[AD_DRAWN], words[3 * AD_DRAWN], adjoint[AD_DRAWN] = "";
    int has = ad_drawing_has_adjoint(d, box), size = has ? ad_drawing_size(d, box->adjoint) : 0;
    if (box->shown < d->s.n)
        ad_drawing_number(d, d->s.step[box->shown].symbol.value, value);
    ad_drawing_name(d, box, 0, name);
    ad_drawing_formula(d, box, (size_t)wide, formula);
    snprintf(words, sizeof words, "%s%s%s", name, *formula ? " = " : "", formula);
    ad_drawing_cut(words, (size_t)wide);
    if (has)
        ad_drawing_number(d, box->adjoint, adjoint);
    fprintf(d->out, "%*s%s ", number, value, box->marked ? " *" : "  ");
    put_padded(d, words, has ? wide : 0);
    if (has)
        fprintf(d->out, "%*s", number, adjoint);
    fprintf(d->out, "%s%s\n", size ? " " : "", size < 0 ? "!" : bars + BAR - size);
}

/* "x1", or "x1 of layer1" where the box is several steps. */
static void source_of(const ad_drawing *d, const ad_line *line, char *text)
{
    const ad_box *from = &d->box[line->from];
    char name[AD_DRAWN];
    ad_drawing_name(d, from, 0, name);
    if (from->shown == d->s.n && line->source < d->s.n)
        snprintf(text, 2 * AD_DRAWN + 8, "%s of %s", d->s.step[line->source].name, name);
    else
        snprintf(text, 2 * AD_DRAWN + 8, "%s", name);
    ad_drawing_clean(text);
}

/* Arrows from its operands, as many as a line holds. */
static void put_arrows(const ad_drawing *d, const ad_box *box)
{
    char number[AD_DRAWN], name[2 * AD_DRAWN + 8], arrow[4 * AD_DRAWN];
    int column = 0, indent = number_width(d) + 5;
    for (size_t l = box->first_line; l < box->first_line + box->n_lines; l++) {
        const ad_line *line = &d->line[l];
        int several = line->source == d->s.n || box->outs != 1;
        source_of(d, line, name);
        ad_drawing_number(d, line->slope, number);
        if (several)
            snprintf(number, sizeof number, "%zu slope%s", line->slopes, line->slopes == 1 ? "" : "s");
        snprintf(arrow, sizeof arrow, "<-- %s --%s %s", number, line->marked ? "*" : "", name);
        ad_drawing_cut(arrow, (size_t)(WIDTH - indent));
        if (column && column + 3 + length(arrow) > WIDTH) {
            fputs("\n", d->out);
            column = 0;
        }
        fprintf(d->out, "%*s%s", column ? 3 : indent, "", arrow);
        column += (column ? 3 : indent) + length(arrow);
    }
    fputs(column ? "\n" : "", d->out);
}

static void put_box(const ad_drawing *d, const ad_box *box)
{
    char text[AD_DRAWN];
    put_row(d, box);
    ad_drawing_folded(d, box, text);
    if (*text)
        fprintf(d->out, "%*s(%s%s)\n", number_width(d) + 5, "", text, box->shown == d->s.n ? "; the adjoint is a norm" : "");
    put_arrows(d, box);
}

void ad_draw_text(const ad_drawing *d)
{
    const ad_step *last = &d->s.step[d->s.n - 1];
    char name[AD_DRAWN], number[AD_DRAWN];
    snprintf(name, sizeof name, "%s", last->name);
    ad_drawing_clean(name);
    ad_drawing_number(d, last->symbol.value, number);
    if (d->options.title)
        fprintf(d->out, "%s\n\n", d->options.title);
    else
        fprintf(d->out, "%s = %s\n\n", name, number);
    if (d->options.note)
        fprintf(d->out, "%s\n\n", d->options.note);
    fprintf(d->out, "%*s   %-*s%*s\n", number_width(d), "value", words_width(d), "", number_width(d), "adjoint");
    for (size_t depth = 0; depth <= d->deepest; depth++) {
        if (depth)
            fprintf(d->out, "\n%*s   -- depth %zu --\n", number_width(d), "", depth);
        for (size_t b = 0; b < d->boxes; b++)
            if (d->box[b].depth == depth)
                put_box(d, &d->box[b]);
    }
    if (d->by < d->s.n) {
        snprintf(name, sizeof name, "%s", d->s.step[d->by].name);
        ad_drawing_clean(name);
        fprintf(d->out, "\n* on a path from %s\n", name);
    }
    ad_drawing_no_path(d, name);
    if (*name)
        fprintf(d->out, "\n%s\n", name);
    ad_write_number(ad_drawing_least(d, BAR), (ad_style){.digits = 2}, number, sizeof number);
    if (d->largest > 0)
        fprintf(d->out, "\n###### is an adjoint of %s or more, each # less a factor of 4 less\n", number);
}
