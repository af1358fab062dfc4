"""teaching.py PROGRAM [MODEL...] -- what explain and draw tell, held against the engine and against brute force.

Of each model, and of random ones that nobody tuned anything for: every value and derivative is that of `eval`; every formula
that is written gives its number, also with the numbers put in, but for the last digit shown; contributions add up; paths are
counted and multiplied out one by one, multiplications counted one by one; the wrong sweeps of the learner's questions are made
again here; and the text says the same as the JSON. Formulas are evaluated by the command's own `eval`, which is not what wrote
them. AD_SOAK multiplies the random models.
"""
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile

PROGRAM = sys.argv[1]
checked = {}


def run(*words, text=None):
    done = subprocess.run([PROGRAM, *words], input=text, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, '%s: %s\n%s' % (words, done.stderr, text)
    return done.stdout


def number(x):
    return float(x) if isinstance(x, str) else x


def near(x, y, tolerance, scale=0.0):
    return x == y or (math.isnan(x) and math.isnan(y)) or abs(x - y) <= tolerance * max(abs(x), abs(y), scale)


def need(truth, what, *values):
    checked[what] = checked.get(what, 0) + 1
    assert truth, '%s: %s' % (what, ', '.join(map(repr, values)))


# ---- Formulas, by eval ---------------------------------------------------------------------------------------------------------

class Formulas:
    """Texts of formulas over names and derivatives, evaluated all at once."""

    def __init__(self, values, quantity):
        self.values, self.quantity, self.asked = values, quantity, []

    def ask(self, text, value, tolerance, what, scale=0.0):
        if '...' in text or not math.isfinite(value):
            return
        by = re.compile('d%s/d([A-Za-z_][A-Za-z0-9_.]*)' % re.escape(self.quantity))
        self.asked.append((by.sub(r'adjoint.\1', text), value, tolerance, what, scale))

    def judge(self):
        lines = ['param %s = %.17g' % (name, value) for name, value in self.values.items() if math.isfinite(value)]
        lines += ['asked%d = %s' % (k, a[0]) for k, a in enumerate(self.asked)]
        found = json.loads(run('eval', '-', '--json', text='\n'.join(lines) + '\n'))['values']
        for k, (text, value, tolerance, what, scale) in enumerate(self.asked):
            got = number(found['asked%d' % k])
            need(near(got, value, tolerance, scale), what, text, got, value)


# ---- Brute force ---------------------------------------------------------------------------------------------------------------

def paths(graph, at, top):
    """Every path up to the top, as its edges; one after another."""
    if at == top:
        yield []
        return
    for edge in graph.get(at, []):
        for rest in paths(graph, edge['from'], top):
            yield [edge] + rest


def too_many(graph, order, top, most):
    count = {top: 1}
    for name in order:
        count[name] = sum(count.get(edge['from'], 0) for edge in graph.get(name, []))
    return sum(count.values()) > most


def wrong_sweep(backward, order, top, early=None, start=None):
    """The backward sweep over contributions, as written; a step visited early hands on what stands after its first part."""
    g = dict(start or {})
    g[top] = 1.0
    at_early = {}
    users = {}
    for name in order:
        for edge in backward[name]['contributions']:
            users.setdefault(edge['from'], []).append((name, number(edge['slope'])))
    for step in [top] + order:
        mine = at_early.get(step, 0.0) if step == early else g.get(step, 0.0)
        for name, slope in users.get(step, []):
            g[name] = g.get(name, 0.0) + (mine * slope if mine and slope else 0.0)
            if name == early and name not in at_early:
                at_early[name] = g[name]
    return g


# ---- One model -----------------------------------------------------------------------------------------------------------------

def judge_formulas(e, digits):
    quantity = e['quantity']
    values = {s['name']: number(s['value']) for s in e['inputs'] + e['forward']}
    for s in e['backward']:
        values['adjoint.' + s['name']] = number(s['value'])
    f = Formulas(values, quantity)
    shown = 1.001 * 10 ** (1 - min(digits, 15))
    for s in e['forward']:
        f.ask(s['formula'], number(s['value']), 1e-12, 'forward formula', 1e-12)
        f.ask(s['numbers'], number(s['value']), max(shown, 1e-13), 'forward numbers')
    for s in e['backward']:
        parts = [number(c['value']) for c in s['contributions']]
        size = sum(map(abs, parts)) if all(map(math.isfinite, parts)) else 0.0
        value = number(s['value'])
        f.ask(s['formula'], value, 1e-7, 'backward formula', max(size, 1e-8))
        f.ask(s['numbers'], value, max(shown, 1e-9), 'backward numbers', 1e-13 * size)
        need(not size or near(math.fsum(parts), value, 1e-12, max(size, 0.01)), 'contributions add', s['name'], parts, value)
        for c in s['contributions']:
            f.ask(c['slope_formula'], number(c['slope']), 1e-7, 'slope formula', 1e-8)
            need(near(number(c['adjoint']), 1.0 if c['from'] == quantity else values['adjoint.' + c['from']], 0), 'adjoint of user', c)
            need(c['rules'], 'rule', c)
    for p in (e['by'] or {}).get('paths', []):
        f.ask(p['formula'], number(p['value']), 1e-6, 'path formula', 1e-8)
    f.judge()


def judge_counts(e):
    quantity, by = e['quantity'], e['by'] or {}
    graph = {s['name']: s['contributions'] for s in e['backward']}
    order = [s['name'] for s in e['backward']]
    need(e['multiplications']['sweep'] == sum(c['from'] != quantity for s in graph.values() for c in s), 'multiplications of the sweep')
    if too_many(graph, order, quantity, 20000):
        return
    wanted = [i['name'] for i in e['inputs'] if i['derivative'] is not None]
    every = [p for name in wanted for p in paths(graph, name, quantity)]
    need(e['multiplications']['path_count'] == len(every), 'all paths', len(every), e['multiplications'])
    need(e['multiplications']['path_by_path'] == sum(len(p) - 1 for p in every), 'multiplications path by path')
    if 'path_count' not in by:
        return
    mine = list(paths(graph, by['name'], quantity))
    need(by['path_count'] == len(mine), 'paths', len(mine), by['path_count'])
    need(by['multiplications'] == sum(len(p) - 1 for p in mine), 'multiplications of the paths')
    ways = {tuple([by['name']] + [edge['from'] for edge in p]) for p in mine}
    need(all(tuple(p['steps']) in ways for p in by['paths']), 'every path shown is one')
    need(len({tuple(p['steps']) for p in by['paths']}) == min(len(mine), 12), 'no path twice')
    products = [math.prod(number(edge['slope']) for edge in p) for p in mine]
    if all(map(math.isfinite, products)):
        size = sum(map(abs, products))
        need(near(number(by['path_sum']['value']), math.fsum(products), 1e-12, size), 'sum of the paths')
        need(near(number(by['dual_number']['value']), number(by['derivative']), 1e-12, size), 'dual number')


def judge_questions(e):
    quantity = e['quantity']
    backward = {s['name']: s for s in e['backward']}
    order = [s['name'] for s in e['backward']]
    facts = {q['question']: q['facts'] for q in e['questions']}
    need(set(facts) == {'why_order', 'why_add', 'twice', 'kinks', 'saturated'}, 'questions', facts)
    why, twice, add = facts['why_order'], facts['twice'], facts['why_add']
    if why:
        wrong = wrong_sweep(backward, order, quantity, why['visited_early'])
        need(near(wrong[why['derivative_by']], why['wrong'], 1e-12), 'the wrong order', why, wrong)
        need(near(number(backward[why['derivative_by']]['value']), why['right'], 0), 'the right order', why)
        need(not near(why['wrong'], why['right'], 10 ** (1 - min(e['digits'], 9))), 'wrong is not right', why)
        need(backward[why['visited_early']]['contributions'][0]['from'] == why['after'], 'who gave first', why)
    if twice and all(math.isfinite(number(s['value'])) for s in e['backward']):
        kept = wrong_sweep(backward, order, quantity, start=wrong_sweep(backward, order, quantity))
        need(near(kept[twice['derivative_by']], number(twice['never_cleared']), 1e-9, 1e-9), 'never cleared', twice, kept)
    if add:
        parts = [number(add['by']) * number(c['value']) for c in backward[add['moved']]['contributions']]
        need(len(parts) == add['uses'] and near(math.fsum(parts), number(add['sum']), 1e-12, sum(map(abs, parts))), 'movements add', add)


def judge_text(model, e, options, digits):
    """Every equation of the text ends in the number that the engine has, rounded."""
    text = run('explain', model, '--digits', str(digits), '--steps', '1000', *options)
    ends = {}
    for block in re.split(r'\n\n', text):
        m = re.match(r' *\d+  (\S+) = ', block)
        if m:
            ends[m[1]] = re.sub(r'\s+\(.*', '', re.split(r' = ', block)[-1].split('\n')[0])
    told = {s['name']: number(s['value']) for s in e['forward']}
    told.update({'d%s/d%s' % (e['quantity'], s['name']): number(s['value']) for s in e['backward']})
    need(set(told) == set(ends), 'steps of the text', set(told) ^ set(ends))
    for name, value in told.items():
        need(ends[name].replace('-nan', 'nan') in ('%.*g' % (digits, value), '%.17g' % value, repr(value)), 'number of the text', name,
             ends[name], value)


def judge_drawing(model, e, options):
    d = json.loads(run('draw', model, '--json', '--boxes', '500', *options))
    boxes = {b['id']: b for b in d['boxes']}
    frames = {f['id'] for f in d['frames']}
    values = {s['name']: s for s in e['inputs'] + e['forward']}
    adjoint = {s['name']: s for s in e['backward']}
    need(sorted(b['name'] for b in boxes.values()) == sorted(values), 'boxes', set(values))
    for b in boxes.values():
        need(near(number(b['value']), number(values[b['name']]['value']), 0), 'value drawn', b)
        need(b['frame'] is None or b['frame'] in frames, 'frame', b)
        if b['name'] in adjoint:
            need(near(number(b['adjoint']), number(adjoint[b['name']]['value']), 0), 'adjoint drawn', b)
    sizes = {b['id']: abs(number(b['adjoint'])) for b in boxes.values() if b['adjoint'] is not None and b['name'] != e['quantity']}
    largest = max([s for s in sizes.values() if math.isfinite(s)], default=0.0)
    for i, size in sizes.items():
        shade = -1 if math.isnan(size) else 0 if not size else max([1] + [k for k in range(2, 7) if size >= largest * 2.0 ** (2 * (k - 6) - 1)])
        need(boxes[i]['shade'] == shade, 'shade', boxes[i], shade, largest)
    slopes = {(s['name'], c['from']): number(c['slope']) for s in e['backward'] for c in s['contributions']}
    drawn = {(boxes[l['from']]['name'], boxes[l['to']]['name']): number(l['slope']) for l in d['edges']}
    for edge, slope in slopes.items():
        need(near(drawn[edge], slope, 0), 'slope drawn', edge, slope, drawn[edge])


def judge(model, options=(), digits=6):
    e = json.loads(run('explain', model, '--json', '--questions', '--digits', str(digits), *options))
    v = json.loads(run('eval', model, '--json', *[o for o in options if o != '--wrt' and options[max(0, options.index(o) - 1)] != '--wrt']))
    for s in e['forward']:
        if s['name'] in v['values']:
            need(near(number(s['value']), number(v['values'][s['name']]), 1e-15), 'value', s['name'], s['value'], v['values'][s['name']])
    for i in e['inputs']:
        if i['derivative'] is not None and 'rows' not in v:
            got = number(v['gradient'][i['name']])
            need(near(number(i['derivative']), got, 1e-12, 1e-300), 'derivative', i['name'], i['derivative'], got)
    judge_formulas(e, digits)
    judge_counts(e)
    judge_questions(e)
    judge_text(model, e, options, digits)
    judge_drawing(model, e, options)


# ---- Random models -------------------------------------------------------------------------------------------------------------

UNARY = ['sin(%s)', 'cos(%s)', 'tanh(%s)', 'sigmoid(%s)', 'exp(%s/4)', 'softplus(%s)', 'relu(%s)', 'abs(%s)', 'sqrt(1 + %s^2)', '%s^2',
         'log(2 + cos(%s))', 'atan(%s)', 'gelu(%s)', 'erf(%s)', '-%s', 'silu(%s)', 'elu(%s)', '%s^3', 'asinh(%s)', 'normal_cdf(%s)']
BINARY = ['%s + %s', '%s - %s', '%s*%s', '%s/(2 + %s^2)', 'max(%s, %s)', 'min(%s, %s)', 'hypot(%s, 1 + %s)', 'atan2(%s, 3 + %s)',
          '0.5*%s - 1.25*%s', '(2 + sin(%s))^%s', 'squared_error(%s, %s)', 'logaddexp(%s, %s)', '%s < %s ? 0.25 : 0.75']
LISTS = ['sum', 'mean', 'max', 'min', 'logsumexp']


def random_model(r):
    lines, names = [], []
    for k in range(r.randint(1, 4)):
        names.append('%s%d' % (r.choice(['w', 'net.a.w', 'b']), k))
        lines.append('param %s = %s' % (names[-1], r.choice(['%.3g', '%.6g']) % (r.uniform(-2, 2) * 10 ** r.choice([0, 0, 0, -3, 2]))))
    names.append('given')
    lines.append('const given = %.3g' % r.uniform(-2, 2))
    for k in range(r.randint(1, 14)):
        recent = names[-5:]
        kind = r.random()
        if kind < 0.35:
            formula = r.choice(UNARY) % r.choice(recent)
        elif kind < 0.75:
            formula = r.choice(BINARY) % (r.choice(recent), r.choice(names))
        elif kind < 0.85:
            formula = '%s(%s)' % (r.choice(LISTS), ', '.join(r.choice(names) for _ in range(r.randint(2, 5))))
        else:
            a, b, c = (r.choice(names) for _ in range(3))
            formula = r.choice(['%s > 0.1 ? %s*2 : %s - 1', '%s*(%s - sin(%s))', 'tanh(%s + %s*%s)', '%s/(1 + %s^2) - %s/3']) % (a, b, c)
        names.append(r.choice(['n%d', 'net.b.h%d']) % k)
        lines.append('%s = %s' % (names[-1], formula))
    lines.append('E = %s' % ' + '.join(r.choice(['%s', '%s', '0.5*%s', '%s^2', 'tanh(%s)']) % n for n in names[-4:]))
    lines.append('minimize E')
    return '\n'.join(lines) + '\n', [n for n in names if not n.startswith('given')] + ['E']


def main():
    for model in sys.argv[2:]:
        judge(model)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, 'random.model')
        for seed in range(40 * int(os.environ.get('AD_SOAK', '1'))):
            r = random.Random(seed)
            text, names = random_model(r)
            with open(file, 'w', encoding='utf-8') as stream:
                stream.write(text)
            try:
                judge(file, ['--wrt', r.choice(names)], r.choice([3, 6, 6, 10, 17]))
            except AssertionError:
                sys.stderr.write('seed %d:\n%s' % (seed, text))
                raise
    for what, n in sorted(checked.items()):
        print('%-32s %6d' % (what, n))
    lacking = {'the wrong order', 'slope formula', 'backward numbers', 'sum of the paths', 'never cleared', 'slope drawn'} - set(checked)
    sys.exit('never checked: %s' % lacking if lacking else 0)


main()
