/* fit.c -- a curve fitted to data: estimates with their uncertainties, and what is said when the data cannot fix them.
 *
 * The velocities of an enzyme treated with puromycin (Treloar 1974, in Bates and Watts 1988, Nonlinear Regression Analysis and
 * Its Applications, table A1.3), Michaelis-Menten kinetics. On the command line the same is
 *
 *     chainrule fit 'rate ~ top*dose/(half + dose)' --data puromycin.csv --start top=100,half=1
 */
#include <autodiff/autodiff.h>
#include <stdio.h>
#include <string.h>

static const char table[] =
    "dose,rate\n"
    "0.02,76\n0.02,47\n0.06,97\n0.06,107\n0.11,123\n0.11,139\n"
    "0.22,159\n0.22,152\n0.56,191\n0.56,201\n1.10,207\n1.10,200\n";

/* Fits the params of a residual and prints what came of it. */
static int fit(const char *formula, size_t n, const char *const *params, const double *start, const double *const *columns, size_t rows)
{
    ad_tape *tape = ad_tape_new();
    for (size_t j = 0; j < n; j++)
        ad_param(tape, params[j], start[j]);
    ad_column(tape, "dose");
    ad_column(tape, "rate");
    ad_var r = ad_formula(tape, formula);
    ad_function *residual = ad_function_new(tape, 1, &r);
    if (!residual)
        fprintf(stderr, "%s\n", ad_tape_error_message(tape));
    ad_tape_free(tape);

    ad_fit_result *f = ad_fit(residual, start, columns, rows, (ad_fit_options){.objective = AD_FIT_RESIDUALS, .profile = 1});
    int converged = f && f->outcome == AD_FIT_CONVERGED;
    printf("%s\n", formula);
    for (size_t j = 0; converged && j < f->n; j++) {
        const ad_fit_param *p = &f->params[j];
        printf("  %-5s %9.5f +- %.5f   95 %%: %9.5f .. %9.5f   by its profile %9.5f .. %9.5f\n", p->name, p->estimate, p->standard_error,
               p->low, p->high, p->profile_low, p->profile_high);
    }
    if (converged)
        printf("  s %.5f on %zu degrees of freedom, R squared %.5f, correlation %.4f\n\n", f->s, f->degrees, f->r_squared, f->correlation[1]);
    else if (f)
        printf("  %.*s\n\n", (int)strcspn(f->message, "(") - 1, f->message);   /* and the direction in numbers */
    ad_fit_free(f);
    ad_function_free(residual);
    return converged;
}

int main(void)
{
    ad_table *data = ad_table_read_text(table, sizeof table - 1, (ad_table_options){.called = "puromycin"});
    const double *columns[2];
    if (ad_table_select(data, 2, (const char *const[]){"dose", "rate"}, columns) != AD_OK) {
        fprintf(stderr, "%s\n", ad_table_error_message(data));
        return 1;
    }
    size_t rows = ad_table_rows(data);
    int well = fit("rate - top*dose/(half + dose)", 2, (const char *const[]){"top", "half"}, (double[]){100, 1}, columns, rows);
    int not_so = fit("rate - a*b*dose/(half + dose)", 3, (const char *const[]){"a", "b", "half"}, (double[]){10, 10, 1}, columns, rows);
    ad_table_free(data);
    return !well || not_so;
}
