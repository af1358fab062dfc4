/* draw_dot.c -- a picture in the language of Graphviz. Frames are clusters; labels are HTML-like, tool tips plain. */
#include "drawing.h"
#include "text.h"
#include "write.h"

#include <math.h>
#include <string.h>

/* From ColorBrewer's Blues (Brewer, www.colorbrewer.org), lighter first: one hue, so that the order is that of lightness. */
static const char *const fills[] = {"#ffffff", "#f0f6fc", "#d6e6f4", "#abd0e6", "#6aaed6", "#2f7fbc", "#0b559f"};
static const char *const inks[]  = {"#b0b0b0", "#b0b0b0", "#9a9a9a", "#7f7f7f", "#606060", "#383838", "#000000"};
static const char alarm[] = "#d55e00";     /* what is no number: vermilion, of Okabe and Ito's palette */

enum { SCALES_DARK = 5, MOST_LABELS = 150, MOST_ACROSS = 20, FORMULA = 32 };

/* Whether lines are too many for labels: then they are straight, and boxes stand in order (mclimit: crossings, which there is
 * no way to avoid, are not minimized). */
static int is_dense(const ad_drawing *d) { return d->lines > MOST_LABELS && d->lines > 4 * d->boxes; }

/* Whether it goes down the page, not across: a long chain is read by scrolling. */
static int is_tall(const ad_drawing *d) { return d->deepest > MOST_ACROSS; }

/* Both in HTML-like and in quoted texts: Graphviz resolves entities in either. */
static void put(const ad_drawing *d, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':  fputs("&amp;", d->out); break;
        case '<':  fputs("&lt;", d->out); break;
        case '>':  fputs("&gt;", d->out); break;
        case '"':  fputs("&quot;", d->out); break;
        case '\\': fputs("&#92;", d->out); break;
        default:   fputc(*text, d->out);
        }
}

static void put_row(const ad_drawing *d, const char *before, const char *text, const char *after)
{
    if (!*text)
        return;
    fprintf(d->out, "<tr><td>%s", before);
    put(d, text);
    fprintf(d->out, "%s</td></tr>", after);
}

static void put_box(const ad_drawing *d, size_t b)
{
    const ad_box *box = &d->box[b];
    const ad_steps *s = &d->s;
    char text[AD_DRAWN];
    int has = ad_drawing_has_adjoint(d, box), size = has ? ad_drawing_size(d, box->adjoint) : 0;
    int is_input = box->shown < s->n && s->step[box->shown].input;
    fprintf(d->out, "  b%zu [style=\"filled%s%s\", fillcolor=\"%s\", fontcolor=\"%s\"%s%s, label=<<table border=\"0\" "
                    "cellborder=\"0\" cellspacing=\"0\" cellpadding=\"1\">", b, is_input ? ",rounded" : "",
            has ? "" : ",dashed", size < 0 ? fills[0] : fills[size], size >= SCALES_DARK ? "#ffffff" : "#000000",
            size < 0 ? ", color=\"#d55e00\"" : "", box->marked ? ", penwidth=3" : "");
    *text = 0;
    if (box->shown < s->n)
        ad_drawing_number(d, s->step[box->shown].symbol.value, text);
    put_row(d, "", text, "");
    fputs(*text ? "<hr/>" : "", d->out);
    ad_drawing_name(d, box, ad_frame_prefix(&d->frame[ad_frame_drawn(d, box->frame)]), text);
    put_row(d, "<b>", *text ? text : " ", "</b>");
    ad_drawing_formula(d, box, FORMULA, text);
    put_row(d, "", text, "");
    ad_drawing_folded(d, box, text);
    put_row(d, "<i>", text, "</i>");
    if (has) {
        fputs("<hr/>", d->out);
        ad_drawing_number(d, box->adjoint, text);
        put_row(d, box->shown == s->n ? "|adjoints| " : "", text, "");
    }
    fputs("</table>>];\n", d->out);
}

/* What a line stands for, in words. */
static void put_tip(const ad_drawing *d, const ad_line *line)
{
    const ad_steps *s = &d->s;
    char text[4 * AD_DRAWN], number[AD_DRAWN];
    if (line->source == s->n || isnan(line->slope)) {
        fprintf(d->out, "%zu slope%s", line->slopes, line->slopes == 1 ? "" : "s");
        return;
    }
    snprintf(text, sizeof text, "d%s/d%s = ", s->step[d->box[line->to].shown].name, s->step[line->source].name);
    ad_drawing_clean(text);
    put(d, text);
    if (line->edge < s->n_edges && !ad_is_plain(s->edge[line->edge].slope)) {
        ad_write_formula(s->edge[line->edge].slope, 0, (ad_style){.constants = d->options.digits}, text, AD_TEXT_SIZE);
        ad_drawing_clean(text);
        put(d, text);
        fputs(" = ", d->out);
    }
    ad_drawing_number(d, line->slope, number);
    put(d, number);
}

/* Ranks that a line spans at least: what enters a frame from another ends behind all that is before its end in there, so that
 * frames that follow one another stand side by side. */
static size_t length_of(const ad_drawing *d, const ad_line *line)
{
    const ad_box *from = &d->box[line->from], *to = &d->box[line->to];
    int is_input = from->shown < d->s.n && d->s.step[from->shown].input;
    uint32_t frame = ad_frame_drawn(d, to->frame);
    return is_input || !frame || ad_frame_drawn(d, from->frame) == frame ? 1 : 1 + to->inner;
}

static void put_line(const ad_drawing *d, const ad_line *line)
{
    char text[AD_DRAWN];
    const ad_box *to = &d->box[line->to];
    double given = isnan(line->slope) ? to->adjoint : line->slope * to->adjoint;
    int size = ad_drawing_size(d, given);
    fprintf(d->out, "  b%zu%s -> b%zu%s [color=\"%s\"%s", line->from, !is_dense(d) ? "" : is_tall(d) ? ":s" : ":e",
            line->to, !is_dense(d) ? "" : is_tall(d) ? ":n" : ":w",
            size < 0 ? alarm : inks[size], line->marked ? ", penwidth=3" : is_dense(d) ? ", penwidth=0.6" : "");
    if (length_of(d, line) > 1)
        fprintf(d->out, ", minlen=%zu", length_of(d, line));
    fputs(", edgetooltip=\"", d->out);
    put_tip(d, line);
    fputs("\", labeltooltip=\"", d->out);
    put_tip(d, line);
    fputs("\"", d->out);
    if (isnan(line->slope) && !is_dense(d) && (line->source == d->s.n || to->outs != 1))
        fprintf(d->out, ", label=\"%zu slope%s\"", line->slopes, line->slopes == 1 ? "" : "s");
    else if (!is_dense(d)) {
        ad_drawing_number(d, line->slope, text);
        fputs(", label=\"", d->out);
        put(d, text);
        fputs("\"", d->out);
    }
    fputs("];\n", d->out);
}

static void open_frame(const ad_drawing *d, uint32_t f)
{
    const ad_frame *frame = &d->frame[f];
    char text[AD_DRAWN];
    size_t from = ad_frame_prefix(&d->frame[ad_frame_drawn(d, frame->parent)]);
    snprintf(text, sizeof text, "%.*s", (int)(frame->end - from), d->s.step[frame->step].name + from);
    ad_drawing_clean(text);
    fprintf(d->out, "  subgraph cluster_%u {\n  labeljust=l;\n  label=\"", (unsigned)f);
    if (!frame->number)
        put(d, text);
    fputs("\";\n", d->out);
}

/* Frames inside frames, without recursion: down to the first child, then on to the sibling, then up. */
static void put_frames(const ad_drawing *d)
{
    uint32_t f = 0;
    for (int down = 1;;) {
        int is_drawn = f && d->frame[f].boxes > 1;
        if (down) {
            if (is_drawn)
                open_frame(d, f);
            for (size_t b = d->frame[f].first_box; b != AD_NO_BOX; b = d->box[b].next_box)
                put_box(d, b);
        }
        if (down && d->frame[f].child) {
            f = d->frame[f].child;
            continue;
        }
        if (is_drawn)
            fputs("  }\n", d->out);
        if (!f)
            return;
        down = d->frame[f].sibling != 0;
        f = down ? d->frame[f].sibling : d->frame[f].parent;
    }
}

/* In pieces: a text may be longer than any name. */
static void put_long(const ad_drawing *d, const char *at)
{
    char text[4 * AD_DRAWN];
    while (at && *at) {
        size_t n = strlen(at) < sizeof text - 1 ? strlen(at) : sizeof text - 1;
        for (size_t back = 0; at[n] && back < 3 && ((unsigned char)at[n] & 0xc0) == 0x80; back++)
            n--;
        snprintf(text, sizeof text, "%.*s", (int)n, at);
        ad_drawing_clean(text);
        put(d, text);
        at += n;
    }
}

static void put_title(const ad_drawing *d)
{
    char text[4 * AD_DRAWN], value[AD_DRAWN];
    const ad_step *last = &d->s.step[d->s.n - 1];
    ad_drawing_number(d, last->symbol.value, value);
    snprintf(text, sizeof text, "%s = %s", last->name, value);
    put_long(d, d->options.title ? d->options.title : text);
}

/* Which shade is which size: every one with the least that it stands for. */
static void put_scale(const ad_drawing *d)
{
    char number[AD_DRAWN];
    if (d->largest <= 0)
        return;
    fputs("<tr><td><table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"3\" color=\"#808080\"><tr>"
          "<td border=\"0\">size of the adjoint: </td><td bgcolor=\"#ffffff\">0</td>", d->out);
    for (int k = 1; k <= 6; k++) {
        ad_write_number(ad_drawing_least(d, k < 2 ? 2 : k), (ad_style){.digits = 2}, number, sizeof number);
        fprintf(d->out, "<td bgcolor=\"%s\"><font color=\"%s\">%s %s</font></td>", fills[k], k >= SCALES_DARK ? "#ffffff" : "#000000",
                k < 2 ? "&lt;" : "&ge;", number);
    }
    fputs("</tr></table></td></tr>", d->out);
}

static void put_head(const ad_drawing *d)
{
    char text[4 * AD_DRAWN];
    fputs("  label=<<table border=\"0\" cellborder=\"0\" cellspacing=\"0\"><tr><td><b>", d->out);
    put_title(d);
    snprintf(text, sizeof text, "above: value; below: adjoint, d%s by it%s; dashed: a given number", d->s.step[d->s.n - 1].name,
             !is_dense(d) ? "; on edges: slopes" : "");
    fputs("</b></td></tr>", d->out);
    if (d->options.note) {
        fputs("<tr><td>", d->out);
        put_long(d, d->options.note);
        fputs("</td></tr>", d->out);
    }
    fputs("<tr><td>", d->out);
    put_long(d, text);
    fputs("</td></tr>", d->out);
    ad_drawing_no_path(d, text);
    put_row(d, "", text, "");
    put_scale(d);
    fputs("</table>>;\n", d->out);
}

void ad_draw_dot(const ad_drawing *d)
{
    fprintf(d->out, "digraph chainrule {\n  rankdir=%s;\n  nodesep=0.15;\n  ranksep=%s;\n", is_tall(d) ? "TB" : "LR",
            !is_dense(d) ? is_tall(d) ? "0.3" : "0.6" : "2.4;\n  splines=line;\n  mclimit=0.01");
    fputs("  graph [fontname=\"Helvetica\", fontsize=14, labelloc=t, style=\"rounded\", color=\"#808080\"];\n"
          "  node [shape=box, fontname=\"Helvetica\", fontsize=11, margin=\"0.06,0.03\", color=\"#404040\"];\n"
          "  edge [fontname=\"Helvetica\", fontsize=10, arrowsize=0.6];\n", d->out);
    put_head(d);
    put_frames(d);
    for (size_t l = 0; l < d->lines; l++)
        put_line(d, &d->line[l]);
    fputs("}\n", d->out);
}
