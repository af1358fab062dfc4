/* story.js -- one step in words and numbers: how its value comes about, how its derivative does; for the step of the moment,
 * and for the node that was chosen. */
function story_of(app)
{
    const {graph} = app;
    const name = (i) => name_element(graph.steps[i].name);
    const d = (i) => derivative_element(app.result_name, graph.steps[i].name);
    const number = (x) => number_element(x, app.show.digits);

    function value_lines(i)
    {
        const step = graph.steps[i], {here, show} = app;
        const value = number(here.value[i]);
        value.classList.add("outcome");
        if (step.input)
            return [el("div", {class: "math"}, el("p", {}, name(i), " = ", value))];
        const by_numbers = el("p", {class: "more"}, " = ", formula_elements(step.formula, show, (k) => here.value[k]));
        const rows = [el("p", {}, name(i), " = ", formula_elements(step.formula, show))];
        if (by_numbers.textContent.replace(/[ =]/g, "") !== value.textContent)
            rows.push(by_numbers);
        rows.push(el("p", {class: "more"}, " = ", value));
        return [el("div", {class: "math"}, rows)];
    }

    /* In a sum a long slope is called by its name; the list below it says what it is. */
    function slope_factor(k, whole)
    {
        const edge = graph.edges[k], {here, show} = app;
        const length = edge.slope.reduce((n, token) => n + (typeof token === "string" ? token.length : 2), 0);
        if (!here.written[k] || (length > MOST_IN_SUM && !whole))
            return {parts: derivative_element(graph.steps[edge.to].name, graph.steps[edge.from].name), loose: false,
                negative: false};
        const only = edge.slope.length === 1 ? edge.slope[0] : null;
        return {parts: formula_elements(edge.slope, show), loose: is_loose(edge.slope), negative: starts_negative(edge.slope),
            is_one: only === "1"};
    }

    function slope_number_factor(k)
    {
        const x = app.here.slope[k];
        return {parts: number(x), negative: x < 0};
    }

    /* The slope by its formula, with numbers put in; none where that says nothing new. */
    function slope_line(k)
    {
        const edge = graph.edges[k], {here, show} = app;
        const ratio = derivative_element(graph.steps[edge.to].name, graph.steps[edge.from].name);
        const text = here.written[k] && edge.slope.some((t) => typeof t !== "string")
            ? [" = ", formula_elements(edge.slope, show), edge.slope.length > 1 ? [" = ", formula_elements(edge.slope, show,
                (s) => here.value[s])] : ""] : "";
        return el("span", {class: "slope"}, ratio, text, " = ", number(here.slope[k]));
    }

    /* "product rule"; "sigmoid: z (1 - z)". */
    function rule_words(edge)
    {
        return edge.rules.map(([row, words]) => (words.includes("rule") ? words : `${row}: ${words}`)).join(", ");
    }

    /* What one use gives: adjoint times slope. The result's own adjoint is 1 and stays out. */
    function term(k, in_numbers, is_later)
    {
        const edge = graph.edges[k], {here} = app, is_one = edge.to === graph.last;
        if (in_numbers)
            return product_elements([{parts: number(here.adjoint[edge.to]), negative: here.adjoint[edge.to] < 0, is_one},
                slope_number_factor(k)], is_later);
        return product_elements([{parts: d(edge.to), is_one}, slope_factor(k)], is_later);
    }

    const MOST_TERMS = 12, MOST_IN_SUM = 44;

    function sum_of_terms(i, in_numbers)
    {
        const uses = graph.uses[i], shown = uses.slice(0, MOST_TERMS);
        return [shown.map((k, j) => [j ? " + " : "", term(k, in_numbers, j > 0)]), uses.length > MOST_TERMS
            ? ` + … (${uses.length} terms)` : ""];
    }

    function adjoint_lines(i)
    {
        const {here} = app, uses = graph.uses[i];
        const outcome = number(here.adjoint[i]);
        outcome.classList.add("outcome");
        if (i === graph.last)
            return [el("div", {class: "math"}, el("p", {}, d(i), " = ", outcome)),
                el("p", {class: "rule"}, "The sweep begins here: a quantity changes with itself one to one.")];
        if (!uses.length)
            return [el("div", {class: "math"}, el("p", {}, d(i), " = 0")), el("p", {class: "rule"}, "Nothing uses it.")];
        const contributions = uses.slice(0, MOST_TERMS).map((k) => graph.contribution(here, k));
        const rows = [el("p", {}, d(i), " = ", sum_of_terms(i, false)), el("p", {class: "more"}, " = ", sum_of_terms(i, true))];
        if (uses.length > 1)
            rows.push(el("p", {class: "more"}, " = ", contributions.map((x, j) => [j ? x < 0 ? " − " : " + " : "",
                number(j ? Math.abs(x) : x)]), uses.length > MOST_TERMS ? " + …" : ""));
        rows.push(el("p", {class: "more"}, " = ", outcome));
        const why = uses.slice(0, MOST_TERMS).map((k) => el("li", {}, "through ", name(graph.edges[k].to), ": ", slope_line(k),
            " ",
            el("span", {class: "rule"}, rule_words(graph.edges[k]))));
        return [el("div", {class: "math"}, rows), el("ul", {class: "through math"}, why),
            uses.length > 1 ? el("p", {class: "rule"}, `Used ${uses.length} times: the contributions add.`) : null];
    }

    /* What the rule book says of a step's outermost operation, and whether this point is on a kink of it. */
    function rule_note(i)
    {
        const step = graph.steps[i];
        if (step.input)
            return null;
        const node = graph.nodes[step.node], rule = chainrule.rules[node[0]];
        const kink = graph.kink_in(i, app.here.node_value);
        return [el("p", {class: "rule"}, "In the rule book: ", el("b", {}, rule.name), ", z = ",
            el("code", {}, signs(rule.value.text)), ". Slope: ",
            rule.words, " (", rule.partials.map((p, k) => [k ? "; " : "", "dz/d" + "xyw"[k], " = ",
                el("code", {}, signs(p.text))]), ")."),
            kink === undefined ? null : kink_note(kink)];
    }

    function kink_note(node)
    {
        const rule = chainrule.rules[graph.nodes[node][0]];
        return el("p", {class: "rule kink"}, "A kink, a jump or an end of the domain: the slope of ",
            el("b", {}, rule.name), " is its derivative where ", el("code", {}, signs(rule.holds.text)),
            ", which is not so here. What is taken is the rule book's convention.");
    }

    function draw_now()
    {
        const {event} = app, body = by_id("now-body"), heading = by_id("now-heading");
        if (!event) {
            heading.textContent = "Start";
            body.replaceChildren(el("p", {},
                "First forward: every value from those before it. Then backward: every derivative of ",
                name(graph.last), " from those after it. Step on with the button, the right arrow key, or play."),
                el("p", {class: "rule"},
                    "Before each step you may put in your own number below, and see whether it is right."));
            return;
        }
        heading.replaceChildren(event.is_adjoint ? "Backward: " : "Forward: ", el("span", {class: "math"}, event.is_adjoint
            ? d(event.step) : name(event.step)),
            el("span", {class: "count"}, app.where()));
        if (event.is_adjoint) {
            const kink = event.step === graph.last ? undefined : graph.uses[event.step].map((k) =>
                graph.kink_in(graph.edges[k].to, app.here.node_value)).find((k) => k !== undefined);
            body.replaceChildren(...adjoint_lines(event.step).filter((line) => line),
                ...(kink === undefined ? [] : [kink_note(kink)]));
        } else
            body.replaceChildren(...[...value_lines(event.step), rule_note(event.step)].flat().filter((line) => line));
    }

    function draw_story()
    {
        const i = app.chosen, body = by_id("story-body"), heading = by_id("story-heading");
        if (i < 0) {
            heading.textContent = "A node's story";
            body.replaceChildren(el("p", {class: "hint"},
                "Choose a node of the graph, or a name in the tables: what it is made of, what uses it, and, for a param, " +
                "all its paths."));
            return;
        }
        const step = graph.steps[i], box = app.chosen_box;
        heading.replaceChildren(el("span", {class: "math"}, name(i)), step.input ? step.given ? ": a given number"
            : ": a param" : "");
        const parts = [];
        if (box)
            parts.push(el("p", {}, "This box stands for ", plural(box.steps.length, "step"), ": ",
                box.steps.slice(0, 40).map((k) => [
                el("button", {type: "button", class: "link", onclick: () => app.choose(k, box)}, name(k)), " "]),
                    box.steps.length > 40 ? "…" : ""));
        if (step.input)
            parts.push(app.inputs.control(i, "story-"));
        parts.push(...value_lines(i), rule_note(i));
        if (!step.input)
            parts.push(el("p", {class: "rule"}, "Made of ",
                step.edges.map((edge, k) => [k ? ", " : "",
                el("button", {type: "button", class: "link", onclick: () => app.choose(edge.from)}, name(edge.from))])));
        if (graph.has_adjoint(i))
            parts.push(...adjoint_lines(i));
        else
            parts.push(el("p", {class: "rule"}, "It is given: nobody asked for a derivative by it. It would be ", d(i), " = ",
                number(app.here.adjoint[i]), "."));
        if (graph.uses[i].length)
            parts.push(el("p", {class: "rule"}, "Used by ", graph.uses[i].slice(0, 40).map((k, j) => [j ? ", " : "",
                el("button", {type: "button", class: "link", onclick: () => app.choose(graph.edges[k].to)},
                name(graph.edges[k].to))])));
        const focused = document.activeElement && body.contains(document.activeElement) ? document.activeElement.id : "";
        if (focused && body.dataset.step === String(i))
            refresh(body, parts.flat().filter((part) => part), focused);
        else
            body.replaceChildren(...parts.flat().filter((part) => part));
        body.dataset.step = i;
    }

    /* All anew but the control that someone holds. */
    function refresh(body, parts, focused)
    {
        const held = [...body.children].find((child) => child.querySelector("#" + focused) || child.id === focused);
        const anew = parts.findIndex((part) => part.classList.contains("control"));
        [...body.children].forEach((child) => { if (child !== held) child.remove(); });
        parts.forEach((part, k) => { if (k < anew) held.before(part); else if (k > anew) body.append(part); });
    }

    return {draw_now, draw_story, value_lines, adjoint_lines, sum_of_terms, term, d, name, number, slope_factor, slope_line,
        rule_words};
}
