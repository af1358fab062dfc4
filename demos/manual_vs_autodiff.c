/* manual_vs_autodiff.c -- the article's update derived by hand, line beside line with one sweep of the tape. Break a line, and
 * see the check find it.
 *
 *     manual_vs_autodiff              every line by hand beside the tape
 *     manual_vs_autodiff --break 8    the same with the mistake that stands beside line 8 of HAND below
 *
 * Or edit a line of HAND and build anew. Each is C, computed with what the lines before it gave, and is held against the tape
 * three times: number beside number, the gradient they make by ad_check_gradient, and their numbers as claims of a model, as
 * `chainrule check` judges them. The last two know nothing of what was broken, and name the cause. The network is that of
 * article.c; the status is 1 where something is wrong.
 */
#include <autodiff/autodiff.h>
#include "terminal.h"

#define TEXT_(...) #__VA_ARGS__
#define TEXT(...)  TEXT_(__VA_ARGS__)

/*    its derivative's line, and its value */
#define WEIGHTS(W) \
    W(W11, g11, 0.01) W(W21, g21, 0.02)  W(W12, g12, 0.05) W(W22, g22, 0.08)  W(W13, g13, 0.03) W(W23, g23, 0.04) \
    W(W14, g14, 0.05) W(W24, g24, 0.06)  W(W15, g15, 0.07) W(W25, g25, 0.08) \
    W(W36, g36, 0.09) W(W46, g46, 0.1)   W(W56, g56, 0.15)

#define FORWARD(F) \
    F(e1, W11*X1 + W21*X2)            F(Y1, sigmoid(e1)) \
    F(e2, W12*X1 + W22*X2)            F(Y2, sigmoid(e2)) \
    F(e3, W13*Y1 + W23*Y2)            F(Y3, sigmoid(e3)) \
    F(e4, W14*Y1 + W24*Y2)            F(Y4, sigmoid(e4)) \
    F(e5, W15*Y1 + W25*Y2)            F(Y5, sigmoid(e5)) \
    F(e6, W36*Y3 + W46*Y4 + W56*Y5)   F(Y6, sigmoid(e6)) \
    F(E, (T - Y6)*(T - Y6)/2)

/*      name       what it is              by hand                            a mistake, and what it is                            */
#define HAND(L) \
    L(  dY6,       dE/dY6,                 -(T - Y6),                         T - Y6,                     "the sign: the article's") \
    L(  d6,        dE/de6,                 dY6*Y6*(1 - Y6),                   dY6,                        "sigmoid's slope forgotten") \
    L(  g36,       dE/dW36,                d6*Y3,                             (T - Y6)*Y6*(1 - Y6)*Y3,    "the sign, here alone") \
    L(  updated,   W36 - 0.1*dE/dW36,      W36 - rate*g36,                    W36 + rate*g36,             "uphill") \
    L(  d3,        dE/de3,                 d6*W36*Y3*(1 - Y3),                d6*updated*Y3*(1 - Y3),     "W36 after its update") \
    L(  d4,        dE/de4,                 d6*W46*Y4*(1 - Y4),                d6*W46*e4*(1 - e4),         "the slope taken at e4") \
    L(  d5,        dE/de5,                 d6*W56*Y5*(1 - Y5),                2*d6*W56*Y5*(1 - Y5),       "a factor 2") \
    L(  dY1,       dE/dY1,                 d3*W13 + d4*W14 + d5*W15,          d3*W13 + d5*W15,            "the path by e4 forgotten") \
    L(  d1,        dE/de1,                 dY1*Y1*(1 - Y1),                   dY1*Y2*(1 - Y2),            "the slope of neuron 2") \
    L(  dY2,       dE/dY2,                 d3*W23 + d4*W24 + d5*W25,          d3*W23 - d4*W24 + d5*W25,   "the sign of one path") \
    L(  d2,        dE/de2,                 dY2*Y2*(1 - Y2),                   dY2*Y2,                     "a part of the slope") \
    L(  g11,       dE/dW11,                d1*X1,                             dY1*X1,                     "sigmoid's slope forgotten") \
    L(  g21,       dE/dW21,                d1*X2,                             d1,                         "the input forgotten") \
    L(  g12,       dE/dW12,                d2*X1,                             d1*X1,                      "the other neuron") \
    L(  g22,       dE/dW22,                d2*X2,                             -d2*X2,                     "the sign") \
    L(  g13,       dE/dW13,                d3*Y1,                             d3*Y2,                      "Y2 in place of Y1") \
    L(  g23,       dE/dW23,                d3*Y2,                             d3*e2,                      "e2 in place of Y2") \
    L(  g14,       dE/dW14,                d4*Y1,                             d4*Y1 + 0.001,              "something added") \
    L(  g24,       dE/dW24,                d4*Y2,                             d4*Y2/2,                    "a factor 1/2") \
    L(  g15,       dE/dW15,                d5*Y1,                             (float)(d5*Y1),             "in single precision") \
    L(  g25,       dE/dW25,                d5*Y2,                             d4*Y2,                      "the other neuron") \
    L(  g46,       dE/dW46,                d6*Y4,                             d6*Y3,                      "Y3 in place of Y4") \
    L(  g56,       dE/dW56,                d6*Y5,                             d6,                         "the input forgotten")

static const double X1 = 2, X2 = 4, T = 0.9, rate = 0.1;

#define PLACE(name, ...) AT_##name,
enum weight { WEIGHTS(PLACE) N_WEIGHTS };
enum line { HAND(PLACE) LINES };
#undef PLACE

static const struct { const char *is, *by_hand, *mistake, *words; } line[] = {
#define ROW(name, is, by_hand, mistake, words) {TEXT(is), TEXT(by_hand), TEXT(mistake), words},
    HAND(ROW)
#undef ROW
};
static int broken;                         /* from 1; 0: none */
enum { SHOWN = 3 };                        /* of what differs */

/* ---- By hand ---------------------------------------------------------------------------------------------------------------- */

static double sigmoid(double e) { return 1 / (1 + exp(-e)); }

static void by_hand(const double *w, double *lines)
{
#define TAKE(name, slope, value) const double name = w[AT_##name];
#define COMPUTE(name, value) const double name = value;
#define DERIVE(name, is, right, wrong, words) const double name = broken == AT_##name + 1 ? (wrong) : (right); lines[AT_##name] = name;
    WEIGHTS(TAKE)
    FORWARD(COMPUTE)
    HAND(DERIVE)
    (void)E;
}

/* What ad_check_gradient calls. */
static void gradient_by_hand(size_t n, const double *w, double *gradient)
{
    double lines[LINES];
    by_hand(w, lines);
#define PUT(name, slope, value) gradient[AT_##name] = lines[AT_##slope];
    WEIGHTS(PUT)
    (void)n;
}

/* ---- By the tape ------------------------------------------------------------------------------------------------------------ */

/* The same network as a model in text: what the names stand for, once more from the lines above. */
static const char model_text[] =
    "const X1 = 2\nconst X2 = 4\nconst T = 0.9\n"
#define PARAM(name, slope, value) "param " #name " = " #value "\n"
#define FORMULA(name, value) #name " = " TEXT(value) "\n"
    WEIGHTS(PARAM)
    FORWARD(FORMULA)
    "minimize E\n";

/* Every line's number by one sweep, and what gradient descent makes of W36. */
static void by_tape(const ad_model *model, double *lines)
{
    ad_tape *tape = ad_tape_new();
    ad_var vars[64];
    ad_model_record(model, tape, vars);
    ad_backward(ad_find(tape, "E"));       /* all of HAND, but for the update */
    ad_var W36 = ad_find(tape, "W36");
    for (int i = 0; i < LINES; i++)
        lines[i] = i == AT_updated ? ad_value(W36) - rate * ad_grad(W36) : ad_grad(ad_find(tape, line[i].is + strlen("dE/d")));
    ad_tape_free(tape);
}

/* ---- Beside each other -------------------------------------------------------------------------------------------------------- */

static int differ(double x, double y) { return fabs(x - y) > 1e-13 * fabs(y); }

static void show_lines(const double *hand, const double *tape)
{
    int differing = 0;
    term_title(broken ? "Line beside line: those that differ" : "Line beside line");
    printf("  line                      by hand                              value              tape\n");
    for (int i = 0; i < LINES; i++) {
        int is_wrong = differ(hand[i], tape[i]);
        differing += is_wrong;
        if (is_wrong ? differing <= SHOWN : !broken)
            printf("  %4d  %-18s  %-33s  %16.9g  %16.9g%s%s%s\n", i + 1, line[i].is,
                   broken == i + 1 ? line[i].mistake : line[i].by_hand, hand[i], tape[i], term_ink(RED), is_wrong ? "  differs" : "",
                   term_ink(PLAIN));
    }
    if (differing > SHOWN)
        printf("  and %d more, which use them\n", differing - SHOWN);
}

/* The gradient as code: held against the function in the given point and in others around it. */
static int show_check(const ad_model *model, const double *weights)
{
    ad_problem problem;
    ad_function *loss = ad_model_function(model, 0, NULL, &problem);
    ad_check *check = ad_check_gradient(N_WEIGHTS, weights, (ad_check_options){.gradient = gradient_by_hand, .function = loss});
    int done = check && check->status == AD_OK, failed = !done || check->verdict != AD_RIGHT;
    size_t shown = 0;
    term_title("The gradient in C: ad_check_gradient");
    for (size_t i = 0; done && i < check->n; i++) {
        const ad_check_entry *e = &check->entries[i];
        if (e->verdict != AD_RIGHT && ++shown <= SHOWN)
            printf("  %s is %s: %s\n", e->name, ad_verdict_name(e->verdict), e->detail);
    }
    if (shown > SHOWN)
        printf("  and %zu more\n", shown - SHOWN);
    if (done)
        printf("  %zu right, %zu wrong\n", check->right, check->wrong);
    ad_check_free(check);
    ad_function_free(loss);
    return failed;
}

/* The numbers as an author would print them: claims of the model. Those that follow from a wrong one are no mistakes. */
static int show_claims(ad_model *model, const double *hand)
{
    char text[LINES * 64] = "";
    size_t length = 0, carried = 0;
    for (int i = 0; i < LINES; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "claim %s = %.9e\n", line[i].is, hand[i]);
    ad_judgements *found = ad_model_extend(model, text, length, NULL) == AD_OK ? ad_model_judge(model, (ad_judge_options){0}) : NULL;
    int done = found && found->status == AD_OK, failed = !done || found->wrong > 0;
    term_title("The numbers as claims: ad_model_judge, or chainrule check");
    for (size_t i = 0; done && i < found->n; i++) {
        const ad_judgement *claim = &found->claims[i];
        carried += claim->carried_forward != 0;
        if (claim->verdict != AD_RIGHT && !claim->carried_forward)
            printf("  line %zu, %s, is %s%s: %s\n", i + 1, line[i].is, ad_verdict_name(claim->verdict),
                   claim->first_mistake ? ", the first mistake" : "", claim->detail);
    }
    if (carried)
        printf("  and %zu carried forward: they follow from wrong numbers before them\n", carried);
    if (done)
        printf("  %zu right, %zu wrong\n", found->right, found->wrong);
    ad_judgements_free(found);
    return failed;
}

static int run(void)
{
    static const double weights[] = {
#define VALUE(name, slope, value) value,
        WEIGHTS(VALUE)
    };
    double hand[LINES], tape[LINES];
    ad_problem problem;
    ad_model *model = ad_model_parse(model_text, strlen(model_text), &problem);
    if (!model) {
        fprintf(stderr, "manual_vs_autodiff: %s\n", problem.message);
        return 2;
    }
    by_hand(weights, hand);
    by_tape(model, tape);
    if (broken)
        printf("Line %d is %s = %s, but says %s (%s).\n", broken, line[broken - 1].is, line[broken - 1].by_hand, line[broken - 1].mistake,
               line[broken - 1].words);
    show_lines(hand, tape);
    int failed = show_check(model, weights);
    failed |= show_claims(model, hand);
    ad_model_free(model);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--break"))
        broken = atoi(argv[2]);
    if ((argc != 1 && argc != 3) || (argc == 3 && (broken < 1 || broken > LINES))) {
        fprintf(stderr, "usage: manual_vs_autodiff [--break LINE], a line from 1 to %d\n", LINES);
        return 2;
    }
    return run();
}
