/* nist_sets.c -- every set that the folder named by CHAINRULE_DATA holds, from both of NIST's starts, against NIST's certified
 * values. Prints a line a fit: correct digits of the worst param, the worst standard deviation and the sum of squares.
 * Skipped where there is no such folder.
 */
#include "nist.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SKIPPED = 77 };

typedef struct totals {
    double params, deviations, rss, least;
    int    n, n_noisy, failed;             /* fits; fits but those whose residual is rounding noise */
} totals;

static void run(const nist *set, const ad_function *f, int start, totals *sum)
{
    const double *columns[NIST_COLUMNS];
    double params = 11, deviations = 11;
    for (size_t i = 0; i < set->n_columns; i++)
        columns[i] = set->data[i];
    ad_fit_result *fit = ad_fit(f, set->start[start], columns, set->rows, (ad_fit_options){.objective = AD_FIT_RESIDUALS});
    for (size_t k = 0; k < set->n; k++) {
        params = fmin(params, nist_digits(fit->params[k].estimate, set->certified[k]));
        deviations = fmin(deviations, nist_digits(fit->params[k].standard_error, set->deviation[k]));
    }
    double rss = nist_digits(fit->rss, set->rss);
    int noise = !strcmp(set->name, "Lanczos1"), bad = fit->outcome != AD_FIT_CONVERGED || params < 8;
    printf("%-10s %d   %5.2f %5.2f %5.2f   %4zu iterations %4zu values  offset %.1e%s%s\n", set->name, start + 1, params, deviations,
           rss, fit->iterations, fit->evaluations, fit->offset, bad ? "   BAD: " : "", bad ? fit->message : "");
    sum->params += params;
    sum->least = fmin(sum->least, params);
    sum->deviations += noise ? 0 : deviations;
    sum->rss += noise ? 0 : rss;
    sum->n++;
    sum->n_noisy += !noise;
    sum->failed += bad;
    ad_fit_free(fit);
}

static int ends_with_dat(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 4 && !strcmp(entry->d_name + n - 4, ".dat");
}

int main(void)
{
    char folder[1024], path[2048];
    const char *data = getenv("CHAINRULE_DATA");
    struct dirent **files = NULL;
    totals sum = {.least = 11};
    snprintf(folder, sizeof folder, "%s/nist", data ? data : "");
    int n = data ? scandir(folder, &files, ends_with_dat, alphasort) : 0;
    if (data && n <= 0) {
        snprintf(folder, sizeof folder, "%s", data);
        n = scandir(folder, &files, ends_with_dat, alphasort);
    }
    if (n <= 0) {
        printf("skipped: CHAINRULE_DATA names no folder with NIST's .dat files\n");
        return SKIPPED;
    }
    printf("# correct digits, at most 11, of: worst param, worst standard deviation, sum of squares\n");
    for (int i = 0; i < n; i++) {
        nist set;
        snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name);
        ad_function *f = nist_read(&set, path) ? nist_residual(&set) : NULL;
        if (f) {
            run(&set, f, 0, &sum);
            run(&set, f, 1, &sum);
        } else
            sum.failed++;
        ad_function_free(f);
        free(files[i]);
    }
    free(files);
    printf("params: average %.3f, worst %.3f;  deviations %.3f;  sums of squares %.3f (both but Lanczos1);  %d fits, %d bad\n",
           sum.params / sum.n, sum.least, sum.deviations / sum.n_noisy, sum.rss / sum.n_noisy, sum.n, sum.failed);
    return sum.failed || sum.params / sum.n < 10.6 || sum.deviations / sum.n_noisy < 10.3 || sum.rss / sum.n_noisy < 10;
}
