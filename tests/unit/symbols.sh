#!/bin/sh
# symbols.sh -- everything that the shared library exports begins with ad_ or nn_. $1 is nm, $2 the library.
names=$("$1" -D --defined-only "$2" | awk '{print $NF}' | sed 's/@.*//') || exit 99
[ "$(echo "$names" | grep -c '^ad_')" -gt 50 ] || { echo "hardly anything is exported: $names"; exit 1; }
echo "$names" | grep '^nn_neuron$' || { echo "nn_neuron is not exported"; exit 1; }
! echo "$names" | grep -v -e '^ad_' -e '^nn_'
