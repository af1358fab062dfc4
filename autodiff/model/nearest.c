/* nearest.c -- distances of names, after Damerau (1964), restricted: no edit within a swap. */
#include "nearest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum { LONGEST = 63, FURTHEST = 3 };

static size_t change(char a, char b)
{
    return a == b ? 0 : tolower((unsigned char)a) == tolower((unsigned char)b) ? 1 : 2;
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

size_t ad_nearest_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST || n > m + FURTHEST || m > n + FURTHEST)
        return SIZE_MAX;
    size_t rows[3][LONGEST + 1], *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = 2 * j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = 2 * i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = least(last[j - 1] + change(a[i - 1], b[j - 1]), 2 + least(last[j], row[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 2);
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[m];
}

int ad_nearest_is_near(size_t distance, const char *written)
{
    size_t n = strlen(written), most = n <= 2 ? 2 : n <= 5 ? 3 : 5;
    return distance <= most && (n > 1 || distance <= 1);
}
