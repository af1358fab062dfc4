#!/usr/bin/env python3
"""agree.py PROGRAM FOLDER [EVAL ...] -- whether the program gives back the expected outputs of a folder of GradBench inputs,
to 1e-10 of the largest entry (lse: 1e-7 of each); FOLDER/EVAL/SIZE.input.json beside SIZE.FUNCTION.json. Prints one line a
function, with the median of its evaluation times. Exits with 77, which is "skipped", without a folder."""
import json
import os
import pathlib
import subprocess
import sys


def numbers(value):
    if isinstance(value, dict):
        for key in sorted(value):
            yield from numbers(value[key])
    elif isinstance(value, list):
        for element in value:
            yield from numbers(element)
    else:
        yield float(value)


def difference(got, wanted, eval_name):
    """Of the largest entry; for lse the worst of all entries."""
    if isinstance(got, dict) and isinstance(wanted, dict) and got.keys() == wanted.keys() and len(got) > 1:
        return max(difference(got[key], wanted[key], eval_name) for key in got)
    a, b = list(numbers(got)), list(numbers(wanted))
    if len(a) != len(b):
        return float('inf')
    if eval_name == 'lse':
        return max(abs(x - y) / abs(y) for x, y in zip(a, b))
    largest = max(map(abs, b)) or 1
    return max(abs(x - y) for x, y in zip(a, b)) / largest


def main():
    if len(sys.argv) < 3 or not sys.argv[2] or not os.path.isdir(sys.argv[2]):
        return 77
    program, folder, only = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    worst = 0
    for expected in sorted(folder.glob('*/*.*.json')):
        size, function, _ = expected.name.split('.')
        name = expected.parent.name
        if function == 'input' or (only and name not in only):
            continue
        run = subprocess.run([program, name, str(expected.parent / (size + '.input.json')), function], capture_output=True, text=True)
        if run.returncode:
            print(f'{name} {size} {function}: {run.stderr.strip()}')
            worst = float('inf')
            continue
        lines = run.stdout.splitlines()
        times = sorted(json.loads(line)['nanoseconds'] for line in lines[1:] if '"evaluate"' in line)
        prepare = sum(json.loads(line)['nanoseconds'] for line in lines[1:] if '"prepare"' in line)
        error = difference(json.loads(lines[0]), json.loads(expected.read_text()), name)
        bar = 1e-7 if name == 'lse' else 1e-10
        print(f'{name:9}{size:7}{function:10}{error:9.1e}{"" if error <= bar else "  WRONG":8}'
              f'{times[len(times) // 2] / 1e6:10.4f} ms  prepare {prepare / 1e6:.2f} ms')
        worst = max(worst, error / bar)
    return int(not worst <= 1)


sys.exit(main())
