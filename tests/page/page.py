"""page.py -- the page of an explanation in a browser: stepped to the end it shows the engine's numbers to 1e-12, moved ones
too; the learner's numbers are judged; nodes, params and keys do what they promise; nothing is loaded, nothing complains,
nothing is wider than a phone.

    page.py CHAINRULE TAPES OPS_DEF SOURCE_ROOT [FOLDER FOR SCREENSHOTS]

Ends with 77, skipped, where there is no Chromium.
"""
import os
import subprocess
import sys
import tempfile

import engine
import models
from browser import Browser

CHAINRULE, TAPES, OPS_DEF, ROOT = sys.argv[1:5]
PICTURES = sys.argv[5] if len(sys.argv) > 5 else None
failures, checks = [], 0

SHOWN = '''const found = {};
for (const cell of document.querySelectorAll(`#${arguments[0]} td.figure`))
    if (cell.dataset.value !== undefined)
        found[document.querySelector(`[data-row=${cell.dataset.key}] .link`).textContent] = cell.dataset.value;
return found;'''
MOVE = '''const slider = document.getElementById(arguments[0]);
slider.value = arguments[1];
slider.dispatchEvent(new Event("input", {bubbles: true}));
return document.getElementById(arguments[0] + "-field").value;'''
SLIDER_OF = '''const step = JSON.parse(document.getElementById("model").textContent).steps
    .findIndex((s) => s.name === arguments[0]);
return "input-" + step;'''
LINK = '''[...document.querySelectorAll(`#${arguments[0]} .link`)].find((link) => link.textContent === arguments[1]).click();'''
VERDICT = '''return document.querySelector(`[data-row=${arguments[0]}] .verdict`).textContent;'''
FIELD = '''const row = [...document.querySelectorAll(`#${arguments[0]} [data-row]`)]
    .find((r) => r.querySelector(".link").textContent === arguments[1]);
return row.dataset.row;'''
WIDTHS = 'return [document.documentElement.scrollWidth, document.documentElement.clientWidth];'


def check(holds, *what):
    global checks
    checks += 1
    if not holds:
        failures.append(what)
        print('FAILED:', *what)


def write(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def compare(browser, what, values, derivatives, loss):
    shown = browser.run(SHOWN, 'values')
    for name, value in ((n, v) for n, v in shown.items() if n in values):   # v1, v2, ... have no name in the model
        check(engine.agrees(value, values[name]), what, name, 'page', value, 'engine', values[name])
    check(loss in shown, what, 'the loss is not shown')
    adjoints = browser.run(SHOWN, 'adjoints')
    check(len(shown) >= len(derivatives) / 3, what, 'values shown:', sorted(shown))
    rows = {'d%s/d%s' % (loss, name): value for name, value in derivatives.items()}
    for row, value in rows.items():
        check(row not in adjoints or engine.agrees(adjoints[row], value), what, row, 'page', adjoints.get(row), 'engine', value)
    left_out = browser.run('return (document.querySelector("#adjoints .hint") || {textContent: '
        '"0"}).textContent.match(/\\d+/)[0]')
    missing = [row for row in rows if row not in adjoints]
    check(len(missing) <= int(left_out), what, 'missing:', missing)


def is_quiet(browser, what):
    said = browser.console()
    check(not said, what, 'console:', said)
    asked = [url for url in browser.requests() if not url.startswith(('file://', 'data:', 'chrome'))]
    check(not asked, what, 'asked for', asked)


def numbers_agree(browser, what, text, folder, moves, options=()):
    """Stepped to the end by the button, then with inputs moved."""
    model, path = folder + '/a.model', folder + '/a.html'
    write(model, text)
    engine.page(CHAINRULE, model, path, options)
    browser.open(path)
    loss = engine.names_of(text)[2]
    browser.click('#end')
    compare(browser, what, *engine.numbers(CHAINRULE, text, folder, {}, options), loss)
    moved = {}
    for name, value in moves.items():
        moved[name] = float(browser.run(MOVE, browser.run(SLIDER_OF, name), value))
        check(abs(moved[name] - value) < 0.02, what, name, 'moved to', moved[name], 'not', value)
    compare(browser, what + ', moved', *engine.numbers(CHAINRULE, text, folder, moved, options), loss)
    browser.run('document.getElementById("reset").click()')
    compare(browser, what + ', back', *engine.numbers(CHAINRULE, text, folder, {}, options), loss)
    is_quiet(browser, what)
    check_widths(browser, what)


def check_widths(browser, what):
    for width in (360, 768, 1280):
        browser.resize(width, 740)
        wide, window = browser.run(WIDTHS)
        check(wide <= window, what, 'at', window, 'the page is', wide, 'wide')


def picture(browser, name, whole=False):
    if PICTURES:
        browser.screenshot(os.path.join(PICTURES, name + '.png'), whole)


# ---- The article's page, by hand ----

def steps_one_by_one(browser):
    """Every step fills in one number, and the card says the same."""
    browser.click('#first')
    events = int(browser.run('return document.body.dataset.events'))
    check(events == 13 + 26, 'events:', events)
    for k in range(events + 1):
        check(int(browser.run('return document.body.dataset.k')) == k, 'step', k)
        shown = len(browser.run(SHOWN, 'values')) + len(browser.run(SHOWN, 'adjoints'))
        check(shown == k, 'after', k, 'steps', shown, 'numbers are shown')
        if k:
            outcome = browser.run('return document.querySelector("#now-body .outcome").textContent')
            row = browser.run('return document.querySelector("tbody.current .figure").textContent')
            check(outcome == row, 'step', k, 'says', outcome, 'and the table', row)
            check(browser.run('return document.getElementById("said").textContent').endswith(row), 'step', k, 'is not said')
            check(browser.run('return document.querySelectorAll(".box.current").length') == 1, 'step', k,
                'is not in the picture')
        if k < events:
            browser.run('document.getElementById("next").click()')
    check(browser.run('return document.getElementById("next").disabled'), 'beyond the end')


def keys_step(browser):
    browser.run('document.activeElement.blur()')
    for key, k in (('home', 0), ('right', 1), ('right', 2), ('left', 1), ('end', 39), ('left', 38), ('home', 0)):
        browser.press(key)
        check(int(browser.run('return document.body.dataset.k')) == k, 'key', key, 'leads to',
            browser.run('return document.body.dataset.k'))
    browser.run('document.getElementById("speed").value = "500"')
    browser.press('space')
    for _ in range(100):
        if int(browser.run('return document.body.dataset.k')) >= 2:
            break
        browser.run('return new Promise((done) => setTimeout(done, 100))')
    check(int(browser.run('return document.body.dataset.k')) >= 2, 'play does not go on')
    check(browser.run('return document.getElementById("play").getAttribute("aria-label")') == 'Pause', 'play says', 'no pause')
    browser.press('space')
    k = browser.run('return document.body.dataset.k')
    browser.run('return new Promise((done) => setTimeout(done, 1200))')
    check(browser.run('return document.body.dataset.k') == k, 'it plays on after a pause')


def tab_reaches_everything(browser):
    """By the tab key alone: every control once, each with a visible focus and a name."""
    browser.run('document.activeElement.blur(); window.scrollTo(0, 0)')
    seen = []
    for _ in range(200):
        browser.press('tab')
        at = browser.run('''const e = document.activeElement;
            if (e === document.body) return null;
            const s = getComputedStyle(e), f = e.querySelector && e.querySelector(".frame");
            const labels = e.labels ? [...e.labels].map((l) => l.textContent).join() : "";
            return {id: e.id, tag: e.localName,
                visible: s.outlineStyle !== "none" || Boolean(f && getComputedStyle(f).strokeWidth === "4px"),
                name: (e.getAttribute("aria-label") || labels || e.textContent).trim()};''')
        if at is None or (seen and at['id'] and at['id'] == seen[0]['id']):
            break
        seen.append(at)
    for at in seen:
        check(at['visible'], 'no visible focus on', at)
        check(at['name'], 'no name for', at)
    ids = {at['id'] for at in seen}
    wanted = {'next', 'end', 'play', 'position', 'speed', 'mine-v3', 'mine-d28', 'input-0'}
    check(len(ids & wanted) >= 6, 'by tab only', sorted(ids))
    check(any(at['tag'] == 'g' for at in seen), 'the picture is not reached')
    check(sum(at['tag'] == 'summary' for at in seen) == 5, 'questions reached:', sum(at['tag'] == 'summary' for at in seen))


def nodes_tell_their_story(browser):
    browser.click('#end')
    browser.run('document.querySelector(".box.current").dispatchEvent(new MouseEvent("click", {bubbles: true}))')
    check(browser.run('return document.getElementById("paths").hidden') is False, 'a param has no paths')
    browser.run(LINK, 'values', 'Y1')
    heading = browser.run('return document.getElementById("story-heading").textContent')
    check(heading == 'Y1', 'the story is of', heading)
    story = browser.run('return document.getElementById("story-body").textContent')
    check('Used 3 times: the contributions add.' in story, 'the story of Y1:', story)
    check('sigmoid' in story and '0.524979' in story, 'the story of Y1:', story)
    browser.run('document.querySelector("#picture .box[tabindex=\'0\']").focus()')
    browser.press('up', 'enter')
    check(browser.run('return document.getElementById("story-heading").textContent') != 'Y1', 'keys do not choose a node')


def params_show_their_paths(browser):
    browser.run(LINK, 'adjoints', 'dE/dW11')
    paths = browser.run('return [...document.querySelectorAll(".paths li")].map((li) => li.textContent)')
    check(len(paths) == 3, 'paths of W11:', paths)
    check(any('W11 → e1 → Y1 → e3 → Y3 → e6 → Y6 → E' in path for path in paths), 'paths of W11:', paths)
    check(any('dE/dY6 · dY6/de6' in path for path in paths), 'no ratios:', paths)
    both = browser.run('return ["paths-sum", "paths-sweep"].map((id) => document.getElementById(id).dataset.value)')
    check(engine.agrees(*both), 'paths and sweep:', both)
    text = browser.run('return document.getElementById("paths-body").textContent')
    check('takes 18 multiplications' in text and '102 (21 paths)' in text, 'counts:', text)


def judges(browser):
    """The article's own numbers: the first slip, what follows from it, and the sign."""
    expected = [('values', 'Y1', '0.52498', 'right'), ('values', 'Y1', '0.525', 'right'), ('values', 'Y1', '0.52499', 'wrong'),
        ('values', 'Y1', '0.52498', 'right'),
                ('values', 'Y4', '0.50615', 'wrong'), ('values', 'Y3', '0.50997', 'right'), ('values', 'Y5', '0.52124',
                    'right'),
                ('values', 'e6', '0.1746983', 'carried forward: it follows from your Y4'),
                ('values', 'e6', '0.1748973', 'wrong'), ('values', 'Y6', '0.54361', 'carried forward: it follows from your e6'),
                 ('values', 'Y5', '1', 'wrong'), ('values', 'Y5', '', ''), ('values', 'Y5', 'a half', 'not a number'),
                     ('values', 'Y5', '', ''),
                ('adjoints', 'dE/dY6', '0.3562', 'wrong: the sign'), ('adjoints', 'dE/dY6', '-3.562e-1', 'right')]
    for table, name, text, verdict in expected:
        row = browser.run(FIELD, table, name)
        browser.run('''const field = document.getElementById("mine-" + arguments[0]); field.value = arguments[1];
            field.dispatchEvent(new Event("input", {bubbles: true}));''', row, text)
        said = browser.run(VERDICT, row)
        check(said.lstrip('✓✗↪ ').startswith(verdict) and bool(said) == bool(verdict), name, '=', text, 'is', said, 'not',
            verdict)
    check('carried' in browser.run('return document.getElementById("score").textContent'), 'score')
    picture(browser, 'judged', True)
    browser.click('#clear')
    check(browser.run('return [...document.querySelectorAll(".verdict")].every((v) => !v.textContent)'),
        'cleared, verdicts stay')


def typed_by_keys(browser):
    """A number typed as people do, into the field of an input and into one of the learner's."""
    browser.click('#reset') if browser.run('return !document.getElementById("reset").disabled') else None
    browser.write('#input-0-field', '3.5')
    check(browser.run('return document.querySelector("#input-0").value') == '3.5', 'the slider does not follow its field')
    browser.run('document.getElementById("input-0").focus()')
    before = browser.run('return Number(document.getElementById("input-0").value)')
    browser.press('right')
    after = browser.run('return Number(document.getElementById("input-0").value)')
    check(0 < after - before < 1, 'a slider by key:', before, after)
    browser.click('#reset')
    key = browser.run(FIELD, 'values', 'e1')
    browser.write('#mine-' + key, '0.1')
    check(browser.run(VERDICT, key) == '✓ right', 'e1 = 0.1 is', browser.run(VERDICT, key))
    browser.click('#clear')


def questions_are_answered(browser):
    browser.run(LINK, 'adjoints', 'dE/dW11')
    browser.run('document.querySelectorAll("details").forEach((d) => { d.open = true; })')
    browser.run('return new Promise((done) => setTimeout(done, 200))')
    answers = browser.run('return [...document.querySelectorAll(".answer")].map((a) => a.textContent)')
    check(len(answers) == 5 and all(len(a) > 100 for a in answers), 'answers:', [len(a) for a in answers])
    for k, words in enumerate(('would hand on', 'Together by', 'twice the derivative', 'slope nearest zero', 'times less')):
        check(words in answers[k], 'question', k, 'says', answers[k])
    check('NaN' not in ''.join(answers) and 'undefined' not in ''.join(answers), 'answers:', answers)
    picture(browser, 'questions', True)


def article(browser, folder):
    text = read(ROOT + '/demos/article.model')
    numbers_agree(browser, 'the article', text, folder, {'W11': 0.35, 'X2': -1.25, 'W56': 0.9, 'T': 0.1})
    browser.resize(1280, 900)
    browser.open(folder + '/a.html')
    for part in (steps_one_by_one, keys_step, tab_reaches_everything, nodes_tell_their_story, params_show_their_paths, judges,
        typed_by_keys,
                 questions_are_answered):
        part(browser)
        is_quiet(browser, part.__name__)
    check_widths(browser, 'the article with all open')
    for width, scheme in ((1280, 'light'), (1280, 'dark'), (360, 'light')):
        browser.resize(width, 800)
        browser.emulate(prefers_color_scheme=scheme)
        picture(browser, 'article_%d_%s' % (width, scheme), True)
    browser.emulate(prefers_color_scheme='light')


def asked_for(browser, folder):
    """--wrt chooses a variable, and what is asked is open, from the start."""
    engine.page(CHAINRULE, ROOT + '/demos/article.model', folder + '/a.html', ['--wrt', 'W24', '--twice', '--saturated',
        '--digits', '4', '--set', 'T=0.5'])
    browser.open(folder + '/a.html')
    check(browser.run('return document.getElementById("story-heading").textContent') == 'W24: a param', 'W24 is not chosen')
    check(browser.run('return document.querySelectorAll(".paths li").length') == 1, 'paths of W24')
    check(browser.run('return [...document.querySelectorAll("details")].map((d) => d.open)') == [False, False, True, False,
        True], 'questions')
    check(browser.run('return document.getElementById("result").textContent') == 'E = 0.0009592',
        browser.run('return document.getElementById("result").textContent'))
    is_quiet(browser, 'asked for')


# ---- Others ----

def columns(browser, folder):
    text = ('column t\ncolumn y\nconst k = 2\nparam a = 0.7\nparam b = -0.4\nm = a*exp(b*t) + k/10\nr = y - m\nE = '
        'huber(r)\nminimize E\n'
            .replace('huber(r)', 'abs(r) < 0.1 ? r^2/2 : 0.1*(abs(r) - 0.05)'))
    write(folder + '/rows.csv', 't,y\n0,1\n1.5,0.25\n3,0.2\n')
    write(folder + '/row.csv', 't,y\n1.5,0.25\n')
    model, path = folder + '/a.model', folder + '/a.html'
    write(model, text)
    engine.page(CHAINRULE, model, path, ['--data', folder + '/rows.csv', '--row', '2'])
    browser.open(path)
    browser.press('end')
    one = ['--data', folder + '/row.csv']
    compare(browser, 'row 2', *engine.numbers(CHAINRULE, text, folder, {}, one), 'E')
    t = float(browser.run(MOVE, browser.run(SLIDER_OF, 't'), 2.5))
    a = float(browser.run(MOVE, browser.run(SLIDER_OF, 'a'), 1.1))
    write(folder + '/row.csv', 't,y\n%r,0.25\n' % t)
    compare(browser, 'row 2, moved', *engine.numbers(CHAINRULE, text, folder, {'a': a}, one), 'E')
    is_quiet(browser, 'columns')


def many(browser, folder):
    """Hundreds of nodes, and more paths than one can walk: folded, counted, not listed."""
    lines, names = ['param x = 0.3', 'param w = 0.9'], ['x', 'x', 'x']
    for k in range(120):
        for j in range(3):
            lines.append('layer%d.h%d = tanh(w*%s + 0.3*%s - 0.2*%s)' % (k, j, *names))
        names = ['layer%d.h%d' % (k, j) for j in range(3)]
    text = '\n'.join(lines + ['E = (%s - %s)^2 + %s' % tuple(names), 'minimize E']) + '\n'
    numbers_agree(browser, '361 steps', text, folder, {'x': 0.7, 'w': 0.4})
    boxes = browser.run('return document.querySelectorAll(".box").length')
    check(3 < boxes <= 62, 'boxes:', boxes)
    browser.run(LINK, 'adjoints', 'dE/dx')
    listed, said = browser.run('return [document.querySelectorAll(".paths li").length, '
        'document.getElementById("paths-body").textContent]')
    check(listed == 12 and 'more paths' in said, listed, 'paths listed;', said[:200])
    browser.resize(1280, 900)
    picture(browser, 'many')


def trouble(browser, folder):
    """Values that are no numbers are shown, and mend themselves when an input is moved back into the domain."""
    text = ('param x = -1\nparam y = 0\nconst t = 2\nl = log(x)\nr = 1/y\ns = sqrt(x*x - 1)\nE = l*t + 0*r + s\nminimize E\n')
    numbers_agree(browser, 'no numbers', text, folder, {'x': 0.5, 'y': 0.25})
    numbers_agree(browser, 'numbers again', text, folder, {'x': 0.99, 'y': -0.5})


def names_are_text(browser, folder):
    """By the C API a name may be anything, markup and scripts too; in a model it may be a word of JavaScript's."""
    text = ('param a = 1\nparam constructor = 2\nparam __proto__ = 3\ntoString = a*constructor + __proto__\n'
            'E = toString^2\nminimize E\n')
    numbers_agree(browser, 'names of JavaScript', text, folder, {'a': 1.5})
    tape(browser, 'hostile', folder)
    check(browser.run('return document.title') != 'taken', 'a name has run as a script')
    check(browser.run('return document.querySelectorAll("script").length') == 3, 'a name has become a script')
    check(browser.run('return document.querySelectorAll("img, b b").length') == 0, 'a name has become an element')


def tape(browser, which, folder):
    path = folder + '/tape.html'
    run = subprocess.run([TAPES, which, path], capture_output=True, text=True, check=True)
    browser.resize(1280, 900)
    browser.open(path)
    browser.press('end')
    browser.run('document.querySelectorAll("#adjoints .link")[9].click()')
    shown = browser.run('''return JSON.parse(document.getElementById("model").textContent).steps.flatMap((step, i) => {
        const cell = document.querySelector(`td[data-key=d${i}]`);
        return step.input && !step.given ? [cell ? cell.dataset.value : null] : [];''' + '});')
    derivatives = [line.split()[1] for line in run.stdout.splitlines()]
    check(len(shown) == len(derivatives), which, len(shown), 'derivatives, not', len(derivatives))
    for mine, derivative in zip(shown, derivatives):
        check(mine is None or engine.agrees(mine, derivative), which, mine, derivative)
    check(sum(mine is not None for mine in shown) > 9, which, 'shows', shown)
    picture(browser, which)
    is_quiet(browser, which)
    check_widths(browser, which)


def network(browser, folder):
    tape(browser, 'network', folder)


def main():
    why = Browser.absent()
    if why:
        print('skipped: ' + why)
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        browser.emulate(prefers_reduced_motion='reduce')
        browser.requests()
        article(browser, folder)
        for k, text in enumerate(models.random_models(OPS_DEF, 4, 8)):
            browser.resize(1280, 900)
            numbers_agree(browser, 'random model %d' % k, text, folder, {'p0': 0.41, 'p3': -0.27, 'c1': 0.33})
            picture(browser, 'random_%d' % k, True)
        for part in (asked_for, columns, trouble, many, names_are_text, network):
            browser.resize(1280, 900)
            part(browser, folder)
    print('%d checks, %d failures' % (checks, len(failures)))
    sys.exit(1 if failures else 0)


main()
