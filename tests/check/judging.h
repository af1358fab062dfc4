/* judging.h -- a model in text, judged; for the tests of this folder. */
#ifndef JUDGING_H
#define JUDGING_H

#include <autodiff/autodiff.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct judged {
    ad_model      *model;
    ad_judgements *j;
} judged;

static inline judged judge_with(const char *text, ad_judge_options o)
{
    ad_problem problem;
    judged d = {ad_model_parse(text, strlen(text), &problem), NULL};
    if (!d.model)
        ad_problem_print(&problem, "model", stderr);
    cr_assert(d.model, "a model did not parse");
    d.j = ad_model_judge(d.model, o);
    cr_assert(d.j && d.j->status == AD_OK, "%s", d.j ? d.j->message : "no memory");
    return d;
}

static inline judged judge(const char *text) { return judge_with(text, (ad_judge_options){0}); }

static inline void drop(judged d)
{
    ad_judgements_free(d.j);
    ad_model_free(d.model);
}

/* The verdict on the last claim of a text. */
static inline ad_verdict verdict(const char *text)
{
    judged d = judge(text);
    ad_verdict v = d.j->claims[d.j->n - 1].verdict;
    drop(d);
    return v;
}

/* Whether the last claim of a text is wrong for this cause, said in words that hold `says`. */
static inline void blames(int line, const char *text, ad_cause cause, const char *says)
{
    judged d = judge(text);
    const ad_judgement *c = &d.j->claims[d.j->n - 1];
    cr_expect(c->verdict == AD_WRONG && c->cause == cause, "line %d: %s: %s, %s: %s", line, c->claim->text, ad_verdict_name(c->verdict),
              c->cause ? ad_cause_name(c->cause) : "no cause", c->detail);
    cr_expect(strstr(c->detail, says), "line %d: %s: %s", line, c->claim->text, c->detail);
    drop(d);
}
#define BLAMES(text, cause, says) blames(__LINE__, text, cause, says)

#endif
