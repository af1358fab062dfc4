"""transcript.py PROGRAM FILE... -- runs the commands of transcripts and compares what they print, byte for byte.

A transcript is what one would see: after "$ " a shell command, then its standard output, the lines of its standard error
after "! ", and "= STATUS" where that is not 0. Lines before the first command are remarks. Commands run in the transcript's
folder with PROGRAM's folder first in PATH. With --update the transcripts are rewritten: look at the difference.
"""
import difflib
import os
import subprocess
import sys


def blocks(text):
    remarks, commands = [], []
    for line in text.splitlines(keepends=True):
        if line.startswith('$ '):
            commands.append([line[2:].rstrip('\n'), ''])
        elif commands:
            commands[-1][1] += line
        else:
            remarks.append(line)
    return ''.join(remarks), commands


def lines(text, before=''):
    if text and not text.endswith('\n'):
        text += '(no line end)\n'
    return ''.join(before + line for line in text.splitlines(keepends=True))


def run(command, folder, program):
    env = {k: v for k, v in os.environ.items() if k not in ('NO_COLOR', 'LANG', 'LC_ALL')}
    env['PATH'] = os.path.dirname(os.path.abspath(program)) + os.pathsep + env.get('PATH', '')
    done = subprocess.run(command, shell=True, cwd=folder, env=env, capture_output=True, timeout=100, stdin=subprocess.DEVNULL)
    status = '= %d\n' % done.returncode if done.returncode else ''
    return lines(done.stdout.decode(errors='backslashreplace')) + lines(done.stderr.decode(errors='backslashreplace'), '! ') + status


def main():
    update = '--update' in sys.argv
    program, *files = [a for a in sys.argv[1:] if a != '--update']
    failed = 0
    for file in files:
        with open(file, encoding='utf-8') as stream:
            old = stream.read()
        remarks, commands = blocks(old)
        if not commands:
            sys.exit(file + ': no commands')
        new = remarks + ''.join('$ %s\n%s%s' % (c, run(c, os.path.dirname(os.path.abspath(file)), program),
                                                '\n' if expected.endswith('\n\n') or expected == '\n' else '')
                                for c, expected in commands)
        if update:
            with open(file, 'w', encoding='utf-8') as stream:
                stream.write(new)
        elif new != old:
            failed = 1
            sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), new.splitlines(True), file, 'now'))
    sys.exit(failed)


main()
