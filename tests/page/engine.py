"""engine.py -- what the engine says of a model: all values, and the derivative of the loss by every name. And whether two
numbers agree."""
import json
import math
import re
import subprocess

CLOSE = 1e-12


def names_of(text):
    """Names of params and formulas, in order; and the one that is minimized."""
    params = re.findall(r'^param\s+([\w.]+)', text, re.M)
    formulas = re.findall(r'^([A-Za-z_][\w.]*)\s*=', text, re.M)
    return params, formulas, re.search(r'^minimize\s+([\w.]+)', text, re.M).group(1)


def numbers(chainrule, text, folder, moved=None, options=()):
    """{name: value} and {name: derivative} by `chainrule eval --json`, of a model in which every derivative is a name."""
    params, formulas, loss = names_of(text)
    by = [name for name in params + formulas if name != loss]
    more = ''.join('derivative.by%d = d(%s)/d(%s)\n' % (k, loss, name) for k, name in enumerate(by))
    path = folder + '/derivatives.model'
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text + more)
    command = [chainrule, 'eval', path, '--json', *options]
    for name, value in (moved or {}).items():
        command += ['--set', '%s=%r' % (name, value)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit('eval failed: ' + run.stderr)
    answer = json.loads(run.stdout)
    values = answer['values']
    derivatives = {name: values.pop('derivative.by%d' % k) for k, name in enumerate(by)}
    derivatives[loss] = 1.0
    for name, value in answer['gradient'].items():
        if not agrees(value, derivatives[name]):
            raise SystemExit('eval disagrees with itself on d%s/d%s: %r, %r' % (loss, name, value, derivatives[name]))
    return values, derivatives


def agrees(a, b):
    if a is None or b is None:
        return a is b
    a, b = float(a), float(b)
    if math.isnan(a) or math.isnan(b) or math.isinf(a) or math.isinf(b):
        return a == b or (math.isnan(a) and math.isnan(b))
    return abs(a - b) <= CLOSE * abs(b)


def page(chainrule, model, path, options=()):
    run = subprocess.run([chainrule, 'explain', model, '--format', 'html', '-o', path, *options], capture_output=True,
        text=True, check=False)
    if run.returncode or run.stderr:
        raise SystemExit('explain failed: ' + run.stderr)
