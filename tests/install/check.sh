#!/bin/sh
# check.sh BUILD SOURCE -- what a user has after installing: headers, pkg-config, both libraries; and the same project as
# a Meson subproject. Compiles programs against them and compares what they print.
set -e
build=$1 source=$2
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

DESTDIR=$here/stage meson install -C "$build" --no-rebuild --quiet
PKG_CONFIG_PATH=$(dirname "$(find "$here/stage" -name chainrule.pc)")
prefix=$(PKG_CONFIG_PATH=$PKG_CONFIG_PATH pkg-config --variable=prefix chainrule)
flags() { PKG_CONFIG_PATH=$PKG_CONFIG_PATH pkg-config --define-variable=prefix="$here/stage$prefix" "$@" chainrule; }
library=$(dirname "$(find "$here/stage" -name libchainrule.so)")

cp "$source"/tests/install/neuron.c "$here/neuron.c"
expected='y 0.710949502625  E 0.0417750950164  dE/dw -0.118799932096  dE/db -0.059399966048'
same() { [ "$1" = "$expected" ] || { echo "$2 prints: $1"; exit 1; }; }

cc -std=c11 -Wall -Wextra -Wpedantic -Werror "$here/neuron.c" -o "$here/shared" $(flags --cflags --libs) \
    -Wl,-rpath,"$library"
same "$("$here/shared")" 'the program with the shared library'
cc -std=c11 "$here/neuron.c" -o "$here/static" $(flags --cflags) "$library/libchainrule.a" -lm -pthread
same "$("$here/static")" 'the program with the static library'
[ "$(flags --modversion)" = "$(sed -n "s/.*version: '\([0-9.]*\)'.*/\1/p" "$source/meson.build" | head -n 1)" ]

# The command, where it is built, its manual and its completion.
command=$(find "$here/stage" -path '*/bin/chainrule')
if [ -n "$command" ]; then
    printed=$(printf 'param w = 3\nE = w^2\nminimize E\n' | LD_LIBRARY_PATH=$library "$command" eval - --csv)
    [ "$printed" = "$(printf 'name,value,gradient\nw,3,6\nE,9,')" ] || { echo "the installed command prints: $printed"; exit 1; }
    [ -n "$(find "$here/stage" -name 'chainrule.1*')" ] || { echo 'no manual page'; exit 1; }
    [ -n "$(find "$here/stage" -path '*bash-completion/completions/chainrule')" ] || { echo 'no completion'; exit 1; }
fi

mkdir -p "$here/user/subprojects"
ln -s "$source" "$here/user/subprojects/chainrule"
cp "$here/neuron.c" "$here/user/"
cat >"$here/user/meson.build" <<'END'
project('user', 'c')
chainrule = dependency('chainrule', fallback: 'chainrule', default_options: ['tests=disabled'])
executable('neuron', 'neuron.c', dependencies: chainrule)
END
env -u PKG_CONFIG_PATH meson setup "$here/user/build" "$here/user" --wrap-mode=forcefallback >"$here/log" 2>&1 &&
    ninja -C "$here/user/build" neuron >>"$here/log" 2>&1 || { cat "$here/log"; exit 1; }
same "$("$here/user/build/neuron")" 'the program with the subproject'
