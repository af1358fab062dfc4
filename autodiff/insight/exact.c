/* exact.c -- what a graph's values and slopes would be without rounding, as far as long double tells: the exact value of each node
 * as what its double lacks of it, and partials at exact values. The sweep through them is shadow.c.
 */
#include "shadow.h"

#include <math.h>

/* ---- Rows whose own rounding is known exactly ----------------------------------------------------------------------------- */

/* What the double sum of two lacks, exactly (D. E. Knuth; any order of sizes). */
static ad_wide sum_error(double x, double y, double z)
{
    double back = z - x;
    return (ad_wide)((x - (z - back)) + (y - back));
}

/* x y less z, all of it: in long double what is left of 106 bits rounds to 64 of them, unless it is split. */
static ad_wide product_error(double x, double y, double z)
{
    double p = x * y;
    ad_wide rest = fabs(p) > 1e-250 && fabs(p) < 1e300 ? (ad_wide)fma(x, y, -p) : (ad_wide)x * y - p;
    return ((ad_wide)p - z) + rest;
}

/* Adds the square of the exact value x + e. */
static void add_square(ad_wide *high, ad_wide *low, double x, ad_wide e)
{
    ad_wide_add(high, low, x * x);
    ad_wide_add(high, low, product_error(x, x, x * x) + 2 * x * e + e * e);
}

/* What a length z lacks, from the exact sum of squares. */
static int error_of_length(double z, ad_wide high, ad_wide low, ad_wide *e)
{
    if (!(z > 1e-100 && z < 1e150))
        return 0;
    ad_wide root = sqrtl(high + low);
    ad_wide_add(&high, &low, -(z * z));
    *e = (high + (low - product_error(z, z, z * z))) / (z + root);
    return 1;
}

/* e of rows whose own rounding error is exact; 0 where the row is none of them. */
static int error_of_row(const ad_shadow *s, const ad_node *node, uint32_t i, ad_wide *e)
{
    const uint32_t *o = node->fixed;
    double x = s->v[o[0]], y = s->v[o[1]], w = s->v[o[2]], z = s->v[i];
    ad_wide ex = s->e[o[0]], ey = s->e[o[1]], ew = s->e[o[2]];
    switch (node->op) {
    case AD_OP_add:    *e = sum_error(x, y, z) + ex + ey; return 1;
    case AD_OP_sub:    *e = sum_error(x, -y, z) + ex - ey; return 1;
    case AD_OP_neg:    *e = -ex; return 1;
    case AD_OP_mul: case AD_OP_chain:
                       *e = product_error(x, y, z) + x * ey + y * ex + ex * ey; return 1;
    case AD_OP_square: *e = product_error(x, x, z) + 2 * x * ex + ex * ex; return 1;
    case AD_OP_div:    if (y == 0 || z == 0)
                           return 0;
                       *e = ((ex - z * ey) - product_error(z, y, x)) / (y + ey); return 1;
    case AD_OP_fma: {
        ad_wide high = (ad_wide)(x * y), low = product_error(x, y, x * y);
        ad_wide_add(&high, &low, w);
        ad_wide_add(&high, &low, -z);
        *e = high + (low + (x * ey + y * ex + ex * ey + ew));
        return 1;
    }
    case AD_OP_sqrt:   if (!(x > 1e-200 && x < 1e300))
                           return 0;
                       *e = (ex - product_error(z, z, x)) / (z + sqrtl(x + ex)); return 1;
    case AD_OP_hypot: {
        ad_wide high = 0, low = 0;
        add_square(&high, &low, x, ex);
        add_square(&high, &low, y, ey);
        return error_of_length(z, high, low, e);
    }
    case AD_OP_abs:    *e = x < 0 ? -ex : ex; return x != 0;
    case AD_OP_max:    *e = x > y ? ex : x < y ? ey : fmaxl(ex, ey); return 1;
    case AD_OP_min:    *e = x < y ? ex : x > y ? ey : fminl(ex, ey); return 1;
    case AD_OP_select: *e = x != 0 ? ey : ew; return 1;
    case AD_OP_clamp:  *e = x < y ? ey : x > w ? ew : ex; return x != y && x != w;
    case AD_OP_relu:   *e = x > 0 ? ex : 0; return x != 0;
    default:           return 0;
    }
}

static int error_of_norm(const ad_shadow *s, const ad_node *node, uint32_t i, ad_wide *e)
{
    ad_wide high = 0, low = 0;
    for (size_t k = 0; k < node->n; k++)
        add_square(&high, &low, s->v[node->list[k]], s->e[node->list[k]]);
    return error_of_length(s->v[i], high, low, e);
}

/* e of a sum, mean or dot product, from the exact sum of the doubles and the terms' errors. */
static ad_wide error_of_list(const ad_shadow *s, const ad_node *node, uint32_t i)
{
    ad_wide high = 0, low = 0;
    double n = node->op == AD_OP_mean ? (double)node->n : 1;
    for (size_t k = 0; k < node->n; k++) {
        uint32_t o = ad_node_operand(node, k);
        if (node->op != AD_OP_dot) {
            ad_wide_add(&high, &low, s->v[o]);
            ad_wide_add(&high, &low, s->e[o]);
        } else if (k % 2) {
            uint32_t p = ad_node_operand(node, k - 1);
            double product = s->v[p] * s->v[o];
            ad_wide_add(&high, &low, product);
            ad_wide_add(&high, &low, product_error(s->v[p], s->v[o], product) + s->v[p] * s->e[o] + s->v[o] * s->e[p] + s->e[p] * s->e[o]);
        }
    }
    ad_wide_add(&high, &low, -n * s->v[i]);
    return (high + low) / n;
}

static int finite_operands(const ad_shadow *s, const ad_node *node)
{
    for (size_t k = 0; k < node->n; k++)
        if (!isfinite(s->v[ad_node_operand(node, k)]) || !isfinite(s->e[ad_node_operand(node, k)]))
            return 0;
    return 1;
}

int ad_is_never_zero(enum ad_op op)
{
    switch (op) {
    case AD_OP_exp: case AD_OP_exp2: case AD_OP_sigmoid: case AD_OP_softplus: case AD_OP_log_sigmoid: case AD_OP_gaussian:
    case AD_OP_normal_pdf: case AD_OP_normal_cdf: case AD_OP_erfc: case AD_OP_sech:
        return 1;
    default:
        return 0;
    }
}

int ad_is_never_flat(enum ad_op op, double x)
{
    switch (op) {
    case AD_OP_tanh: case AD_OP_erf: case AD_OP_expm1: case AD_OP_elu: case AD_OP_silu: case AD_OP_gelu:
        return isfinite(x);
    case AD_OP_gaussian: case AD_OP_normal_pdf: case AD_OP_sech:
        return isfinite(x) && x != 0;
    default:
        return isfinite(x) && ad_is_never_zero(op);
    }
}

/* ---- Functions ---------------------------------------------------------------------------------------------------------- */

/* What a function's value is more than 1, or less, for functions that come close to that: long double has few digits of it. NAN
 * of others. */
static ad_wide beyond_one(enum ad_op op, ad_wide x, ad_wide y)
{
    ad_wide a = fabsl(x);
    switch (op) {
    case AD_OP_exp:        return expm1l(x);
    case AD_OP_exp2:       return expm1l(x * 0.693147180559945309417232121458176568L);
    case AD_OP_cos:        return -2 * sinl(x / 2) * sinl(x / 2);
    case AD_OP_cosh:       return 2 * sinhl(x / 2) * sinhl(x / 2);
    case AD_OP_sech:       return -2 * sinhl(x / 2) * sinhl(x / 2) / coshl(x);
    case AD_OP_gaussian:   return expm1l(-x * x);
    case AD_OP_sigmoid:    return -1 / (1 + expl(x));
    case AD_OP_tanh:       return -copysignl(2 / (1 + expl(2 * a)), x);
    case AD_OP_erf:        return -copysignl(erfcl(a), x);
    case AD_OP_normal_cdf: return -erfcl(x * sqrtl(0.5L)) / 2;
    case AD_OP_pow:        return x > 0 ? expm1l(y * logl(x)) : NAN;
    default:               return NAN;
    }
}

/* f(x) - x of functions that are nearly x, far out or, by their series, at a small one; NAN elsewhere and of others. */
static ad_wide beyond_x(enum ad_op op, ad_wide x)
{
    ad_wide c[3], q = x * x;
    if (op == AD_OP_softplus && x > 1)
        return log1pl(expl(-x));
    if (op == AD_OP_log_sigmoid && x < -1)
        return -log1pl(expl(x));
    if (fabsl(x) >= 1e-4L)
        return NAN;
    switch (op) {
    case AD_OP_sin:   c[0] = -1 / 6.0L, c[1] = 1 / 120.0L, c[2] = -1 / 5040.0L; break;
    case AD_OP_sinh:  c[0] = 1 / 6.0L, c[1] = 1 / 120.0L, c[2] = 1 / 5040.0L; break;
    case AD_OP_tan:   c[0] = 1 / 3.0L, c[1] = 2 / 15.0L, c[2] = 17 / 315.0L; break;
    case AD_OP_tanh:  c[0] = -1 / 3.0L, c[1] = 2 / 15.0L, c[2] = -17 / 315.0L; break;
    case AD_OP_asin:  c[0] = 1 / 6.0L, c[1] = 3 / 40.0L, c[2] = 15 / 336.0L; break;
    case AD_OP_asinh: c[0] = -1 / 6.0L, c[1] = 3 / 40.0L, c[2] = -15 / 336.0L; break;
    case AD_OP_atan:  c[0] = -1 / 3.0L, c[1] = 1 / 5.0L, c[2] = -1 / 7.0L; break;
    case AD_OP_atanh: c[0] = 1 / 3.0L, c[1] = 1 / 5.0L, c[2] = 1 / 7.0L; break;
    case AD_OP_expm1: return q * (1 / 2.0L + x * (1 / 6.0L + x * (1 / 24.0L + x / 120)));
    case AD_OP_log1p: return q * (-1 / 2.0L + x * (1 / 3.0L + x * (-1 / 4.0L + x / 5)));
    default:          return NAN;
    }
    return x * q * (c[0] + q * (c[1] + q * c[2]));
}

/* What z, the double value of a row of few operands, lacks of the row's exact value at those very doubles. */
static ad_wide rounding_of(const ad_shadow *s, const ad_node *node, double z, ad_wide *doubt)
{
    const uint32_t *o = node->fixed;
    double x = s->v[o[0]], one = z < 0 ? -1 : 1;
    ad_wide exact, beyond = fabs(z) > 0.5 && fabs(z) < 2 ? beyond_one(node->op, x, s->v[o[1]]) : NAN;
    *doubt = 0;
    if (fabsl(beyond) < 0.25L) {
        *doubt = 0x1p-62L * fabsl(beyond);
        return beyond - (ad_wide)(z - one);
    }
    beyond = beyond_x(node->op, x);
    if (beyond == beyond) {
        *doubt = 0x1p-48L * fabsl(beyond);
        return beyond + (ad_wide)(x - z);
    }
    exact = ad_wide_value(node->op, x, s->v[o[1]], s->v[o[2]]);
    *doubt = 0x1p-62L * fabsl(exact);
    return exact - z;
}

/* Rows without corners and steps, beside which there is more than a first order. */
static int is_smooth(enum ad_op op)
{
    switch (op) {
    case AD_OP_abs: case AD_OP_min: case AD_OP_max: case AD_OP_clamp: case AD_OP_select: case AD_OP_relu: case AD_OP_leaky_relu:
    case AD_OP_copysign: case AD_OP_floor: case AD_OP_ceil: case AD_OP_round: case AD_OP_sign: case AD_OP_less:
    case AD_OP_less_equal: case AD_OP_greater: case AD_OP_greater_equal: case AD_OP_equal: case AD_OP_not_equal:
        return 0;
    default:
        return 1;
    }
}

/* What the operands' errors make of a function's value, to first order, as they may be lost in a long double of the operand's size.
 * 0 where they are too large for that. */
static int moved_by_operands(const ad_shadow *s, const ad_node *node, uint32_t i, ad_wide *moved)
{
    const uint32_t *o = node->fixed;
    const double *v = s->v;
    const ad_wide *t = s->t;
    *moved = 0;
    for (size_t k = 0; k + (size_t)node->constant < node->n; k++) {
        ad_wide e = s->e[o[k]];
        if (e == 0)
            continue;
        ad_wide p = ad_wide_partial(node->op, (int)k, v[o[0]], v[o[1]], v[o[2]], v[i], 1, 1),
                q = ad_wide_partial(node->op, (int)k, t[o[0]], t[o[1]], t[o[2]], v[i], 1, 1);
        if (!(fabsl(e) <= 0x1p-40L * fabs(v[o[k]]) && fabsl(e) <= 0x1p-20L && fabsl(p - q) <= 0x1p-10L * fabsl(p)))
            return 0;
        *moved += e * (p + q) / 2;
    }
    return isfinite(*moved);
}

/* The sine and cosine of x + e, of which a long double of the size of x may hold nothing. */
static ad_wide sine_beside(ad_wide x, ad_wide e)   { return sinl(x) * cosl(e) + cosl(x) * sinl(e); }
static ad_wide cosine_beside(ad_wide x, ad_wide e) { return cosl(x) * cosl(e) - sinl(x) * sinl(e); }

/* A row of few operands at their exact values. */
static ad_wide value_beside(const ad_shadow *s, const ad_node *node)
{
    const uint32_t *o = node->fixed;
    ad_wide x = s->v[o[0]], e = s->e[o[0]];
    switch (node->op) {
    case AD_OP_sin: return sine_beside(x, e);
    case AD_OP_cos: return cosine_beside(x, e);
    case AD_OP_tan: return sine_beside(x, e) / cosine_beside(x, e);
    case AD_OP_pow:
        if (fabsl(x - 1) < 0.5L)
            return expl(s->t[o[1]] * log1pl((x - 1) + e));
        break;
    default:
        break;
    }
    return ad_wide_value(node->op, s->t[o[0]], s->t[o[1]], s->t[o[2]]);
}

/* e of a function: its own rounding, and what the operands' errors make of it; else by evaluation where they lead to. */
static void error_of_function(ad_shadow *s, const ad_node *node, uint32_t i)
{
    const uint32_t *o = node->fixed;
    ad_wide moved, own, doubt;
    int smooth = isfinite(s->v[i]) && finite_operands(s, node) && !node->list && is_smooth(node->op);
    if (smooth && moved_by_operands(s, node, i, &moved)) {
        own = rounding_of(s, node, s->v[i], &doubt);
        if (isfinite(own) && (s->v[i] != 0 || own != 0 || !ad_is_never_zero(node->op))) {
            s->e[i] = own + moved;
            s->t[i] = s->v[i] + s->e[i];
            s->doubt[i] = doubt;
            return;
        }
    }
    s->t[i] = node->list ? ad_wide_of_list(node->op, node->n, node->list, s->t) : value_beside(s, node);
    if (s->t[i] == 0 && s->v[i] == 0 && ad_is_never_zero(node->op) && isfinite(s->v[o[0]]))
        s->t[i] = node->op == AD_OP_log_sigmoid ? -LDBL_MIN : LDBL_MIN;
    s->e[i] = isfinite(s->v[i]) && isfinite(s->t[i]) ? s->t[i] - s->v[i] : 0;
    s->doubt[i] = 0x1p-62L * fabsl(s->t[i]);
}

/* ---- All nodes ---------------------------------------------------------------------------------------------------------- */

/* What operands leave in doubt. */
static ad_wide doubt_of_operands(const ad_shadow *s, const ad_node *node, uint32_t i)
{
    ad_wide sum = 0;
    for (size_t k = 0; k + (size_t)node->constant < node->n; k++) {
        uint32_t o = ad_node_operand(node, k);
        if (s->doubt[o] == 0)
            continue;
        ad_at at = ad_at_operand(s, node, i, k);
        ad_wide part = s->doubt[o] * fabsl(ad_partial_at(node->op, at.place, at.x, at.y, at.w, at.z, at.n, 1));
        sum += part == part ? part : 0;
    }
    return sum;
}

/* Values that are computed without a function, from such values, and were not rounded. */
static int is_exact(const ad_shadow *s, const ad_node *node, uint32_t i)
{
    switch (node->op) {
    case AD_OP_add: case AD_OP_sub: case AD_OP_neg: case AD_OP_mul: case AD_OP_square: case AD_OP_chain: case AD_OP_fma:
    case AD_OP_abs: case AD_OP_max: case AD_OP_min: case AD_OP_select: case AD_OP_clamp: case AD_OP_relu: case AD_OP_sum: case AD_OP_dot:
        break;
    default:
        return 0;
    }
    for (size_t k = 0; k < node->n; k++)
        if (!(s->mark[ad_node_operand(node, k)] & AD_MARK_EXACT))
            return 0;
    return s->e[i] == 0 && isfinite(s->v[i]);
}

/* e of what is computed without a function; 0 where it is not. */
static int error_is_known(ad_shadow *s, const ad_node *node, uint32_t i)
{
    if (node->op == AD_OP_norm2)
        return error_of_norm(s, node, i, &s->e[i]);
    if (!node->list)
        return error_of_row(s, node, i, &s->e[i]);
    int sums = node->op == AD_OP_sum || node->op == AD_OP_mean || node->op == AD_OP_dot;
    if (sums)
        s->e[i] = error_of_list(s, node, i);
    return sums;
}

void ad_shadow_values(ad_shadow *s)
{
    for (uint32_t i = 0; i <= s->top; i++) {
        if (!(s->mark[i] & AD_MARK_NEEDED))
            continue;
        ad_node node = ad_node_at(s->tape, i);
        s->mark[i] &= (unsigned char)~AD_MARK_EXACT;
        s->e[i] = s->doubt[i] = 0;
        s->t[i] = s->v[i];
        if (!node.n && node.op <= AD_OP_COLUMN)
            s->mark[i] |= AD_MARK_EXACT;
        if (!node.n || node.called)
            continue;
        if (isfinite(s->v[i]) && finite_operands(s, &node) && error_is_known(s, &node, i) && isfinite(s->e[i]))
            s->t[i] = s->v[i] + s->e[i];
        else
            error_of_function(s, &node, i);
        s->doubt[i] += doubt_of_operands(s, &node, i) + 0x1p-62L * fabsl(s->e[i]);
        s->mark[i] |= is_exact(s, &node, i) ? AD_MARK_EXACT : 0;
    }
}

/* ---- Partials ----------------------------------------------------------------------------------------------------------- */

/* Whether the partial by operand k has no error: a whole number, or another operand whose value has none. */
int ad_partial_is_exact(const ad_shadow *s, const ad_node *node, size_t k)
{
    const uint32_t *o = node->fixed;
    switch (node->op) {
    case AD_OP_add: case AD_OP_sub: case AD_OP_neg: case AD_OP_sum: case AD_OP_abs: case AD_OP_max: case AD_OP_min:
    case AD_OP_select: case AD_OP_clamp: case AD_OP_relu:
        return 1;
    case AD_OP_mul: case AD_OP_chain:
        return s->mark[o[1 - k]] & AD_MARK_EXACT;
    case AD_OP_fma:
        return k == 2 || s->mark[o[1 - k]] & AD_MARK_EXACT;
    case AD_OP_square:
        return s->mark[o[0]] & AD_MARK_EXACT;
    case AD_OP_dot:
        return s->mark[node->list[k ^ 1]] & AD_MARK_EXACT;
    default:
        return 0;
    }
}

ad_wide ad_exact_partial(const ad_shadow *s, uint32_t i, const ad_node *node, size_t k)
{
    size_t width = node->width, first = k / width * width;
    const ad_wide *t = s->t;
    uint32_t to = ad_node_operand(node, k);
    ad_wide x = s->v[to], e = s->e[to];
    int large = fabsl(x) > 1e3L && e != 0;
    if (node->op == AD_OP_sin && large)
        return cosine_beside(x, e);
    if (node->op == AD_OP_cos && large)
        return -sine_beside(x, e);
    if ((node->op == AD_OP_max || node->op == AD_OP_min) && s->v[node->fixed[0]] == s->v[node->fixed[1]]) {
        ad_wide more = (e - s->e[node->fixed[1 - k]]) * (node->op == AD_OP_max ? 1 : -1);
        return more == 0 ? 0.5L : more > 0;                  /* rounding may make a tie */
    }
    ad_wide y = width > 1 ? t[ad_node_operand(node, first + 1)] : 0, w = width > 2 ? t[ad_node_operand(node, first + 2)] : 0;
    size_t elements = node->n / width;
    return ad_wide_partial(node->op, (int)(k - first), t[ad_node_operand(node, first)], y, w, t[i], (ad_wide)elements, node->ties);
}
