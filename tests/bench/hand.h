/* hand.h -- the names of the hand-written references, which one source gives several times over.
 *
 * The build compiles p1_hand.c and p4_hand.c once per variant with -DHAND=<variant>, and tells the benchmarks which
 * there are: -DHANDS="V(gcc_O3) V(gcc_O2) ...", to be expanded with a V of one's own. Nothing about timing.
 */
#ifndef HAND_H
#define HAND_H

#define HAND_JOIN(problem, variant)   problem##_##variant
#define HAND_EXPAND(problem, variant) HAND_JOIN(problem, variant)
#define HAND_NAME(problem)            HAND_EXPAND(problem, HAND)

#endif
