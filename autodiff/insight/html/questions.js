/* questions.js -- what learners ask of the backward sweep, answered with the numbers of the moment. The same answers in text:
 * explain_questions.c. */
function questions_of(app)
{
    const {graph} = app, {steps, edges, uses, last} = graph;
    const {name, d, number} = app.story;
    const paths = chainrule.paths_of(graph);
    const said = (...parts) => el("p", {}, parts);

    /* The sweep in numbers. `early` hands on what stands at it after its first contribution alone; `kept` is what the adjoints
     * begin with. */
    function sweep(early, kept)
    {
        const g = kept ? kept.slice() : new Array(steps.length).fill(0);
        let at_early = NaN;
        g[last] = 1;
        for (let i = last; i >= 0; i--) {
            const mine = i === early ? at_early : g[i];
            steps[i].edges.forEach((edge, k) => {
                g[edge.from] += chainrule.chain(mine, app.here.slope[graph.first_edge[i] + k]);
                if (edge.from === early && Number.isNaN(at_early))
                    at_early = g[early];
            });
        }
        return g;
    }

    /* A step that several use and that is made of others; an input where that will do, the chosen one first. -1: none. */
    function fan_out(inputs)
    {
        if (inputs && app.chosen >= 0 && uses[app.chosen].length > 1)
            return app.chosen;
        return steps.findLastIndex((step, i) => i < last && uses[i].length > 1 && !step.given && (inputs || step.edges.length));
    }

    function why_this_order()
    {
        const early = fan_out(false), {here} = app;
        const intro = said("A step hands its adjoint on once. So all that use it must have given their part before: the " +
            "order of evaluation, backwards, sees to that.");
        const g = early < 0 ? null : sweep(early);
        const order = [app.chosen, ...steps.keys()].filter((i) => i >= 0);
        const hurt = g ? order.find((i, k) => !steps[i].given && (k === 0 || steps[i].input) && g[i] !== here.adjoint[i])
            : undefined;
        if (hurt === undefined)
            return [intro, said("Here no step that is made of others is used twice, so that every order from ", name(last),
                " down would do.")];
        const first = uses[early][0];
        return [intro, said("Visited too early, as soon as ", name(edges[first].to), " has given its part, ", name(early),
            " would hand on ",
            number(graph.contribution(here, first)), " in place of ", number(here.adjoint[early]), ", and ", d(hurt),
                " would come out as ",
            el("b", {class: "wrong-number"}, number(g[hurt])), ": wrong, it is ", el("b", {}, number(here.adjoint[hurt])),
                ".")];
    }

    function why_add()
    {
        const i = fan_out(true), {here} = app;
        if (i < 0)
            return [said("Here every variable is used once: there is one path, and nothing to add.")];
        const x = here.value[i], h = 1e-4 * Math.max(Math.abs(x), 1), most = 12;
        const total = uses[i].reduce((s, k) => s + h * graph.contribution(here, k), 0);
        return [
            said("Move ", name(i), " by a little, ", number(h), ". ", name(last), " moves in as many ways as ", name(i),
                " is used, each time by the slope along that way, and small movements add:"),
            el("table", {class: "others"}, el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "through"),
                el("th", {scope: "col"}, name(last), " moves by"))),
                el("tbody", {}, uses[i].slice(0, most).map((k) => el("tr", {}, el("th", {scope: "row"}, name(edges[k].to)),
                    el("td", {}, number(h * graph.contribution(here, k))))))),
            said(uses[i].length > most ? `and ${uses[i].length - most} more. ` : "", "Together by ",
                el("b", {}, number(total)), ". Evaluated anew with ", name(i), " so moved, ", name(last), " changes by ",
                el("b", {}, number(paths.moved(here, i, x + h) - here.value[last])), "; what differs is the curve."),
        ];
    }

    function what_twice()
    {
        const first = steps.findIndex((step) => step.input && !step.given);
        const i = app.chosen >= 0 && app.chosen < last ? app.chosen : first;
        if (i < 0)
            return [said("There is no input to differentiate by.")];
        const once = app.here.adjoint[i], kept = sweep(-1, sweep(-1));
        return [said("Here the same again: ad_backward begins with adjoints of zero, so ", d(i), " stays ",
            el("b", {}, number(once)),
            ". An engine that adds to what parameters hold has ", el("b", {}, number(2 * once)),
            " after the second call, twice the derivative (ad_accumulate does that, for sums over many terms). One that " +
                "forgets to clear the adjoints within the graph, too, has ",
            el("b", {class: "wrong-number"}, number(kept[i])), ": what is left of the first sweep is handed on once more.")];
    }

    function what_at_kinks()
    {
        const listed = new Map(), {here} = app;
        graph.nodes.forEach((node, i) => {
            if (graph.is_leaf(node) || chainrule.rules[node[0]].holds.text === "1" || here.node_adjoint[i] === 0)
                return;
            const known = listed.get(node[0]);
            if (known === undefined || (!graph.is_kink(known, here.node_value) && graph.is_kink(i, here.node_value)))
                listed.set(node[0], i);
        });
        const intro = said("Where a function bends, its slopes to the left and to the right differ, and there is no " +
            "derivative. This library then takes the slope nearest zero between them (abs at 0: 0, relu at 0: 0), shares " +
            "ties of max and min equally, and takes the branch that was taken as the function.");
        if (!listed.size)
            return [intro, said("None of the operations on the way to ", name(last), " has a kink or an end of its domain.")];
        return [intro, el("table", {class: "others"},
            el("thead", {}, el("tr", {}, ["operation", "its rule holds where", "here", "this point"].map((h) => el("th",
            {scope: "col"}, h)))),
            el("tbody", {}, [...listed].map(([op, i]) => el("tr", {}, el("th", {scope: "row"}, op),
                el("td", {}, el("code", {}, signs(chainrule.rules[op].holds.text))),
                el("td", {}, graph.nodes[i].slice(1, 4).map((k, j) => (j ? ", " : "") + "xyw"[j] + " = " +
                    chainrule.number_text(here.node_value[k], 4))),
                el("td", {}, graph.is_kink(i, here.node_value) ? el("b", {}, "on a kink: a convention") : "holds")))))];
    }

    function why_saturated()
    {
        let least = Infinity, worst = -1;
        graph.nodes.forEach((node, i) => {
            if ((node[0] !== "sigmoid" && node[0] !== "tanh") || app.here.node_adjoint[i] === 0)
                return;
            const part = slope_at(node[0], app.here.node_value[node[1]]) / slope_at(node[0], 0);
            if (part < least)
                [least, worst] = [part, i];
        });
        if (worst < 0)
            return [said("There is no sigmoid or tanh on the way to ", name(last), ".")];
        const [op, operand] = graph.nodes[worst], x = app.here.node_value[operand], far = op === "tanh" ? 5 : 10;
        const slope = slope_at(op, x), tail = slope_at(op, far),
            owner = graph.inside.findIndex((nodes) => nodes.includes(worst));
        const ratio = slope / tail;
        return [said("All that lies before it receives its adjoint times the slope, which is at most ", op === "tanh" ? "1"
            : "1/4", ", at 0. The flattest on the way to ", name(last),
            ` here is the ${op} in `, name(owner), ": at ", number(x), " its slope is ", el("b", {}, number(slope)),
                `. At ${far} it would be `, el("b", {}, number(tail)), ", ",
            ratio >= 1 ? [chainrule.number_text(ratio, 3), " times less"] : "more than here",
            ", and every derivative behind it, and every step of gradient descent, that much smaller: wrong by far, and " +
                "hardly moving.")];
    }

    /* By the rule book. */
    function slope_at(op, x)
    {
        const rule = chainrule.rules[op];
        return rule.partials[0].of(x, NaN, NaN, rule.value.of(x), 1, 1);
    }

    const asked = [["Why this order?", why_this_order], ["Why do the contributions add?", why_add],
        ["What would a second backward call do?", what_twice],
        ["What happens at a kink?", what_at_kinks], ["Why does a saturated sigmoid learn slowly?", why_saturated]];
    const answers = asked.map(([question, answer], k) => {
        const body = el("div", {class: "answer"});
        const element = el("details", {id: "question-" + k, open: Boolean(graph.model.questions & 1 << k),
            ontoggle: () => draw()}, el("summary", {}, question), body);
        by_id("questions-body").append(element);
        return {element, body, answer};
    });

    function draw()
    {
        answers.filter((a) => a.element.open).forEach((a) => a.body.replaceChildren(...a.answer()));
    }

    return {draw};
}
