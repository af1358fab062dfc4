"""Holds README.md to its word: every ```c block compiles and prints the ```text block after it, the lines shown of
`sh demos/run.sh` are lines of the article demo, those shown of `chainrule` commands are in what they print (CHAINRULE names
the program), and the table of operations is the one that table.c prints, with the
largest errors that rules_mpfr.c finds: at the first thousand of the points they were measured at, none may be larger. With
--write, the table is written into the README instead, errors measured at 10^5 points a rule (4 minutes).

usage: readme.py README TABLE-PROGRAM ARTICLE-PROGRAM LIBRARY-FOLDER SOURCE-ROOT RULES-MPFR-PROGRAM [--write]
"""
import math, os, re, subprocess, sys, tempfile

BEGIN, END = "<!-- operations: written by tests/readme/readme.py -->\n", "<!-- end of operations -->"


def blocks(text):
    """Each C program of the text with the output that the README shows after it, or None."""
    fences = list(re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S))
    for here, after in zip(fences, fences[1:] + [None]):
        if here[1] == "c":
            shown = after is not None and after[1] == "text" and not text[here.end():after.start()].strip()
            yield here[2], after[2] if shown else None


def run(program, library, root):
    with tempfile.TemporaryDirectory() as folder:
        source, binary = os.path.join(folder, "block.c"), os.path.join(folder, "block")
        with open(source, "w") as f:
            f.write(program)
        subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I" + root,
                        source, "-o", binary, "-L" + library, "-Wl,-rpath," + library, "-lchainrule", "-lm"], check=True)
        return subprocess.run([binary], check=True, capture_output=True, text=True).stdout


def errors(program, points):
    """Of each row, the largest errors of value and slopes in ulp."""
    env = dict(os.environ, AD_TEST_POINTS=str(points), AD_TEST_TABLE="1")
    printed = subprocess.run([program, "--jobs", "1", "--filter", "rules/every_value*"], check=True, capture_output=True, text=True, env=env).stdout
    found, row = {}, None
    for line in printed.splitlines():
        m = re.match(r"^(\w*) +(?:z|dz/d\w) +\d+ points +([0-9.]+) ulp at ", line)
        if m:
            row = m[1] or row
            found.setdefault(row, []).append(float(m[2]))
    return found


def with_errors(table, found):
    """The table with a column of errors, rounded up to a tenth."""
    lines = []
    for i, line in enumerate(table.splitlines()):
        name = re.match(r"^\| `(\w+)`", line)
        ulp = "largest error in ulp: z, slopes" if i == 0 else "---" if i == 1 else \
            ", ".join("%.1f" % (math.ceil(e * 10 - 1e-9) / 10) for e in found.get(name[1], [])) or "not measured"
        lines.append(line + (ulp if i == 1 else " " + ulp + " ") + "|\n")
    return "".join(lines)


def shown_errors(table):
    """What a table of with_errors shows, and that table without it."""
    found, lines = {}, []
    for i, line in enumerate(table.splitlines()):
        rest, ulp = re.match(r"^(.*\|)([^|]*)\|$", line).groups()
        name = re.match(r"^\| `(\w+)`", line)
        if name and "not measured" not in ulp:
            found[name[1]] = [float(e) for e in ulp.split(",")]
        lines.append(rest + "\n")
    return found, "".join(lines)


def commands(text, root):
    """Each line shown of a `chainrule` command, with what the command prints; nothing where it is not built."""
    program = os.environ.get("CHAINRULE", "")
    for command, shown in re.findall(r"^```console\n\$ chainrule (.*)\n(.*?)^```$", text, re.M | re.S):
        if os.path.exists(program):
            printed = subprocess.run([program, *command.split()], cwd=root, capture_output=True, text=True).stdout
            for line in shown.splitlines():
                yield line, printed


def main():
    readme, table_program, article, library, root, rules = sys.argv[1:7]
    text = open(readme).read()
    table = subprocess.run([table_program], check=True, capture_output=True, text=True).stdout
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    if "--write" in sys.argv:
        written = before + BEGIN + with_errors(table, errors(rules, 100000)) + END + after
        open(readme, "w").write(written)
        return 0
    failures = 0
    shown, without = shown_errors(old)
    if without != table:
        print("the table of operations differs from ops.def; write it anew with --write")
        failures += 1
    measured = errors(rules, 1000)
    if not measured or set(measured) != set(shown):
        print("the table's errors are not of the rows that are measured")
        failures += 1
    for row, ulps in measured.items():
        if len(ulps) != len(shown.get(row, [])) or any(e > s for e, s in zip(ulps, shown[row])):
            print("%s: the README shows errors of %s ulp, and found are %s" % (row, shown.get(row), ulps))
            failures += 1
    article_lines = subprocess.run([article], check=True, capture_output=True, text=True).stdout.splitlines()
    shown = re.search(r"^```console\n\$ sh demos/run.sh\n(.*?)^```$", text, re.M | re.S)[1].splitlines()
    for line in shown:
        if line not in article_lines:
            print("the README shows a line that demos/run.sh does not print:\n%s" % line)
            failures += 1
    for line, printed in commands(text, root):
        if line not in printed:
            print("the README shows a line that the command does not print:\n%s" % line)
            failures += 1
    programs = 0
    for program, shown in blocks(text):
        programs += 1
        printed = run(program, library, root)
        if shown is not None and printed != shown:
            print("a program prints\n%s\nbut the README shows\n%s" % (printed, shown))
            failures += 1
    print("%d programs, %d failures" % (programs, failures))
    return 1 if failures or programs == 0 or not shown else 0


sys.exit(main())
