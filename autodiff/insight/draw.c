/* draw.c -- ad_draw, and what its formats share: the texts in boxes, the size of a derivative. Boxes are made in draw_fold.c. */
#include "drawing.h"
#include "text.h"
#include "utf8.h"
#include "write.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* ---- Texts -------------------------------------------------------------------------------------------------------------- */

void ad_drawing_clean(char *text)
{
    for (size_t n; *text; text += n) {
        n = ad_utf8(text);
        int is_control = (unsigned char)*text < ' ' || *text == 0x7f || ((unsigned char)*text == 0xc2 && (unsigned char)text[1] < 0xa0);
        if (n && !is_control)
            continue;
        memset(text, '?', n ? n : 1);
        n = n ? n : 1;
    }
}

void ad_drawing_cut(char *text, size_t width)
{
    size_t at = 0, characters = 0, keep = 0;
    for (; text[at]; at++) {
        int begins = ((unsigned char)text[at] & 0xc0) != 0x80;
        if (begins && characters == width - 3)
            keep = at;
        characters += begins ? 1 : 0;
    }
    if (characters > width)
        strcpy(text + keep, "...");
}

void ad_drawing_name(const ad_drawing *d, const ad_box *box, size_t prefix, char *text)
{
    const ad_steps *s = &d->s;
    const ad_frame *fold = &d->frame[box->fold];
    size_t first = s->n, last = s->n;
    for (size_t k = 0; k < box->n && fold->number; k++)
        if (!s->step[d->member[box->first + k]].input) {
            last = d->member[box->first + k];
            first = first == s->n ? last : first;
        }
    if (box->step < s->n) {
        const char *name = s->step[box->step].name;
        int is_in = prefix && !strncmp(name, s->step[d->frame[box->frame].step].name, prefix);
        snprintf(text, AD_DRAWN, "%s", name + (is_in ? prefix : 0));
    } else if (first < s->n)
        snprintf(text, AD_DRAWN, "%s..%s", s->step[first].name, s->step[last].name);
    else if (box->fold)
        snprintf(text, AD_DRAWN, "%.*s", (int)(fold->end - prefix), s->step[fold->step].name + prefix);
    else
        snprintf(text, AD_DRAWN, "%zu steps", box->n);
    ad_drawing_clean(text);
}

void ad_drawing_formula(const ad_drawing *d, const ad_box *box, size_t width, char *text)
{
    char whole[4 * AD_DRAWN];
    size_t at = 0, prefix = 0;
    *text = 0;
    if (box->shown == d->s.n || d->s.step[box->shown].input)
        return;
    const ad_step *step = &d->s.step[box->shown];
    const ad_frame *frame = &d->frame[d->frame_of[box->shown]];
    ad_write_formula(step->formula, 0, (ad_style){.constants = d->options.digits}, whole, sizeof whole);
    prefix = ad_frame_prefix(frame);
    for (const char *c = whole; *c && at < AD_DRAWN - 1;)
        if (prefix && !strncmp(c, d->s.step[frame->step].name, prefix) &&
            (c == whole || (!isalnum((unsigned char)c[-1]) && c[-1] != '_' && c[-1] != '.')))
            c += prefix;
        else
            text[at++] = *c++;
    text[at] = 0;
    ad_drawing_clean(text);
    ad_drawing_cut(text, width);
}

void ad_drawing_number(const ad_drawing *d, double number, char *text)
{
    ad_write_number(number, (ad_style){.digits = d->options.digits}, text, AD_DRAWN);
}

void ad_drawing_folded(const ad_drawing *d, const ad_box *box, char *text)
{
    char number[AD_DRAWN];
    int n = 0;
    size_t steps = box->n - box->inputs;
    *text = 0;
    if (box->fold && steps > 1)
        n = snprintf(text, AD_DRAWN, "%zu steps%s", steps, box->inputs ? ", " : "");
    if (box->inputs)
        n += snprintf(text + n, AD_DRAWN - (size_t)n, "%zu input%s", box->inputs, box->inputs == 1 ? "" : "s");
    ad_drawing_number(d, box->gradient, number);
    if (box->wanted)
        snprintf(text + n, AD_DRAWN - (size_t)n, ", |gradient| %.24s", number);
}

void ad_drawing_no_path(const ad_drawing *d, char *text)
{
    const char *by = ad_is_plain(d->options.by) ? NULL : ad_name_of(d->options.by);
    *text = 0;
    if (ad_is_plain(d->options.by) || d->by < d->s.n)
        return;
    snprintf(text, AD_DRAWN, "no path from %.60s to %.60s", by ? by : "that variable", d->s.step[d->s.n - 1].name);
    ad_drawing_clean(text);
}

int ad_drawing_has_adjoint(const ad_drawing *d, const ad_box *box)
{
    return box->outs && (box->shown == d->s.n || !d->s.step[box->shown].given);
}

double ad_drawing_least(const ad_drawing *d, int size) { return ldexp(d->largest, 2 * (size - 6) - 1); }

int ad_drawing_size(const ad_drawing *d, double derivative)
{
    double size = fabs(derivative);
    if (isnan(size))
        return -1;
    if (size == 0)
        return 0;
    if (size >= d->largest)
        return 6;
    for (int k = 6; k > 1; k--)
        if (size >= ad_drawing_least(d, k))
            return k;
    return 1;
}

/* ---- The whole ---------------------------------------------------------------------------------------------------------- */

ad_status ad_draw(ad_var E, FILE *out, ad_draw_options options)
{
    options.digits = options.digits ? options.digits : 4;
    options.most   = options.most ? options.most : 60;
    if (!out || ad_is_plain(E) || options.digits < 0 || options.digits > 17 || options.most < 3 || (unsigned)options.format > AD_DRAW_JSON)
        return AD_ERROR_ARGUMENT;
    ad_tape *tape = ad_tape_of(E, "draw");
    if (!tape)
        return AD_ERROR_STALE;
    if (!ad_is_plain(options.by) && !ad_accepts(tape, options.by, "draw", "the variable `by`"))
        return ad_tape_error(tape);
    ad_drawing d = {.tape = tape, .out = out, .options = options};
    ad_status status = ad_steps_make(&d.s, E, options.n_wrt, options.wrt);
    if (status != AD_OK)
        return status;
    d.by = ad_is_plain(options.by) ? d.s.n : ad_step_of(&d.s, options.by);
    if (!ad_drawing_make(&d)) {
        ad_fault_memory(tape, "draw", "the picture");
        status = AD_ERROR_NO_MEMORY;
    } else {
        static void (*const draw[])(const ad_drawing *) = {ad_draw_text, ad_draw_dot, ad_draw_json};
        draw[options.format](&d);
        if (ad_tape_error(d.s.notebook) == AD_ERROR_NO_MEMORY)
            status = AD_ERROR_NO_MEMORY;
        else if (ferror(out))
            status = AD_ERROR_IO;
    }
    ad_drawing_free(&d);
    return status;
}
