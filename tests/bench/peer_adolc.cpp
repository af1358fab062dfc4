// peer_adolc.cpp -- the same gradient with ADOL-C: P1, 100 rows on one trace, beside this library's tape and the hand.
//
// Trace and reverse sweep every time, as with a tape that is recorded anew; a trace that is kept and re-evaluated is
// another benchmark. Built only where ADOL-C is installed.
#include "p1_race.h"
#include <adolc/adolc.h>

namespace {

enum { ROWS = 100, ROUNDS = 300, TRACE = 1, KEEP = 1 };
using network = P1_NETWORK(adouble);

adouble sigmoid(const adouble &x)
{
    return 1 / (1 + exp(-x));
}

template <class NUMBER>
adouble neuron(int n, const adouble *w, const NUMBER *x, const adouble &b)
{
    adouble e = b;
    for (int k = 0; k < n; k++)
        e += w[k] * x[k];
    return sigmoid(e);
}

adouble error(const network &p, const double *x, double t)
{
    adouble y1[P1_HIDDEN], y2[P1_HIDDEN];
    for (int i = 0; i < P1_HIDDEN; i++)
        y1[i] = neuron(P1_INPUTS, p.w1[i], x, p.b1[i]);
    for (int i = 0; i < P1_HIDDEN; i++)
        y2[i] = neuron(P1_HIDDEN, p.w2[i], y1, p.b2[i]);
    adouble e = neuron(P1_HIDDEN, p.w3, y2, p.b3) - t;
    return 0.5 * (e * e);
}

double adolc_batch(ad_tape *, const p1_problem *P, p1_network *g)
{
    double sum, one = 1;
    trace_on(TRACE, KEEP);
    {
        network p;
        adouble *w = &p.w1[0][0], E = 0;
        const double *value = &P->p.w1[0][0];
        for (int i = 0; i < P1_PARAMS; i++)
            w[i] <<= value[i];
        for (size_t r = 0; r < P->rows; r++)
            E += error(p, P->x[r], P->t[r]);
        E >>= sum;
    }
    trace_off();
    reverse(TRACE, 1, P1_PARAMS, 0, &one, &g->w1[0][0]);
    return sum;
}

double x[ROWS][P1_INPUTS], t[ROWS];
p1_entry entry[P1_HANDS + 2];

} // namespace

int main(int argc, char **argv)
{
    const int small = bench_is_small(argc, argv), rounds = small ? 1 : ROUNDS;
    const p1_problem P = p1_make(small ? 5 : ROWS, x, t);
    const double ops = double(P.rows) * P1_OPS;
    bench_runner runner[P1_HANDS + 2], *tape = runner + P1_HANDS, *adolc = tape + 1;

    p1_enter_hands(&P, entry, runner);
    p1_enter_tape(&P, "P1 batch, this tape", ad_tape_new(), p1_tape_batch, &entry[P1_HANDS], tape);
    p1_enter_tape(&P, "P1 batch, ADOL-C", nullptr, adolc_batch, &entry[P1_HANDS + 1], adolc);

    bench_begin(rounds);
    bench_race(P1_HANDS + 2, runner, rounds);
    bench_hand hand = bench_hands(P1_HANDS, runner);
    bench_print(tape, ops, hand, "bar 2.7 ns, 3.5x");
    bench_print(adolc, ops, hand, "a peer, no bar");
    printf("%-36s %6.2fx this library's tape\n", "ADOL-C takes", adolc->median / tape->median);

    int agree = p1_entries_agree(P1_HANDS + 2, entry, runner);
    ad_tape_free(entry[P1_HANDS].tape);
    return !agree;
}
