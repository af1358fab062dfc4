#!/bin/sh
# run.sh -- builds Chainrule and runs its main job: the article's network, derived by hand and by the tape; then its claims,
# judged line by line by the command.
# BUILD names the build folder (default: build). The building is silent unless it fails.
set -e
cd "$(dirname "$0")/.."
. tests/packages.sh
need gcc libc6-dev libjansson-dev meson ninja-build pkg-config uthash-dev

build=${BUILD:-build}
quietly() { "$@" >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }; }
[ -f "$build/build.ninja" ] || quietly meson setup "$build"
quietly ninja -C "$build" demos/article cli/chainrule
rm -f "$build.log"
"$build/demos/article"
printf '\n$ chainrule check demos/article.model\n\n'
status=0
"$build/cli/chainrule" check demos/article.model || status=$?
[ "$status" -eq 1 ]                        # the article has wrong claims, and they are found
