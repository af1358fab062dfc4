#!/bin/sh
# run.sh -- builds Chainrule and runs its main job: the article's network, derived by hand and by the tape.
# BUILD names the build folder (default: build). What is built is said on stderr, the demo on stdout.
set -e
cd "$(dirname "$0")/.."
. tests/packages.sh
need gcc libc6-dev meson ninja-build pkg-config uthash-dev

build=${BUILD:-build}
[ -f "$build/build.ninja" ] || meson setup "$build" >&2
ninja -C "$build" demos/article >&2
exec "$build/demos/article"
