"""scalar_js.py -- the mathematics of scalar.h, scalar.c and gamma.c in JavaScript, for pages: one text, two languages.

    scalar_js.py OUTPUT MACHINE_JS INPUT...

It translates what those files are written in, and no more of C: functions of doubles, ints and structs passed by value,
tables, choices, loops. A struct becomes an object, a compound literal an object literal, a hexadecimal number a decimal one
that reads back as itself. Integer divisions must be exact. What touches the bits of a double (memcpy) is left out:
MACHINE_JS has it, with what JavaScript's Math lacks of libm. A call of what neither file defines stops the build.
"""
import re
import sys

sys.dont_write_bytecode = True
import helpers  # noqa: E402

TYPE = r'(?:static\s+|inline\s+|const\s+)*(?:struct\s+(\w+)|double|int|unsigned)\s+'
KEYWORDS = {'if', 'for', 'while', 'return', 'function', 'let', 'const', 'Infinity', 'NaN'}


def die(why):
    sys.exit('scalar_js.py: ' + why)


def closing(text, at):
    """The place of the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(text)):
        depth += text[i] in '({['
        depth -= text[i] in ')}]'
        if depth == 0:
            return i
    die('nothing closes ' + text[at:at + 40])


def split(text):
    """At the commas outside brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text + ','):
        depth += c in '({['
        depth -= c in ')}]'
        if c == ',' and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return [p for p in parts if p]


def fields_of(piece):
    """[(name, struct or None)] of `struct pair { double hi, lo; };`"""
    fields = []
    for declaration in re.search(r'\{(.*)\}', piece, re.S).group(1).split(';'):
        m = re.match(r'\s*(?:struct\s+(\w+)|\w+)\s+(.*)', declaration, re.S)
        fields += [(name, m.group(1)) for name in split(m.group(2))] if m else []
    return fields


def initialiser(text, struct, is_array, structs):
    """`{...}` of a declaration or a compound literal, as an object or an array."""
    parts = split(text.strip()[1:-1])
    if is_array:
        return '[' + ', '.join(initialiser(p, struct, False, structs) if p[0] == '{' else p for p in parts) + ']'
    if struct is None or len(parts) != len(structs[struct]):
        die('cannot read ' + text)
    values = [initialiser(p, inner, False, structs) if p[0] == '{' else p for p, (_, inner) in zip(parts, structs[struct])]
    return '{' + ', '.join('%s: %s' % (name, value) for (name, _), value in zip(structs[struct], values)) + '}'


def literals(text, structs):
    """Compound literals, the innermost first."""
    while True:
        found = list(re.finditer(r'\(struct (\w+)\)\s*\{', text))
        if not found:
            return text
        m = found[-1]
        end = closing(text, m.end() - 1)
        text = text[:m.start()] + initialiser(text[m.end() - 1:end + 1], m.group(1), False, structs) + text[end + 1:]


def declarations(text, structs):
    """`struct pair a = {1, 0}, b;` becomes `let a = {hi: 1, lo: 0}, b;`"""
    out, at = [], 0
    for m in re.finditer(r'(?:^|(?<=[;{}(]))(\s*)' + TYPE + r'(?=\w)', text):
        if m.start() < at:
            continue
        end = m.end()
        while text[end] != ';':
            end = closing(text, end) + 1 if text[end] in '({[' else end + 1
        names = []
        for declarator in split(text[m.end():end]):
            name, array, value = re.match(r'(\w+)(\s*\[.*?\])?(?:\s*=\s*(.*))?$', declarator, re.S).groups()
            if value and value[0] == '{':
                value = initialiser(value, m.group(2), array is not None, structs)
            names.append(name + (' = ' + value if value else ''))
        out += [text[at:m.start()], m.group(1), 'let ' + ', '.join(names)]
        at = end
    return ''.join(out) + text[at:]


def translated(piece, structs, called):
    text = re.sub(r'[ \t]+\n', '\n', helpers.without_comments(piece)).strip()
    text = re.sub(r'0x[\da-f.]+p[+-]?\d+', lambda m: repr(float.fromhex(m.group())), text)
    text = re.sub(r'\((?:int|unsigned|double)\)(?=[\w(])', '', text)
    text = re.sub(r'(?<![\w)])\((\w+)\)\(', r'libm.\1(', text)
    text = re.sub(r'\bfrexp\((.*), &(\w+)\);', r'\2 = exponent_of(\1);', text)
    text = re.sub(r'\bINFINITY\b', 'Infinity', re.sub(r'\bNAN\b', 'NaN', text))
    text = re.sub(r'(?<![.\w])(\w+)(?=\s*\()', lambda m: called.get(m.group(1), m.group(1)), text)
    text = re.sub(r'\bad_(?:scalar_)?(?=\w+\()', '', literals(text, structs))
    define = re.match(r'#define\s+(\w+)\s+(.*)', text)
    if define:
        return 'const %s = %s;' % define.groups()
    header = re.match(TYPE + r'(\w+)\(([^{;]*)\)\s*(?=\{)', text)
    if not header:
        return re.sub('^let', 'const', declarations(text, structs))
    words = ', '.join(p.split()[-1].lstrip('*') for p in split(header.group(3)))
    body = text[header.end():]
    return 'function %s(%s)\n{%s' % (header.group(2), words, declarations(body[1:], structs))


def main(output, machine, inputs):
    pieces, called = {}, {}
    for path in inputs:
        with open(path, encoding='ascii') as file:
            helpers.cut(file.read(), pieces, called)
    with open(machine, encoding='utf-8') as file:
        native = file.read()
    of_math = re.search(r'^const \{(.*?)\} = Math;', native, re.S | re.M).group(1)
    known = KEYWORDS | set(split(of_math)) | set(re.findall(r'^(?:function|const) (\w+)', native, re.M))
    structs = {name: fields_of(piece) for name, piece in pieces.items()
               if re.match(r'struct\s+\w+\s*\{', helpers.without_comments(piece).strip())}
    texts = []
    for name, piece in pieces.items():
        if name not in structs and name not in known and helpers.short(name) not in known:
            texts.append(translated(piece, structs, called))
    text = '\n\n'.join(texts) + '\n'
    defined = set(re.findall(r'^(?:function|const) (\w+)', text, re.M))
    left = [w for w in ('struct', 'double', 'memcpy', '->', '&') if re.search(r'(?<!&)%s(?![&\w])' % w,
        text.replace(' & ', ' '))]
    missing = set(re.findall(r'(?<![.\w])([A-Za-z_]\w*)(?=\()', text)) - defined - known
    if left or missing:
        die('not translated: ' + ' '.join(left + sorted(missing)))
    with open(output, 'w', encoding='utf-8') as file:
        file.write('/* The mathematics of scalar.h, translated by scalar_js.py. */\n' + text)


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
