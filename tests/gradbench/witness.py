#!/usr/bin/env python3
"""witness.py PROGRAM -- the program's answers, through the protocol, against plain Python on small inputs made here: values by the
definitions, derivatives by dual numbers that carry all partials. Then the protocol's own edges."""
import json
import math
import random
import subprocess
import sys

random.seed(20261123)


class Dual:
    """A number and its partials, as a dict from input to slope."""

    def __init__(self, value, slope=None):
        self.value, self.slope = value, slope or {}

    def chain(self, value, factor):
        return Dual(value, {k: factor * s for k, s in self.slope.items()})

    def __add__(self, other):
        if not isinstance(other, Dual):
            return Dual(self.value + other, self.slope)
        slope = dict(self.slope)
        for k, s in other.slope.items():
            slope[k] = slope.get(k, 0) + s
        return Dual(self.value + other.value, slope)

    def __neg__(self):
        return self.chain(-self.value, -1)

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        if not isinstance(other, Dual):
            return self.chain(self.value * other, other)
        return Dual(self.value * other.value, (self.chain(0, other.value) + other.chain(0, self.value)).slope)

    def __truediv__(self, other):
        return self * (other.chain(1 / other.value, -1 / other.value ** 2) if isinstance(other, Dual) else 1 / other)

    __radd__, __rmul__ = __add__, __mul__


def value(x):
    return x.value if isinstance(x, Dual) else x


def function(f, slope):
    return lambda x: x.chain(f(x.value), slope(x.value)) if isinstance(x, Dual) else f(x)


exp = function(math.exp, math.exp)
log = function(math.log, lambda x: 1 / x)
sqrt = function(math.sqrt, lambda x: 0.5 / math.sqrt(x))
sin = function(math.sin, math.cos)
cos = function(math.cos, lambda x: -math.sin(x))
tanh = function(math.tanh, lambda x: 1 - math.tanh(x) ** 2)
sigmoid = function(lambda x: 1 / (1 + math.exp(-x)), lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2)


def total(xs):
    s = 0
    for x in xs:
        s = s + x
    return s


def inputs(*arrays):
    """The arrays with duals in place of numbers; partials are counted through all of them."""
    count = 0
    made = []

    def dual(x):
        nonlocal count
        if isinstance(x, list):
            return [dual(e) for e in x]
        count += 1
        return Dual(x, {count - 1: 1.0})
    for a in arrays:
        made.append(dual(a))
    return made, count


def gradient(y, n):
    return [y.slope.get(i, 0.0) for i in range(n)]


def numbers(*shape):
    return [numbers(*shape[1:]) for _ in range(shape[0])] if shape else random.uniform(-1, 1)


# ---- The evals, by their definitions


def llsq(x, n):
    s = 0
    for i in range(n):
        t = -1 + i * 2 / (n - 1)
        r = (t > 0) - (t < 0) - total(c * t ** j for j, c in enumerate(x))
        s = s + r * r * 0.5
    return s


def lse(x):
    a = max(map(value, x))
    return log(total(exp(e - a) for e in x)) + a


def det(A, n):
    """By permutations, not by minors."""
    import itertools
    s = 0
    for p in itertools.permutations(range(n)):
        term = -1.0 if sum(p[i] > p[j] for i in range(n) for j in range(i + 1, n)) % 2 else 1.0
        for i in range(n):
            term = A[i * n + p[i]] * term
        s = s + term
    return s


def ode(x, steps):
    h, y = 2 / steps, [0.0] * len(x)

    def slopes(y):
        return [x[0]] + [x[i] * y[i - 1] for i in range(1, len(x))]

    def moved(y, k, h):
        return [a + b * h for a, b in zip(y, k)]
    for _ in range(steps):
        k1 = slopes(y)
        k2 = slopes(moved(y, k1, h / 2))
        k3 = slopes(moved(y, k2, h / 2))
        k4 = slopes(moved(y, k3, h))
        y = [y[i] + (k1[i] + k2[i] * 2 + k3[i] * 2 + k4[i]) * (h / 6) for i in range(len(x))]
    return y


def kmeans(points, centroids):
    cost = 0
    for p in points:
        distances = [total((a - b) * (a - b) for a, b in zip(c, p)) for c in centroids]
        cost = cost + min(distances, key=value)
    return cost


def gmm(alpha, mu, q, l, x, m, gamma):
    d, k, n = len(x[0]), len(alpha), len(x)
    s = -n * d * 0.5 * math.log(2 * math.pi) - lse(alpha) * n
    for point in x:
        terms = []
        for i in range(k):
            c = [a - b for a, b in zip(point, mu[i])]
            y = [exp(q[i][j]) * c[j] for j in range(d)]
            place = 0
            for column in range(d):
                for row in range(column + 1, d):
                    y[row] = y[row] + l[i][place] * c[column]
                    place += 1
            terms.append(alpha[i] + total(q[i]) - total(e * e for e in y) * 0.5)
        s = s + lse(terms)
    wishart = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi) + sum(math.lgamma(0.5 * wishart - 0.5 * j) for j in range(d))
    for i in range(k):
        squares = total(exp(e) * exp(e) for e in q[i]) + total(e * e for e in l[i])
        s = s - squares * (0.5 * gamma * gamma) + total(q[i]) * m
    return s + k * (wishart * d * (math.log(gamma) - 0.5 * math.log(2)) - log_gamma)


def lstm(main, extra, state, sequence):
    b, loss = len(extra[0]), 0
    state = [list(row) for row in state]
    for t in range(len(sequence) - 1):
        x = [sequence[t][i] * extra[0][i] for i in range(b)]
        for k in range(len(main) // 2):
            w, bias, hidden, cell = main[2 * k], main[2 * k + 1], state[2 * k], state[2 * k + 1]
            new_hidden, new_cell = [], []
            for i in range(b):
                forget = sigmoid(x[i] * w[i] + bias[i])
                enter = sigmoid(hidden[i] * w[b + i] + bias[b + i])
                leave = sigmoid(x[i] * w[2 * b + i] + bias[2 * b + i])
                change = tanh(hidden[i] * w[3 * b + i] + bias[3 * b + i])
                new_cell.append(cell[i] * forget + enter * change)
                new_hidden.append(leave * tanh(new_cell[i]))
            state[2 * k], state[2 * k + 1] = new_hidden, new_cell
            x = new_hidden
        y = [x[i] * extra[1][i] + extra[2][i] for i in range(b)]
        norm = log(total(exp(e) for e in y) + 2)
        loss = loss + total((y[i] - norm) * sequence[t + 1][i] for i in range(b))
    return loss * (-1 / (b * (len(sequence) - 1)))


def ba_residual(cam, x, w, feat):
    r, c = cam[:3], [x[i] - cam[3 + i] for i in range(3)]
    square = total(e * e for e in r)
    if value(square):
        angle = sqrt(square)
        a = [e / angle for e in r]
        along = total(a[i] * c[i] for i in range(3)) * (1 - cos(angle))
        seen = [c[i] * cos(angle) + (a[(i + 1) % 3] * c[(i + 2) % 3] - a[(i + 2) % 3] * c[(i + 1) % 3]) * sin(angle) + a[i] * along
                for i in range(3)]
    else:
        seen = [c[i] + r[(i + 1) % 3] * c[(i + 2) % 3] - r[(i + 2) % 3] * c[(i + 1) % 3] for i in range(3)]
    p = [seen[0] / seen[2], seen[1] / seen[2]]
    s = p[0] * p[0] + p[1] * p[1]
    scale = cam[9] * s + cam[10] * s * s + 1
    return [w * (p[i] * scale * cam[6] + cam[7 + i] - feat[i]) for i in range(2)]


def times(a, b):
    return [[total(a[i][k] * b[k][j] for k in range(len(b))) for j in range(len(b[0]))] for i in range(len(a))]


def ht(theta, us, data):
    model = data['model']
    eye = [[float(i == j) for j in range(4)] for i in range(4)]

    def turned(axis, angle):
        m = [list(row) for row in eye]
        i, j = (axis + 1) % 3, (axis + 2) % 3
        m[i][i] = m[j][j] = cos(angle)
        m[j][i], m[i][j] = sin(angle), -sin(angle)
        return m
    pose = {}
    rest = list(theta[6:])
    for finger in range(5):
        for i in (2, 3, 4):
            pose[4 * finger + i] = [rest.pop(0)] + ([rest.pop(0)] if i == 2 else [])
    absolute, bones = [], []
    for b, parent in enumerate(model['parents']):
        angles = pose.get(b, [])
        m = eye
        if len(angles) == 2:
            m = times(m, turned(2, angles[1]))
        if angles:
            m = times(m, turned(0, angles[0]))
        m = times(model['base_relatives'][b], m)
        absolute.append(times(absolute[parent], m) if parent >= 0 else m)
        bones.append(times(absolute[b], model['inverse_base_absolutes'][b]))
    angle = sqrt(total(e * e for e in theta[:3]))
    R = [row[:3] for row in eye[:3]]
    if value(angle) >= 1e-4:
        a = [e / angle for e in theta[:3]]
        for i in range(3):
            for j in range(3):
                skew = 0 if i == j else a[3 - i - j] * (-1 if (j - i) % 3 == 1 else 1)
                R[i][j] = a[i] * a[j] * (1 - cos(angle)) + (cos(angle) if i == j else skew * sin(angle))

    def vertex(v):
        p = [0, 0, 0]
        for b, m in enumerate(bones):
            w = model['weights'][v][b]
            if w:
                p = [p[i] + total(m[i][k] * model['base_positions'][v][k] for k in range(4)) * w for i in range(3)]
        if model['is_mirrored']:
            p[0] = -p[0]
        return [total(R[i][k] * p[k] for k in range(3)) + theta[3 + i] for i in range(3)]
    residuals = []
    for n, which in enumerate(data['correspondences']):
        if us:
            corners = [vertex(v) for v in model['triangles'][which]]
            u = us[n]
            hit = [u[0] * corners[0][i] + u[1] * corners[1][i] + (1 - u[0] - u[1]) * corners[2][i] for i in range(3)]
        else:
            hit = vertex(which)
        residuals += [data['points'][n][i] - hit[i] for i in range(3)]
    return residuals


# ---- The program


class Tool:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.id = 0

    def line(self, text):
        self.process.stdin.write(text + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def send(self, **message):
        message['id'] = self.id = self.id + 1
        answer = self.line(json.dumps(message))
        assert answer['id'] == self.id, answer
        return answer

    def evaluate(self, module, function, data):
        answer = self.send(kind='evaluate', module=module, function=function, input=data)
        assert answer['success'], (module, function, answer)
        names = [t['name'] for t in answer['timings']]
        assert names[0] == 'prepare' and set(names[1:]) == {'evaluate'}, names
        assert all(isinstance(t['nanoseconds'], int) and t['nanoseconds'] >= 0 for t in answer['timings'])
        return answer['output'], len(names) - 1


def flat(x):
    if isinstance(x, dict):
        return [e for k in sorted(x) for e in flat(x[k])]
    return [e for y in x for e in flat(y)] if isinstance(x, list) else [x]


checked = 0


def agrees(what, got, wanted, bar=1e-10):
    global checked
    a, b = flat(got), flat(wanted)
    assert len(a) == len(b), (what, len(a), len(b))
    largest = max(map(abs, b)) or 1
    worst = max(abs(x - y) for x, y in zip(a, b)) / largest
    assert worst <= bar, f'{what}: off by {worst} of the largest entry'
    checked += 1


def check_scalars(tool):
    for x in (1.0, -3.5, 0.0):
        agrees('hello square', tool.evaluate('hello', 'square', x)[0], x * x)
        agrees('hello double', tool.evaluate('hello', 'double', x)[0], 2 * x)
    for n, m in ((9, 4), (65, 17), (2, 1)):
        x = numbers(m)
        (v,), count = inputs(x)
        agrees('llsq primal', tool.evaluate('llsq', 'primal', {'x': x, 'n': n})[0], llsq(x, n))
        agrees('llsq gradient', tool.evaluate('llsq', 'gradient', {'x': x, 'n': n})[0], gradient(llsq(v, n), count))
    for n, size in ((1, 1), (7, 1), (130, 1), (70, 500)):
        x = [size * e for e in numbers(n)]
        (v,), count = inputs(x)
        got = tool.evaluate('lse', 'gradient', {'x': x})[0]
        wanted = gradient(lse(v), count)
        agrees('lse primal', tool.evaluate('lse', 'primal', {'x': x})[0], lse(x))
        assert all(abs(a - b) <= 1e-7 * abs(b) + 1e-290 for a, b in zip(got, wanted)), 'lse gradient'
    for n in (1, 2, 3, 6):
        A = numbers(n * n)
        (v,), count = inputs(A)
        agrees('det primal', tool.evaluate('det', 'primal', {'A': A, 'ell': n})[0], det(A, n))
        agrees('det gradient', tool.evaluate('det', 'gradient', {'A': A, 'ell': n})[0], gradient(det(v, n), count))
    n = 14                                       # too large for a function; triangular: cofactors on the diagonal are products
    A = [random.uniform(0.5, 1.5) if j >= i else 0.0 for i in range(n) for j in range(n)]
    diagonal = [A[i * n + i] for i in range(n)]
    agrees('det primal', tool.evaluate('det', 'primal', {'A': A, 'ell': n})[0], math.prod(diagonal))
    got = tool.evaluate('det', 'gradient', {'A': A, 'ell': n})[0]
    agrees('det gradient', [got[i * n + i] for i in range(n)], [math.prod(diagonal) / x for x in diagonal])
    for n, s in ((1, 1), (2, 3), (5, 7), (10, 40), (70, 20)):
        x = [e + 1.5 for e in numbers(n)]
        (v,), count = inputs(x)
        agrees('ode primal', tool.evaluate('ode', 'primal', {'x': x, 's': s})[0], ode(x, s))
        last = ode(v, s)[-1]
        wanted = gradient(last, count) if isinstance(last, Dual) else [0.0] * count
        assert n > 10 or any(wanted)
        agrees('ode gradient', tool.evaluate('ode', 'gradient', {'x': x, 's': s})[0], wanted)


def check_statistics(tool):
    for n, k, d in ((30, 3, 2), (100, 7, 5), (5, 1, 1)):
        points, centroids = numbers(n, d), numbers(k, d)
        (v,), count = inputs(centroids)
        members = [0] * k
        for p in points:
            members[min(range(k), key=lambda i: sum((a - b) ** 2 for a, b in zip(centroids[i], p)))] += 1
        if 0 in members:
            points += [list(c) for c, m in zip(centroids, members) if not m]
            members = [m or 1 for m in members]
        data = {'points': points, 'centroids': centroids}
        agrees('kmeans cost', tool.evaluate('kmeans', 'cost', data)[0], kmeans(points, centroids))
        g = gradient(kmeans(points, v), count)
        agrees('kmeans dir', tool.evaluate('kmeans', 'dir', data)[0], [g[i] / (2 * members[i // d]) for i in range(count)])
    for d, k, n, m, gamma in ((1, 2, 3, 0, 1.0), (3, 4, 70, 0, 1.0), (4, 2, 9, 3, 0.7)):
        data = {'d': d, 'k': k, 'n': n, 'x': numbers(n, d), 'm': m, 'gamma': gamma, 'alpha': numbers(k), 'mu': numbers(k, d),
                'q': numbers(k, d), 'l': numbers(k, d * (d - 1) // 2)}
        (alpha, mu, q, l), count = inputs(data['alpha'], data['mu'], data['q'], data['l'])
        plain = gmm(data['alpha'], data['mu'], data['q'], data['l'], data['x'], m, gamma)
        agrees('gmm objective', tool.evaluate('gmm', 'objective', data)[0], plain)
        g = gradient(gmm(alpha, mu, q, l, data['x'], m, gamma), count)
        got = tool.evaluate('gmm', 'jacobian', data)[0]
        agrees('gmm jacobian', [got['alpha'], got['mu'], got['q'], got['l']], g)


def check_networks(tool):
    for layers, b, length in ((1, 1, 2), (2, 3, 9), (3, 2, 40)):
        data = {'main_params': numbers(2 * layers, 4 * b), 'extra_params': numbers(3, b), 'state': numbers(2 * layers, b),
                'sequence': [[float(random.random() < 0.4) for _ in range(b)] for _ in range(length)]}
        (main, extra), count = inputs(data['main_params'], data['extra_params'])
        agrees('lstm objective', tool.evaluate('lstm', 'objective', data)[0],
               lstm(data['main_params'], data['extra_params'], data['state'], data['sequence']))
        agrees('lstm jacobian', tool.evaluate('lstm', 'jacobian', data)[0],
               gradient(lstm(main, extra, data['state'], data['sequence']), count))


def check_geometry(tool):
    for n, m, p, still in ((1, 1, 1, False), (2, 5, 7, False), (3, 3, 9, True)):
        data = {'n': n, 'm': m, 'p': p, 'cam': numbers(11), 'x': numbers(3), 'w': 0.7, 'feat': numbers(2)}
        data['x'][2] += 4
        if still:
            data['cam'][:3] = [0.0, 0.0, 0.0]
        (cam, x, w), count = inputs(data['cam'], data['x'], [data['w']])
        e = ba_residual(cam, x, w[0], data['feat'])
        got = tool.evaluate('ba', 'objective', data)[0]
        agrees('ba errors', got['reproj_error']['elements'], [d.value for d in e])
        assert got['reproj_error']['repeated'] == got['w_err']['repeated'] == p
        agrees('ba weight error', got['w_err']['element'], 1 - 0.49)
        got = tool.evaluate('ba', 'jacobian', data)[0]
        agrees('ba jacobian', got['vals'], [s for d in e for s in gradient(d, count)] + [-1.4])
        assert got['rows'][-1] == 31 * p and got['cols'][-1] == 11 * n + 3 * m + p - 1 and got['rows'][:3] == [0, 15, 30]
        assert got['cols'][:15] == [*range(11), *range(11 * n, 11 * n + 3), 11 * n + 3 * m]
    for us, mirrored, small in ((True, False, False), (False, True, False), (True, True, True)):
        parents = [-1, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19, 0]

        def pose():
            return [numbers(4), numbers(4), numbers(4), [0, 0, 0, 1]]
        weights = [[random.random() if random.random() < 0.2 else 0 for _ in range(22)] for _ in range(12)]
        data = {'theta': [1e-6 * e for e in numbers(26)] if small else numbers(26), 'us': numbers(5, 2) if us else [], 'data': {
            'model': {'bone_count': 22, 'bone_names': ['b'] * 22, 'parents': parents, 'base_relatives': [pose() for _ in range(22)],
                      'inverse_base_absolutes': [pose() for _ in range(22)],
                      'base_positions': [numbers(3) + [1] for _ in range(12)], 'weights': weights,
                      'triangles': [random.sample(range(12), 3) for _ in range(4)], 'is_mirrored': mirrored},
            'correspondences': [random.randrange(4) for _ in range(5)], 'points': numbers(5, 3)}}
        (v, theta), count = inputs(data['us'], data['theta'])
        residuals = ht(theta, v, data['data'])
        agrees('ht objective', tool.evaluate('ht', 'objective', data)[0], [r.value for r in residuals])
        jacobian = []
        for i, r in enumerate(residuals):
            g = gradient(r, count)
            jacobian.append((g[i // 3 * 2:i // 3 * 2 + 2] if us else []) + g[-26:])
        agrees('ht jacobian', tool.evaluate('ht', 'jacobian', data)[0], jacobian)


def check_nesting(tool):
    """The published answers: GradBench's own, of J. M. Siskind and B. A. Pearlmutter's examples."""
    for modes in ('rr', 'fr', 'rf', 'ff'):
        agrees('saddle ' + modes, tool.evaluate('saddle', modes, {'start': [1.0, 1.0]})[0], [8.246324826140356e-06] * 4)
        got, runs = tool.evaluate('particle', modes, {'w': 0.0, 'min_runs': 3, 'min_seconds': 0})
        agrees('particle ' + modes, got, 0.2071918746486116)
        assert runs == 3


def check_protocol(tool):
    assert tool.send(kind='start', eval='llsq')['tool'] == 'chainrule'
    assert tool.send(kind='define', module='gmm')['success'] is True
    for answer in (tool.send(kind='define', module='nothing'), tool.send(kind='define'), tool.send(kind='strange'),
                   tool.send(kind='evaluate', module='llsq', function='nothing', input={}),
                   tool.send(kind='evaluate', module='nothing', function='primal', input={}),
                   tool.send(kind='evaluate', module='llsq', function='primal'), tool.line('{"id": 1'), tool.line('[1, 2]'),
                   tool.line('7'), tool.line('\x00')):
        assert answer['success'] is False and answer['error'], answer
    assert list(tool.send(kind='analysis', of=1, valid=True)) == ['id']
    long = [1.0] * 3
    bad = {
        'hello': [{}, 'x', None, [1]],
        'llsq': [{}, [], 3, {'x': 1, 'n': 2}, {'x': [1, 'a'], 'n': 3}, {'x': [1], 'n': -1}, {'x': [1], 'n': 1.5}, {'x': [1]}],
        'lse': [{}, {'x': {}}, {'x': [None]}],
        'det': [{'A': [1, 2], 'ell': 2}, {'A': [], 'ell': 0}, {'A': [1], 'ell': 10 ** 9}, {'A': [1.0] * 900, 'ell': 30}],
        'ode': [{'x': [], 's': 3}, {'x': [1], 's': 0}],
        'kmeans': [{'points': [[1, 2], [3]], 'centroids': [[1, 2]]}, {'points': [[1, 2]], 'centroids': []},
                   {'points': [[1, 2]], 'centroids': [[1]]}, {'points': 1, 'centroids': [[1]]}],
        'gmm': [{'d': 2, 'k': 1, 'n': 1, 'x': [[1]], 'm': 0, 'gamma': 1, 'alpha': [1], 'mu': [[1]], 'q': [[1]], 'l': [[]]}, {}],
        'lstm': [{'main_params': [long, long], 'extra_params': [long] * 3, 'state': [long] * 2, 'sequence': [long] * 2},
                 {'main_params': [], 'extra_params': [], 'state': [], 'sequence': []}],
        'ba': [{'n': 1, 'm': 1, 'p': 0, 'cam': long, 'x': long, 'w': 1, 'feat': [1, 2]},
               {'n': 1, 'm': 1, 'p': 1, 'cam': long, 'x': long, 'w': 1, 'feat': [1, 2]}],
        'ht': [{}, {'theta': [1], 'us': [], 'data': {'model': {}}}, {'theta': [0.0] * 26, 'us': [], 'data': {
            'model': {'parents': [3], 'bone_count': 1, 'is_mirrored': False}, 'correspondences': [], 'points': []}}],
        'saddle': [{'start': [1]}, {}], 'particle': [{}, {'w': 'x'}],
    }
    names = {'hello': ('square', 'double'), 'kmeans': ('cost', 'dir'), 'saddle': ('rr', 'ff'), 'particle': ('fr', 'rf')}
    for module, cases in bad.items():
        for data in cases:
            for f in names.get(module, ('primal', 'gradient') if module in ('llsq', 'lse', 'det', 'ode') else ('objective', 'jacobian')):
                answer = tool.send(kind='evaluate', module=module, function=f, input=data)
                assert answer['success'] is False and answer['error'], (module, data, answer)
    answer = tool.send(kind='evaluate', module='llsq', function='primal', input={'x': [1e308, 1e308], 'n': 5})
    assert answer['success'] is False and 'finite' in answer['error'], answer
    assert tool.evaluate('hello', 'double', 4.0)[0] == 8.0


def main():
    tool = Tool(sys.argv[1])
    for check in (check_protocol, check_scalars, check_statistics, check_networks, check_geometry, check_nesting):
        check(tool)
    tool.process.stdin.close()
    assert tool.process.wait() == 0
    once = subprocess.run([sys.argv[1], 'hello', '/nonexistent', 'square'], capture_output=True, text=True)
    assert once.returncode == 1 and once.stderr and not once.stdout
    assert subprocess.run([sys.argv[1], 'x'], capture_output=True).returncode == 2
    print(f'{checked} outputs agree')


main()
