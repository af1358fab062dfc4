/* drawing.h -- a picture before it is drawn: boxes, the lines between them, the frames around them. Not installed.
 *
 * Made in draw_fold.c from the steps of a graph; drawn in draw_dot.c, draw_text.c, draw_json.c. */
#ifndef AUTODIFF_INSIGHT_DRAWING_H
#define AUTODIFF_INSIGHT_DRAWING_H

#include "draw.h"
#include "steps.h"

#define AD_NO_BOX SIZE_MAX

/* A frame: what names have in common. Frame 0 is the picture. */
typedef struct ad_frame {
    uint32_t parent, depth;
    uint32_t child, last, sibling;         /* frames in it, in order of appearance; 0: none */
    uint32_t hash_next;
    size_t   step;                         /* one whose name has it, at [begin, end) */
    size_t   begin, end;
    int      number;                       /* of names that end in it; else of names with dots */
    size_t   boxes, first_box;             /* in it, at any depth; the first of its own, AD_NO_BOX: none */
} ad_frame;

typedef struct ad_box {
    size_t   first, n;                     /* members: steps, in order of evaluation */
    size_t   step;                         /* drawn as itself, with inputs folded into it; s->n: a folded frame or others */
    uint32_t fold;                         /* the frame folded; 0: none */
    uint32_t frame;                        /* where it stands */
    size_t   shown;                        /* whose value and adjoint it shows; s->n: several are used outside */
    size_t   outs, inputs, wanted;         /* used outside; folded inputs, and those to differentiate by */
    double   adjoint, gradient;            /* of what it shows, or a norm; norm by the wanted inputs */
    size_t   first_line, n_lines;          /* from its operands */
    size_t   depth, inner;                 /* lines from the inputs, and from within its frame, the longest way */
    size_t   next_box;                     /* of the same frame */
    int      marked;
} ad_box;

typedef struct ad_line {
    size_t from, to;                       /* boxes */
    size_t source;                         /* the step it comes from; s->n: several do */
    size_t slopes;                         /* edges of steps that it stands for */
    double slope;                          /* NaN where there is not one */
    size_t edge;                           /* the edge, where it stands for one between steps drawn as themselves; else n_edges */
    int    marked;
} ad_line;

typedef struct ad_drawing {
    ad_tape        *tape;
    FILE           *out;
    ad_draw_options options;
    ad_steps        s;
    ad_frame       *frame;                 /* [frames] */
    uint32_t       *bucket;                /* [buckets] of the frames by parent and name */
    uint32_t       *frame_of;              /* [n] of steps */
    size_t         *key, *number;          /* [n], [n + frame_room]: what folds into one; its box */
    size_t         *member;                /* [n] steps by box */
    size_t         *place;                 /* [n] the last line from a box */
    double         *local;                 /* [n] how what a box shows changes with a step of it */
    unsigned char  *marked;                /* [n] steps on the way from `by` */
    ad_box         *box;                   /* [boxes] by their last steps, in order of evaluation */
    ad_line        *line;                  /* [lines] by the box that is made */
    size_t          frames, frame_room, buckets, boxes, lines, box_room, line_room;
    size_t          by, deepest;           /* the largest depth of a box */
    double          largest;               /* absolute adjoint drawn, but for E's */
} ad_drawing;

/* Folds the steps into as many boxes as there may be. 0 when there is no memory. */
int  ad_drawing_make(ad_drawing *d);
void ad_drawing_free(ad_drawing *d);
void ad_drawing_drop(ad_drawing *d);       /* but for the steps, which were lent */

/* How large a derivative is beside the largest drawn: 0 (none) to 6, a factor of 4 apart; -1 for NaN. */
int  ad_drawing_size(const ad_drawing *d, double derivative);
double ad_drawing_least(const ad_drawing *d, int size);    /* the least of a size of 2 or more */
/* Texts [AD_DRAWN]: UTF-8 without control characters. */
enum { AD_DRAWN = 160 };
void ad_drawing_name(const ad_drawing *d, const ad_box *box, size_t prefix, char *text);  /* less so many bytes of prefix */
/* At most `width` characters; empty where there is none. */
void ad_drawing_formula(const ad_drawing *d, const ad_box *box, size_t width, char *text);
void ad_drawing_number(const ad_drawing *d, double number, char *text);
/* "3 inputs, |gradient| 0.02" of what is folded in; empty where nothing is. */
void ad_drawing_folded(const ad_drawing *d, const ad_box *box, char *text);
/* What has an adjoint to be told. */
int  ad_drawing_has_adjoint(const ad_drawing *d, const ad_box *box);
/* Cuts a text to so many characters, the last three dots where it was longer. */
void ad_drawing_cut(char *text, size_t width);
/* Makes what is no UTF-8, and control characters, `?`. */
void ad_drawing_clean(char *text);
/* The bytes of a name that its frame tells. */
size_t ad_frame_prefix(const ad_frame *frame);
/* The innermost of a frame and those around it that is drawn: one box needs none. 0: the picture. */
uint32_t ad_frame_drawn(const ad_drawing *d, uint32_t frame);
/* "no path from x to E", where `by` was asked for and there is none; else empty. */
void ad_drawing_no_path(const ad_drawing *d, char *text);

void ad_draw_dot(const ad_drawing *d);
void ad_draw_text(const ad_drawing *d);
void ad_draw_json(const ad_drawing *d);

#endif
