/* numbers.js -- runs the mathematics of a page without a browser: node numbers.js PAGE [name=value ...] writes its values and
 * derivatives as JSON. */
const fs = require("fs");
const html = fs.readFileSync(process.argv[2], "utf8");
const script = (id) => new RegExp(`<script [^>]*id="${id}"[^>]*>\n([^]*?)</script>`).exec(html)[1];
const chainrule = new Function(script("mathematics") + "\nreturn chainrule;")();
const graph = chainrule.graph_of(JSON.parse(script("model")));
const point = new Map(graph.start);
for (const word of process.argv.slice(3)) {
    const [, name, value] = /^([^=]*)=(.*)$/.exec(word);
    point.set(graph.steps.findIndex((step) => step.name === name), Number(value));
}
const here = graph.at(point);
const paths = chainrule.paths_of(graph);
const named = (x) => Object.fromEntries(graph.steps.map((step, i) => [step.name, Number.isFinite(x[i]) ? x[i] : String(x[i])]));
console.log(JSON.stringify({
    values: named(here.value),
    adjoints: named(here.adjoint),
    params: graph.steps.flatMap((step, i) => (step.input && !step.given ? [[step.name, here.value[i], here.adjoint[i]]] : [])),
    sums: named(graph.steps.map((step, i) => graph.uses[i].reduce((s, k) => s + graph.contribution(here, k), i === graph.last
        ? 1 : 0))),
    sizes: named(graph.steps.map((step, i) => graph.uses[i].reduce((s, k) => s + Math.abs(graph.contribution(here, k)),
        1e-300))),
    written: here.written.filter((is_so) => is_so).length,
    edges: graph.edges.length,
    paths: Object.fromEntries(graph.steps.map((step, i) => [step.name, String(paths.counts()[i].paths)])),
    dual: named(graph.steps.map((step, i) => paths.by_dual_numbers(here, i))),
}));
