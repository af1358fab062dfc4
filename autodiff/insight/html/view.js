/* view.js -- the page as a whole: where the reader is in the two sweeps, what is chosen, which numbers hold; and who is told
 * when one of these changes. */
const app = {
    k: 0,                                  /* events seen */
    chosen: -1, chosen_box: null,          /* a step; the box of the picture that it was found in */
    mine: new Map(),                       /* what the learner typed, by quantity */
    calm: matchMedia("(prefers-reduced-motion: reduce)").matches,
};
const model = JSON.parse(by_id("model").textContent);
app.graph = chainrule.graph_of(model);
app.result_name = app.graph.steps[app.graph.last].name;
app.show = {digits: model.digits, short: Math.min(model.digits, 4), name: (i) => name_element(app.graph.steps[i].name)};
app.here = app.graph.at(app.graph.start);

/* Forward through all formulas, then back through all that has a derivative, the result's own first. */
const order = app.graph.steps.map((_, i) => i);
const events = [
    ...order.filter((i) => !app.graph.steps[i].input).map((step) => ({step, is_adjoint: false})),
    ...order.filter((i) => app.graph.has_adjoint(i)).reverse().map((step) => ({step, is_adjoint: true})),
];
const forward = events.filter((event) => !event.is_adjoint).length;
const time = new Map(events.map((event, k) => [chainrule.key_of(event.step, event.is_adjoint), k + 1]));

app.has_value = (i) => app.graph.steps[i].input || app.k >= time.get(chainrule.key_of(i, false));
app.has_adjoint = (i) => app.graph.has_adjoint(i) && app.k >= time.get(chainrule.key_of(i, true));

app.where = () => (app.event.is_adjoint ? `step ${app.k - forward} of ${events.length - forward}`
    : `step ${app.k} of ${forward}`);

app.story = story_of(app);
app.inputs = inputs_of(app);
const paths_view = paths_view_of(app);
const picture = picture_of(app);
const tables = tables_of(app);
const questions = questions_of(app);

function head()
{
    const last = app.graph.last;
    by_id("result").replaceChildren(app.story.name(last), " = ", el("b", {"data-value": app.here.value[last]},
        app.story.number(app.here.value[last])));
}

function draw_controls()
{
    const {k, event} = app, position = by_id("position");
    position.max = events.length;
    position.value = k;
    position.setAttribute("aria-valuetext", !event ? "Start" : (event.is_adjoint ? "Backward, " : "Forward, ") + app.where());
    by_id("first").disabled = by_id("back").disabled = k === 0;
    by_id("next").disabled = by_id("end").disabled = k === events.length;
    by_id("forward-part").style.flexGrow = forward;
    by_id("backward-part").style.flexGrow = events.length - forward;
    by_id("forward-part").classList.toggle("here", Boolean(event && !event.is_adjoint));
    by_id("backward-part").classList.toggle("here", Boolean(event && event.is_adjoint));
    document.body.dataset.k = k;
    document.body.dataset.events = events.length;
}

function say()
{
    const {event} = app, {here, graph} = app;
    if (!event)
        return by_id("said").replaceChildren("At the start.");
    const name = graph.steps[event.step].name, x = event.is_adjoint ? here.adjoint[event.step] : here.value[event.step];
    const what = event.is_adjoint ? `Backward: d${app.result_name}/d${name}` : `Forward: ${name}`;
    by_id("said").textContent = `${what} = ${chainrule.number_text(x, app.show.digits)}`;
}

function draw_all()
{
    head();
    draw_controls();
    picture.draw();
    app.story.draw_now();
    app.story.draw_story();
    paths_view.draw();
    app.inputs.draw();
    tables.draw();
    questions.draw();
}

function go(k)
{
    app.k = Math.max(0, Math.min(events.length, k));
    app.event = events[app.k - 1];
    if (app.k === events.length)
        stop();
    draw_controls();
    picture.draw();
    app.story.draw_now();
    tables.draw();
    say();
}

app.choose = (i, box) => {
    app.chosen = app.chosen === i && !box ? -1 : i;
    app.chosen_box = box || null;
    draw_all();
    if (app.chosen >= 0)
        by_id("said").textContent = `Chosen: ${app.graph.steps[i].name}. Its story stands below the graph.`;
};

app.move = (i, x) => {
    app.here = app.graph.at(new Map(app.here.point).set(i, x));
    draw_all();
};

app.reset = () => {
    app.here = app.graph.at(app.graph.start);
    draw_all();
};

app.typed = (key, text) => {
    if (text.trim())
        app.mine.set(key, text);
    else
        app.mine.delete(key);
    tables.draw_mine();
};

/* ---- Playing ---- */

let playing = null;

function stop()
{
    clearTimeout(playing);
    playing = null;
    show_playing();
}

function show_playing()
{
    const button = by_id("play");
    button.classList.toggle("playing", playing !== null);
    button.setAttribute("aria-label", playing !== null ? "Pause" : "Play");
    button.querySelector("span").textContent = playing !== null ? "Pause" : "Play";
}

function play()
{
    if (playing !== null)
        return stop();
    if (app.k === events.length)
        go(0);
    const tick = () => {
        playing = setTimeout(tick, Number(by_id("speed").value));
        go(app.k + 1);
    };
    playing = setTimeout(tick, 300);
    show_playing();
}

const acts = {first: () => go(0), back: () => go(app.k - 1), next: () => go(app.k + 1), end: () => go(events.length), play};
for (const [id, act] of Object.entries(acts))
    by_id(id).addEventListener("click", () => {
        if (id !== "play" && playing !== null)
            stop();
        act();
    });
by_id("position").addEventListener("input", (event) => { stop(); go(Number(event.target.value)); });
by_id("clear").addEventListener("click", () => { app.mine.clear(); tables.clear(); tables.draw_mine(); });

const keys = {ArrowRight: acts.next, ArrowLeft: acts.back, Home: acts.first, End: acts.end, " ": play};
document.addEventListener("keydown", (event) => {
    const target = event.target, act = keys[event.key];
    if (!act || event.altKey || event.ctrlKey || event.metaKey || target.closest("input, select, textarea"))
        return;
    if (event.key === " " && target.closest("button, summary, a"))
        return;
    event.preventDefault();
    if (event.key !== " " && playing !== null)
        stop();
    act();
});

by_id("note").textContent = model.note;
by_id("note").hidden = !model.note;
by_id("title").textContent = model.title || `${app.result_name}, step by step`;
if (picture.folded)
    by_id("graph-hint").textContent += " Large: boxes with dotted borders stand for many steps.";
app.chosen = model.by;
app.inputs.list();
go(0);
draw_all();
