/* lists.js -- the values of the n-ary rows, as tape/record.c computes them. x and y are arrays. */
function sum(n, x)
{
    let s = n ? -0 : 0;
    for (const value of x)
        s += value;
    return s;
}

function mean(n, x) { return sum(n, x) / n; }

function maximum(n, x) { return x.reduce((a, b) => max(a, b), -Infinity); }

function minimum(n, x) { return x.reduce((a, b) => min(a, b), Infinity); }

function logsumexp(n, x)
{
    const most = maximum(n, x);
    if (n === 1 || !Number.isFinite(most))
        return most;
    return most + log(sum(n, x.map((value) => exp(value - most))));
}

function norm2(n, x)
{
    const most = x.reduce((a, b) => max(a, fabs(b)), 0);
    if (most === 0 || !Number.isFinite(most))
        return most;
    const exponent = exponent_of(most);
    return ldexp(sqrt(x.reduce((s, value) => s + ldexp(value, -exponent) ** 2, 0)), exponent);
}

/* Four sums side by side. */
function dot(n, x, y)
{
    const s = [-0, -0, -0, n ? -0 : 0];
    for (let i = 0; i < n; i++)
        s[i < n - n % 4 ? i % 4 : 0] += x[i] * y[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}
