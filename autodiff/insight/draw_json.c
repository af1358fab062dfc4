/* draw_json.c -- a picture as JSON, for programs that draw or judge it. Its form is told in draw.h; whoever changes it changes
 * that. */
#include "drawing.h"
#include "json.h"
#include "text.h"
#include "write.h"

#include <math.h>

static void put_id(ad_json *j, const char *key, size_t id, int is)
{
    if (is)
        ad_json_count(j, key, id);
    else
        ad_json_null(j, key);
}

static void put_number(ad_json *j, const char *key, double number, int is)
{
    if (is)
        ad_json_number(j, key, number);
    else
        ad_json_null(j, key);
}

static void put_frame(const ad_drawing *d, ad_json *j, uint32_t f)
{
    const ad_frame *frame = &d->frame[f];
    char name[AD_STEP_NAME];
    snprintf(name, sizeof name, "%.*s", (int)frame->end, d->s.step[frame->step].name);
    uint32_t parent = ad_frame_drawn(d, frame->parent);
    ad_json_open(j, NULL, '{');
    ad_json_count(j, "id", f);
    ad_json_text(j, "name", frame->number ? name + frame->begin : name);
    put_id(j, "parent", parent, parent != 0);
    ad_json_close(j, '}');
}

static void put_box(const ad_drawing *d, ad_json *j, size_t b)
{
    const ad_box *box = &d->box[b];
    const ad_steps *s = &d->s;
    const ad_step *shown = box->shown < s->n ? &s->step[box->shown] : NULL;
    char text[AD_DRAWN];
    uint32_t frame = ad_frame_drawn(d, box->frame);
    int has = ad_drawing_has_adjoint(d, box), is_input = shown && shown->input;
    ad_json_open(j, NULL, '{');
    ad_json_count(j, "id", b);
    ad_drawing_name(d, box, 0, text);
    ad_json_text(j, "name", text);
    ad_json_text(j, "kind", is_input ? "input" : box->step < s->n ? "step" : "folded");
    put_id(j, "frame", frame, frame != 0);
    put_number(j, "value", shown ? shown->symbol.value : NAN, shown != NULL);
    ad_drawing_formula(d, box, AD_DRAWN - 1, text);
    ad_json_text(j, "formula", *text ? text : NULL);
    put_number(j, "adjoint", box->adjoint, has);
    ad_json_count(j, "steps", box->n - box->inputs);
    ad_json_count(j, "inputs", box->inputs);
    put_number(j, "gradient", box->gradient, box->wanted != 0);
    int shade = has ? ad_drawing_size(d, box->adjoint) : 0;
    if (shade < 0)
        ad_json_number(j, "shade", shade);
    else
        ad_json_count(j, "shade", (size_t)shade);
    ad_json_truth(j, "marked", box->marked);
    ad_json_close(j, '}');
}

static void put_edge(const ad_drawing *d, ad_json *j, const ad_line *line)
{
    const ad_steps *s = &d->s;
    char text[AD_TEXT_SIZE] = "";
    int several = line->source == s->n || d->box[line->to].outs != 1;
    if (line->edge < s->n_edges)
        ad_write_formula(s->edge[line->edge].slope, 0, (ad_style){0}, text, sizeof text);
    ad_json_open(j, NULL, '{');
    ad_json_count(j, "from", line->from);
    ad_json_count(j, "to", line->to);
    put_number(j, "slope", line->slope, !several);
    ad_json_text(j, "formula", *text ? text : NULL);
    ad_json_count(j, "slopes", line->slopes);
    ad_json_truth(j, "marked", line->marked);
    ad_json_close(j, '}');
}

void ad_draw_json(const ad_drawing *d)
{
    ad_json json = {.out = d->out}, *j = &json;
    const ad_step *last = &d->s.step[d->s.n - 1];
    ad_json_open(j, NULL, '{');
    ad_json_text(j, "quantity", last->name);
    ad_json_number(j, "value", last->symbol.value);
    ad_json_text(j, "title", d->options.title);
    ad_json_text(j, "note", d->options.note);
    ad_json_open(j, "frames", '[');
    for (uint32_t f = 1; f < d->frames; f++)
        if (d->frame[f].boxes > 1)
            put_frame(d, j, f);
    ad_json_close(j, ']');
    ad_json_open(j, "boxes", '[');
    for (size_t b = 0; b < d->boxes; b++)
        put_box(d, j, b);
    ad_json_close(j, ']');
    ad_json_open(j, "edges", '[');
    for (size_t l = 0; l < d->lines; l++)
        put_edge(d, j, &d->line[l]);
    ad_json_close(j, ']');
    ad_json_close(j, '}');
}
