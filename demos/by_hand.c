/* by_hand.c -- one tiny network, trained twice: on the left the chain rule written out, on the right the graph and one sweep.
 *
 * 2-2-1, sigmoids, half the squared error, one sample, no library for networks: what autodiff replaces, line beside line. The
 * numbers are the same to the last digit shown. With a file name, both errors are drawn there.
 */
#include "plot.h"

enum { W11, W12, W21, W22, V1, V2, PARAMS, STEPS = 300 };
static const double x1 = 0.5, x2 = -1, t = 0.8, rate = 0.5;
static const double start[PARAMS] = {0.2, -0.3, 0.4, 0.1, -0.5, 0.6};
static double error_by_hand[STEPS + 1], error_by_graph[STEPS + 1];

static double sigmoid(double e) { return 1 / (1 + exp(-e)); }

static double by_hand(const double *w, double *dE)
{
    double y1 = sigmoid(w[W11] * x1 + w[W12] * x2);
    double y2 = sigmoid(w[W21] * x1 + w[W22] * x2);
    double y  = sigmoid(w[V1] * y1 + w[V2] * y2);
    double E  = (t - y) * (t - y) / 2;

    double d  = -(t - y) * y * (1 - y);            /* dE/de  of the last neuron     */
    double d1 = d * w[V1] * y1 * (1 - y1);         /* dE/de1, through y1            */
    double d2 = d * w[V2] * y2 * (1 - y2);         /* dE/de2, through y2            */
    dE[V1]  = d * y1;
    dE[V2]  = d * y2;
    dE[W11] = d1 * x1;
    dE[W12] = d1 * x2;
    dE[W21] = d2 * x1;
    dE[W22] = d2 * x2;
    return E;
}

static double by_graph(ad_tape *tape, const double *value, double *dE)
{
    ad_var w[PARAMS];
    for (int i = 0; i < PARAMS; i++)
        w[i] = ad_param(tape, NULL, value[i]);
    ad_var y1 = ad_sigmoid(ad_add(ad_mul(w[W11], x1), ad_mul(w[W12], x2)));
    ad_var y2 = ad_sigmoid(ad_add(ad_mul(w[W21], x1), ad_mul(w[W22], x2)));
    ad_var y  = ad_sigmoid(ad_add(ad_mul(w[V1], y1), ad_mul(w[V2], y2)));
    ad_var E  = ad_squared_error(t, y);

    ad_backward(E);                                /* all of the right half above   */
    for (int i = 0; i < PARAMS; i++)
        dE[i] = ad_grad(w[i]);
    return ad_value(E);
}

static int draw(const char *path)
{
    picture p = picture_new(640, 420);
    plot f = {&p, 90, 40, 520, 330, 0, STEPS, error_by_hand[STEPS], error_by_hand[0], 1};
    double step[STEPS + 1];
    for (int s = 0; s <= STEPS; s++)
        step[s] = s;
    plot_axes(&f, "error: by hand (line), by graph (dots)", "steps");
    plot_curve(&f, STEPS + 1, step, error_by_hand, PLOT_BLUE);
    for (int s = 0; s <= STEPS; s += 15)
        plot_points(&f, 1, &step[s], &error_by_graph[s], (const double[]){1});
    return picture_save(&p, path);
}

int main(int argc, char **argv)
{
    double w[PARAMS], v[PARAMS], dw[PARAMS], dv[PARAMS], furthest = 0;
    memcpy(w, start, sizeof w);
    memcpy(v, start, sizeof v);
    ad_tape *tape = ad_tape_new();
    printf("            chain rule by hand                autodiff\n step       E            dE/dW11            E            dE/dW11\n");
    for (int s = 0; s <= STEPS; s++) {
        error_by_hand[s]  = by_hand(w, dw);
        error_by_graph[s] = by_graph(tape, v, dv);
        if (s < 3 || s % 100 == 0)
            printf("%5d   %.10f  %+.10f   %.10f  %+.10f\n", s, error_by_hand[s], dw[W11], error_by_graph[s], dv[W11]);
        for (int i = 0; i < PARAMS; i++) {
            w[i] -= rate * dw[i];
            v[i] -= rate * dv[i];
            furthest = fmax(furthest, fabs(w[i] - v[i]));
        }
        ad_tape_reset(tape);
    }
    printf("\nafter %d steps no weight differs by more than 1e-14: %s\n", STEPS, furthest <= 1e-14 ? "true" : "FALSE");
    ad_tape_free(tape);
    if (argc > 1 && !draw(argv[1])) {
        fprintf(stderr, "by_hand: cannot write %s\n", argv[1]);
        return 1;
    }
    return furthest > 1e-14;
}
