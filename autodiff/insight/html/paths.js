/* paths.js -- the manual chain rule: paths from a step to E, how many there are and what they cost, the same derivative in
 * other ways. It knows nothing of the page. */
function paths_of(graph)
{
    const {steps, edges, uses, last} = graph;

    /* From every step: {paths, multiplications}, exact. A product of k slopes takes k - 1. */
    function counts()
    {
        const paths = [], lengths = [];
        for (let i = last; i >= 0; i--) {
            paths[i] = i === last ? 1n : uses[i].reduce((s, k) => s + paths[edges[k].to], 0n);
            lengths[i] = i === last ? 0n : uses[i].reduce((s, k) => s + lengths[edges[k].to] + paths[edges[k].to], 0n);
        }
        return steps.map((_, i) => ({paths: paths[i], multiplications: i === last ? 0n : lengths[i] - paths[i]}));
    }

    /* Calls visit(edges from the step up) until it returns false. */
    function each(from, visit)
    {
        const way = [], next = [0];
        let at = from;
        for (;;) {
            const k = uses[at][next[next.length - 1]];
            if (at === last ? !visit(way.slice()) : false)
                return;
            if (at !== last && k !== undefined) {
                next[next.length - 1]++;
                way.push(k);
                next.push(0);
                at = edges[k].to;
                continue;
            }
            next.pop();
            if (!way.length)
                return;
            at = edges[way.pop()].from;
        }
    }

    /* Multiplied from E down, as by hand. */
    function product(here, way) { return way.reduceRight((z, k) => chain(z, here.slope[k]), 1); }

    /* Forward mode: the derivative by one step carried along with every value. */
    function by_dual_numbers(here, by)
    {
        const dot = new Array(steps.length).fill(0);
        dot[by] = 1;
        for (let i = by + 1; i <= last; i++)
            steps[i].edges.forEach((edge, k) => { dot[i] += chain(here.slope[graph.first_edge[i] + k], dot[edge.from]); });
        return dot[last];
    }

    /* E with one step at another value. */
    function moved(here, step, value)
    {
        return graph.values(here.point, new Map([[step, value]]))[steps[last].node];
    }

    function by_difference(here, by, h)
    {
        const x = here.value[by];
        return (moved(here, by, x + h) - moved(here, by, x - h)) / (x + h - (x - h));
    }

    return {counts, each, product, by_dual_numbers, by_difference, moved};
}
