"""without_browser.py -- the page of an explanation without a browser: it is whole and loads nothing, names are only text, and
its JavaScript (run by node, where it is installed) has the engine's numbers to 1e-12, at the model's point and moved.

    without_browser.py CHAINRULE TAPES OPS_DEF SOURCE_ROOT
"""
import html.parser
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import engine
import models

CHAINRULE, TAPES, OPS_DEF, ROOT = sys.argv[1:5]
HERE = os.path.dirname(os.path.abspath(__file__))
NODE = shutil.which('node')
failures, checks = [], 0


def check(holds, *what):
    global checks
    checks += 1
    if not holds:
        failures.append(' '.join(str(w) for w in what))
        print('FAILED:', *what)


class Reader(html.parser.HTMLParser):
    """What a browser would load, and the scripts it would run."""

    def __init__(self):
        super().__init__()
        self.loads, self.scripts, self.open, self.ids = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        check(attributes.get('id') not in self.ids, 'two elements have the id', attributes.get('id'))
        self.ids |= {attributes['id']} if 'id' in attributes else set()
        self.loads += [v for k, v in attrs if k in ('src', 'href', 'data', 'action', 'poster', 'srcset')
            and not v.startswith(('#', 'data:'))]
        self.scripts += [attributes] if tag == 'script' else []
        if tag not in ('meta', 'link', 'br', 'input', 'path', 'img'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ('path',):
            check(self.open and self.open.pop() == tag, 'a', tag, 'is closed that is not the last open')


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def is_self_contained(path):
    text = read(path)
    reader = Reader()
    reader.feed(text)
    check(not reader.loads, 'the page loads', reader.loads)
    check(not reader.open, 'left open:', reader.open)
    check(len(reader.scripts) == 3, 'scripts:', reader.scripts)
    check("default-src 'none'" in text, 'no policy that forbids loading')
    addresses = set(re.findall(r'https?:[^\s"\'<)]*', text)) - {'http://www.w3.org/2000/svg'}
    check(not addresses, 'addresses:', addresses)
    check(not re.search(r'innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(', text), 'text may become markup')


def page_numbers(path, moved):
    run = subprocess.run([NODE, HERE + '/numbers.js', path] + ['%s=%r' % item for item in moved.items()], capture_output=True,
        text=True,
                         check=False)
    check(run.returncode == 0, 'node fails:', run.stderr[-2000:])
    return json.loads(run.stdout) if run.returncode == 0 else None


def near(a, b, size):
    """Sums of terms as large as `size`, in another order."""
    return engine.agrees(a, b) or abs(float(a) - float(b)) <= engine.CLOSE * float(size)


def agrees_with_engine(what, text, folder, moved, options=(), eval_options=None):
    model, path = folder + '/a.model', folder + '/a.html'
    with open(model, 'w', encoding='utf-8') as file:
        file.write(text)
    engine.page(CHAINRULE, model, path, options)
    is_self_contained(path)
    if not NODE:
        return
    for point in ({}, moved):
        got = page_numbers(path, point)
        if not got:
            return
        values, derivatives = engine.numbers(CHAINRULE, text, folder, point, options if eval_options is None else eval_options)
        for name, value in values.items():
            if name in got['values']:
                check(engine.agrees(got['values'][name], value), what, point, name, 'page', got['values'][name], 'engine',
                    value)
        for name, value in derivatives.items():
            if name in got['adjoints']:
                check(engine.agrees(got['adjoints'][name], value), what, point, 'derivative by', name, 'page',
                    got['adjoints'][name], 'engine', value)
        for name, value in derivatives.items():
            if name in got['sums']:
                check(near(got['sums'][name], value, got['sizes'][name]), what, point, 'contributions to', name,
                    got['sums'][name], 'engine', value)
        check(point or got['written'] == got['edges'], what, 'slopes as written:', got['written'], 'of', got['edges'])


POINTS = [0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 1e-9, -1e-9, 1e-3, 0.3, -0.3, 0.7, 1.3, -1.7, 1.999, 2.5, 3.7, -2.3, 5.5, -6.25,
    11.3, 13.0, 20.5, -20.5,
          30.0, -38.0, 45.0, -45.0, 171.0, 709.0, -745.0, 1e10, -1e10]
CONSTANTS = {'powi': '0 1 2 3 -1 -2', 'polygamma': '0 1 2 3 4', 'leaky_relu': '0 0.1'}


def call(name, kind, k, random_):
    """The row of operands that are all params of their own, and their lines."""
    x = ['x%d' % k, 'y%d' % k, 'w%d' % k, 'v%d' % k]
    lines = ['param %s = %r' % (x[0], POINTS[k % len(POINTS)])] + ['param %s = %r' % (p, random_.choice(POINTS)) for p in x[1:]]
    if kind == 'FC1':
        x = [x[0], random_.choice(CONSTANTS[name].split())]
    elif not kind.startswith('NA'):
        x = x[:int(kind[2])]
    return lines, '-' + x[0] if name == 'neg' else '%s(%s)' % (name, ', '.join(x))


def every_row_at_many_points(folder):
    """The value and the partials of every row at points of all sizes, against the engine's; a few rows a model."""
    random_ = random.Random(5)
    rows = models.operations(OPS_DEF)
    for at in range(0, len(rows), 12):
        lines, whose = [], []
        for k in range(len(rows[at:at + 12]) * len(POINTS)):
            name, kind = rows[at + k // len(POINTS)]
            before, row = call(name, kind, k, random_)
            lines += before + ['z%d = %s' % (k, row)]
            whose.append(row)
        text = '\n'.join(lines + ['E = ' + ' + '.join('%d*z%d' % (k + 1, k) for k in range(len(whose))), 'minimize E']) + '\n'
        rows_agree(whose, text, folder)


def rows_agree(whose, text, folder):
    model, path = folder + '/row.model', folder + '/row.html'
    with open(model, 'w', encoding='utf-8') as file:
        file.write(text)
    engine.page(CHAINRULE, model, path)
    got = page_numbers(path, {})
    run = subprocess.run([CHAINRULE, 'eval', model, '--json'], capture_output=True, text=True, check=False)
    answer = json.loads(run.stdout)
    for k, row in enumerate(whose):
        z = 'z%d' % k
        check(engine.agrees(got['values'][z], answer['values'][z]), row, 'page', got['values'][z], 'engine',
            answer['values'][z],
              [answer['values'][letter + str(k)] for letter in 'xyw'])
        for x in (letter + str(k) for letter in 'xywv'):
            if x in got['adjoints']:
                check(engine.agrees(got['adjoints'][x], answer['gradient'][x]), row, 'by', x, 'page', got['adjoints'][x],
                    'engine',
                      answer['gradient'][x], [answer['values'][letter + str(k)] for letter in 'xyw'])


# A slope that is infinite behind a factor of zero contributes nothing; kinks have the rule book's slopes.
ZEROS = '''const none = 0
param x = 0
param a = 0
param b = 0
r = sqrt(x)
l = pow(x, 0.3)
E = none*r + none*l + abs(a) + max(a, b) + relu(a) + hypot(a, b) + maximum(a, b, x)
minimize E
'''
# What is taken changes with x, and with it what a slope's text says.
BRANCHES = '''param x = 0.5
param y = 0.3
u = x > 0 ? x*y^2 : exp(x)*y
v = clamp(u, -0.1, 0.2)
w = leaky_relu(x - y, 0.1)
E = u*v + abs(w)*u
minimize E
'''
OUTSIDE = '''param x = -1
param y = 0
l = log(x)
r = 1/y
s = sqrt(x*x - 1)
E = 2*l + 0*r + s
minimize E
'''


def tape_agrees(which, folder):
    """A page made by the C API: derivatives in the order of the params."""
    path = folder + '/tape.html'
    run = subprocess.run([TAPES, which, path], capture_output=True, text=True, check=False)
    check(run.returncode == 0, which, 'ends with', run.returncode)
    is_self_contained(path)
    if not NODE:
        return
    got = page_numbers(path, {})
    expected = [line.split() for line in run.stdout.splitlines()]
    check(len(got['params']) == len(expected), which, 'has', len(got['params']), 'params, not', len(expected))
    for mine, (value, derivative) in zip(got['params'], expected):
        check(engine.agrees(mine[1], value) and engine.agrees(mine[2], derivative), which, mine, 'engine', value, derivative)


def main():
    if not NODE:
        print('node is not installed (Debian package nodejs): the pages are looked at, their mathematics is not run')
    with tempfile.TemporaryDirectory() as folder:
        article = read(ROOT + '/demos/article.model')
        agrees_with_engine('the article', article, folder, {'W11': 0.35, 'X2': -1.25, 'W56': 2.5})
        for k, text in enumerate(models.random_models(OPS_DEF, 6, 20)):
            agrees_with_engine('random model %d' % k, text, folder, {'p0': 0.61, 'p3': -0.27, 'c1': 0.33})
        agrees_with_engine('zeros, infinities and kinks', ZEROS, folder, {'x': 0.25, 'a': -0.5})
        agrees_with_engine('outside the domain', OUTSIDE, folder, {'x': 1.5, 'y': 0.25})
        agrees_with_engine('branches', BRANCHES, folder, {'x': -0.75})
        for which in ('hostile', 'network'):
            tape_agrees(which, folder)
        if NODE:
            every_row_at_many_points(folder)
    print('%d checks, %d failures' % (checks, len(failures)))
    sys.exit(1 if failures else 0)


main()
