/* inputs.js -- params, constants and the shown row's columns, each with a slider and a field: moved, all is computed anew. */
const MOST_SLIDERS = 24;

function inputs_of(app)
{
    const {graph} = app;
    const all = graph.steps.map((_, i) => i).filter((i) => graph.steps[i].input);
    let controls = [];

    /* Steps of a slider: a round number, at least 200 from end to end. */
    function range_of(i)
    {
        const start = graph.start.get(i), reach = Number.isFinite(start) ? Math.max(1, 2 * Math.abs(start)) : 1;
        const centre = Number.isFinite(start) ? start : 0;
        return {low: centre - reach, high: centre + reach, step: 10 ** Math.floor(Math.log10(reach / 100))};
    }

    const plain = (x) => String(x);

    function control(i, prefix)
    {
        const step = graph.steps[i], {low, high, step: by} = range_of(i), id = prefix + i;
        const note = el("span", {class: "unseen", id: id + "-note"}, step.given ? "given" : "param");
        const field = el("input", {type: "text", inputmode: "decimal", id: id + "-field", autocomplete: "off",
            spellcheck: "false",
            "aria-label": `${step.name}, a number`, oninput: () => typed(i, field)});
        const slider = el("input", {type: "range", id, min: low, max: high, step: "any", "aria-describedby": id + "-note",
            oninput: () => app.move(i, rounded(Number(slider.value), by)),
            onkeydown: (event) => nudge(event, i, by)});
        const made = el("div", {class: "control" + (step.given ? " given" : "")},
            el("label", {for: id}, name_element(step.name)), slider, field, note);
        controls.push({i, slider, field, made, low, high});
        show(controls.at(-1), true);
        return made;
    }

    function rounded(x, by) { return Number((Math.round(x / by) * by).toPrecision(12)); }

    /* The arrow keys move by the round number, not by what the browser thinks. */
    function nudge(event, i, by)
    {
        const way = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10}[event.key];
        if (!way)
            return;
        event.preventDefault();
        app.move(i, rounded(app.here.value[i] + way * by, by));
    }

    function typed(i, field)
    {
        const read = chainrule.number_read(field.value);
        field.setAttribute("aria-invalid", String(!read || !Number.isFinite(read.value)));
        if (read && Number.isFinite(read.value))
            app.move(i, read.value);
    }

    function show(c, at_once)
    {
        const x = app.here.value[c.i];
        if (x < Number(c.slider.min) || x > Number(c.slider.max)) {
            c.slider.min = Math.min(c.low, x);
            c.slider.max = Math.max(c.high, x);
        }
        c.slider.value = x;
        c.slider.setAttribute("aria-valuetext", plain(x));
        c.made.classList.toggle("moved", !Object.is(x, graph.start.get(c.i)));
        if (at_once || document.activeElement !== c.field) {
            c.field.value = plain(x);
            c.field.setAttribute("aria-invalid", "false");
        }
    }

    function draw()
    {
        controls = controls.filter((c) => at_home(c.made));
        controls.forEach((c) => show(c, false));
        by_id("reset").disabled = all.every((i) => Object.is(app.here.value[i], graph.start.get(i)));
    }

    const at_home = (element) => element.isConnected || !element.parentNode;

    function list()
    {
        const wanted = by_id("find").value.trim().toLowerCase();
        const found = all.filter((i) => graph.steps[i].name.toLowerCase().includes(wanted));
        by_id("sliders").replaceChildren(...found.slice(0, MOST_SLIDERS).map((i) => control(i, "input-")));
        by_id("found").textContent = found.length > MOST_SLIDERS ? `${MOST_SLIDERS} of ${found.length} shown` : "";
        controls = controls.filter((c) => at_home(c.made));
    }

    by_id("find").closest(".search").hidden = all.length <= MOST_SLIDERS;
    by_id("find").addEventListener("input", list);
    by_id("reset").addEventListener("click", () => app.reset());
    return {control, draw, list};
}
