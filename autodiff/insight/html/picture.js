/* picture.js -- the drawn graph: boxes with value, name and derivative, and the lines between them. Large graphs come folded:
 * a box then stands for several steps. */
const LINE_HEIGHT = 16, LEAST_SCALE = 0.72, MOST_CHARACTERS = 24;

function picture_of(app)
{
    const {graph} = app;
    const boxes = graph.model.boxes.map((box) => {
        const shown = box.steps.length === 1 ? box.steps[0]
            : box.steps.findLast((i) => !graph.steps[i].input && graph.steps[i].name === box.name);
        return {...box, shown: shown === undefined ? -1 : shown};
    });
    const characters_of = (name) => Math.min(MOST_CHARACTERS, name.length);
    const box_of = [];
    boxes.forEach((box, b) => box.steps.forEach((i) => { box_of[i] = b; }));
    const lines = [];
    const line_at = new Map();
    graph.edges.forEach((edge, k) => {
        const from = box_of[edge.from], to = box_of[edge.to];
        if (from === to)
            return;
        const key = from + " " + to;
        if (!line_at.has(key))
            line_at.set(key, lines.push({from, to, edges: []}) - 1);
        lines[line_at.get(key)].edges.push(k);
    });

    boxes.forEach((box) => {
        const step = box.shown < 0 ? null : graph.steps[box.shown];
        const characters = Math.max(characters_of(box.name), step && step.input ? 0 : 8);
        box.kind = !step ? "folded" : step.given ? "given" : step.input ? "param" : box.shown < graph.last ? "step"
            : "result";
        box.lines = box.kind === "given" ? 1 : box.kind === "param" ? 2 : 3;
        box.width = step && step.input ? Math.max(112, characters_of(box.name) * 8 + 88)
            : Math.max(step ? 86 : 132, characters * 8.8 + 26);
        box.params = step ? [] : box.steps.filter((i) => graph.steps[i].input && graph.has_adjoint(i));
        box.lines -= !step && !box.params.length;
        box.height = box.lines * LINE_HEIGHT + 9;
    });
    const dense = lines.length > 150 && lines.length > 4 * boxes.length;
    const place = chainrule.layout_of(boxes, lines, dense ? 130 : 58, 8);
    const margin = 8;

    /* Through its points, leaving and arriving level. */
    function route(line, points)
    {
        const at = points.map(([x, y]) => [x, y]);
        at[0] = [at[0][0] + boxes[line.from].width / 2, at[0][1]];
        at[at.length - 1] = [at.at(-1)[0] - boxes[line.to].width / 2 - 2, at.at(-1)[1]];
        let d = `M${at[0].map((c) => c.toFixed(1)).join(" ")}`;
        for (let k = 1; k < at.length; k++) {
            const [x0, y0] = at[k - 1], [x1, y1] = at[k], bend = (x1 - x0) / 2;
            d += `C${[x0 + bend, y0, x1 - bend, y1, x1, y1].map((c) => c.toFixed(1)).join(" ")}`;
        }
        return d;
    }

    /* Names in a picture: italic, with their digits lowered. */
    function name_text(name, attributes)
    {
        const [head, sub] = name_parts(name.length > MOST_CHARACTERS ? name.slice(0, MOST_CHARACTERS - 2) + "…" : name);
        const parts = [svg("tspan", {class: "name"}, head)];
        if (sub)
            parts.push(svg("tspan", {class: "sub", dy: 3}, sub), svg("tspan", {dy: -3}, "\u200b"));
        return svg("text", attributes, parts);
    }

    const line_elements = lines.map((line, l) => {
        const path = svg("path", {class: "edge", d: route(line, place.routes[l]), "marker-end": "url(#arrow)"});
        return svg("g", {class: "line"}, path);
    });
    const label_layer = svg("g", {class: "labels", "aria-hidden": "true"});
    const box_elements = boxes.map((box, b) => {
        const left = -box.width / 2, top = -box.height / 2;
        const text_at = (k) => top + 4.5 + LINE_HEIGHT * (k + 0.76);
        box.value_text = svg("text", {class: "value", y: text_at(0)});
        box.adjoint_text = svg("text", {class: "adjoint", y: text_at(box.lines - 1)});
        const texts = [box.value_text, box.adjoint_text];
        if (box.kind === "param" || box.kind === "given") {
            const named = name_text(box.name, {class: "label at-start", y: text_at(0), x: left + 12});
            box.value_text.setAttribute("x", -left - 12);
            box.value_text.classList.add("at-end");
            texts.push(named);
        } else if (box.kind === "folded") {
            texts.push(name_text(box.name, {class: "label", y: text_at(0)}));
            const inputs = box.steps.filter((i) => graph.steps[i].input).length;
            const words = [box.steps.length - inputs ? plural(box.steps.length - inputs, "step") : "",
                inputs ? plural(inputs, "input") : ""];
            texts.push(svg("text", {class: "contents", y: text_at(1)}, words.filter((w) => w).join(", ")));
        } else
            texts.push(name_text(box.name, {class: "label", y: text_at(1)}));
        const frame = svg("rect", {class: "frame", x: left, y: top, width: box.width, height: box.height,
            rx: box.kind === "step" || box.kind === "result" ? 5 : box.height / 2.4});
        return svg("g", {class: "box " + box.kind, role: "button", tabindex: -1, "data-box": b,
            transform: `translate(${place.x[b].toFixed(1)} ${place.y[b].toFixed(1)})`,
            onclick: () => choose(b), onkeydown: (event) => key(event, b), onfocus: () => rove(b)}, frame, texts);
    });
    const width = place.width + 2 * margin, height = place.height + 2 * margin;
    const marker = (id) => svg("marker", {id, viewBox: "0 0 8 8", refX: 6.5, refY: 4, markerWidth: 6, markerHeight: 6,
        orient: "auto-start-reverse"},
        svg("path", {d: "M0 .8L7 4 0 7.200z"}));
    const drawing = svg("svg", {class: dense ? "dense" : null,
        viewBox: `${-margin} ${-margin} ${width.toFixed(0)} ${height.toFixed(0)}`, role: "group",
        "aria-label": `The graph: ${boxes.length} boxes, from the inputs to ${graph.steps[graph.last].name}`},
        svg("defs", {}, marker("arrow"), marker("arrow-path"), marker("arrow-active")), svg("g", {}, line_elements),
        svg("g", {}, box_elements), label_layer);
    by_id("picture").append(drawing);
    fit();
    addEventListener("resize", fit);
    let at = box_of[graph.last];
    rove(at);

    /* As large as the window has room for, but legible: then the picture scrolls in its frame. */
    function fit()
    {
        const frame = by_id("picture"), room_for = (size, room) => Math.max(LEAST_SCALE, Math.min(1.15, room / size));
        const scale = Math.min(room_for(width, frame.clientWidth - 2), room_for(height, innerHeight * 0.56));
        drawing.style.width = width * scale + "px";
    }

    function choose(b)
    {
        const box = boxes[b];
        app.choose(box.shown >= 0 ? box.shown : box.steps.at(-1), box.shown >= 0 ? null : box);
    }

    function rove(b)
    {
        box_elements[at].setAttribute("tabindex", -1);
        box_elements[b].setAttribute("tabindex", 0);
        at = b;
    }

    function key(event, b)
    {
        const move = {ArrowUp: -1, ArrowDown: 1}[event.key];
        if (event.key === "Enter" || event.key === " ")
            choose(b);
        else if (move && boxes[b + move])
            box_elements[b + move].focus();
        else
            return;
        event.preventDefault();
        event.stopPropagation();
    }

    /* How large a derivative is beside the largest drawn, but for the result's 1: 0 to 6, a factor of 4 apart; -1 for nan. */
    function size(derivative, largest)
    {
        const x = Math.abs(derivative);
        if (Number.isNaN(x))
            return -1;
        if (x === 0)
            return 0;
        return x >= largest ? 6 : Math.max(1, 6 - Math.round(Math.log2(largest / x) / 2));
    }

    function draw_box(box, b, largest)
    {
        const {here, show} = app, element = box_elements[b];
        if (box.shown < 0)
            return draw_folded(box, element, largest);
        const has_value = app.has_value(box.shown), has_adjoint = app.has_adjoint(box.shown);
        const value = chainrule.number_text(here.value[box.shown], show.short),
            adjoint = chainrule.number_text(here.adjoint[box.shown], show.short);
        box.value_text.textContent = has_value ? value : "";
        if (box.kind !== "given")
            box.adjoint_text.textContent = has_adjoint ? adjoint : "";
        element.dataset.size = has_adjoint ? size(here.adjoint[box.shown], largest) : "none";
        element.setAttribute("aria-label", `${box.name}${has_value ? " = " + value : ""}` +
            (has_adjoint ? `, d${app.result_name}/d${box.name} = ${adjoint}` : ""));
    }

    /* Of a folded box: the length of the gradient by its params. */
    function gradient_of(box) { return Math.hypot(...box.params.map((i) => app.here.adjoint[i])); }

    function draw_folded(box, element, largest)
    {
        const is_known = box.params.length > 0 && box.params.every(app.has_adjoint);
        const words = is_known ? "|gradient| " + chainrule.number_text(gradient_of(box), app.show.short) : "";
        box.adjoint_text.textContent = words;
        element.dataset.size = is_known ? size(gradient_of(box), largest) : "none";
        element.setAttribute("aria-label",
            `${box.name}, ${element.querySelector(".contents").textContent}${is_known ? ", " + words : ""}`);
    }

    function draw()
    {
        const {here, event} = app;
        const seen = boxes.filter((box) => box.shown !== graph.last)
            .map((box) => (box.shown < 0 ? gradient_of(box) : Math.abs(here.adjoint[box.shown])));
        const largest = Math.max(0, ...seen.filter((x) => Number.isFinite(x)));
        const current = event ? box_of[event.step] : -1;
        const reached = new Set();
        if (app.chosen >= 0) {
            reached.add(app.chosen);
            graph.edges.forEach((edge) => { if (reached.has(edge.from)) reached.add(edge.to); });
        }
        boxes.forEach((box, b) => {
            draw_box(box, b, largest);
            box_elements[b].classList.toggle("current", b === current);
            box_elements[b].classList.toggle("waiting", box.shown >= 0 && !app.has_value(box.shown));
            box_elements[b].classList.toggle("chosen", app.chosen >= 0 && b === box_of[app.chosen]);
        });
        label_layer.replaceChildren();
        lines.forEach((line, l) => draw_line(line, l, current, reached));
        follow(current);
    }

    function draw_line(line, l, current, reached)
    {
        const {event, here, show} = app;
        const end = event && event.is_adjoint ? "from" : "to";
        const active = event && line.edges.some((k) => graph.edges[k][end] === event.step);
        const element = line_elements[l];
        element.classList.toggle("active", Boolean(active));
        element.classList.toggle("backward", Boolean(active && event.is_adjoint));
        const on_path = line.edges.some((k) => reached.has(graph.edges[k].from));
        element.classList.toggle("on-path", on_path);
        const path = element.firstChild;
        const backwards = active && event.is_adjoint, forwards = active ? "arrow-active" : on_path ? "arrow-path" : "arrow";
        path.setAttribute("marker-end", backwards ? "" : `url(#${forwards})`);
        path.setAttribute("marker-start", backwards ? "url(#arrow-active)" : "");
        if (active && event.is_adjoint && line.edges.length === 1) {
            const middle = free_point(path);
            label_layer.append(svg("text", {x: middle.x, y: middle.y + 4},
                "× " + chainrule.number_text(here.slope[line.edges[0]], show.short)));
        }
    }

    /* Of a line, a point where a label covers no box; rather towards its end, where it is alone. */
    function free_point(path)
    {
        const length = path.getTotalLength();
        const at = (part) => path.getPointAtLength(length * part);
        const is_free = ({x, y}) => boxes.every((box, b) => Math.abs(x - place.x[b]) > box.width / 2 + 22
            || Math.abs(y - place.y[b]) > box.height / 2 + 8);
        const part = [0.6, 0.68, 0.76, 0.84, 0.52, 0.44, 0.36, 0.28].find((p) => is_free(at(p)));
        return at(part === undefined ? 0.6 : part);
    }

    /* Keeps what is looked at in view, within the picture's own scrolling. */
    function follow(b)
    {
        const frame = by_id("picture");
        if (b < 0 || (frame.scrollWidth <= frame.clientWidth + 1 && frame.scrollHeight <= frame.clientHeight + 1))
            return;
        const scale = drawing.getBoundingClientRect().width / width;
        frame.scrollTo({left: (place.x[b] + margin) * scale - frame.clientWidth / 2,
            top: (place.y[b] + margin) * scale - frame.clientHeight / 2, behavior: app.calm ? "auto" : "smooth"});
    }

    return {draw, dense, folded: boxes.some((box) => box.shown < 0)};
}
