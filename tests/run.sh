#!/bin/sh
# run.sh -- builds everything and passes all tests, once as users build it and once under AddressSanitizer and
# UndefinedBehaviorSanitizer. BUILD names the build folder (default: build-tests).
set -e
cd "$(dirname "$0")/.."
. tests/packages.sh
need gcc g++ libc6-dev meson ninja-build pkg-config binutils uthash-dev libcriterion-dev libjansson-dev libmpfr-dev libpng-dev graphviz python3

build=${BUILD:-build-tests}
log=$build/all.log
[ -f "$build/build.ninja" ] || meson setup "$build" -Dtests=enabled
[ -f "$build-sanitized/build.ninja" ] ||
    meson setup "$build-sanitized" -Dtests=enabled -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1
: >"$log"

# The suites that look at text or speed see nothing new under a sanitizer. What was freed is kept from being used again up to 16 MB
# of it, not 256, each page of which is touched: function_faults takes 11 s of processor time in place of 20.
status=0
ninja -C "$build"
meson test -C "$build" --print-errorlogs >>"$log" 2>&1 || status=1
ninja -C "$build-sanitized"
ASAN_OPTIONS=quarantine_size_mb=16 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 LSAN_OPTIONS=suppressions=$PWD/tests/leaks.txt:print_suppressions=0 \
    meson test -C "$build-sanitized" --print-errorlogs --no-suite bench --no-suite readme --no-suite install --no-suite page >>"$log" 2>&1 ||
    status=1

cat "$log"
count() { awk -v what="$1" '$1 == what {n += $2} END {print n + 0}' "$log"; }
echo "$(($(count Ok:) + $(count 'Expected'))) passed, $(($(count Fail:) + $(count Timeout:))) failed, $(count Skipped:) skipped"
exit $status
