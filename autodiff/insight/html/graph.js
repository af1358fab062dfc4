/* graph.js -- the graph at any point: values forward, adjoints backward, and the slopes between steps, by the rules of the
 * rule book. It knows nothing of the page.
 *
 * A point is a Map from steps that are inputs to numbers; own is a Map from steps to numbers that stand for theirs.
 * Operands of pairs stand in turn: x, y, x, y. */
function graph_of(model)
{
    const {nodes, steps} = model;
    const n = steps.length;
    const step_at = new Map(steps.map((step, i) => [step.node, i]));
    const inside = steps.map(nodes_inside);
    const edges = [];
    const uses = steps.map(() => []);
    steps.forEach((step, to) => {
        step.edges.forEach((edge) => {
            edges.push({...edge, to, program: edge.program.map(with_numbers)});
        });
    });
    edges.forEach((edge, k) => uses[edge.from].unshift(k));
    const first_edge = [];
    steps.reduce((at, step, i) => (first_edge[i] = at) + step.edges.length, 0);

    function with_numbers(node) { return node[0] === "number" || node[0] === "input" ? [node[0], Number(node[1])] : node; }

    /* The nodes of a step's own formula, from the step down; each has one user. */
    function nodes_inside(step)
    {
        const found = [step.node];
        for (let at = 0; at < found.length; at++) {
            if (is_leaf(nodes[found[at]]))
                continue;
            for (const operand of nodes[found[at]].slice(1))
                if (!step_at.has(operand) && !is_leaf(nodes[operand]))
                    found.push(operand);
        }
        return found.sort((a, b) => b - a);
    }

    function is_leaf(node) { return node[0] === "number" || node[0] === "input"; }

    /* One row's value, from the values of its operands. */
    function apply(op, x)
    {
        const rule = rules[op];
        if (rule.kind === "list")
            return rule.value.of(x, NaN, NaN, NaN, x.length);
        if (rule.kind === "pairs")
            return rule.value.of(x.filter((_, k) => k % 2 === 0), x.filter((_, k) => k % 2), NaN, NaN, x.length / 2);
        return rule.value.of(x[0], x[1], x[2], NaN, 1, 1);
    }

    function value_of(node, operand)
    {
        return node[0] === "number" || node[0] === "input" ? Number(node[1]) : apply(node[0], node.slice(1).map(operand));
    }

    /* [node] */
    function values(point, own)
    {
        const value = new Array(nodes.length);
        for (let i = 0; i < nodes.length; i++) {
            const step = step_at.get(i);
            if (step !== undefined && own && own.has(step))
                value[i] = own.get(step);
            else if (step !== undefined && point.has(step))
                value[i] = point.get(step);
            else
                value[i] = value_of(nodes[i], (k) => value[k]);
        }
        return value;
    }

    /* Calls give(operand's node, slope) for each that has one, in order. */
    function each_slope(i, value, give)
    {
        const node = nodes[i];
        const rule = rules[node[0]];
        const z = value[i];
        if (rule.kind === "list" || rule.kind === "pairs") {
            const width = rule.partials.length, count = (node.length - 1) / width;
            const ties = node.slice(1).filter((k) => value[k] === z).length;
            const whole = 1 - lacking(node[0], z, node.slice(1).map((k) => value[k]));
            for (let k = 1; k < node.length; k += width)
                for (let j = 0; j < width; j++)
                    give(node[k + j], rule.partials[j].of(value[node[k]], value[node[k + 1]], NaN, z, count, ties) * whole);
        } else
            rule.partials.forEach((partial, k) => {
                give(node[k + 1], partial.of(value[node[1]], value[node[2]], value[node[3]], z, 1, 1));
            });
    }

    /* dE/d node [node]. A factor of zero contributes nothing. */
    function adjoints(value)
    {
        const adjoint = new Array(nodes.length).fill(0);
        adjoint[steps[n - 1].node] = 1;
        for (let i = nodes.length; i-- > 0;)
            if (!is_leaf(nodes[i]) && adjoint[i] !== 0)
                each_slope(i, value, (k, slope) => { adjoint[k] += chain(adjoint[i], slope); });
        return adjoint;
    }

    /* Of the edges [edge]: a sweep within each step. */
    function slopes(value)
    {
        const slope = new Array(edges.length).fill(0);
        const here = new Map();
        steps.forEach((step, to) => {
            here.clear();
            here.set(step.node, 1);
            for (const i of inside[to]) {
                if (is_leaf(nodes[i]))
                    continue;
                const g = here.get(i) ?? 0;
                each_slope(i, value, (k, s) => here.set(k, (here.get(k) ?? 0) + (g === 0 ? 0 : chain(g, s))));
            }
            step.edges.forEach((edge, k) => { slope[first_edge[to] + k] = here.get(steps[edge.from].node) ?? 0; });
        });
        return slope;
    }

    /* Whether a slope's text, written where the page was made, says what the slope is here. */
    function is_as_written(edge, slope, value)
    {
        const made = [];
        for (const node of edge.program)
            made.push(node[0] === "step" ? value[steps[node[1]].node] : value_of(node, (k) => made[k]));
        const written = made[made.length - 1];
        return Object.is(written, slope) || Math.abs(written - slope) <= 1e-9 * Math.abs(slope);
    }

    /* Where a row's partial is a convention: the first node of a step's formula that sits on a kink; undefined: none. */
    function kink_in(step, value)
    {
        return inside[step].find((i) => !is_leaf(nodes[i]) && is_kink(i, value));
    }

    function is_kink(i, value)
    {
        const node = nodes[i], rule = rules[node[0]], z = value[i];
        if (rule.holds.text === "1")
            return false;
        const list = rule.kind === "list" || rule.kind === "pairs";
        const ties = list ? node.slice(1).filter((k) => value[k] === z).length : 1;
        return !rule.holds.of(value[node[1]], value[node[2]], value[node[3]], z, node.length - 1, ties);
    }

    /* All of it at once. value, adjoint [step]; slope [edge] */
    function at(point)
    {
        const value = values(point);
        const adjoint = adjoints(value);
        const slope = slopes(value);
        return {
            point, slope,
            node_value: value, node_adjoint: adjoint,
            value: steps.map((step) => value[step.node]),
            adjoint: steps.map((step) => adjoint[step.node]),
            written: edges.map((edge, k) => is_as_written(edge, slope[k], value)),
        };
    }

    const start = new Map();
    steps.forEach((step, i) => {
        if (step.input)
            start.set(i, Number(nodes[step.node][1]));
    });
    return {
        model, nodes, steps, edges, uses, first_edge, n, last: n - 1, start, inside, is_leaf,
        values, adjoints, slopes, at, kink_in, is_kink,
        contribution: (here, k) => chain(here.adjoint[edges[k].to], here.slope[k]),
        has_adjoint: (i) => !steps[i].given,
    };
}
