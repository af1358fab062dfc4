/* checked.h -- a gradient held against the engine's own check, which knows the value alone and chooses its own differences. */
#ifndef TESTS_NN_CHECKED_H
#define TESTS_NN_CHECKED_H

#include <autodiff/insight/check.h>
#include <criterion/criterion.h>

typedef double checked_value(size_t n, const double *x, void *user);
typedef void   checked_gradient(size_t n, const double *x, double *gradient, void *user);

/* Every component must be found right, at x and at so many random points around it. */
static inline void checked_right(const char *what, size_t n, const double *x, checked_value *value, checked_gradient *gradient, void *user,
                                 size_t points)
{
    ad_check *check = ad_check_gradient(n, x, (ad_check_options){.value_with = value, .gradient_with = gradient, .user = user, .points = points});
    cr_assert(check && check->status == AD_OK, "%s: %s", what, check ? check->message : "no memory");
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(check->entries[i].verdict, AD_RIGHT, "%s: %s is %.12g, by differences %.12g +- %.1g: %s", what, check->entries[i].name,
                     check->entries[i].yours, check->entries[i].exact, check->entries[i].error, check->entries[i].detail);
    ad_check_free(check);
}

#endif
