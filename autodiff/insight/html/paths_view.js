/* paths_view.js -- the chosen variable's paths on the page: each as a product, in symbols and in numbers, and their sum beside
 * the sweep's number. */
const MOST_WALKED = 100000, MOST_MULTIPLIED = 3e6, MOST_FACTORS = 16;

function paths_view_of(app)
{
    const {graph} = app;
    const paths = chainrule.paths_of(graph);
    const counts = paths.counts();
    const {name, d, number, slope_factor} = app.story;
    const big = (n) => (n < 10n ** 15n ? n.toLocaleString("en-GB")
        : n.toString().replace(/^(\d)(\d\d).*/, "$1.$2") + "e" + (n.toString().length - 1));
    const exact = (x) => String(x).replace("-", "−").replace("e-", "e−");

    /* The ends of what is long, and how much is between them. */
    function abridged(items, dots)
    {
        return items.length <= MOST_FACTORS ? items : [...items.slice(0, MOST_FACTORS - 5),
            dots(items.length - MOST_FACTORS + 1), ...items.slice(-4)];
    }

    function path_element(way)
    {
        const {here} = app, steps = abridged([graph.edges[way[0]].from, ...way.map((k) => graph.edges[k].to)], () => -1);
        const down = way.slice().reverse();
        const product = (factors) => product_elements(abridged(factors, (n) => ({parts: `… ${plural(n, "factor")} …`})));
        const ratios = down.map((k) => ({parts: derivative_element(graph.steps[graph.edges[k].to].name,
            graph.steps[graph.edges[k].from].name)}));
        const numbers = down.map((k) => ({parts: number(here.slope[k]), negative: here.slope[k] < 0}));
        const written = down.map((k) => slope_factor(k, true));
        return el("li", {}, el("p", {class: "way"}, steps.map((i, k) => [k ? " → " : "", i < 0 ? "…" : name(i)])),
            el("div", {class: "math"},
            el("p", {}, product(ratios)),
            el("p", {class: "more"}, " = ", product(written)),
            el("p", {class: "more"}, " = ", product(numbers)),
            el("p", {class: "more"}, " = ", el("b", {}, number(paths.product(here, way))))));
    }

    function others(i, sum, walked_all)
    {
        const {here} = app, x = here.value[i], size = Math.max(Math.abs(x), 1), sweep = here.adjoint[i];
        const rows = [["the backward sweep", sweep]];
        if (walked_all)
            rows.push(["the sum of all paths", sum]);
        rows.push(["dual numbers (forward mode)", paths.by_dual_numbers(here, i)]);
        for (const h of [1e-2, 6.1e-6, 1e-12])
            rows.push([`a central difference, h = ${number_plain(h * size)}`, paths.by_difference(here, i, h * size)]);
        return el("div", {class: "scroll"}, el("table", {class: "others"},
            el("caption", {}, "The same derivative in other ways"),
            el("thead", {}, el("tr", {}, ["by", "derivative", "error"].map((h) => el("th", {scope: "col"}, h)))),
            el("tbody", {}, rows.map(([how, value]) => el("tr", {}, el("th", {scope: "row"}, how),
                el("td", {"data-value": value}, exact(value)),
                el("td", {}, value === sweep ? "0" : chainrule.number_text(value - sweep, 2)))))));
    }

    const number_plain = (h) => chainrule.number_text(h, 2);

    function draw()
    {
        const section = by_id("paths"), i = app.chosen;
        section.hidden = i < 0 || i === graph.last;
        if (section.hidden)
            return;
        const {here} = app, most = graph.model.mostPaths, shown = [];
        let walked = 0, multiplied = 0, sum = 0;
        paths.each(i, (way) => {
            sum += paths.product(here, way);
            if (shown.length < most)
                shown.push(path_element(way));
            multiplied += way.length;
            return ++walked < MOST_WALKED && multiplied < MOST_MULTIPLIED;
        });
        const count = counts[i].paths, all = BigInt(walked) === count;
        const inputs = graph.steps.map((step, k) => k).filter((k) => graph.steps[k].input && !graph.steps[k].given);
        const total = (what) => inputs.reduce((s, k) => s + counts[k][what], 0n);
        by_id("paths-heading").replaceChildren("The manual chain rule: ", el("span", {class: "math"}, d(i)));
        by_id("paths-body").replaceChildren(
            el("p", {}, count === 1n ? "There is one path" : count === 0n ? "There is no path"
                : `There are ${big(count)} paths`, " from ", name(i), " to ", name(graph.last),
                count > 1n ? "; the derivative is the sum of the products of slopes along each."
                    : "; the derivative is the product of the slopes along it."),
            el("ol", {class: "paths"}, shown),
            count > BigInt(shown.length) ? el("p", {class: "hint"}, `… and ${big(count - BigInt(shown.length))} more paths.`)
                : "",
            el("p", {class: "verdict-row math"},
                all ? ["Sum of the paths ", el("b", {id: "paths-sum", "data-value": sum}, number(sum)), "    "]
                    : `Sum: too many paths to walk; ${big(BigInt(walked))} were.    `,
                "The sweep ", el("b", {id: "paths-sweep", "data-value": here.adjoint[i]}, number(here.adjoint[i]))),
            el("p", {class: "rule"},
                `Path by path this takes ${big(counts[i].multiplications)} multiplications, and the derivatives by all ` +
                `${plural(inputs.length,
                    "input")} ${big(total("multiplications"))} (${big(total("paths"))} paths). The sweep ` +
                `takes ${graph.edges.length} for all of them at once: one for each slope, since what paths share is ` +
                "computed once."),
            others(i, sum, all));
    }

    return {draw};
}
