#!/bin/sh
# agree.sh AGREE PROGRAM -- agree.py on the folder gradbench of $CHAINRULE_DATA; skipped without it.
exec "$1" "$2" "${CHAINRULE_DATA:+$CHAINRULE_DATA/gradbench}"
