/* layout.js -- where boxes stand: in layers from the inputs to the result, in an order with few crossings, each near what it
 * is joined to. It knows nothing of how they look.
 *
 * boxes [{width, height}], lines [{from, to}], from < to. Returns {x, y [box] (centres), routes [line] (points), width,
 * height}. */
function layout_of(boxes, lines, gap_x, gap_y)
{
    const into = boxes.map(() => []), out = boxes.map(() => []);
    lines.forEach((line, l) => { into[line.to].push(l); out[line.from].push(l); });

    /* The longest way from the inputs; inputs themselves just before what uses them first. */
    const layer = boxes.map(() => 0);
    lines.slice().sort((a, b) => a.to - b.to).forEach(({from, to}) => { layer[to] = Math.max(layer[to], layer[from] + 1); });
    boxes.forEach((_, b) => {
        if (!into[b].length && out[b].length)
            layer[b] = Math.min(...out[b].map((l) => layer[lines[l].to])) - 1;
    });

    /* Places: boxes, and one for each layer that lines from a box pass: they share it, as wires share a duct. */
    const places = boxes.map((box, b) => ({layer: layer[b], height: box.height, width: box.width, joined: []}));
    const ducts = new Map();
    const duct = (from, k) => {
        const key = from + " " + k;
        if (!ducts.has(key))
            ducts.set(key, places.push({layer: k, height: 4, width: 0, joined: []}) - 1);
        return ducts.get(key);
    };
    const chains = lines.map(({from, to}) => {
        const way = [from];
        for (let k = layer[from] + 1; k < layer[to]; k++)
            way.push(duct(from, k));
        return [...way, to];
    });
    chains.forEach((way) => {
        for (let k = 1; k < way.length; k++) {
            if (places[way[k]].joined.includes(way[k - 1]))
                continue;
            places[way[k - 1]].joined.push(way[k]);
            places[way[k]].joined.push(way[k - 1]);
        }
    });
    const layers = [];
    places.forEach((place, p) => (layers[place.layer] = layers[place.layer] || []).push(p));

    /* Order by the mean place of the neighbours on one side, there and back. */
    const rank = [];
    const renumber = (row) => row.forEach((p, i) => { rank[p] = i; });
    layers.forEach(renumber);
    const mean = (p, side) => {
        const near = places[p].joined.filter((q) => Math.sign(places[q].layer - places[p].layer) === side);
        return near.length ? near.reduce((s, q) => s + rank[q], 0) / near.length : rank[p];
    };
    const sort_by = (row, side) => {
        const key = new Map(row.map((p) => [p, mean(p, side)]));
        row.sort((a, b) => key.get(a) - key.get(b) || rank[a] - rank[b]);
        renumber(row);
    };
    const crossings = () => {
        let count = 0;
        for (const row of layers) {
            const ends = row.flatMap((p) => places[p].joined.filter((q) => places[q].layer > places[p].layer)
                .map((q) => rank[q]).sort((a, b) => a - b));
            for (let i = 0; i < ends.length && ends.length < 600; i++)
                for (let j = i + 1; j < ends.length; j++)
                    count += ends[i] > ends[j];
        }
        return count;
    };
    let best = layers.map((row) => row.slice()), least = crossings();
    for (let round_ = 0; round_ < 16 && least; round_++) {
        if (round_ % 2)
            layers.forEach((row) => sort_by(row, -1));
        else
            layers.slice().reverse().forEach((row) => sort_by(row, 1));
        const now = crossings();
        if (now < least) {
            least = now;
            best = layers.map((row) => row.slice());
        }
    }

    /* Heights: as near as may be to the mean of the neighbours, without overlap (pool adjacent violators). */
    const y = [];
    const room = (p, q) => (places[p].height + places[q].height) / 2 + gap_y;
    best.forEach((row) => {
        let at = 0;
        row.forEach((p, i) => { at += i ? room(row[i - 1], p) : 0; y[p] = at; });
        row.forEach((p) => { y[p] -= at / 2; });
    });
    const settle = (row, wanted) => {
        const offset = [0], pools = [];
        row.forEach((p, i) => { offset[i] = i ? offset[i - 1] + room(row[i - 1], p) : 0; });
        row.forEach((p, i) => {
            pools.push({sum: wanted(p) - offset[i], n: 1});
            while (pools.length > 1 && pools.at(-2).sum / pools.at(-2).n > pools.at(-1).sum / pools.at(-1).n) {
                const last = pools.pop();
                pools.at(-1).sum += last.sum;
                pools.at(-1).n += last.n;
            }
        });
        let i = 0;
        for (const pool of pools)
            for (let k = 0; k < pool.n; k++, i++)
                y[row[i]] = pool.sum / pool.n + offset[i];
    };
    const near_y = (p) => {
        const near = places[p].joined;
        return near.length ? near.reduce((s, q) => s + y[q], 0) / near.length : y[p];
    };
    for (let round_ = 0; round_ < 24; round_++)
        (round_ % 2 ? best : best.slice().reverse()).forEach((row) => settle(row, near_y));

    /* Columns, and lines through their places. */
    const x = [];
    let left = 0;
    best.forEach((row) => {
        const width = Math.max(...row.map((p) => places[p].width));
        row.forEach((p) => { x[p] = left + width / 2; });
        left += width + gap_x;
    });
    const top = Math.min(...places.map((place, p) => y[p] - place.height / 2));
    const bottom = Math.max(...places.map((place, p) => y[p] + place.height / 2));
    places.forEach((_, p) => { y[p] -= top; });
    const routes = chains.map((way) => way.map((p) => [x[p], y[p]]));
    return {x: x.slice(0, boxes.length), y: y.slice(0, boxes.length), routes, width: left - gap_x, height: bottom - top};
}
