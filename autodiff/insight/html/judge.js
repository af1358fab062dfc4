/* judge.js -- the learner's own numbers: right at their printed precision, carried forward, or wrong.
 *
 * A quantity is {step, is_adjoint}; own is a Map from its key to {value, half}. */
const key_of = (step, is_adjoint) => (is_adjoint ? "d" : "v") + step;

function judge_of(graph)
{
    const EPSILON = 2 ** -52;

    /* The quantity computed from own numbers: those before it in the order of the sweeps stand for theirs. */
    function recomputed(point, own, step, is_adjoint)
    {
        const values = new Map(), {steps, edges, uses, last} = graph;
        for (let i = 0; i <= last; i++)
            if (own.has(key_of(i, false)) && (is_adjoint || i !== step))
                values.set(i, own.get(key_of(i, false)).value);
        const value = graph.values(point, values);
        if (!is_adjoint)
            return value[steps[step].node];
        const slope = graph.slopes(value);
        const adjoint = new Array(steps.length).fill(0);
        for (let i = last; i >= step; i--) {
            const mine = i === step ? undefined : own.get(key_of(i, true));
            adjoint[i] = mine ? mine.value : i === last ? 1
                : uses[i].reduce((s, k) => s + chain(adjoint[edges[k].to], slope[k]), 0);
        }
        return adjoint[step];
    }

    function meets(number, mine, slack)
    {
        return Math.abs(number - mine.value) <= mine.half + slack + 4 * EPSILON * Math.abs(number);
    }

    /* Those of the learner's numbers that the quantity feels, with how far their rounding may move it. */
    function felt(point, own, step, is_adjoint)
    {
        const its = key_of(step, is_adjoint), found = [];
        const base = recomputed(point, own, step, is_adjoint);
        for (const [key, mine] of own) {
            if (key === its)
                continue;
            const by = mine.half || 1e-6 * Math.max(1, Math.abs(mine.value));
            const moved = new Map(own).set(key, {value: mine.value + by, half: 0});
            const shift = Math.abs(recomputed(point, moved, step, is_adjoint) - base);
            if (shift > 0)
                found.push({key, slack: mine.half ? shift : 0});
        }
        return {base, found, slack: found.reduce((s, f) => s + f.slack, 0)};
    }

    /* {verdict: "right", "carried", "wrong"; from: the key of a wrong number it follows from; sign: only that is wrong} */
    function judge(here, own, wrong, step, is_adjoint)
    {
        const mine = own.get(key_of(step, is_adjoint));
        const exact = is_adjoint ? here.adjoint[step] : here.value[step];
        if (meets(exact, mine, 0))
            return {verdict: "right"};
        const {base, found, slack} = felt(here.point, own, step, is_adjoint);
        const guilty = found.map((f) => f.key).filter((key) => wrong.has(key));
        if (found.length && (meets(base, mine, 0) ||
            (guilty.length && meets(base, mine, slack) && Math.abs(base - exact) > 4 * (slack + mine.half))))
            return {verdict: "carried", from: guilty.length ? guilty[guilty.length - 1] : null};
        return {verdict: "wrong", sign: mine.value !== 0 && meets(-exact, mine, 0)};
    }

    /* All of them, in the order of the sweeps, so that what is carried is seen to follow from what is wrong. */
    function all(here, own)
    {
        const verdicts = new Map(), wrong = new Set();
        const in_order = [];
        for (let i = 0; i < graph.n; i++)
            in_order.push([i, false]);
        for (let i = graph.n; i-- > 0;)
            in_order.push([i, true]);
        for (const [step, is_adjoint] of in_order) {
            const key = key_of(step, is_adjoint);
            if (!own.has(key))
                continue;
            const verdict = judge(here, own, wrong, step, is_adjoint);
            verdicts.set(key, verdict);
            if (verdict.verdict !== "right")
                wrong.add(key);
        }
        return verdicts;
    }

    return {all, recomputed};
}
