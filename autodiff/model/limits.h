/* limits.h -- how much of a text is read. Beyond, it is AD_ERROR_LIMIT, with a message that says so. */
#ifndef AUTODIFF_MODEL_LIMITS_H
#define AUTODIFF_MODEL_LIMITS_H

enum {
    AD_TEXT_LENGTH  = 1 << 28,     /* bytes of a model or a formula                                                  */
    AD_NAME_LENGTH  = 255,         /* bytes of a name                                                                */
    AD_NESTING      = 10000,       /* parentheses, calls, signs, powers and choices open at once                     */
    AD_ORDER        = 6            /* derivatives inside derivatives                                                 */
};

#endif
