/* numbers.js -- numbers as people write them, and as they read them. */

/* So many significant digits, as C's %g: 0.0042, 1.5e-7. */
function number_text(x, digits)
{
    if (!Number.isFinite(x))
        return Number.isNaN(x) ? "nan" : x < 0 ? "−∞" : "∞";
    if (x === 0)
        return "0";
    const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
    const e = Number(exponent);
    const text = e < -4 || e >= digits ? trimmed(mantissa) + "e" + e : trimmed(x.toFixed(Math.max(0, digits - 1 - e)));
    return text.replaceAll("-", "−");
}

function trimmed(text) { return text.includes(".") ? text.replace(/\.?0+$/, "") : text; }

/* What someone typed: {value, half}, half a unit of the last digit, 0 for a whole number, which is exact; null: no number. */
function number_read(typed)
{
    const text = typed.trim().replaceAll("−", "-").replace(",", ".");
    const m = /^([+-]?)(\d*)(?:(\.)(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
    if (!m || !(m[2] || m[4]))
        return null;
    const exact = m[3] === undefined && m[5] === undefined;
    return {value: Number(text), half: exact ? 0 : 0.5 * Number("1e" + (Number(m[5] || 0) - (m[4] || "").length))};
}
