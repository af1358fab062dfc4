/* article.c -- a published hand computation of back-propagation, redone by the tape and held against the chain rule.
 *
 * The network has inputs 2 and 4, thirteen weights, six sigmoid neurons without biases, target 0.9 and half the squared
 * error. Shown are its forward values beside the article's figures, all thirteen derivatives beside the chain rule
 * written out by hand, the update that climbs because a sign was lost, and the descent that the article was after.
 * Nothing below is a result but the article's own figures, kept as text just as they were printed.
 */
#include <autodiff/autodiff.h>
#include <nn/nn.h>
#include <float.h>
#include "terminal.h"

/* Wij leads from input or neuron i to neuron j; the weights into a neuron are neighbours. */
enum { W11, W21,   W12, W22,   W13, W23,   W14, W24,   W15, W25,   W36, W46, W56,   WEIGHTS };
/* ej is what neuron j sums, Yj what it passes on. */
enum { e1, Y1, e2, Y2, e3, Y3, e4, Y4, e5, Y5, e6, Y6, E, QUANTITIES };
enum { MOST_STEPS = 100000 };

static const double X1 = 2, X2 = 4, T = 0.9, rate = 0.1, goal = 1e-6;

static const char *const weight_name[WEIGHTS] = {
    "W11", "W21",   "W12", "W22",   "W13", "W23",   "W14", "W24",   "W15", "W25",   "W36", "W46", "W56"};
static const double given[WEIGHTS] = {
    0.01,  0.02,    0.05,  0.08,    0.03,  0.04,    0.05,  0.06,    0.07,  0.08,    0.09,  0.1,   0.15};

static const struct {
    const char *name, *formula, *printed;
} article[QUANTITIES] = {
    {"e1", "W11 X1 + W21 X2",          "0.1"},
    {"Y1", "sigmoid(e1)",              "0.52498"},
    {"e2", "W12 X1 + W22 X2",          "0.42"},
    {"Y2", "sigmoid(e2)",              "0.60348"},
    {"e3", "W13 Y1 + W23 Y2",          "0.0399"},
    {"Y3", "sigmoid(e3)",              "0.50997"},
    {"e4", "W14 Y1 + W24 Y2",          "0.06246"},
    {"Y4", "sigmoid(e4)",              "0.50615"},
    {"e5", "W15 Y1 + W25 Y2",          "0.08503"},
    {"Y5", "sigmoid(e5)",              "0.52124"},
    {"e6", "W36 Y3 + W46 Y4 + W56 Y5", "0.1748973"},
    {"Y6", "sigmoid(e6)",              "0.54361"},
    {"E",  "(T - Y6)^2 / 2",           "0.0635"},
};

/* ---- The network, on the tape ------------------------------------------------------------------------------------ */

typedef struct network {
    ad_var W[WEIGHTS], v[QUANTITIES];
} network;

static network record(ad_tape *tape, const double *weights)
{
    network n;
    ad_var *W = n.W, *v = n.v;
    for (int i = 0; i < WEIGHTS; i++)
        W[i] = ad_param(tape, weight_name[i], weights[i]);

    const ad_var X[] = {ad_const(X1), ad_const(X2)};
    v[e1] = nn_neuron(2, &W[W11], X, NULL, NULL);
    v[Y1] = ad_sigmoid(v[e1]);
    v[e2] = nn_neuron(2, &W[W12], X, NULL, NULL);
    v[Y2] = ad_sigmoid(v[e2]);

    const ad_var Y12[] = {v[Y1], v[Y2]};
    v[e3] = nn_neuron(2, &W[W13], Y12, NULL, NULL);
    v[Y3] = ad_sigmoid(v[e3]);
    v[e4] = nn_neuron(2, &W[W14], Y12, NULL, NULL);
    v[Y4] = ad_sigmoid(v[e4]);
    v[e5] = nn_neuron(2, &W[W15], Y12, NULL, NULL);
    v[Y5] = ad_sigmoid(v[e5]);

    const ad_var Y345[] = {v[Y3], v[Y4], v[Y5]};
    v[e6] = nn_neuron(3, &W[W36], Y345, NULL, NULL);
    v[Y6] = ad_sigmoid(v[e6]);
    v[E]  = ad_squared_error(T, v[Y6]);

    for (int q = 0; q < QUANTITIES; q++)
        ad_name(v[q], article[q].name);
    return n;
}

/* ---- The same on the blackboard: plain numbers ------------------------------------------------------------------- */

static double sigmoid(double e) { return 1 / (1 + exp(-e)); }
static double slope(double Y)   { return Y * (1 - Y); }                   /* dY/de of Y = sigmoid(e) */

/* Every quantity from the ones before it. With from == v this is the forward pass; with the article's figures in from
 * it is what the article should have found next, given what it had found so far. */
static void forward(const double *W, const double *from, double *v)
{
    v[e1] = W[W11] * X1 + W[W21] * X2;
    v[Y1] = sigmoid(from[e1]);
    v[e2] = W[W12] * X1 + W[W22] * X2;
    v[Y2] = sigmoid(from[e2]);
    v[e3] = W[W13] * from[Y1] + W[W23] * from[Y2];
    v[Y3] = sigmoid(from[e3]);
    v[e4] = W[W14] * from[Y1] + W[W24] * from[Y2];
    v[Y4] = sigmoid(from[e4]);
    v[e5] = W[W15] * from[Y1] + W[W25] * from[Y2];
    v[Y5] = sigmoid(from[e5]);
    v[e6] = W[W36] * from[Y3] + W[W46] * from[Y4] + W[W56] * from[Y5];
    v[Y6] = sigmoid(from[e6]);
    v[E]  = (T - from[Y6]) * (T - from[Y6]) / 2;
}

/* The chain rule, from the error back to the inputs. dj is dE/dej. */
static void chain_rule(const double *W, const double *v, double *dE)
{
    double d6 = -(T - v[Y6]) * slope(v[Y6]);
    dE[W36] = d6 * v[Y3];
    dE[W46] = d6 * v[Y4];
    dE[W56] = d6 * v[Y5];

    double d3 = d6 * W[W36] * slope(v[Y3]);
    double d4 = d6 * W[W46] * slope(v[Y4]);
    double d5 = d6 * W[W56] * slope(v[Y5]);
    dE[W13] = d3 * v[Y1];
    dE[W23] = d3 * v[Y2];
    dE[W14] = d4 * v[Y1];
    dE[W24] = d4 * v[Y2];
    dE[W15] = d5 * v[Y1];
    dE[W25] = d5 * v[Y2];

    double d1 = (d3 * W[W13] + d4 * W[W14] + d5 * W[W15]) * slope(v[Y1]);  /* three paths meet */
    double d2 = (d3 * W[W23] + d4 * W[W24] + d5 * W[W25]) * slope(v[Y2]);
    dE[W11] = d1 * X1;
    dE[W21] = d1 * X2;
    dE[W12] = d2 * X1;
    dE[W22] = d2 * X2;
}

/* ---- What the article printed ------------------------------------------------------------------------------------ */

static double number(const char *printed) { return strtod(printed, NULL); }

static int decimals(const char *printed)
{
    const char *point = strchr(printed, '.');
    return point ? (int)strlen(point + 1) : 0;
}

/* A figure agrees when the value rounds to it at the digits printed: when it is no further than half a unit of the last
 * digit away. The last term lets a tie be a tie in binary too. */
static int agrees(double value, const char *printed)
{
    return fabs(value - number(printed)) <= 0.5 * pow(10, -decimals(printed)) + 4 * DBL_EPSILON * fabs(value);
}

/* own is the value recomputed from the article's own earlier figures, and sign_lost the same with the sign of the
 * derivative in it dropped (NAN when there is none). */
typedef struct figure {
    const char *name, *formula, *printed;
    double value, own, sign_lost;
} figure;

typedef enum verdict { AGREES, CARRIED, SIGN_LOST, WRONG } verdict;

static verdict judge(const figure *f)
{
    if (agrees(f->value, f->printed))
        return AGREES;
    if (agrees(f->own, f->printed))
        return CARRIED;
    return agrees(f->sign_lost, f->printed) ? SIGN_LOST : WRONG;
}

static void print_row(const figure *f)
{
    static const char *const mark[]  = {"agrees", "carried forward", "SIGN LOST", "WRONG"};
    static const char *const shade[] = {GREEN, YELLOW, RED, RED};
    verdict is = judge(f);
    printf("  %-8s %-25s %12.8f  %-10s %s%s%s\n", f->name, f->formula, f->value, f->printed,
           term_ink(shade[is]), mark[is], term_ink(PLAIN));
}

static void explain(const figure *f)
{
    static const char *const cause[] = {"", "carried forward, not a new mistake", "the sign was lost",
                                        "a mistake of its own"};
    verdict is = judge(f);
    int     digits = decimals(f->printed);
    if (is == AGREES)
        return;
    printf("  %s is %.*f, not %s. ", f->name, digits, f->value, f->printed);
    printf("From the article's own earlier figures\n     %s is %.*f: %s.\n", f->formula, digits, f->own, cause[is]);
}

static void compare(int n, const figure *f)
{
    printf("  %-8s %-25s %12s  %s\n", "", "", "computed", "article");
    for (int i = 0; i < n; i++)
        print_row(&f[i]);
    printf("\n");
    for (int i = 0; i < n; i++)
        explain(&f[i]);
}

/* ---- 1 ----------------------------------------------------------------------------------------------------------- */

static void article_numbers(double *a)
{
    for (int q = 0; q < QUANTITIES; q++)
        a[q] = number(article[q].printed);
}

static void show_forward(ad_tape *tape)
{
    network n = record(tape, given);
    double  a[QUANTITIES], own[QUANTITIES];
    article_numbers(a);
    forward(given, a, own);

    figure f[QUANTITIES];
    for (int q = 0; q < QUANTITIES; q++)
        f[q] = (figure){article[q].name, article[q].formula, article[q].printed, ad_value(n.v[q]), own[q], NAN};

    term_title("1. Forward: every quantity, and the article's figure for it");
    printf("  A figure agrees when the computed value rounds to it at the digits printed.\n\n");
    compare(QUANTITIES, f);
}

/* ---- 2 ----------------------------------------------------------------------------------------------------------- */

static void write_out_W36(const double *v, double sweep)
{
    printf("  dE/dW36 = dE/dY6 * dY6/de6 * de6/dW36\n"
           "          = -(T - Y6) * Y6 (1 - Y6) * Y3\n");
    printf("          = -(%g - %.6f) * %.6f (1 - %.6f) * %.6f\n", T, v[Y6], v[Y6], v[Y6], v[Y3]);
    printf("          = %.6f * %.6f * %.6f\n", -(T - v[Y6]), slope(v[Y6]), v[Y3]);
    printf("          = %.9f\n", -(T - v[Y6]) * slope(v[Y6]) * v[Y3]);
    printf("  sweep     %.9f\n\n", sweep);
}

/* The path from E through neuron k to W11: Wk6 leads out of it, W1k into it. */
static double write_out_path(const double *v, int k, double Wk6, double Yk, double W1k)
{
    double path = -(T - v[Y6]) * slope(v[Y6]) * Wk6 * slope(Yk) * W1k * slope(v[Y1]) * X1;
    printf("  k=%d  %.5f * %.5f * %.2f * %.5f * %.2f * %.5f * %g = %.9f\n", k, -(T - v[Y6]), slope(v[Y6]),
           Wk6, slope(Yk), W1k, slope(v[Y1]), X1, path);
    return path;
}

static void write_out_W11(const double *W, const double *v, double sweep)
{
    printf("  dE/dW11 is a sum over the paths through the neurons k = 3, 4, 5, of\n\n"
           "      dE/dY6 * dY6/de6 * de6/dYk * dYk/dek * dek/dY1 * dY1/de1 * de1/dW11\n"
           "    = -(T - Y6) * Y6 (1 - Y6) * Wk6 * Yk (1 - Yk) * W1k * Y1 (1 - Y1) * X1\n\n");
    double sum = write_out_path(v, 3, W[W36], v[Y3], W[W13])
               + write_out_path(v, 4, W[W46], v[Y4], W[W14])
               + write_out_path(v, 5, W[W56], v[Y5], W[W15]);
    printf("  sum %72.9f\n", sum);
    printf("  sweep %70.9f\n\n", sweep);
}

static void compare_with_chain_rule(const network *n, const double *by_hand)
{
    printf("  %-8s %18s %18s %14s\n", "dE/dW", "chain rule", "backward sweep", "difference");
    for (int i = 0; i < WEIGHTS; i++) {
        double sweep = ad_grad(n->W[i]), difference = fabs(by_hand[i] - sweep);
        printf("  %-8s %18.12f %18.12f ", weight_name[i], by_hand[i], sweep);
        if (difference < 1e-15)
            printf("%14s\n", "< 1e-15");
        else
            printf("%s%14.1e%s\n", term_ink(RED), difference, term_ink(PLAIN));
    }
}

/* Leaves the adjoints of E. */
static void compare_with_article(const network *n)
{
    double a[QUANTITIES];
    article_numbers(a);

    ad_backward(n->v[e6]);                                        /* a sweep may start anywhere */
    double de6_dW36 = ad_grad(n->W[W36]);
    ad_backward(n->v[Y6]);
    double dY6_de6 = ad_grad(n->v[e6]);
    ad_backward(n->v[E]);
    double dE_dY6 = ad_grad(n->v[Y6]), dE_dW36 = ad_grad(n->W[W36]);

    double d = T - a[Y6], s = slope(a[Y6]);
    compare(4, (figure[]){
        {"dE/dY6",   "-(T - Y6)",                "0.35639", dE_dY6,   -d,             d},
        {"dY6/de6",  "Y6 (1 - Y6)",              "0.2481",  dY6_de6,  s,              NAN},
        {"de6/dW36", "Y3",                       "0.50997", de6_dW36, a[Y3],          NAN},
        {"dE/dW36",  "-(T - Y6) Y6 (1 - Y6) Y3", "-0.0451", dE_dW36,  -d * s * a[Y3], d * s * a[Y3]},
    });
}

static void show_derivatives(ad_tape *tape)
{
    double v[QUANTITIES] = {0}, by_hand[WEIGHTS];
    forward(given, v, v);
    chain_rule(given, v, by_hand);

    network n = record(tape, given);
    ad_backward(n.v[E]);

    term_title("2. Backward: the chain rule by hand, and one sweep");
    write_out_W36(v, ad_grad(n.W[W36]));
    compare_with_article(&n);
    printf("\n");
    write_out_W11(given, v, ad_grad(n.W[W11]));
    compare_with_chain_rule(&n, by_hand);
}

/* ---- 3 ----------------------------------------------------------------------------------------------------------- */

static double error_with_W36(ad_tape *tape, double value)
{
    double W[WEIGHTS];
    memcpy(W, given, sizeof W);
    W[W36] = value;
    return ad_value(record(tape, W).v[E]);
}

static void show_step(ad_tape *tape, const char *whose, double w, double before)
{
    double after = error_with_W36(tape, w);
    int    climbs = after > before;
    printf("  %-20s W36 = %.8f   E = %.8f   %s%s%s\n", whose, w, after, term_ink(climbs ? RED : GREEN),
           climbs ? "climbs" : "falls", term_ink(PLAIN));
}

static void show_update(ad_tape *tape)
{
    static const char *const dE_printed = "-0.0451", *const W36_printed = "0.08549";
    network n = record(tape, given);
    ad_backward(n.v[E]);
    double w = given[W36], right = w - rate * ad_grad(n.W[W36]), before = ad_value(n.v[E]), g = number(dE_printed);

    term_title("3. One step for W36, at rate 0.1");
    printf("  W36' = W36 - %g dE/dW36 = %g - %g * (%.8f) = %.8f\n\n", rate, w, rate, ad_grad(n.W[W36]), right);
    compare(1, &(figure){"W36'", "W36 - 0.1 dE/dW36", W36_printed, right, w - rate * g, w - rate * -g});
    printf("\n  %-20s W36 = %.8f   E = %.8f\n", "before", w, before);
    show_step(tape, "the article's step", number(W36_printed), before);
    show_step(tape, "the right step", right, before);
}

/* ---- 4 ----------------------------------------------------------------------------------------------------------- */

/* Moves the weights down the gradient until the error is below the goal; returns the steps taken, and the error before
 * and after each in errors. The rewind keeps the tape small and, unlike a reset, its first error. */
static size_t descend(ad_tape *tape, double *W, double *errors, double *output)
{
    ad_mark start = ad_tape_mark(tape);
    for (size_t step = 0;; step++) {
        network n = record(tape, W);
        *output = ad_value(n.v[Y6]);
        errors[step] = ad_value(n.v[E]);
        if (!(errors[step] >= goal) || step == MOST_STEPS)         /* a NaN ends it too */
            return step;
        ad_backward(n.v[E]);
        for (int i = 0; i < WEIGHTS; i++)
            W[i] -= rate * ad_grad(n.W[i]);
        ad_tape_rewind(tape, start);
    }
}

static int show_descent(ad_tape *tape)
{
    static double errors[MOST_STEPS + 1];
    double W[WEIGHTS], output;
    memcpy(W, given, sizeof W);
    size_t steps = descend(tape, W, errors, &output);

    term_title("4. Gradient descent on all thirteen weights, at rate 0.1, until E < 1e-6");
    term_plot_log(steps + 1, errors, "E, the error", "steps");
    printf("\n  After %zu steps E = %.6e and Y6 = %.6f, for a target of %g.\n\n", steps, errors[steps], output, T);

    for (int i = 0; i < WEIGHTS; i++)
        printf("  %s %5.2f -> %9.6f%s", weight_name[i], given[i], W[i], i % 3 == 2 || i == WEIGHTS - 1 ? "\n" : "  ");
    return errors[steps] < goal;
}

int main(void)
{
    printf("X1 = %g, X2 = %g -> neurons 1, 2 -> 3, 4, 5 -> 6 -> E, for a target T = %g\n", X1, X2, T);
    ad_tape *tape = ad_tape_new();
    show_forward(tape);
    show_derivatives(tape);
    show_update(tape);
    int reached = show_descent(tape);

    int failed = ad_tape_error(tape) != AD_OK;
    if (failed)
        fprintf(stderr, "article: %s\n", ad_tape_error_message(tape));
    else if (!reached)
        fprintf(stderr, "article: the error is not below %g after %d steps\n", goal, MOST_STEPS);
    ad_tape_free(tape);
    return failed || !reached;
}
