/* utf8.h -- whether bytes are text. Not installed. */
#ifndef AUTODIFF_INSIGHT_UTF8_H
#define AUTODIFF_INSIGHT_UTF8_H

#include <stddef.h>

/* Bytes of the UTF-8 character at text, which ends with 0; 0 where there is none. Overlong forms and surrogates are none. */
static inline size_t ad_utf8(const char *bytes)
{
    const unsigned char *text = (const unsigned char *)bytes;
    unsigned char c = text[0];
    size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    for (size_t k = 1; k < n; k++)
        if ((text[k] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && text[1] < 0xa0) || (c == 0xed && text[1] > 0x9f) || (c == 0xf0 && text[1] < 0x90) ||
        (c == 0xf4 && text[1] > 0x8f))
        return 0;
    return n;
}

#endif
