/* text_seeded.c -- models put together and spoiled at random, the same on every run: AD_SOAK times 30000 of them. */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 20261123;
static unsigned below(unsigned n)                  /* xorshift64*, G. Marsaglia and S. Vigna */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)(state * 0x2545f4914f6cdd1du >> 33) % n;
}

static const char *const statements[] = {
    "param w = 0.6\n", "const x = 1.7 # c\n", "column t\n", "y = sigmoid(w*x)\n", "E = (t - y)^2/2\n", "minimize E\n",
    "claim dE/dw = -(t - y)*y*(1 - y)*x \"note\"\r\n", "\n", "param b = -1 in (-inf, 2)\n", "g = \xe2\x88\x82\x45/\xe2\x88\x82w + dE/dx\n",
    "z = max(w, x, t)*sum(y, E) + powi(x, 3)^-2 - leaky_relu(w, -1/2)\n", "dw = 2\ndx = dw/w\n", "n = d(d(E^2)/d(w))/d(y)\n",
    "k = w < 1 ? x == y : t ? pi : 0x1p4\n", "claim -x^2*dot(w, x) = -1e-3\n", "a = x\nb2 = d(a)/d(x)/(dot(x, w, y, E) + log(-w))\n",
};
static const char *const pieces[] = {
    "param ", "const ", "claim ", "minimize ", " in (", "d(E)/d(w)", "dE/dw", "\xe2\x88\x82\x45/\xe2\x88\x82w", "max(", "sum(w, x, y)", "powi(x, 3)",
    "x^-2", " ? x : ", "pi", "1e-3", "0x1p4", "==", "(", ")", ",", "\n", "\r\n", " ", "-", "*", "/", "^", "d(", ")/d(x)", "dw", "dE", "\t", "#", "\"",
    "\xff", "log(", "0", ".", ":", "?", "=",
};

static size_t add(uint8_t *text, size_t size, const char *piece)
{
    memcpy(text + size, piece, strlen(piece));
    return size + strlen(piece);
}

static size_t compose(uint8_t *text)
{
    enum { STATEMENTS = sizeof statements / sizeof *statements, PIECES = sizeof pieces / sizeof *pieces };
    size_t size = 0;
    unsigned least = below(4) ? 6 : 0, spoiled = below(2);
    for (unsigned k = 0, n = least + below(10); k < n && size < 3000; k++)
        size = add(text, size, statements[k < least ? k : below(STATEMENTS)]);
    for (unsigned n = spoiled ? below(8) : 0; n > 0; n--)
        size = add(text, size, pieces[below(PIECES)]);
    for (unsigned n = spoiled ? below(3) : 0; n > 0 && size; n--)
        text[below((unsigned)size)] = (uint8_t)(below(4) ? "wxyE1( )=+-*/^\n,"[below(16)] : (char)below(256));
    return size;
}

int main(void)
{
    const char *soak = getenv("AD_SOAK");
    long runs = 30000 * (soak && atoi(soak) > 1 ? atoi(soak) : 1), models = 0;
    static uint8_t text[4096];
    for (long i = 0; i < runs; i++) {
        size_t size = compose(text);
        int was_model;
        const char *what = text_misbehaves(text, size, &was_model);
        models += was_model;
        if (what) {
            printf("%s:\n%.*s\n", what, (int)size, (const char *)text);
            return 1;
        }
    }
    printf("%ld texts, %ld of them models\n", runs, models);
    return models < runs / 20 || models > runs / 2;
}
