"""Holds README.md to its word: every ```c block compiles and prints the ```text block after it, the lines shown of
`sh demos/run.sh` are lines of the article demo, and the table of operations is the one that table.c prints. With
--write, the table is written into the README instead.

usage: readme.py README TABLE-PROGRAM ARTICLE-PROGRAM LIBRARY-FOLDER SOURCE-ROOT [--write]
"""
import os, re, subprocess, sys, tempfile

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


def main():
    readme, table_program, article, library, root = sys.argv[1:6]
    text = open(readme).read()
    table = subprocess.run([table_program], check=True, capture_output=True, text=True).stdout
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    if "--write" in sys.argv:
        open(readme, "w").write(before + BEGIN + table + END + after)
        return 0
    failures = 0
    if old != table:
        print("the table of operations differs from ops.def; write it anew with --write")
        failures += 1
    article_lines = subprocess.run([article], check=True, capture_output=True, text=True).stdout.splitlines()
    shown = re.search(r"^```console\n\$ sh demos/run.sh\n(.*?)^```$", text, re.M | re.S)[1].splitlines()
    for line in shown:
        if line not in article_lines:
            print("the README shows a line that demos/run.sh does not print:\n%s" % line)
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
