#!/bin/sh
# example_of.sh HEADER -- the program in the header's first comment.
sed -n '/^ [*]     #include/,/^ [*]     }$/s/^ [*]\( \{0,5\}\)//p' "$1"
