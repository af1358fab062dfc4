#!/bin/sh
# example.sh HEADER SOURCE-ROOT LIBRARY-FOLDER CC... -- the program in the header's first comment compiles and prints what the
# comment says it prints.
set -e
header=$1 root=$2 library=$3
shift 3
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
sed -n '/^ \*     #include/,/^ \*     }$/p' "$header" | sed 's/^ \*     \{0,1\}//; s/^ \*$//' >"$here/example.c"
sed -n '/^ \* prints$/,/^ \*$/p' "$header" | sed -n 's/^ \*     //p' >"$here/expected"
[ -s "$here/expected" ]
"$@" -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$root" "$here/example.c" -o "$here/example" -L"$library" -Wl,-rpath,"$library" \
    -lchainrule -lm
"$here/example" | diff -u "$here/expected" -
