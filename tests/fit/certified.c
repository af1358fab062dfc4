/* certified.c -- some of NIST's sets, in this project's own CSV, from both of NIST's starts: certified estimates, standard
 * errors and sums of squares to at least nine digits. All sets there are: nist_sets.c. */
#include "fitting.h"

enum { PARAMS = 7 };

static const struct set {
    const char *name, *loss, *params;
    double start[2][PARAMS], estimate[PARAMS], error[PARAMS], rss;
} sets[] = {
    {"misra1a", "(y - b1*(1 - exp(-b2*x)))^2/2", "b1 b2", {{500, 1e-4}, {250, 5e-4}},
     {2.3894212918e2, 5.5015643181e-4}, {2.7070075241, 7.2668688436e-6}, 1.2455138894e-1},
    {"boxbod", "square(y - b1*(1 - exp(-b2*x)))", "b1 b2", {{1, 1}, {100, 0.75}},
     {2.1380940889e2, 5.4723748542e-1}, {1.2354515176e1, 1.0455993237e-1}, 1.1680088766e3},
    {"chwirut2", "squared_error(y, exp(-b1*x)/(b2 + b3*x))", "b1 b2 b3", {{0.1, 0.01, 0.02}, {0.15, 0.008, 0.01}},
     {1.6657666537e-1, 5.1653291286e-3, 1.2150007096e-2}, {3.8303286810e-2, 6.6621605126e-4, 1.5304234767e-3}, 5.1304802941e2},
    {"rat42", "(y - b1/(1 + exp(b2 - b3*x)))^2", "b1 b2 b3", {{100, 1, 0.1}, {75, 2.5, 0.07}},
     {7.2462237576e1, 2.6180768402, 6.7359200066e-2}, {1.7340283401, 8.8295217536e-2, 3.4465663377e-3}, 8.0565229338},
    {"mgh09", "(y - b1*(x^2 + x*b2)/(x^2 + x*b3 + b4))^2/2", "b1 b2 b3 b4", {{25, 39, 41.5, 39}, {0.25, 0.39, 0.415, 0.39}},
     {1.9280693458e-1, 1.9128232873e-1, 1.2305650693e-1, 1.3606233068e-1},
     {1.1435312227e-2, 1.9633220911e-1, 8.0842031232e-2, 9.0025542308e-2}, 3.0750560385e-4},
    {"nelson", "(log(y) - (b1 - b2*x1*exp(-b3*x2)))^2", "b1 b2 b3", {{2, 1e-4, -0.01}, {2.5, 5e-9, -0.05}},
     {2.5906836021, 5.6177717026e-9, -5.7701013174e-2}, {1.9149996413e-2, 6.1124096540e-9, 3.9572366543e-3}, 3.7976833176},
    {"danwood", "(y - b1*x^b2)^2", "b1 b2", {{1, 5}, {0.7, 4}}, {7.6886226176e-1, 3.8604055871}, {1.8281973860e-2, 5.1726610913e-2},
     4.3173084083e-3},
    {"eckerle4", "(y - b1/b2*exp(-0.5*((x - b3)/b2)^2))^2", "b1 b2 b3", {{1, 10, 500}, {1.5, 5, 450}},
     {1.5543827178, 4.0888321754, 4.5154121844e2}, {1.5408051163e-2, 4.6803020753e-2, 4.6800518816e-2}, 1.4635887487e-3},
    {"mgh17", "(y - b1 - b2*exp(-x*b4) - b3*exp(-x*b5))^2", "b1 b2 b3 b4 b5", {{50, 150, -100, 1, 2}, {0.5, 1.5, -1, 0.01, 0.02}},
     {3.7541005211e-1, 1.9358469127, -1.4646871366, 1.2867534640e-2, 2.2122699662e-2},
     {2.0723153551e-3, 2.2031669222e-1, 2.2175707739e-1, 4.4861358114e-4, 8.9471996575e-4}, 5.4648946975e-5},
    {"rat43", "(y - b1/(1 + exp(b2 - b3*x))^(1/b4))^2", "b1 b2 b3 b4", {{100, 10, 1, 1}, {700, 5, 0.75, 1.3}},
     {6.9964151270e2, 5.2771253025, 7.5962938329e-1, 1.2792483859}, {1.6302297817e1, 2.0828735829, 1.9566123451e-1, 6.8761936385e-1},
     8.7864049080e3},
    {"roszman1", "(y - b1 + b2*x + atan(b3/(x - b4))/pi)^2", "b1 b2 b3 b4", {{0.1, -1e-5, 1000, -100}, {0.2, -5e-6, 1200, -150}},
     {2.0196866396e-1, -6.1953516256e-6, 1.2044556708e3, -1.8134269537e2},
     {1.9172666023e-2, 3.2058931691e-6, 7.4050983057e1, 4.9573513849e1}, 4.9484847331e-4},
    {"thurber", "(y - (b1 + b2*x + b3*x^2 + b4*x^3)/(1 + b5*x + b6*x^2 + b7*x^3))^2", "b1 b2 b3 b4 b5 b6 b7",
     {{1000, 1000, 400, 40, 0.7, 0.3, 0.03}, {1300, 1500, 500, 75, 1, 0.4, 0.05}},
     {1.2881396800e3, 1.4910792535e3, 5.8323836877e2, 7.5416644291e1, 9.6629502864e-1, 3.9797285797e-1, 4.9727297349e-2},
     {4.6647963344, 3.9571156086e1, 2.8698696102e1, 5.5675370270, 3.1333340687e-2, 1.4984928198e-2, 6.5842344623e-3}, 5.6427082397e3},
};

Test(certified, estimates_errors_and_sums_of_squares)
{
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++)
        for (int start = 0; start < 2; start++) {
            const struct set *set = &sets[k];
            char path[512], names[3][16], all[64] = "";
            const char *wanted[3];
            const double *columns[3];
            snprintf(path, sizeof path, "%s/%s.csv", SETS, set->name);
            ad_table *table = ad_table_read(path, (ad_table_options){0});
            size_t n = ad_table_columns(table);
            cr_assert(n == 2 || n == 3, "%s", ad_table_error_message(table));
            for (size_t i = 0; i < n; i++) {
                snprintf(names[i], sizeof names[i], "%s", wanted[i] = ad_table_name(table, i));
                strcat(strcat(all, names[i]), " ");
            }
            cr_assert_eq(ad_table_select(table, n, wanted, columns), AD_OK, "%s", ad_table_error_message(table));
            ad_fit_result *fit = fitted(set->loss, set->params, set->start[start], all, columns, ad_table_rows(table), (ad_fit_options){0});
            cr_assert_eq(fit->outcome, AD_FIT_CONVERGED, "%s: %s", set->name, fit->message);
            for (size_t j = 0; j < fit->n; j++)
                cr_assert(is_near(fit->params[j].estimate, set->estimate[j], 1e-9) && is_near(fit->params[j].standard_error, set->error[j], 1e-9),
                          "%s, start %d, %s: %.12g +- %.12g", set->name, start + 1, fit->params[j].name, fit->params[j].estimate,
                          fit->params[j].standard_error);
            cr_assert(is_near(fit->rss, set->rss, 1e-9), "%s: %.12g", set->name, fit->rss);
            ad_fit_free(fit);
            ad_table_free(table);
        }
}
