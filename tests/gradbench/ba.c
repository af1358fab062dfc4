/* ba.c -- bundle adjustment: reprojection errors and weight errors of p observations, and their sparse Jacobian in compressed
 * rows. A row is an observation; its camera and point are gathered by index.
 *
 * A camera is r (angle times axis), C (centre), f (focal length), u v (principal point), k1 k2 (radial distortion). */
#include "gradbench.h"

enum { CAMERA = 11, POINT = 3, INPUTS = CAMERA + POINT + 1, COLUMNS = INPUTS + 2 };

typedef struct ba {
    size_t   n, m, p;
    double  *cameras, *points, *weights, *features;          /* [n][CAMERA], [m][POINT], [p], [p][2] */
    size_t  *camera, *point;                                 /* [p] which */
    size_t  *itself;                                         /* [p] 0, 1, ... */
    double  *columns[COLUMNS];                               /* gathered */
    double  *errors, *weight_errors;                         /* [p][2], [p] */
    size_t  *starts, *places;                                /* compressed rows of the Jacobian */
    double  *values;                                         /* [p][2][INPUTS], then [p] */
    ad_function *residual, *weight_error;                    /* or their slopes */
} ba;

static void cross(const ad_var *a, const ad_var *b, ad_var *z)
{
    for (int i = 0; i < 3; i++)
        z[i] = ad_sub(ad_mul(a[(i + 1) % 3], b[(i + 2) % 3]), ad_mul(a[(i + 2) % 3], b[(i + 1) % 3]));
}

/* x turned by r (Rodrigues), or x + r x for no angle at all. */
static void rotate(const ad_var *r, const ad_var *x, ad_var *z)
{
    ad_var square = ad_dot(3, r, r), angle = ad_sqrt(square), cosine = ad_cos(angle), sine = ad_sin(angle), axis[3], a[3], b[3];
    for (int i = 0; i < 3; i++)
        axis[i] = ad_div(r[i], angle);
    cross(axis, x, a);
    cross(r, x, b);
    ad_var along = ad_mul(ad_dot(3, axis, x), ad_sub(1, cosine));
    for (int i = 0; i < 3; i++) {
        ad_var turned = ad_add(ad_add(ad_mul(x[i], cosine), ad_mul(a[i], sine)), ad_mul(axis[i], along));
        z[i] = ad_select(ad_not_equal(square, 0), turned, ad_add(x[i], b[i]));
    }
}

static ad_function *record(gb_case *c, int which)
{
    ad_tape *tape = gb_tape(c);
    ad_var v[COLUMNS], seen[3], centred[3], projected[2], error[2];
    for (int i = 0; i < COLUMNS; i++)
        v[i] = ad_column(tape, NULL);
    const ad_var *r = v, *C = v + 3, f = v[6], *principal = v + 7, *k = v + 9, *x = v + CAMERA, w = v[CAMERA + POINT];
    const ad_var *feature = v + INPUTS;
    for (int i = 0; i < 3; i++)
        centred[i] = ad_sub(x[i], C[i]);
    rotate(r, centred, seen);
    for (int i = 0; i < 2; i++)
        projected[i] = ad_div(seen[i], seen[2]);
    ad_var square = ad_dot(2, projected, projected);
    ad_var distortion = ad_add(ad_add(1, ad_mul(k[0], square)), ad_mul(k[1], ad_square(square)));
    for (int i = 0; i < 2; i++)
        error[i] = ad_mul(w, ad_sub(ad_add(ad_mul(ad_mul(projected[i], distortion), f), principal[i]), feature[i]));
    ad_var weight_error = ad_sub(1, ad_square(w));
    return gb_keep(c, which ? ad_function_new(tape, 1, &weight_error) : ad_function_new(tape, 2, error), tape);
}

/* One camera, point, weight and feature, repeated; observation i sees point i mod m with camera i mod n. */
static double *repeated(gb_case *c, const char *name, size_t size, size_t times)
{
    size_t n;
    double *x = gb_list(c, c->input, name, &n), *all = gb_make(c, size * times, sizeof *all);
    if (n != size)
        gb_fail(c, "\"%s\" has %zu numbers, not %zu", name, n, size);
    for (size_t i = 0; i < size * times; i++)
        all[i] = x[i % size];
    return all;
}

static void prepare(gb_case *c)
{
    ba *b = c->state = gb_make(c, 1, sizeof *b);
    b->n = gb_count(c, c->input, "n");
    b->m = gb_count(c, c->input, "m");
    b->p = gb_count(c, c->input, "p");
    if (!b->n || !b->m || !b->p)
        gb_fail(c, "no cameras, points or observations");
    double w = gb_number(c, c->input, "w");
    b->cameras = repeated(c, "cam", CAMERA, b->n);
    b->points = repeated(c, "x", POINT, b->m);
    b->features = repeated(c, "feat", 2, b->p);
    b->weights = gb_make(c, b->p, sizeof *b->weights);
    b->camera = gb_make(c, b->p, sizeof *b->camera);
    b->point = gb_make(c, b->p, sizeof *b->point);
    b->itself = gb_make(c, b->p, sizeof *b->itself);
    for (size_t j = 0; j < COLUMNS; j++)
        b->columns[j] = j == CAMERA + POINT ? b->weights : gb_make(c, b->p, sizeof *b->columns[j]);
    for (size_t i = 0; i < b->p; i++) {
        b->weights[i] = w;
        b->camera[i] = i % b->n;
        b->point[i] = i % b->m;
        b->itself[i] = i;
    }
    b->residual = record(c, 0);
    b->weight_error = record(c, 1);
}

/* What each observation sees, from where it stands now. */
static const double *const *gather(gb_case *c)
{
    ba *b = c->state;
    gb_check(c, ad_gather(b->p, b->camera, b->n, CAMERA, b->cameras, b->columns));
    gb_check(c, ad_gather(b->p, b->point, b->m, POINT, b->points, b->columns + CAMERA));
    gb_check(c, ad_gather(b->p, b->itself, b->p, 2, b->features, b->columns + INPUTS));
    return (const double *const *)b->columns;
}

static void objective(gb_case *c)
{
    ba *b = c->state;
    const double *const *columns = gather(c);
    gb_check(c, ad_function_rows_interleaved(b->residual, NULL, columns, b->p, b->errors));
    gb_check(c, ad_function_rows(b->weight_error, NULL, columns, b->p, &b->weight_errors));
}

static void jacobian(gb_case *c)
{
    ba *b = c->state;
    double *last = b->values + b->p * 2 * INPUTS;
    const double *const *columns = gather(c);
    gb_check(c, ad_function_rows_interleaved(b->residual, NULL, columns, b->p, b->values));
    gb_check(c, ad_function_rows(b->weight_error, NULL, columns, b->p, &last));
}

static void prepare_objective(gb_case *c)
{
    prepare(c);
    ba *b = c->state;
    b->errors = gb_make(c, 2 * b->p, sizeof *b->errors);
    b->weight_errors = gb_make(c, b->p, sizeof *b->weight_errors);
    const double *const *columns = gather(c);
    gb_check(c, ad_function_rows_interleaved(b->residual, NULL, columns, gb_few(b->p), b->errors));
    gb_check(c, ad_function_rows(b->weight_error, NULL, columns, gb_few(b->p), &b->weight_errors));
}

/* Where the entries are: two rows of one camera, one point and one weight for each observation, then one weight each. */
static void find_places(ba *b)
{
    size_t *place = b->places, row = 0;
    for (size_t i = 0; i < 2 * b->p; i++) {
        b->starts[row++] = (size_t)(place - b->places);
        for (size_t j = 0; j < INPUTS; j++)
            *place++ = j < CAMERA ? CAMERA * b->camera[i / 2] + j
                     : j < CAMERA + POINT ? CAMERA * b->n + POINT * b->point[i / 2] + (j - CAMERA)
                                          : CAMERA * b->n + POINT * b->m + i / 2;
    }
    for (size_t i = 0; i < b->p; i++) {
        b->starts[row++] = (size_t)(place - b->places);
        *place++ = CAMERA * b->n + POINT * b->m + i;
    }
    b->starts[row] = (size_t)(place - b->places);
}

static void prepare_jacobian(gb_case *c)
{
    static const size_t inputs[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    prepare(c);
    ba *b = c->state;
    b->starts = gb_make(c, 3 * b->p + 1, sizeof *b->starts);
    b->places = gb_make(c, b->p * (2 * INPUTS + 1), sizeof *b->places);
    b->values = gb_make(c, b->p * (2 * INPUTS + 1), sizeof *b->values);
    find_places(b);
    b->residual = gb_keep(c, ad_function_derive(b->residual, (ad_derive_options){.n = INPUTS, .inputs = inputs}), NULL);
    b->weight_error = gb_keep(c, ad_function_derive(b->weight_error, (ad_derive_options){.n = 1, .inputs = inputs + CAMERA + POINT}),
                              NULL);
    const double *const *columns = gather(c);
    gb_check(c, ad_function_rows_interleaved(b->residual, NULL, columns, gb_few(b->p), b->values));
    gb_check(c, ad_function_rows(b->weight_error, NULL, columns, gb_few(b->p), &b->values));
}

static json_t *errors(gb_case *c)
{
    const ba *b = c->state;
    return json_pack("{s:{s:o, s:I}, s:{s:o, s:I}}", "reproj_error", "elements", gb_json_list(b->errors, 2), "repeated",
                     (json_int_t)b->p, "w_err", "element", json_real(b->weight_errors[0]), "repeated", (json_int_t)b->p);
}

/* The first observation's two rows and the very last entry stand for all, as the eval has it. */
static json_t *entries(gb_case *c)
{
    const ba *b = c->state;
    size_t shown = 2 * INPUTS, all = b->p * (2 * INPUTS + 1);
    json_t *rows = json_array(), *columns = json_array(), *values = gb_json_list(b->values, shown);
    for (size_t i = 0; i < shown; i++) {
        json_array_append_new(rows, json_integer((json_int_t)b->starts[i < 3 * b->p ? i : 3 * b->p]));
        json_array_append_new(columns, json_integer((json_int_t)b->places[i]));
    }
    json_array_append_new(rows, json_integer((json_int_t)all));
    json_array_append_new(columns, json_integer((json_int_t)b->places[all - 1]));
    json_array_append_new(values, json_real(b->values[all - 1]));
    return json_pack("{s:o, s:o, s:o}", "rows", rows, "cols", columns, "vals", values);
}

const gb_module gb_ba = {"ba", {{"objective", prepare_objective, objective, errors}, {"jacobian", prepare_jacobian, jacobian, entries}}};
