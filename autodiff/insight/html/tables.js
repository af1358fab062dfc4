/* tables.js -- all values and all derivatives, filled in as one steps; beside each a field for the learner's own number. */
const MOST_ROWS = 300;

function tables_of(app)
{
    const {graph} = app, {name, d} = app.story;
    const judge = chainrule.judge_of(graph);
    const rows = new Map();
    const signs_of = {right: "✓", wrong: "✗", carried: "↪"};

    function build(where, steps, is_adjoint)
    {
        const left_out = steps.length > MOST_ROWS ? steps.length - MOST_ROWS : 0;
        const shown = left_out ? [...steps.slice(0, MOST_ROWS / 2), -1, ...steps.slice(-MOST_ROWS / 2)] : steps;
        by_id(where).replaceChildren(el("table", {class: "quantities"},
            el("thead", {}, el("tr", {}, el("th", {scope: "col"}, is_adjoint ? "derivative" : "quantity"),
                el("th", {scope: "col", class: "figure"}, "number"), el("th", {scope: "col"}, "yours"))),
            shown.map((i) => (i < 0 ? el("tbody", {},
                el("tr", {}, el("td", {colspan: 3, class: "hint"}, `… ${left_out} rows left out …`))) : row(i, is_adjoint)))));
    }

    function row(i, is_adjoint)
    {
        const key = chainrule.key_of(i, is_adjoint), step = graph.steps[i];
        const label = is_adjoint ? `d${app.result_name}/d${step.name}` : step.name;
        const formula = el("td", {class: "formula math", colspan: 3});
        const number = el("td", {class: "figure", "data-key": key});
        const verdict = el("span", {class: "verdict", id: "verdict-" + key});
        const field = el("input", {type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false",
            "aria-label": `your number for ${label}`, "aria-describedby": "verdict-" + key, id: "mine-" + key,
                oninput: () => app.typed(key, field.value)});
        const choose = el("button", {type: "button", class: "link math", title: "its story", onclick: () => app.choose(i)},
            is_adjoint ? d(i) : name(i));
        const element = el("tbody", {"data-row": key}, el("tr", {}, el("th", {scope: "row"}, choose), number,
            el("td", {class: "mine"}, field, verdict)), el("tr", {}, formula));
        rows.set(key, {i, is_adjoint, element, formula, number, field, verdict});
        if (!is_adjoint)
            formula.append(" = ", ...formula_elements(step.formula, app.show).flat());
        return element;
    }

    function draw_row(key, r)
    {
        const seen = r.is_adjoint ? app.has_adjoint(r.i) : app.has_value(r.i);
        const x = r.is_adjoint ? app.here.adjoint[r.i] : app.here.value[r.i];
        r.number.textContent = seen ? chainrule.number_text(x, app.show.digits) : "";
        if (seen)
            r.number.dataset.value = x;
        else
            delete r.number.dataset.value;
        if (r.is_adjoint && r.i !== graph.last)
            r.formula.replaceChildren(...(graph.uses[r.i].length && seen ? [" = ", ...app.story.sum_of_terms(r.i,
                false).flat(9)] : []));
        const current = app.event && app.event.step === r.i && app.event.is_adjoint === r.is_adjoint;
        r.element.classList.toggle("current", Boolean(current));
    }

    const words_of = (key) => (key[0] === "d" ? `d${app.result_name}/d` : "") + graph.steps[Number(key.slice(1))].name;

    function words(verdict)
    {
        if (verdict.verdict === "carried")
            return verdict.from ? `carried forward: it follows from your ${words_of(verdict.from)}`
                : "carried forward: it follows from your rounded numbers";
        return verdict.verdict === "wrong" && verdict.sign ? "wrong: the sign" : verdict.verdict;
    }

    function draw_mine()
    {
        const own = new Map();
        for (const [key, text] of app.mine) {
            const read = chainrule.number_read(text);
            if (read)
                own.set(key, read);
        }
        const verdicts = judge.all(app.here, own);
        const tally = {right: 0, carried: 0, wrong: 0};
        for (const [key, r] of rows) {
            const verdict = verdicts.get(key), typed_ = (app.mine.get(key) || "").trim();
            r.verdict.className = "verdict" + (verdict ? " " + verdict.verdict : "");
            r.verdict.textContent = verdict ? `${signs_of[verdict.verdict]} ${words(verdict)}` : typed_ ? "not a number" : "";
            r.field.setAttribute("aria-invalid", String(Boolean(typed_ && !verdict)));
            if (verdict)
                tally[verdict.verdict]++;
        }
        const any = tally.right + tally.carried + tally.wrong;
        by_id("score").textContent = any
            ? `Your numbers: ${tally.right} right, ${tally.carried} carried forward, ${tally.wrong} wrong.`
            : "Put in your own numbers below: each is judged to the digits you give, and what only follows from an earlier " +
                "slip is told apart.";
        by_id("clear").hidden = !app.mine.size;
    }

    function draw()
    {
        rows.forEach((r, key) => draw_row(key, r));
        draw_mine();
        const current = document.querySelector("tbody.current");
        const box = current && current.closest("div");
        if (box && box.scrollHeight > box.clientHeight)
            box.scrollTop = current.offsetTop - box.clientHeight / 2;
    }

    function clear()
    {
        rows.forEach((r) => { r.field.value = ""; });
    }

    const steps = graph.steps.map((_, i) => i);
    build("values", steps.filter((i) => !graph.steps[i].input), false);
    build("adjoints", steps.filter((i) => graph.has_adjoint(i)).reverse(), true);
    return {draw, draw_mine, clear};
}
