/* logistic.c -- logistic regression as a network of one neuron: O-ring damage of the space shuttle by temperature, with coefficients
 * and standard errors from the exact Hessian.
 *
 * Data: 23 flights before the Challenger accident. The published fit is 15.0429 (7.3786) - 0.2322 (0.1082) T, deviance 20.315:
 * S. R. Dalal, E. B. Fowlkes and B. Hoadley, J. Amer. Stat. Assoc. 84, 1989. With a file name, the curve is drawn there.
 */
#include "plot.h"

enum { FINE = 200 };
static const char csv[] =
    "temperature,damage\n"
    "66,0\n70,1\n69,0\n68,0\n67,0\n72,0\n73,0\n70,0\n57,1\n63,1\n70,1\n78,0\n"
    "67,0\n53,1\n67,0\n75,0\n70,0\n81,0\n76,0\n79,0\n75,1\n76,0\n58,1\n";

static double probability(const double *p, double at) { return ad_value(ad_sigmoid(p[0] * at + p[1])); }

static int draw(const double *p, size_t rows, const double *const *columns, const char *path)
{
    double at[FINE], curve[FINE];
    for (int i = 0; i < FINE; i++) {
        at[i] = 30 + 55. * i / (FINE - 1);
        curve[i] = probability(p, at[i]);
    }
    picture canvas = picture_new(640, 420);
    plot f = {&canvas, 70, 40, 540, 330, 30, 85, -0.05, 1.05, 0};
    plot_axes(&f, "probability of damage", "temperature (F)");
    plot_curve(&f, FINE, at, curve, PLOT_INK);
    plot_points(&f, rows, columns[0], columns[1], columns[1]);
    return picture_save(&canvas, path);
}

/* Roots of the diagonal of the inverse Hessian of the error, summed over flights. */
static int standard_errors(const nn_network *net, const double *p, size_t rows, const double *const *columns, double *error)
{
    double H[2][2];
    ad_function *f = nn_error_function(net, nn_binary_cross_entropy, 1, NULL);
    ad_status status = ad_function_hessian(f, p, columns, rows, H[0]);
    double det = H[0][0] * H[1][1] - H[0][1] * H[1][0];
    error[0] = sqrt(H[1][1] / det);
    error[1] = sqrt(H[0][0] / det);
    ad_function_free(f);
    return status == AD_OK;
}

int main(int argc, char **argv)
{
    ad_table *table = ad_table_read_text(csv, sizeof csv - 1, (ad_table_options){.called = "the flights"});
    nn_network *net = nn_network_new((nn_network_options){.inputs = 1, .layers = NN_LAYERS({.neurons = 1}), .seed = 1});
    nn_data data = {.table = table, .inputs = NN_NAMES("temperature"), .targets = NN_NAMES("damage")};
    nn_result result = nn_train(net, data, (nn_train_options){.error = nn_binary_cross_entropy, .optimiser = {.method = NN_LBFGS}});
    const double *columns[] = {ad_table_column(table, "temperature"), ad_table_column(table, "damage")};
    size_t rows = ad_table_rows(table);
    const double *p = nn_network_values(net);
    double error[2];
    int failed = result.fault.status != AD_OK || !standard_errors(net, p, rows, columns, error);
    if (failed)
        fprintf(stderr, "logistic: %s\n", result.fault.message);
    else {
        printf("               estimate   standard error   published\n");
        printf("intercept     %9.4f        %8.4f      15.0429 (7.3786)\n", p[1], error[1]);
        printf("temperature   %9.4f        %8.4f      -0.2322 (0.1082)\n", p[0], error[0]);
        printf("deviance      %9.3f                      20.315\n\n", 2 * (double)rows * result.error);
        printf("at 31 F, the day of the accident, the probability of damage was %.4f\n", probability(p, 31));
    }
    if (!failed && argc > 1 && !draw(p, rows, columns, argv[1])) {
        fprintf(stderr, "logistic: cannot write %s\n", argv[1]);
        failed = 1;
    }
    nn_network_free(net);
    ad_table_free(table);
    return failed;
}
