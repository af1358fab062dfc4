/* mine.c -- a hand-written gradient with a lost factor, for the transcript of check --object. */
#include <math.h>
#include <stddef.h>

double f(size_t n, const double *x)
{
    (void)n;
    return x[0] * x[0] * sin(x[1]);
}

void g(size_t n, const double *x, double *gradient)
{
    (void)n;
    gradient[0] = x[0] * sin(x[1]);
    gradient[1] = x[0] * x[0] * cos(x[1]);
}
