/* slope.c -- the partials of ops.def as numbers, one at a time, by code. The sweeps compile the same texts in place. */
#include "rules.h"

#include "scalar.h"

double ad_slope(enum ad_op op, int place, double x, double y, double w, double z, double n, double m)
{
    (void)x, (void)y, (void)w, (void)z, (void)n, (void)m;
    switch (op) {
#define OP1(name, z_, dx, ...)         case AD_OP_##name: return place == 0 ? (dx) : 0;
#define OP2(name, z_, dx, dy, ...)     case AD_OP_##name: return place == 0 ? (dx) : place == 1 ? (dy) : 0;
#define OP3(name, z_, dx, dy, dw, ...) case AD_OP_##name: return place == 0 ? (dx) : place == 1 ? (dy) : (dw);
#define FC1(name, z_, dx, ...)         case AD_OP_##name: return place == 0 ? (dx) : 0;
#define NA1(name, z_, dx, ...)         case AD_OP_##name: return (dx);
#define NA2(name, z_, dx, dy, ...)     case AD_OP_##name: return place == 0 ? (dx) : (dy);
#include "../ops.def"
    default: return NAN;
    }
}

int ad_slope_holds(enum ad_op op, double x, double y, double w, double z, double n, double m)
{
    (void)x, (void)y, (void)w, (void)z, (void)n, (void)m;
    switch (op) {
#define OP1(name, z_, dx, holds, words)         case AD_OP_##name: return (holds);
#define OP2(name, z_, dx, dy, holds, words)     case AD_OP_##name: return (holds);
#define OP3(name, z_, dx, dy, dw, holds, words) case AD_OP_##name: return (holds);
#define FC1(name, z_, dx, holds, words)         case AD_OP_##name: return (holds);
#define NA1(name, z_, dx, holds, words)         case AD_OP_##name: return (holds);
#define NA2(name, z_, dx, dy, holds, words)     case AD_OP_##name: return (holds);
#include "../ops.def"
    default: return 0;
    }
}
