"""models.py -- seeded random models that nobody tuned: between them every operation of the rule book, read from ops.def, with
operands inside its domain, fan-outs, constants and choices.

    for text in random_models(ops_def, count, seed): ...
"""
import random
import re

# Operands t, u, v lie in (-1, 1); a row without an entry takes them as they are.
OPERANDS = {
    'div': ('{t}', '2 + {u}'), 'product_over': ('{t}', '{u}', '2 + {v}'), 'over_product': ('{t}', '2 + {u}', '1.5 + {v}'),
    'sqrt': ('1.5 + {t}',), 'cbrt': ('1.5 + {t}',), 'pow': ('1.5 + {t}', '2*{u}'),
        'powi': ('1.2 + {t}', '{i}'),
    'log': ('1.5 + {t}',), 'log2': ('1.5 + {t}',), 'log10': ('1.5 + {t}',), 'log1p': ('0.7*{t}',), 'tan': ('{t}',),
    'asin': ('0.8*{t}',), 'acos': ('0.8*{t}',), 'atanh': ('0.8*{t}',), 'acosh': ('2.5 + {t}',), 'lgamma': ('3.5 + 3*{t}',),
    'digamma': ('2.5 + 2*{t}',), 'polygamma': ('2.5 + 2*{t}', '{i}'), 'leaky_relu': ('3*{t}', '0.1'),
        'clamp': ('2*{t}', '-1 + 0.2*{u}', '1 + 0.2*{v}'),
    'select': ('{t} > {u}', '{u}*{v}', '{v}'), 'floor': ('3*{t}',), 'ceil': ('3*{t}',), 'round': ('3*{t}',),
        'gelu': ('3*{t}',), 'gelu_slope': ('3*{t}',), 'silu': ('3*{t}',), 'silu_slope': ('3*{t}',),
    'erf': ('2*{t}',), 'erfc': ('2*{t}',), 'relu': ('2*{t}',), 'elu': ('2*{t}',), 'softplus': ('4*{t}',), 'sigmoid': ('4*{t}',),
}
SIGNS = {'add': '+', 'sub': '-', 'mul': '*', 'div': '/', 'pow': '^', 'less': '<', 'less_equal': '<=', 'greater': '>',
    'greater_equal': '>=',
         'equal': '==', 'not_equal': '!='}


def operations(ops_def):
    """[(name, kind)] of all rows."""
    with open(ops_def, encoding='ascii') as file:
        return [(name, kind) for kind, name in re.findall(r'^(OP[123]|FN[123]|FC1|NA[12])\(\s*(\w+),', file.read(), re.M)]


class Model:
    def __init__(self, random_, operations_):
        self.random, self.names, self.lines, self.weights = random_, [], [], []
        for i in range(3):
            self.declare('const c%d = %.4g', i)
        for i in range(5):
            self.declare('param p%d = %.4g', i)
        for i, (name, kind) in enumerate(operations_):
            self.step(i, self.call(name, kind))
        every_param = ['0.1*p%d' % i for i in range(5)]
        self.lines += ['E = ' + ' + '.join(self.weights + every_param), 'minimize E']

    def declare(self, form, i):
        self.lines.append(form % (i, self.random.uniform(0.15, 0.95) * self.random.choice((-1, 1))))
        self.names.append(form[6] + str(i))

    def bounded(self):
        """A small formula with values in (-1, 1)."""
        x, y = (self.random.choice(self.names[-7:] + self.names[:8]) for _ in range(2))
        return self.random.choice(('tanh({x} + 0.5*{y})', 'sin({x} - {y})', 'tanh({x}*{y} + 0.2)',
            '0.9*cos(0.7*{x} + {y})')).format(x=x, y=y)

    def call(self, name, kind):
        fill = {'t': self.bounded(), 'u': self.bounded(), 'v': self.bounded(), 'i': self.random.choice('1234')}
        if kind in ('NA1', 'NA2'):
            return '%s(%s)' % (name, ', '.join(self.bounded() for _ in range(2 * self.random.randint(1, 3))))
        count = int(kind[2]) + (kind == 'FC1')
        x = [form.format(**fill) for form in OPERANDS.get(name, ('{t}', '{u}', '{v}')[:count])]
        if name in SIGNS and self.random.random() < 0.5:
            return '(%s) %s (%s)' % (x[0], SIGNS[name], x[1])
        if name == 'neg':
            return '-(%s)' % x[0]
        if name == 'select' and self.random.random() < 0.5:
            return '%s ? %s : %s' % tuple(x)
        return '%s(%s)' % (name, ', '.join(x))

    def step(self, i, formula):
        name = self.random.choice(('s%d', 'net.s%d', 'h_%d')) % i
        self.lines.append('%s = %s' % (name, formula))
        self.names.append(name)
        self.weights.append('%s*%s' % (self.random.choice(('p0', 'p1', 'c0', '0.3', '1.7')), name))

    def text(self):
        return '\n'.join(self.lines) + '\n'


def random_models(ops_def, count, seed):
    random_ = random.Random(seed)
    rows = operations(ops_def)
    random_.shuffle(rows)
    return [Model(random_, rows[i::count]).text() for i in range(count)]
