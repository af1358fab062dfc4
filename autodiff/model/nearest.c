/* nearest.c -- distances of names, after Damerau (1964), restricted: no edit within a swap. In thirds: an insertion, a deletion,
 * a change are 3, a swap of neighbours is 2, a letter of the other case 1; so W63 is W36 before it is W13. */
#include "nearest.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST = 63, FURTHEST = 2, CASE = 1, SWAP = 2, EDIT = 3 };

static size_t change(char a, char b)
{
    return a == b ? 0 : tolower((unsigned char)a) == tolower((unsigned char)b) ? CASE : EDIT;
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][LONGEST + 1], *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = EDIT * j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = EDIT * i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = least(last[j - 1] + change(a[i - 1], b[j - 1]), EDIT + least(last[j], row[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + SWAP);
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[m];
}

void ad_nearest_offer(ad_nearest *nearest, const char *name)
{
    size_t n = nearest->length, m = strlen(name), longer = n > m ? n : m, shorter = n > m ? m : n;
    if (!shorter || longer > LONGEST || longer - shorter > FURTHEST)
        return;
    size_t d = distance(nearest->written, n, name, m), most = longer == 1 ? CASE : EDIT * (1 + longer / 5);
    if (d <= most && (!nearest->best || d < nearest->distance)) {
        nearest->best = name;
        nearest->distance = d;
    }
}
