/* lists.js -- the values of the n-ary rows, as tape/list_values.h computes them. x and y are arrays. */
function total_add(total, x)
{
    const s = sum_of(total.sum, x);
    total.lost += s.lo;
    total.sum = s.hi;
}

function total_value(total)
{
    return total.lost !== 0 && Number.isFinite(total.sum) ? total.sum + total.lost : total.sum;
}

function sum(n, x)
{
    const total = {sum: n ? -0 : 0, lost: 0};
    for (const value of x)
        total_add(total, value);
    return total_value(total);
}

function mean(n, x) { return sum(n, x) / n; }

function maximum(n, x) { return x.reduce((a, b) => max(a, b), -Infinity); }

function minimum(n, x) { return x.reduce((a, b) => min(a, b), Infinity); }

/* The value, and what it lacks: the last rounding, and that of a large logarithm. */
function logsumexp_whole(n, x)
{
    const most = maximum(n, x), at = x.indexOf(most);
    if (n === 1 || !Number.isFinite(most))
        return {value: most, lost: 0};
    const others = {sum: 0, lost: 0}, z = {sum: most, lost: 0};
    x.forEach((value, i) => { if (i !== at) total_add(others, exp(value - most)); });
    const more = log1p(others.sum + others.lost);
    total_add(z, more);
    if (more > 1) {
        const e = exp(-more);
        total_add(others, 1);
        z.lost += fma(others.sum, e, -1) + others.lost * e;
    }
    return {value: z.sum, lost: z.lost};
}

function logsumexp(n, x) { return logsumexp_whole(n, x).value; }

/* What the value z of a row lacks, relatively, of its slopes: those of logsumexp are exp(x - z). */
function lacking(row, z, x)
{
    if (row !== "logsumexp")
        return 0;
    const whole = logsumexp_whole(x.length, x);
    return whole.value === z ? whole.lost : 0;
}

function norm2(n, x)
{
    const most = x.reduce((a, b) => max(a, fabs(b)), 0);
    if (most === 0 || !Number.isFinite(most))
        return most;
    const exponent = exponent_of(most);
    return ldexp(sqrt(x.reduce((s, value) => s + ldexp(value, -exponent) ** 2, 0)), exponent);
}

/* Blocks of 64, each by four sums side by side. */
function dot(n, x, y)
{
    const total = {sum: n ? -0 : 0, lost: 0};
    for (let i = 0; i < n;) {
        const end = Math.min(i + 64, n), s = [-0, -0, -0, -0, -0];
        const whole = i + (end - i) - (end - i) % 4;
        for (; i < end; i++)
            s[i < whole ? i % 4 : 4] += x[i] * y[i];
        total_add(total, ((s[0] + s[1]) + (s[2] + s[3])) + s[4]);
    }
    return total_value(total);
}
