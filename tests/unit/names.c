/* names.c -- variables have names: found, changed, forgotten by a rewind. */
#include "unit.h"

#define NAMED(v, text) \
    do { \
        const char *name_ = ad_name_of(v); \
        cr_assert(name_ && !strcmp(name_, text), "the name is %s, not %s", name_ ? name_ : "NULL", text); \
    } while (0)
#define FINDS(tape, text, v) \
    do { \
        ad_var found_ = ad_find(tape, text); \
        cr_assert(found_.link == (v).link && same(found_.value, (v).value), "%s was not found", text); \
    } while (0)

Test(names, of_inputs_and_of_others_are_kept)
{
    ad_tape *tape = ad_tape_new();
    char buffer[8] = "w";
    ad_var w = ad_param(tape, buffer, 0.5), t = ad_column(tape, "t"), h = ad_name(ad_exp(w), "h"), plain = ad_exp(h);
    buffer[0] = '?';                                   /* borrowed for the call only */
    NAMED(w, "w");
    NAMED(t, "t");
    NAMED(h, "h");
    cr_assert(ad_name_of(plain) == NULL && ad_name_of(ad_const(1)) == NULL);
    FINDS(tape, "w", w);
    FINDS(tape, "t", t);
    FINDS(tape, "h", h);
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(names, that_are_not_there_give_a_plain_nan_and_no_error)
{
    ad_tape *tape = ad_tape_new();
    PLAIN_NAN(ad_find(tape, "w"));
    ad_var w = ad_param(tape, "w", 0.5), nameless = ad_param(tape, NULL, 1), column = ad_column(tape, NULL);
    PLAIN_NAN(ad_find(tape, "W"));
    PLAIN_NAN(ad_find(tape, ""));
    PLAIN_NAN(ad_find(tape, NULL));
    cr_assert(ad_name_of(nameless) == NULL && ad_name_of(column) == NULL);
    cr_assert(ad_name(w, NULL).link == w.link);
    NAMED(w, "w");
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(names, may_be_given_again_and_the_last_counts)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    NAMED(w, "w");
    ad_name(w, "weight");
    NAMED(w, "weight");
    FINDS(tape, "weight", w);
    ad_var v = ad_name(ad_exp(w), "weight");           /* the last variable of a name */
    FINDS(tape, "weight", v);
    NAMED(w, "weight");
    NAMED(v, "weight");
    ad_tape_free(tape);
}

Test(names, that_were_replaced_find_nothing)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    FINDS(tape, "w", w);
    ad_name(w, "weight");
    PLAIN_NAN(ad_find(tape, "w"));
    ad_tape_free(tape);
}

Test(names, are_forgotten_by_a_rewind)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    ad_mark mark = ad_tape_mark(tape);
    for (int i = 0; i < 3; i++) {
        ad_var h = ad_name(ad_exp(w), "h");
        ad_name(w, "weight");
        FINDS(tape, "h", h);
        NAMED(w, "weight");
        ad_tape_rewind(tape, mark);
        PLAIN_NAN(ad_find(tape, "h"));
        PLAIN_NAN(ad_find(tape, "weight"));
        NAMED(w, "w");                                 /* the naming too is rewound */
        FINDS(tape, "w", w);
    }
    STATUS(tape, AD_OK);
    ad_tape_reset(tape);
    PLAIN_NAN(ad_find(tape, "w"));
    ad_var again = ad_param(tape, "w", 1);
    FINDS(tape, "w", again);
    ad_tape_free(tape);
}

Test(names, alone_since_a_mark_are_forgotten_as_well)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    ad_mark first = ad_tape_mark(tape);
    ad_name(w, "second");
    ad_mark second = ad_tape_mark(tape);
    ad_name(w, "third");
    NAMED(w, "third");
    ad_tape_rewind(tape, second);
    NAMED(w, "second");
    ad_tape_rewind(tape, first);
    NAMED(w, "w");
    ad_tape_rewind(tape, first);
    STATUS(tape, AD_OK);
    ad_tape_rewind(tape, second);
    STATUS(tape, AD_ERROR_STALE);
    NAMED(w, "w");
    ad_tape_free(tape);
}

Test(names, by_the_thousand_are_all_found_in_any_order_of_questions)
{
    ad_tape *tape = ad_tape_new();
    static ad_var v[2000];
    char name[64];
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "variable_%d%s", i, i % 7 ? "" : "_with_a_long_tail");
        v[i] = ad_param(tape, name, i);
        if (i % 13 == 0) {
            int k = i / 2;
            snprintf(name, sizeof name, "variable_%d%s", k, k % 7 ? "" : "_with_a_long_tail");
            FINDS(tape, name, v[k]);
            NAMED(v[k], name);
        }
    }
    for (int i = 2000; i-- > 0;) {
        snprintf(name, sizeof name, "variable_%d%s", i, i % 7 ? "" : "_with_a_long_tail");
        FINDS(tape, name, v[i]);
        NAMED(v[i], name);
    }
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}

Test(names, of_the_first_params_live_through_many_rows)
{
    ad_tape *tape = ad_tape_new();
    ad_var w = ad_param(tape, "w", 0.5);
    ad_mark mark = ad_tape_mark(tape);
    for (int i = 0; i < 200; i++) {
        ad_var h = ad_name(ad_mul(w, i), "h"), E = ad_name(ad_square(h), "E");
        if (i % 3 == 0)
            FINDS(tape, "E", E);
        FINDS(tape, "w", w);
        ad_tape_rewind(tape, mark);
    }
    STATUS(tape, AD_OK);
    ad_tape_free(tape);
}
