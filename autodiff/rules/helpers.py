"""helpers.py -- cuts the mathematics of scalar.h and the files behind it into pieces of text, for generated C.

    helpers.py OUTPUT INPUT...

It is not a parser of C: a piece is what stands at file level, from its first line to the `}` or `;` that closes it,
with the comment directly above. Its name is the function's, the table's, the struct's tag or the macro's. Prototypes
are left out. `#define tanh(x) ad_scalar_tanh(x)` says that a call of `tanh` means that piece; a macro with arguments
can say nothing else. What a piece mentions, it needs; pieces are written in an order in which needs come first.
"""
import re
import sys

PREFIXES = ('ad_scalar_', 'ad_', 'AD_')
TAKEN = {'loss', 'gradient', 'values', 'careful'}             # what generated code calls its own
WANTS = {'uint64_t': 'AD_WANTS_STDINT', 'memcpy': 'AD_WANTS_STRING', 'lgamma_r': 'AD_WANTS_LGAMMA_R'}
TOKEN = re.compile(r'/\*.*?\*/|[A-Za-z_]\w*|0[xX][\w.]+(?:[pP][+-]?\d+)?|\d[\w.]*|\s+|.', re.S)


def tokens(text):
    return [m.group() for m in TOKEN.finditer(text)]


def is_word(token):
    return token[0].isalpha() or token[0] == '_'


def without_comments(text):
    return re.sub(r'/\*.*?\*/', ' ', text, flags=re.S)


def end_of_piece(text, at):
    """Just behind the declaration or definition that begins at `at`."""
    depth, initialised, body = 0, False, False
    for match in TOKEN.finditer(text, at):
        token = match.group()
        if token in '([{':
            body |= token == '{' and depth == 0 and without_comments(text[at:match.start()]).rstrip().endswith(')')
            depth += 1
        elif token in ')]}':
            depth -= 1
            if depth == 0 and token == '}' and body and not initialised:
                return match.end()
        elif token == '=' and depth == 0:
            initialised = True
        elif token == ';' and depth == 0:
            behind = re.compile(r'[ \t]*/\*.*?\*/(?=\n)').match(text, match.end())
            return behind.end() if behind else match.end()
    sys.exit('helpers.py: no end of: ' + text[at:at + 60])


def name_of(piece):
    """The name that a piece defines, or None for a prototype."""
    head = re.split(r'[={]', without_comments(piece), maxsplit=1)[0]
    tag = re.match(r'struct\s+(\w+)\s*$', head)
    if tag:
        return tag.group(1)
    name = re.search(r'(\w+)\s*[(\[]', head)
    if not name:
        sys.exit('helpers.py: no name in: ' + piece[:60])
    return None if '{' not in piece else name.group(1)


def cut(text, pieces, called):
    """Adds the pieces of a file, and the plain names that stand for some."""
    at, comment = 0, None
    while at < len(text):
        space = re.compile(r'\s*').match(text, at)
        if space.group().count('\n') > 1:
            comment = None
        at = space.end()
        if at == len(text):
            return
        start = at if comment is None else comment
        if text.startswith('/*', at):
            comment, at = at, text.index('*/', at) + 2
        elif text[at] == '#':
            line = re.compile(r'(?:\\\n|[^\n])*').match(text, at).group()
            at += len(line)
            define = re.match(r'#define\s+(\w+)(\(.*?\))?[ \t]+(\w.*|\(.*|-.*)', line, re.S)
            if define and define.group(2):
                called[define.group(1)] = re.match(r'\w+', define.group(3)).group()
            elif define and not define.group(1).startswith('_'):
                pieces[define.group(1)] = text[start:at]
            comment = None
        else:
            end = end_of_piece(text, at)
            name = name_of(text[at:end])
            if name in pieces:
                sys.exit('helpers.py: two pieces are called ' + name)
            if name:
                pieces[name] = text[start:end]
            at, comment = end, None


def short(name):
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return name[len(prefix):]
    return name


def translate(piece, pieces, called):
    """The piece with '@' for the prefix, as a static function if it is one, and the names of what it needs."""
    words, out, needs = tokens(piece), [], []
    for i, token in enumerate(words):
        if is_word(token):
            following = next((t for t in words[i + 1:] if not t.isspace()), '')
            token = called[token] if token in called and following == '(' else token
            if token in pieces:
                needs.append(token)
                token = '@' + short(token)
        elif '@' in token:
            sys.exit('helpers.py: an @ in: ' + piece[:60])
        out.append(token)
    first = next(i for i, t in enumerate(words) if not t.isspace() and not t.startswith('/*'))
    if words[first] not in ('static', 'struct', '#'):
        out.insert(first, 'static ')
    return ''.join(out), needs


def in_order(needs):
    """Names such that those needed come first. A piece may need itself."""
    order, waiting = [], [(name, False) for name in reversed(list(needs))]
    while waiting:
        name, ready = waiting.pop()
        if name in order:
            continue
        if ready:
            order.append(name)
            continue
        waiting.append((name, True))
        waiting += [(n, False) for n in reversed(needs[name]) if n != name and n not in order]
        if len(waiting) > 100000:
            sys.exit('helpers.py: pieces need each other in a circle at ' + name)
    return order


def quoted(line):
    return '"' + line.replace('\\', '\\\\').replace('"', '\\"') + '"'


def main(output, inputs):
    pieces, called = {}, {}
    for path in inputs:
        with open(path, encoding='ascii') as file:
            cut(file.read(), pieces, called)
    text, needs = {}, {}
    for name, piece in pieces.items():
        text[name], needs[name] = translate(piece, pieces, called)
        needs[name] = [n for n in dict.fromkeys(needs[name]) if n != name]
    names = [short(name) for name in pieces]
    clashes = {n for n in names if names.count(n) > 1 or n in TAKEN}
    clashes |= {plain for plain, name in called.items() if short(name) != plain or name not in pieces}
    if clashes:
        sys.exit('helpers.py: names clash or have no text: ' + ' '.join(sorted(clashes)))
    order = in_order(needs)
    with open(output, 'w', encoding='ascii') as file:
        file.write('/* Generated by helpers.py. */\n#include "autodiff/rules/helpers.h"\n\n#include <stddef.h>\n\n')
        file.write('const ad_helper ad_helpers[] = {\n')
        for name in order:
            wants = sorted({WANTS[t] for t in tokens(pieces[name]) if t in WANTS})
            file.write('    {%s, %s, (const short[]){%s}, (const char *const[]){\n' % (
                quoted(short(name)), ' | '.join(wants) or '0', ', '.join([str(order.index(n)) for n in needs[name]] + ['-1'])))
            for line in text[name].split('\n'):
                file.write('        %s,\n' % quoted(line))
            file.write('        NULL}},\n')
        file.write('};\n\nconst int ad_helper_count = sizeof ad_helpers / sizeof *ad_helpers;\n')


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2:])
