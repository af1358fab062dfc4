/* draw_fold.c -- from steps to a picture of so many boxes: frames by names, what folds into what, lines between boxes. */
#include "drawing.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* ---- Frames ------------------------------------------------------------------------------------------------------------- */

static size_t hash(const char *text, size_t n, uint32_t parent)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ parent;
    for (size_t k = 0; k < n; k++)
        h = (h ^ (unsigned char)text[k]) * UINT64_C(1099511628211);
    return (size_t)(h ^ h >> 29);
}

/* The frame of that name in another, made where there is none. */
static uint32_t frame_in(ad_drawing *d, uint32_t parent, size_t step, size_t begin, size_t end, int number)
{
    const char *text = d->s.step[step].name + begin;
    uint32_t *bucket = &d->bucket[hash(text, end - begin, parent + (number ? 1u << 31 : 0)) & (d->buckets - 1)];
    for (uint32_t f = *bucket; f; f = d->frame[f].hash_next) {
        const ad_frame *frame = &d->frame[f];
        if (frame->parent == parent && frame->number == number && frame->end - frame->begin == end - begin &&
            !memcmp(d->s.step[frame->step].name + frame->begin, text, end - begin))
            return f;
    }
    uint32_t made = (uint32_t)d->frames++;
    d->frame[made] = (ad_frame){.parent = parent, .depth = d->frame[parent].depth + 1, .hash_next = *bucket, .step = step,
                                .begin = begin, .end = end, .number = number};
    *(d->frame[parent].child ? &d->frame[d->frame[parent].last].sibling : &d->frame[parent].child) = made;
    d->frame[parent].last = *bucket = made;
    return made;
}

size_t ad_frame_prefix(const ad_frame *frame) { return frame->number || !frame->depth ? 0 : frame->end + 1; }

uint32_t ad_frame_drawn(const ad_drawing *d, uint32_t frame)
{
    while (frame && d->frame[frame].boxes < 2)
        frame = d->frame[frame].parent;
    return frame;
}

static int has_name(const ad_drawing *d, size_t i)
{
    return ad_name_of(ad_var_at(d->tape, d->s.step[i].node)) != NULL;
}

static void frame_by_dots(ad_drawing *d, size_t i)
{
    const char *name = d->s.step[i].name, *dot;
    size_t begin = 0;
    while ((dot = strchr(name + begin, '.')) && has_name(d, i)) {
        d->frame_of[i] = frame_in(d, d->frame_of[i], i, begin, (size_t)(dot - name), 0);
        begin = (size_t)(dot - name) + 1;
    }
}

/* Where the number at the end of a name begins, behind letters alone; 0 where there is none. */
static size_t number_in(const ad_drawing *d, size_t i)
{
    const char *name = d->s.step[i].name;
    size_t length = strlen(name), at = 0;
    while (isalpha((unsigned char)name[at]))
        at++;
    return d->s.step[i].input || at == length || strspn(name + at, "0123456789") != length - at || !has_name(d, i) ? 0 : at;
}

static void frame_by_number(ad_drawing *d, const ad_edge *edge)
{
    size_t a = edge->from, b = edge->to, at = number_in(d, a), at_b = number_in(d, b);
    if (!at || !at_b || strcmp(d->s.step[a].name + at, d->s.step[b].name + at_b))
        return;
    d->frame_of[a] = d->frame_of[b] = frame_in(d, 0, a, at, strlen(d->s.step[a].name), 1);
}

/* What all that use a step have in common. */
static uint32_t frame_of_users(const ad_drawing *d, size_t i)
{
    const ad_step *step = &d->s.step[i];
    uint32_t frame = 0;
    for (size_t k = 0; k < step->n_uses; k++) {
        uint32_t user = d->frame_of[d->s.edge[d->s.uses[step->first_use + k]].to];
        frame = k ? frame : user;
        while (frame != user)
            if (d->frame[frame].depth >= d->frame[user].depth)
                frame = d->frame[frame].parent;
            else
                user = d->frame[user].parent;
    }
    return frame;
}

static void find_frames(ad_drawing *d)
{
    const ad_steps *s = &d->s;
    d->frame[d->frames++] = (ad_frame){.step = 0};
    for (size_t i = 0; i < s->n; i++)
        frame_by_dots(d, i);
    for (size_t k = 0; k < s->n_edges; k++)
        frame_by_number(d, &s->edge[k]);
    for (size_t i = s->n - 1; i-- > 0;) {
        const ad_step *step = &s->step[i];
        if (!d->frame_of[i] && (step->input ? !step->given && step->n_uses == 1 && has_name(d, i) : !has_name(d, i)))
            d->frame_of[i] = frame_of_users(d, i);
    }
}

/* ---- What folds into what ----------------------------------------------------------------------------------------------- */

/* The key of the box that alone uses an input; its own where there is none. */
static size_t key_of_users(const ad_drawing *d, size_t i)
{
    const ad_step *step = &d->s.step[i];
    size_t key = i;
    for (size_t k = 0; k < step->n_uses; k++) {
        size_t user = d->key[d->s.edge[d->s.uses[step->first_use + k]].to];
        if (k && user != key)
            return i;
        key = user;
    }
    return key;
}

/* Frames of this depth fold, 0: none; so do inputs, if asked. Numbers the boxes, by their last steps; returns how many. */
static size_t fold(ad_drawing *d, int inputs, uint32_t depth)
{
    const ad_steps *s = &d->s;
    size_t count = 0, keys = s->n + d->frames;
    for (size_t k = 0; k < keys; k++)
        d->number[k] = keys;
    for (size_t i = s->n; i-- > 0;) {
        uint32_t frame = d->frame_of[i];
        while (depth && d->frame[frame].depth > depth)
            frame = d->frame[frame].parent;
        d->key[i] = depth && d->frame[frame].depth == depth ? s->n + frame : i;
        if (inputs && d->key[i] == i && s->step[i].input && !s->step[i].given)
            d->key[i] = key_of_users(d, i);
        if (d->number[d->key[i]] == keys)
            d->number[d->key[i]] = count++;
    }
    for (size_t k = 0; k < keys; k++)
        if (d->number[k] < keys)
            d->number[k] = count - 1 - d->number[k];
    return count;
}

/* The middle of too many boxes becomes one; more is left of the end, where E is. */
static void fold_middle(ad_drawing *d, size_t count)
{
    size_t most = d->options.most, before = most / 4, keys = d->s.n + d->frames;
    for (size_t k = 0; k < keys; k++) {
        size_t *b = &d->number[k];
        if (*b < keys && *b > before)
            *b = *b - before <= count - most ? before : *b - (count - most);
    }
}

static size_t fold_to_fit(ad_drawing *d)
{
    uint32_t deepest = 0;
    for (size_t f = 0; f < d->frames; f++)
        deepest = d->frame[f].depth > deepest ? d->frame[f].depth : deepest;
    size_t count = fold(d, 0, 0);
    if (count > d->options.most)
        count = fold(d, 1, 0);
    for (; count > d->options.most && deepest; deepest--)
        count = fold(d, 1, deepest);
    if (count <= d->options.most)
        return count;
    fold_middle(d, count);
    return d->options.most;
}

/* ---- Boxes -------------------------------------------------------------------------------------------------------------- */

static size_t box_of(const ad_drawing *d, size_t step) { return d->number[d->key[step]]; }

static int is_used_outside(const ad_drawing *d, size_t i)
{
    const ad_step *step = &d->s.step[i];
    int used = i == d->s.n - 1;
    for (size_t k = 0; k < step->n_uses && !used; k++)
        used = box_of(d, d->s.edge[d->s.uses[step->first_use + k]].to) != box_of(d, i);
    return used;
}

static void put_in_frame(ad_drawing *d, ad_box *box)
{
    ad_frame *frame = &d->frame[box->frame];
    box->next_box = frame->first_box;
    frame->first_box = (size_t)(box - d->box);
    for (uint32_t f = box->frame; f; f = d->frame[f].parent)
        d->frame[f].boxes++;
}

static void describe(ad_drawing *d, ad_box *box)
{
    const ad_steps *s = &d->s;
    size_t key = d->key[d->member[box->first]];
    int alike = 1;
    for (size_t k = 0; k < box->n; k++) {
        size_t i = d->member[box->first + k];
        const ad_step *step = &s->step[i];
        alike &= d->key[i] == key;
        box->marked |= d->marked[i];
        if (is_used_outside(d, i)) {
            box->shown = box->outs++ ? s->n : i;
            box->adjoint = box->outs == 1 ? step->adjoint.value : hypot(box->adjoint, step->adjoint.value);
        } else if (step->input) {
            box->inputs++;
            box->wanted += !step->given;
            box->gradient = step->given ? box->gradient : hypot(box->gradient, step->adjoint.value);
        }
    }
    box->step = alike && key < s->n ? key : s->n;
    box->fold = alike && key >= s->n ? (uint32_t)(key - s->n) : 0;
    box->frame = box->fold ? d->frame[box->fold].parent : box->step < s->n ? d->frame_of[box->step] : 0;
    if (ad_drawing_has_adjoint(d, box) && (box->shown != s->n - 1) && isfinite(box->adjoint))
        d->largest = fmax(d->largest, fabs(box->adjoint));
}

static void make_boxes(ad_drawing *d)
{
    for (size_t b = 0; b < d->boxes; b++)
        d->box[b] = (ad_box){.shown = d->s.n};
    for (size_t i = 0; i < d->s.n; i++)
        d->box[box_of(d, i)].n++;
    for (size_t b = 1; b < d->boxes; b++)
        d->box[b].first = d->box[b - 1].first + d->box[b - 1].n;
    for (size_t b = 0; b < d->boxes; b++)
        d->box[b].n = 0;
    for (size_t i = 0; i < d->s.n; i++) {
        ad_box *box = &d->box[box_of(d, i)];
        d->member[box->first + box->n++] = i;
    }
    for (size_t b = 0; b < d->boxes; b++)
        describe(d, &d->box[b]);
    for (size_t f = 0; f < d->frames; f++)
        d->frame[f].first_box = AD_NO_BOX;
    for (size_t b = d->boxes; b-- > 0;)
        put_in_frame(d, &d->box[b]);
}

/* ---- Lines -------------------------------------------------------------------------------------------------------------- */

static void add_to_line(ad_drawing *d, size_t b, size_t k, double slope)
{
    const ad_steps *s = &d->s;
    const ad_edge *edge = &s->edge[k];
    size_t from = box_of(d, edge->from), at = d->place[from];
    if (at >= d->lines || d->line[at].from != from || d->line[at].to != b) {
        at = d->place[from] = d->lines++;
        d->line[at] = (ad_line){.from = from, .to = b, .source = edge->from, .edge = s->n_edges};
    }
    ad_line *line = &d->line[at];
    line->source = line->source == edge->from ? line->source : s->n;
    line->slope += slope;
    line->edge = line->slopes++ || edge->to != d->box[b].shown ? s->n_edges : k;
    line->marked |= d->marked[edge->from];
}

/* A small backward sweep: from what the box shows to what it is made of, inside and then outside. */
static void make_lines(ad_drawing *d, size_t b)
{
    const ad_steps *s = &d->s;
    ad_box *box = &d->box[b];
    box->first_line = d->lines;
    for (size_t k = box->n; k-- > 0;) {
        const ad_step *step = &s->step[d->member[box->first + k]];
        double here = d->local[d->member[box->first + k]];
        here = (size_t)(step - s->step) == box->shown ? 1 : here;
        for (size_t j = step->first_edge; j < step->first_edge + step->n_edges; j++) {
            double slope = here == 0 ? 0 : here * s->edge[j].value;
            if (box_of(d, s->edge[j].from) == b)
                d->local[s->edge[j].from] += slope;
            else
                add_to_line(d, b, j, slope);
        }
    }
    box->n_lines = d->lines - box->first_line;
    for (size_t l = box->first_line; l < d->lines; l++) {
        ad_line *line = &d->line[l];
        if (box->outs != 1 || line->source == s->n)
            line->slope = NAN;
        const ad_box *from = &d->box[line->from];
        if (line->from < b && from->depth >= box->depth)
            box->depth = from->depth + 1;
        if (line->from < b && from->inner >= box->inner && ad_frame_drawn(d, from->frame) == ad_frame_drawn(d, box->frame))
            box->inner = from->inner + 1;
    }
    d->deepest = box->depth > d->deepest ? box->depth : d->deepest;
}

/* ---- The whole ---------------------------------------------------------------------------------------------------------- */

static void *zeros(ad_drawing *d, size_t n, size_t size)
{
    void *block = ad_resize(&d->s.allocator, NULL, 0, n * size);
    if (block)
        memset(block, 0, n * size);
    return block;
}

static void drop(ad_drawing *d, void *block, size_t n, size_t size)
{
    ad_resize(&d->s.allocator, block, block ? n * size : 0, 0);
}

static int take_room(ad_drawing *d)
{
    const ad_steps *s = &d->s;
    d->frame_room = 1 + s->n;
    for (size_t i = 0; i < s->n; i++)
        for (const char *c = s->step[i].name; *c; c++)
            d->frame_room += *c == '.';
    for (d->buckets = 16; d->buckets < d->frame_room; d->buckets *= 2)
        ;
    return (d->frame = zeros(d, d->frame_room, sizeof *d->frame)) && (d->bucket = zeros(d, d->buckets, sizeof *d->bucket)) &&
           (d->frame_of = zeros(d, s->n, sizeof *d->frame_of)) && (d->key = zeros(d, s->n, sizeof *d->key)) &&
           (d->number = zeros(d, s->n + d->frame_room, sizeof *d->number)) && (d->member = zeros(d, s->n, sizeof *d->member)) &&
           (d->place = zeros(d, s->n, sizeof *d->place)) && (d->local = zeros(d, s->n, sizeof *d->local)) &&
           (d->marked = zeros(d, s->n, 1));
}

static void mark(ad_drawing *d)
{
    if (d->by < d->s.n)
        d->marked[d->by] = 1;
    for (size_t k = 0; k < d->s.n_edges; k++)
        d->marked[d->s.edge[k].to] |= d->marked[d->s.edge[k].from];
}

int ad_drawing_make(ad_drawing *d)
{
    if (!take_room(d))
        return 0;
    mark(d);
    find_frames(d);
    d->boxes = d->box_room = fold_to_fit(d);
    d->line_room = d->s.n_edges + 1;
    if (!(d->box = zeros(d, d->box_room, sizeof *d->box)) || !(d->line = zeros(d, d->line_room, sizeof *d->line)))
        return 0;
    make_boxes(d);
    for (size_t b = 0; b < d->boxes; b++)
        make_lines(d, b);
    return 1;
}

void ad_drawing_drop(ad_drawing *d)
{
    size_t n = d->s.n;
    drop(d, d->frame, d->frame_room, sizeof *d->frame);
    drop(d, d->bucket, d->buckets, sizeof *d->bucket);
    drop(d, d->frame_of, n, sizeof *d->frame_of);
    drop(d, d->key, n, sizeof *d->key);
    drop(d, d->number, n + d->frame_room, sizeof *d->number);
    drop(d, d->member, n, sizeof *d->member);
    drop(d, d->place, n, sizeof *d->place);
    drop(d, d->local, n, sizeof *d->local);
    drop(d, d->marked, n, 1);
    drop(d, d->box, d->box_room, sizeof *d->box);
    drop(d, d->line, d->line_room, sizeof *d->line);
}

void ad_drawing_free(ad_drawing *d)
{
    ad_drawing_drop(d);
    ad_steps_free(&d->s);
}
