#!/bin/sh
# example.sh PROGRAM HEADER -- whether the program prints what the header's comment says after "prints".
wanted=$(sed -n 's/^ [*] prints  //p' "$2")
got=$("$1") || exit 1
[ -n "$wanted" ] && [ "$got" = "$wanted" ] && exit 0
echo "printed '$got', not '$wanted'"
exit 1
