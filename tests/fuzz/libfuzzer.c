/* libfuzzer.c -- the entry point of libFuzzer: LLVM's "libFuzzer - a library for coverage-guided fuzz testing". */
#include "tiers.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static tier_counts counts;
    const char *what = tiers_disagree(data, size, &counts);
    what = what ? what : nested_disagree(data, size, &counts);
    if (what) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
    return 0;
}
