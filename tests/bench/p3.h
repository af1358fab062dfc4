/* p3.h -- problem P3: the residual of bundle adjustment, one observation a row, and its Jacobian, 2 x 15.
 *
 * The statement of the problem and its data (the `ba` of GradBench and ADBench); p3_hand.c has the Jacobian derived by
 * hand, function_p3.c the residual written with the library.
 *
 * The inputs of a row: a camera's rotation (angle times axis), centre, focal length, principal point, radial distortion;
 * a point; a weight; and, not differentiated, where the point was seen. 78 operations a row.
 */
#ifndef P3_H
#define P3_H

#include <math.h>
#include <stddef.h>

enum { P3_WRT = 15, P3_INPUTS = 17, P3_OUT = 2, P3_OPS = 78 };
enum { P3_ROTATION = 0, P3_CENTRE = 3, P3_FOCAL = 6, P3_PRINCIPAL = 7, P3_RADIAL = 9, P3_POINT = 11, P3_WEIGHT = 14,
       P3_SEEN = 15 };

typedef struct {
    size_t rows;
    const double (*in)[P3_INPUTS];                    /* [rows]                                 */
    double (*jacobian)[P3_OUT][P3_WRT];               /* [rows]                                 */
} p3_problem;

/* Numbers in (-1, 1) that are the same everywhere. */
static inline double p3_number(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(*seed >> 8) / (1 << 23) - 1;
}

/* Fills `in`, which the caller made for `rows` rows and keeps: points in front of cameras that turn by up to 1.5. */
static inline void p3_make(size_t rows, double (*in)[P3_INPUTS])
{
    unsigned seed = 3;
    for (size_t r = 0; r < rows; r++) {
        for (int i = 0; i < P3_INPUTS; i++)
            in[r][i] = p3_number(&seed);
        in[r][P3_FOCAL] = 2 + in[r][P3_FOCAL];
        in[r][P3_RADIAL] *= 0.1;
        in[r][P3_RADIAL + 1] *= 0.01;
        in[r][P3_POINT + 2] += 8;
    }
}

#endif
