/* colour.c -- colours for the columns of a symmetric matrix, of which a product with a vector gives the sum.
 *
 * A star colouring (Coleman and More 1984; Gebremedhin, Tarafdar, Manne and Pothen 2007): neighbours differ, and no path of
 * four vertices has but two colours. Then of every entry (i, j) either j is the only neighbour of i of its colour, or i the
 * only one of j: one of the two is read off directly, without subtracting. A band of w takes 2 w + 1 colours, an
 * arrowhead 2. Greedy, vertices of many neighbours first.
 *
 * Every vertex keeps, for each colour among its neighbours: how many have it (one or more), the first, and whether that
 * neighbour is the hub of a star which this vertex is a leaf of. Vertex v may not take a colour c, by its neighbour w, if
 *   - w has c;
 *   - w has no colour yet, and a neighbour of c: w in the middle might become a third alike;
 *   - w is a leaf, with others, of a hub of colour c: v - w - hub - leaf would be the path of two colours. */
#include "internal.h"

static const uint32_t NONE = UINT32_MAX;

typedef struct neighbours {
    uint32_t colour, first;
    unsigned char many, hub;
} neighbours;

typedef struct colouring {
    const ad_pattern *p;
    uint32_t         *colour, n_colours;   /* [n] NONE until it has one */
    neighbours       *seen;                /* vertex i: from starts[i] on */
    uint32_t         *n_seen;              /* [n] */
    uint32_t         *forbidden;           /* [n + 1] by colour: the last vertex that may not take it, + 1 */
    uint32_t         *order;               /* [n] */
} colouring;

static neighbours *of_colour(const colouring *C, size_t i, uint32_t colour)
{
    neighbours *s = C->seen + C->p->starts[i];
    for (uint32_t k = 0; k < C->n_seen[i]; k++)
        if (s[k].colour == colour)
            return &s[k];
    return NULL;
}

static void forbid(const colouring *C, uint32_t v)
{
    const ad_pattern *p = C->p;
    for (size_t e = p->starts[v]; e < p->starts[v + (size_t)1]; e++) {
        size_t w = p->columns[e];
        const neighbours *s = C->seen + p->starts[w];
        if (C->colour[w] != NONE)
            C->forbidden[C->colour[w]] = v + 1;
        for (uint32_t k = 0; w != v && k < C->n_seen[w]; k++)
            if (C->colour[w] == NONE || s[k].hub)
                C->forbidden[s[k].colour] = v + 1;
    }
}

/* v, of its colour, is now a neighbour of w: w may have become the hub of a star, or got one more leaf. */
static void tell(colouring *C, uint32_t v, size_t w)
{
    uint32_t c = C->colour[v];
    neighbours *s = of_colour(C, w, c);
    if (!s) {
        C->seen[C->p->starts[w] + C->n_seen[w]++] = (neighbours){c, v, 0, 0};
        return;
    }
    if (!s->many)
        of_colour(C, s->first, C->colour[w])->hub = 1;
    s->many = 1;
}

static void take(colouring *C, uint32_t v)
{
    const ad_pattern *p = C->p;
    uint32_t c = 0;
    forbid(C, v);
    while (C->forbidden[c] == v + 1)
        c++;
    C->colour[v] = c;
    C->n_colours = c + 1 > C->n_colours ? c + 1 : C->n_colours;
    for (size_t e = p->starts[v]; e < p->starts[v + (size_t)1]; e++)
        if (p->columns[e] != v)
            tell(C, v, p->columns[e]);
    for (size_t e = p->starts[v]; e < p->starts[v + (size_t)1]; e++) {
        size_t w = p->columns[e];
        if (w != v && C->colour[w] != NONE && of_colour(C, w, c)->many)
            of_colour(C, v, C->colour[w])->hub = 1;
    }
}

/* Vertices by falling number of neighbours; of equals the earlier first. */
static int sort_by_degree(colouring *C, const ad_allocator *a)
{
    size_t n = C->p->n, *count = ad_make(a, n + 2, sizeof *count);
    const size_t *starts = C->p->starts;
    for (size_t i = 0; count && i < n; i++)
        count[n - (starts[i + 1] - starts[i]) + 1]++;
    for (size_t i = 0; count && i <= n; i++)
        count[i + 1] += count[i];
    for (size_t i = 0; count && i < n; i++)
        C->order[count[n - (starts[i + 1] - starts[i])]++] = (uint32_t)i;
    ad_drop(a, count, n + 2, sizeof *count);
    return count != NULL;
}

/* Both halves read the same number: where it stands alone, in the upper half if it can be. */
static int is_mirrored(const colouring *C, size_t i, size_t j)
{
    return i < j ? of_colour(C, i, C->colour[j])->many : i > j && !of_colour(C, j, C->colour[i])->many;
}

int ad_colour_symmetric(const ad_pattern *p, const ad_allocator *a, uint32_t *colour, unsigned char *mirrored,
                        uint32_t *n_colours)
{
    size_t n = p->n;
    colouring C = {.p = p, .colour = colour};
    C.seen      = ad_make(a, p->nonzeros, sizeof *C.seen);
    C.n_seen    = ad_make(a, n, sizeof *C.n_seen);
    C.forbidden = ad_make(a, n + 1, sizeof *C.forbidden);
    C.order     = ad_make(a, n, sizeof *C.order);
    int done = C.seen && C.n_seen && C.forbidden && C.order && sort_by_degree(&C, a);
    if (done) {
        memset(colour, 0xff, n * sizeof *colour);
        for (size_t i = 0; i < n; i++)
            if (p->starts[C.order[i]] < p->starts[C.order[i] + (size_t)1])
                take(&C, C.order[i]);
        for (size_t i = 0; i < n; i++)
            for (size_t e = p->starts[i]; e < p->starts[i + 1]; e++)
                mirrored[e] = (unsigned char)is_mirrored(&C, i, p->columns[e]);
        *n_colours = C.n_colours;
    }
    ad_drop(a, C.seen, p->nonzeros, sizeof *C.seen);
    ad_drop(a, C.n_seen, n, sizeof *C.n_seen);
    ad_drop(a, C.forbidden, n + 1, sizeof *C.forbidden);
    ad_drop(a, C.order, n, sizeof *C.order);
    return done;
}
