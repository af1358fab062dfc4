/* emit_names.c -- names for the local variables of generated C: those of the inputs where C allows, else mended.
 *
 * A name is mended when it is no identifier, or a keyword (of C or of a later C), or a name of math.h or of libm, or one
 * that the generated file uses itself, or is taken already. What is not allowed in an identifier becomes '_'; what C has
 * for itself gets a '_' behind it; what is taken, its number.
 */
#include "emit.h"

#include <ctype.h>
#include <stdio.h>

/* Words in use, between spaces. */
static const char keywords[] =
    " auto break case char const continue default do double else enum extern float for goto if inline int long register"
    " restrict return short signed sizeof static struct switch typedef union unsigned void volatile while"
    " alignas alignof asm bool constexpr false nullptr static_assert thread_local true typeof typeof_unqual"
    " linux unix i386 NULL NAN INFINITY HUGE_VAL HUGE_VALF HUGE_VALL HUGE MAXFLOAT SNAN SNANF SNANL MATH_ERRNO MATH_ERREXCEPT"
    " DOMAIN SING OVERFLOW UNDERFLOW PLOSS TLOSS X_TLOSS signgam math_errhandling float_t double_t size_t ptrdiff_t wchar_t"
    " params columns gradient values ";
/* These also with an f or an l behind them. */
static const char functions[] =
    " acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 exp10 expm1 fabs fdim floor fma fmax"
    " fmin fmod frexp gamma gamma_r hypot ilogb isinf isnan finite j0 j1 jn ldexp lgamma lgamma_r llrint llround log log10"
    " log1p log2 logb lrint lround modf nan nearbyint nextafter nexttoward pow pow10 drem remainder remquo rint round scalb"
    " scalbln scalbn significand signbit isfinite isnormal fpclassify sin sincos sinh sqrt tan tanh tgamma trunc y0 y1 yn"
    " roundeven llogb fmaxmag fminmag nextup nextdown canonicalize getpayload setpayload ";

static int among(const char *words, const char *name, size_t length)
{
    char word[24];
    if (length + 3 > sizeof word)
        return 0;
    snprintf(word, sizeof word, " %.*s ", (int)length, name);
    return strstr(words, word) != NULL;
}

static int begins(const char *name, const char *with) { return !strncmp(name, with, strlen(with)); }

static int ends(const char *name, const char *with)
{
    size_t n = strlen(name), k = strlen(with);
    return n >= k && !strcmp(name + n - k, with);
}

static int is_reserved(const char *name)
{
    size_t n = strlen(name);
    int suffixed = n && (name[n - 1] == 'f' || name[n - 1] == 'l');
    return among(keywords, name, n) || among(functions, name, n) || (suffixed && among(functions, name, n - 1)) ||
           begins(name, "M_") || begins(name, "FP_") || ends(name, "_MAX") || ends(name, "_MIN") || ends(name, "_WIDTH") ||
           ((begins(name, "int") || begins(name, "uint")) && ends(name, "_t"));
}

/* Letters, digits and '_' alone, in any locale. */
static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static int is_digit(char c) { return c >= '0' && c <= '9'; }

int ad_is_identifier(const char *text)
{
    if (!is_letter(*text))
        return 0;
    while (is_letter(*text) || is_digit(*text))
        text++;
    return !*text;
}

/* ---- Names taken: open addressing, inputs + 1 ------------------------------------------------------------------------- */

static const char *text_at(const ad_names *names, size_t place) { return (const char *)names->text.block.base + place; }

const char *ad_names_at(const ad_names *names, uint32_t input)
{
    size_t place = ((const size_t *)names->place.base)[input];
    return place == SIZE_MAX ? NULL : text_at(names, place);
}

static uint32_t *place_of(const ad_names *names, const char *name)
{
    uint32_t *table = names->table.base, mask = names->n_table - 1;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const char *c = name; *c; c++)
        h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    uint32_t i = (uint32_t)(h ^ h >> 32) & mask;
    while (table[i] && strcmp(ad_names_at(names, table[i] - 1), name))
        i = (i + 1) & mask;
    return &table[i];
}

/* ---- Mending ------------------------------------------------------------------------------------------------------------- */

/* Writes a name's letters from `start` on, such that C and the file allow it. */
static void spell(ad_names *names, const char *name, const char *prefix)
{
    ad_text *t = &names->text;
    size_t n = strlen(prefix), start = t->n;
    int own = (begins(name, prefix) && name[n] == '_') || (name[0] == '_' && (name[1] == '_' || isupper((unsigned char)name[1])));
    if (own || !is_letter(*name))
        ad_text_add(t, "v_");
    for (const char *c = name; *c; c++)
        ad_text_add_n(t, is_letter(*c) || is_digit(*c) ? c : "_", 1);
    ad_text_add_n(t, "", 1);
    if (!t->failed && is_reserved(text_at(names, start))) {
        t->n--;
        ad_text_add_n(t, "_", 2);
    }
}

/* Gives the name just spelt to an input; one that is taken gets its number, and '_' while that is taken too. */
static void settle(ad_names *names, size_t start, uint32_t input, uint32_t number)
{
    char behind[16];
    snprintf(behind, sizeof behind, "_%u", (unsigned)number);
    for (const char *more = behind; !names->text.failed; more = "_") {
        uint32_t *place = place_of(names, text_at(names, start));
        if (!*place) {
            *place = input + 1;
            ((size_t *)names->place.base)[input] = start;
            return;
        }
        names->text.n--;
        ad_text_add(&names->text, more);
        ad_text_add_n(&names->text, "", 1);
    }
}

static void name_input(ad_names *names, const ad_function *f, uint32_t input, const char *prefix)
{
    uint32_t number = input < f->n_params ? input : input - f->n_params;
    const char *own = input < f->n_params ? ad_function_param_name(f, number) : ad_function_column_name(f, number);
    size_t start = names->text.n;
    ((size_t *)names->place.base)[input] = SIZE_MAX;
    if (!own || !*own)
        return;
    spell(names, own, prefix);
    settle(names, start, input, number);
}

/* v, v_, v__ ...: the first that with a number behind it is no input's name. */
static void choose_stem(ad_names *names)
{
    unsigned taken = 0;
    int length = 1;
    for (uint32_t i = 0; i < names->n; i++) {
        const char *name = ad_names_at(names, i), *c = name ? name + 1 : NULL;
        while (name && *c == '_')
            c++;
        if (name && *name == 'v' && is_digit(*c) && c - name < 15)
            taken |= 1u << (c - name);
    }
    while (length < 14 && taken >> length & 1)
        length++;
    memset(names->stem, '_', (size_t)length);
    names->stem[0] = 'v';
    names->stem[length] = 0;
}

void ad_names_make(ad_names *names, const ad_function *f, const char *prefix)
{
    ad_text *t = &names->text;
    names->n = f->n_params + f->n_columns;
    for (names->n_table = 16; names->n_table < 2 * (uint64_t)names->n && names->n_table < UINT32_C(1) << 31;)
        names->n_table *= 2;
    if (!ad_block_grow(&names->place, &t->allocator, (names->n + (size_t)1) * sizeof(size_t)) ||
        !ad_block_grow(&names->table, &t->allocator, names->n_table * sizeof(uint32_t))) {
        t->failed = 1;
        return;
    }
    memset(names->table.base, 0, names->n_table * sizeof(uint32_t));
    for (uint32_t i = 0; i < names->n && !t->failed; i++)
        name_input(names, f, i, prefix);
    if (!t->failed)
        choose_stem(names);
}

void ad_names_free(ad_names *names)
{
    ad_allocator a = names->text.allocator;
    ad_block_free(&names->place, &a);
    ad_block_free(&names->table, &a);
    ad_text_free(&names->text);
}
