/* custom_model.c -- a model that is no network: the speed of an enzyme, fitted to data by Newton's method.
 *
 * Michaelis and Menten: at concentration c of its substrate an enzyme works at speed V c / (K + c). Shows a model
 * written as an ordinary C function, its gradient as new nodes, the Hessian as the gradient of the gradient, and Newton
 * steps with both that end at the published fit, V = 212.7 and K = 0.06412 with a residual sum of squares of 1195.4.
 *
 * Data and fit: puromycin-treated cells, D. M. Bates and D. G. Watts, Nonlinear Regression Analysis, 1988, A1.3.
 */
#include <autodiff/autodiff.h>
#include <math.h>
#include <stdio.h>

enum { V, K, PARAMS, ROWS = 12, MOST_STEPS = 20 };

static const double c[ROWS]     = {0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.10, 1.10};
static const double speed[ROWS] = {  76,   47,   97,  107,  123,  139,  159,  152,  191,  201,  207,  200};

static ad_var model(const ad_var *p, double at)
{
    return ad_div(ad_mul(p[V], at), ad_add(p[K], at));
}

/* The residual sum of squares. */
static ad_var error(const ad_var *p)
{
    ad_var E = ad_const(0);
    for (int i = 0; i < ROWS; i++)
        E = ad_add(E, ad_square(ad_sub(speed[i], model(p, c[i]))));
    return E;
}

static void derivatives(ad_var E, const ad_var *p, ad_var *g, ad_var (*H)[PARAMS])
{
    ad_gradient(E, PARAMS, p, g);
    for (int i = 0; i < PARAMS; i++)
        ad_gradient(g[i], PARAMS, p, H[i]);
}

/* The model works on plain numbers too: they are recorded nowhere. */
static double error_at(double v, double k)
{
    return ad_value(error((ad_var[]){ad_const(v), ad_const(k)}));
}

/* Moves p by -H^-1 g, or by as large a fraction of it as does not raise the error; returns the fraction. The move is
 * found by Cramer's rule. */
static double newton(double *p, double E, const ad_var *g, ad_var (*H)[PARAMS])
{
    double a = ad_value(H[V][V]), b = ad_value(H[V][K]), d = ad_value(H[K][K]), det = a * d - b * b;
    double dV = -(d * ad_value(g[V]) - b * ad_value(g[K])) / det;
    double dK = -(a * ad_value(g[K]) - b * ad_value(g[V])) / det;

    double part = 1;
    while (part > 1e-3 && !(error_at(p[V] + part * dV, p[K] + part * dK) <= E * (1 + 1e-12)))
        part /= 2;
    p[V] += part * dV;
    p[K] += part * dK;
    return part;
}

/* What is left of a gradient at the minimum is rounding, its sign too. */
static double tidy(double x) { return fabs(x) < 5e-5 ? 0 : x; }

static void print_derivatives(const ad_var *g, ad_var (*H)[PARAMS])
{
    printf("\n    gradient %12.4f    Hessian %12.4f %13.4f\n",
           tidy(ad_value(g[V])), ad_value(H[V][V]), ad_value(H[V][K]));
    printf("             %12.4f            %12.4f %13.4f\n\n",
           tidy(ad_value(g[K])), ad_value(H[K][V]), ad_value(H[K][K]));
}

static int fit(ad_tape *tape, double *at)
{
    ad_mark start = ad_tape_mark(tape);
    printf("step         V          K            E     |gradient|   Newton step\n");
    for (int step = 0; step < MOST_STEPS; step++) {
        ad_tape_rewind(tape, start);
        ad_var p[] = {ad_param(tape, "V", at[V]), ad_param(tape, "K", at[K])}, g[PARAMS], H[PARAMS][PARAMS];
        ad_var E = error(p);
        derivatives(E, p, g, H);

        double length = hypot(ad_value(g[V]), ad_value(g[K]));
        int    converged = length < 1e-6;
        printf("%4d  %8.4f  %9.6f  %11.4f  %13.6f", step, at[V], at[K], ad_value(E), length);
        if (converged)
            printf("\n");
        else
            printf("   times %g\n", newton(at, ad_value(E), g, H));
        if (converged || step == 0)
            print_derivatives(g, H);
        if (converged)
            return 1;
    }
    return 0;
}

static void print_fit(const double *at)
{
    const ad_var p[] = {ad_const(at[V]), ad_const(at[K])};
    printf("   c    measured     fitted\n");
    for (int i = 0; i < ROWS; i += 2)
        printf("%4.2f  %5.0f %5.0f  %8.2f\n", c[i], speed[i], speed[i + 1], ad_value(model(p, c[i])));
}

int main(void)
{
    ad_tape *tape = ad_tape_new();
    double at[] = {200, 0.1};
    int converged = fit(tape, at);
    print_fit(at);

    int failed = ad_tape_error(tape) != AD_OK;
    if (failed)
        fprintf(stderr, "custom_model: %s\n", ad_tape_error_message(tape));
    else if (!converged)
        fprintf(stderr, "custom_model: no convergence in %d steps\n", MOST_STEPS);
    ad_tape_free(tape);
    return failed || !converged;
}
