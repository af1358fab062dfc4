/* decimal.h -- numbers from text, correctly rounded, whatever the locale. Not installed. */
#ifndef AUTODIFF_MODEL_DECIMAL_H
#define AUTODIFF_MODEL_DECIMAL_H

#include <stddef.h>

/* Whether text [size] is, as a whole, a number as strtod reads it in the C locale; then *value is that number, correctly
 * rounded. The byte after it must be readable and must not continue a number (a separator, a quote, the end of a string). */
int ad_decimal_read(const char *text, size_t size, double *value);

#endif
