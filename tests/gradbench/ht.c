/* ht.c -- hand tracking: residuals of points against the vertices of a posed hand, or against points of its triangles, and their
 * Jacobian by the pose: few inputs, many outputs, forward mode. The bones' transforms are the same for all rows; a row is a
 * point with the vertices it corresponds to.
 *
 * theta: rotation of the hand (angle times axis), translation, then four angles a finger. */
#include "gradbench.h"

enum { THETA = 26, FINGERS = 5, MOST_BONES = 64 };

typedef struct matrix { ad_var at[4][4]; } matrix;

typedef struct ht {
    size_t         n, bones, corners, columns_n;             /* points; 1 vertex a point, or 3 */
    double        *theta, *residuals;                        /* [THETA]; [n][3] or [n][3][inputs] */
    const double **columns;
    size_t         inputs;                                   /* of the Jacobian: 2 for the place in a triangle, and theta */
    ad_function   *f;
} ht;

/* What a model is made of; matrices are row-major. */
typedef struct hand {
    const double *relatives, *inverses;                      /* [bones][4][4] */
    const double *parents;                                   /* [bones] -1 for none; before its children */
    size_t        bones;
    int           mirrored;
} hand;

/* ---- Small matrices; factors that are 0 or 1 for good drop out --------------------------------------------------------- */

static int is(ad_var v, double number) { return v.link == 0 && v.value == number; }

static ad_var plus_product(ad_var sum, ad_var a, ad_var b)
{
    if (is(a, 0) || is(b, 0))
        return sum;
    ad_var term = is(a, 1) ? b : is(b, 1) ? a : ad_mul(a, b);
    return is(sum, 0) ? term : ad_add(sum, term);
}

static matrix product(const matrix *a, const matrix *b)
{
    matrix z;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            z.at[i][j] = ad_const(0);
            for (int k = 0; k < 4; k++)
                z.at[i][j] = plus_product(z.at[i][j], a->at[i][k], b->at[k][j]);
        }
    return z;
}

static matrix numbers(const double *x)
{
    matrix z;
    for (int i = 0; i < 16; i++)
        z.at[i / 4][i % 4] = ad_const(x ? x[i] : i % 5 == 0);
    return z;
}

/* A turn about an axis, 0 for x. */
static matrix turn(int axis, ad_var angle)
{
    matrix z = numbers(NULL);
    if (is(angle, 0))
        return z;
    int i = (axis + 1) % 3, j = (axis + 2) % 3;
    z.at[i][i] = z.at[j][j] = ad_cos(angle);
    z.at[j][i] = ad_sin(angle);
    z.at[i][j] = ad_neg(z.at[j][i]);
    return z;
}

/* r is angle times axis; hardly any angle is none. */
static void turn_by(const ad_var *r, ad_var R[3][3])
{
    ad_var angle = ad_sqrt(ad_dot(3, r, r)), c = ad_cos(angle), s = ad_sin(angle), axis[3], some = ad_greater_equal(angle, 1e-4);
    for (int i = 0; i < 3; i++)
        axis[i] = ad_div(r[i], angle);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            ad_var both = ad_mul(axis[i], axis[j]), z;
            if (i == j)
                z = ad_add(both, ad_mul(ad_sub(1, both), c));
            else {
                ad_var other = ad_mul(axis[3 - i - j], s);
                z = ad_mul(both, ad_sub(1, c));
                z = (j - i + 3) % 3 == 1 ? ad_sub(z, other) : ad_add(z, other);
            }
            R[i][j] = ad_select(some, z, i == j);
        }
}

/* ---- The model ---------------------------------------------------------------------------------------------------------- */

/* Of every bone, from where the base mesh has it to where the pose puts it. A finger's second to fourth bones turn; the
 * second about two axes. */
static void transforms(const hand *h, const ad_var *theta, matrix *z)
{
    ad_var about_x[MOST_BONES], about_z[MOST_BONES];
    for (size_t b = 0; b < h->bones; b++)
        about_x[b] = about_z[b] = ad_const(0);
    const ad_var *angle = theta + 6;
    for (size_t finger = 0; finger < FINGERS; finger++)
        for (size_t i = 2; i <= 4; i++) {
            size_t b = 4 * finger + i;
            if (b >= h->bones)
                continue;
            about_x[b] = *angle++;
            if (i == 2)
                about_z[b] = *angle++;
        }
    for (size_t b = 0; b < h->bones; b++) {
        matrix rx = turn(0, about_x[b]), rz = turn(2, about_z[b]), r = product(&rz, &rx), base = numbers(h->relatives + 16 * b);
        z[b] = product(&base, &r);
        if (h->parents[b] >= 0)
            z[b] = product(&z[(size_t)h->parents[b]], &z[b]);
    }
    for (size_t b = 0; b < h->bones; b++) {
        matrix inverse = numbers(h->inverses + 16 * b);
        z[b] = product(&z[b], &inverse);
    }
}

/* A vertex: its bones' transforms, weighed, of its place [4] in the base mesh; then the hand's own. */
static void vertex(const hand *h, const matrix *bones, const ad_var R[3][3], const ad_var *shift, const ad_var *place,
                   const ad_var *weight, ad_var *z)
{
    ad_var posed[3];
    for (int i = 0; i < 3; i++) {
        ad_var sum = ad_const(0);
        for (int j = 0; j < 4; j++) {
            ad_var entry = ad_const(0);
            for (size_t b = 0; b < h->bones; b++)
                entry = plus_product(entry, bones[b].at[i][j], weight[b]);
            sum = plus_product(sum, entry, place[j]);
        }
        posed[i] = h->mirrored && i == 0 ? ad_neg(sum) : sum;
    }
    for (int i = 0; i < 3; i++)
        z[i] = ad_add(ad_dot(3, R[i], posed), shift[i]);
}

/* Columns: point [3], u [2] where there are triangles, then each corner's place [4] and weights [bones]. */
static ad_function *record(gb_case *c, const ht *t, const hand *h)
{
    ad_tape *tape = gb_tape(c);
    ad_var theta[THETA], R[3][3], *column = gb_make(c, t->columns_n, sizeof *column), at[3][3], residual[3];
    matrix *bones = gb_make(c, h->bones, sizeof *bones);
    for (int i = 0; i < THETA; i++)
        theta[i] = ad_param(tape, NULL, 0);
    for (size_t i = 0; i < t->columns_n; i++)
        column[i] = ad_column(tape, NULL);
    transforms(h, theta, bones);
    turn_by(theta, R);
    const ad_var *point = column, *u = column + 3, *corner = t->corners == 3 ? u + 2 : u;
    for (size_t k = 0; k < t->corners; k++, corner += 4 + h->bones)
        vertex(h, bones, (const ad_var(*)[3])R, theta + 3, corner, corner + 4, at[k]);
    for (int i = 0; i < 3; i++) {
        ad_var hit = at[0][i];
        if (t->corners == 3)
            hit = ad_add(ad_add(ad_mul(u[0], at[0][i]), ad_mul(u[1], at[1][i])),
                         ad_mul(ad_sub(ad_sub(1, u[0]), u[1]), at[2][i]));
        residual[i] = ad_sub(point[i], hit);
    }
    return gb_keep(c, ad_function_new(tape, 3, residual), tape);
}

/* ---- The input ---------------------------------------------------------------------------------------------------------- */

static const double *matrices(gb_case *c, const json_t *model, const char *name, size_t bones)
{
    const json_t *list = gb_member(c, model, name);
    double *all = gb_make(c, 16 * bones, sizeof *all);
    if (!json_is_array(list) || json_array_size(list) != bones)
        gb_fail(c, "\"%s\" is not a list of %zu matrices", name, bones);
    for (size_t b = 0; b < bones; b++) {
        size_t rows, columns;
        const double *m = gb_matrix_of(c, json_array_get(list, b), name, &rows, &columns);
        if (rows != 4 || columns != 4)
            gb_fail(c, "matrix %zu of \"%s\" is %zu by %zu, not 4 by 4", b, name, rows, columns);
        for (int i = 0; i < 16; i++)
            all[16 * b + (size_t)i] = m[i];
    }
    return all;
}

static hand read_hand(gb_case *c, json_t *model)
{
    hand h = {.mirrored = json_is_true(gb_member(c, model, "is_mirrored"))};
    h.parents = gb_list(c, model, "parents", &h.bones);
    if (!h.bones || h.bones > MOST_BONES || h.bones != gb_count(c, model, "bone_count"))
        gb_fail(c, "\"parents\" has %zu bones; \"bone_count\" and at most %d are right", h.bones, MOST_BONES);
    for (size_t b = 0; b < h.bones; b++)
        if (h.parents[b] != -1 && !(h.parents[b] >= 0 && h.parents[b] < (double)b))
            gb_fail(c, "bone %zu comes before its parent", b);
    h.relatives = matrices(c, model, "base_relatives", h.bones);
    h.inverses = matrices(c, model, "inverse_base_absolutes", h.bones);
    return h;
}

typedef struct mesh {
    size_t        vertices;
    const double *place, *weight;                /* [vertices][4], [vertices][bones] */
} mesh;

static mesh read_mesh(gb_case *c, json_t *model, size_t bones)
{
    mesh m;
    size_t weighed, four, weights;
    m.place = gb_matrix(c, model, "base_positions", &m.vertices, &four);
    m.weight = gb_matrix(c, model, "weights", &weighed, &weights);
    if (four != 4 || weights != bones || weighed != m.vertices)
        gb_fail(c, "\"base_positions\" is %zu by %zu, \"weights\" %zu by %zu", m.vertices, four, weighed, weights);
    return m;
}

/* The columns of corner k, vertex[i] for row i. */
static void fill_corner(gb_case *c, ht *t, size_t k, const mesh *m, const size_t *vertex)
{
    size_t bones = t->bones, first = t->corners == 3 ? 5 : 3;
    for (size_t j = 0; j < 4 + bones; j++) {
        double *column = gb_make(c, t->n, sizeof *column);
        t->columns[first + k * (4 + bones) + j] = column;
        for (size_t i = 0; i < t->n; i++) {
            if (vertex[i] >= m->vertices)
                gb_fail(c, "there is no vertex %zu", vertex[i]);
            column[i] = j < 4 ? m->place[vertex[i] * 4 + j] : m->weight[vertex[i] * bones + (j - 4)];
        }
    }
}

static void fill_triangles(gb_case *c, ht *t, json_t *model, const mesh *m, const size_t *which)
{
    size_t n, three, *vertex = gb_make(c, t->n, sizeof *vertex);
    const double *triangles = gb_matrix(c, model, "triangles", &n, &three);
    if (three != 3)
        gb_fail(c, "\"triangles\" have %zu corners", three);
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < t->n; i++) {
            double v = which[i] < n ? triangles[3 * which[i] + k] : -1;
            if (!(v >= 0 && v < 1e9))
                gb_fail(c, "there is no triangle %zu, or it has no corner %zu", which[i], k);
            vertex[i] = (size_t)v;
        }
        fill_corner(c, t, k, m, vertex);
    }
}

static void prepare(gb_case *c)
{
    ht *t = c->state = gb_make(c, 1, sizeof *t);
    json_t *data = gb_member(c, c->input, "data"), *model = gb_member(c, data, "model");
    size_t n, three, n_us, two;
    t->theta = gb_list(c, c->input, "theta", &n);
    if (n != THETA)
        gb_fail(c, "\"theta\" has %zu numbers, not %d", n, THETA);
    const size_t *which = gb_indices(c, data, "correspondences", &t->n);
    const double *points = gb_matrix(c, data, "points", &n, &three), *us = gb_matrix(c, c->input, "us", &n_us, &two);
    if (n != t->n || (n && three != 3) || (n_us && (n_us != n || two != 2)))
        gb_fail(c, "%zu correspondences, \"points\" %zu by %zu, \"us\" %zu by %zu", t->n, n, three, n_us, two);
    hand h = read_hand(c, model);
    mesh m = read_mesh(c, model, h.bones);
    t->bones = h.bones;
    t->corners = n_us ? 3 : 1;
    t->inputs = THETA + (n_us ? 2 : 0);
    t->columns_n = 3 + (n_us ? 2 : 0) + t->corners * (4 + h.bones);
    t->columns = gb_make(c, t->columns_n, sizeof *t->columns);
    const double **point = gb_columns(c, points, n, 3), **u = gb_columns(c, us, n_us, two);
    for (size_t i = 0; i < 3; i++)
        t->columns[i] = point[i];
    for (size_t i = 0; n_us && i < 2; i++)
        t->columns[3 + i] = u[i];
    if (n_us)
        fill_triangles(c, t, model, &m, which);
    else
        fill_corner(c, t, 0, &m, which);
    t->f = record(c, t, &h);
}

/* ---- The eval ----------------------------------------------------------------------------------------------------------- */

static void evaluate(gb_case *c)
{
    ht *t = c->state;
    gb_check(c, ad_function_rows_interleaved(t->f, t->theta, t->columns, t->n, t->residuals));
}

static void lower(gb_case *c, size_t outputs)
{
    ht *t = c->state;
    t->residuals = gb_make(c, t->n * outputs, sizeof *t->residuals);
    gb_check(c, ad_function_rows_interleaved(t->f, t->theta, t->columns, gb_few(t->n), t->residuals));
}

static void prepare_objective(gb_case *c)
{
    prepare(c);
    lower(c, 3);
}

static void prepare_jacobian(gb_case *c)
{
    size_t inputs[2 + THETA], n = 0;
    prepare(c);
    ht *t = c->state;
    for (size_t i = 0; i < t->inputs - THETA; i++)
        inputs[n++] = THETA + 3 + i;                         /* u, columns after the point */
    for (size_t i = 0; i < THETA; i++)
        inputs[n++] = i;
    t->f = gb_keep(c, ad_function_derive(t->f, (ad_derive_options){.mode = AD_FORWARD, .n = n, .inputs = inputs}), NULL);
    lower(c, 3 * n);
}

static json_t *residuals(gb_case *c)
{
    const ht *t = c->state;
    return gb_json_list(t->residuals, 3 * t->n);
}

static json_t *slopes(gb_case *c)
{
    const ht *t = c->state;
    return gb_json_matrix(t->residuals, 3 * t->n, t->inputs);
}

const gb_module gb_ht = {"ht", {{"objective", prepare_objective, evaluate, residuals}, {"jacobian", prepare_jacobian, evaluate, slopes}}};
