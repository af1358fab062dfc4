#!/bin/sh
# races.sh -- runs a program built with ThreadSanitizer; where its memory map is refused, without random addresses; where it
# does not run at all the test is skipped with a message.
program=$1
log=$(mktemp) && trap 'rm -f "$log"' EXIT
TSAN_OPTIONS="halt_on_error=0 exitcode=66 die_after_fork=0 $TSAN_OPTIONS"
export TSAN_OPTIONS
for how in '' 'setarch -R'; do
    [ -z "$how" ] || command -v setarch >/dev/null 2>&1 || continue
    $how "$program" >"$log" 2>&1
    status=$?
    cat "$log"
    grep -q 'unexpected memory mapping\|personality\|failed to set personality' "$log" || exit $status
done
echo "ThreadSanitizer does not run here: skipped"
exit 77
