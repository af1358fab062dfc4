/* machine.js -- what scalar.c and gamma.c take from libm and from the bits of a double, where JavaScript's Math has it
 * otherwise or not at all. Derivatives are no business of this file: the rule book has them. Errors are a few ulp unless stated. */
const {exp, expm1, log, log2, log10, log1p, sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, asinh, atanh, sqrt, hypot,
    floor, ceil} = Math;
const fabs = Math.abs;
const NAN = NaN;
const INFINITY = Infinity;
const libm = {copysign: (x, y) => (signbit(x) === signbit(y) ? x : -x), cbrt: Math.cbrt, acosh: Math.acosh};

function signbit(x) { return x < 0 || Object.is(x, -0); }

function exp2(x) { return Math.pow(2, x); }

/* C: 1 to any power, and -1 to an infinite one, are 1. */
function pow(x, y) { return x === 1 || (x === -1 && fabs(y) === Infinity) ? 1 : Math.pow(x, y); }

function fmod(x, y) { return x % y; }

/* Halves go away from zero. */
function round(x)
{
    const whole = Math.trunc(x);
    return fabs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
}

/* x y + w, rounded once where nothing over- or underflows. */
function fma(x, y, w)
{
    const product = x * y, size = Math.max(fabs(x), fabs(y), fabs(product), fabs(w));
    if (!(size < 1e290) || fabs(product) < 1e-250)
        return product + w;
    const p = product_of(x, y), s = sum_of(p.hi, w);
    return s.hi + (s.lo + p.lo);
}

const power_of_two = (exponent) => Math.pow(2, exponent);

function ldexp(x, exponent)
{
    const half = Math.trunc(exponent / 2);   /* in parts: 2^exponent alone may leave the range */
    const quarter = Math.trunc(half / 2);
    return x * power_of_two(quarter) * power_of_two(half - quarter) * power_of_two(exponent - half);
}

const bits = new DataView(new ArrayBuffer(8));

function first_26_bits(x)
{
    bits.setFloat64(0, x);
    bits.setUint32(4, bits.getUint32(4) & ~0x7ffffff);
    return bits.getFloat64(0);
}

/* The exponent of frexp: |x| = m 2^exponent with m in [1/2, 1). */
function exponent_of(x)
{
    if (x === 0 || !Number.isFinite(x))
        return 0;
    bits.setFloat64(0, x);
    const exponent = (bits.getUint32(0) >> 20) & 0x7ff;
    return exponent ? exponent - 1022 : exponent_of(x * power_of_two(64)) - 64;
}

const sigmoid_rounded = (x) => ({value: x < -700 ? exp(x) : 1 / (1 + exp(-x))});

/* The series 2/sqrt(pi) exp(-x^2) (x + 2 x^3/3 + 4 x^5/15 + ...): no term cancels another (DLMF 7.6.2). */
function erf(x)
{
    if (!(fabs(x) < 0.5))
        return x !== x ? x : x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
    let term = x, sum = x;
    for (let k = 1; fabs(term) > fabs(sum) * 1e-17; k++) {
        term *= 2 * x * x / (2 * k + 1);
        sum += term;
    }
    return M_2_SQRTPI * exp(-x * x) * sum;
}

/* zeta(k) - 1 for k >= 2: terms, then Euler and Maclaurin's correction. */
const zeta_less_1 = [];
for (let k = 0; k < 56; k++) {
    let sum = 0;
    for (let j = 199; j > 1; j--)
        sum += Math.pow(j, -k);
    const correction = 0.5 + k / 2400 - k * (k + 1) * (k + 2) / 720 / 8e6;
    zeta_less_1.push(sum + Math.pow(200, 1 - k) / (k - 1) + Math.pow(200, -k) * correction);
}

/* log Gamma(2 + t) for |t| <= 1/2 (DLMF 5.7.3): small where it has its zero. */
function lgamma_near_2(t)
{
    let sum = 0;
    for (let k = 55; k >= 2; k--)
        sum = zeta_less_1[k] / k * (k % 2 ? -1 : 1) + t * sum;
    return t * (0.42278433509846713939 + t * sum);
}

/* log |Gamma(x)|; below 0 a few ulp of the larger of the two terms that the reflection has. */
function libm_lgamma(x)
{
    if (x !== x || fabs(x) === Infinity)
        return x * x;
    if (x <= 0 && x === floor(x))
        return Infinity;
    if (x < 0)
        return log(M_PI / fabs(x * sin(M_PI * (x - round(x))))) - libm_lgamma(-x);
    if (x < 0.5)
        return lgamma_near_2(x) - log1p(x) - log(x);
    if (x < 1.5)
        return lgamma_near_2(x - 1) - log1p(x - 1);
    if (x < 12) {
        let product = 1;
        for (; x > 2.5; x--)
            product *= x - 1;
        return log(product) + lgamma_near_2(x - 2);
    }
    const square = 1 / (x * x);              /* DLMF 5.11.1 */
    const later = 1 / 1680 - square * (1 / 1188 - square * (691 / 360360));
    const series = 1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * later));
    return (x - 0.5) * log(x) - x + 0.91893853320467274178 + series / x;
}
