/* seeded.c -- the fuzz target without a fuzzer: graphs of bytes drawn from a seed, the same ones on every run.
 *
 * usage: fuzz_seeded [GRAPHS [SEED]] | fuzz_seeded FILE...     files are inputs that a fuzzer kept */
#include "tiers.h"

#include <stdio.h>
#include <stdlib.h>

enum { LENGTH = 700 };

static int tell(const char *what, const char *name, unsigned long seed)
{
    if (what)
        printf("%s %lu: %s\n", name, seed, what);
    return what != NULL;
}

static int run_file(const char *path, tier_counts *counts)
{
    static uint8_t data[1 << 16];
    FILE *file = fopen(path, "rb");
    if (!file) {
        printf("%s: cannot be read\n", path);
        return 1;
    }
    size_t n = fread(data, 1, sizeof data, file);
    fclose(file);
    return tell(tiers_disagree(data, n, counts), path, 0) + tell(nested_disagree(data, n, counts), path, 0);
}

int main(int argc, char **argv)
{
    tier_counts counts = {0, 0, 0};
    char *end = NULL;
    unsigned long graphs = argc > 1 ? strtoul(argv[1], &end, 10) : 2000, seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    int failures = 0;
    if (argc > 1 && *end) {
        for (int i = 1; i < argc; i++)
            failures += run_file(argv[i], &counts);
        return failures != 0;
    }
    if (argc <= 1 && getenv("AD_SOAK"))
        graphs *= 100;
    for (unsigned long s = seed; s < seed + graphs && failures < 5; s++) {
        uint8_t data[LENGTH];
        uint64_t state = s * UINT64_C(0x9e3779b97f4a7c15);
        for (int i = 0; i < LENGTH; i++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            data[i] = (uint8_t)(state >> 56);
        }
        failures += tell(tiers_disagree(data, LENGTH, &counts), "seed", s) + tell(nested_disagree(data, LENGTH, &counts), "seed", s);
    }
    printf("%lu graphs, %lu numbers compared, %lu of which nothing can be told\n", counts.graphs, counts.compared, counts.untold);
    return failures || counts.compared < 2 * counts.untold;
}
