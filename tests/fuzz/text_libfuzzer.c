/* text_libfuzzer.c -- the entry point of libFuzzer for texts. */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *what = text_misbehaves(data, size, NULL);
    if (what) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
    return 0;
}
