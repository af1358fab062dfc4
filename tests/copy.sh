#!/bin/sh
# copy.sh -- compiles the library once more, under flags of its own, and makes an archive of it (OUTPUT ends in .a) or links a
# program with it: for what has to watch every line of the library, a fuzzer or ThreadSanitizer, beside a build that has no
# such flags.
#
#     copy.sh OUTPUT SOURCE-ROOT HELPERS.C "COMPILER FLAGS" "avx2 avx512 or less" SOURCE...
set -e
output=$1 root=$2 helpers=$3 compile=$4 lanes=$5
shift 5
cache=
! command -v ccache >/dev/null 2>&1 || cache=ccache
objects=$output.p
rm -rf "$objects"
mkdir -p "$objects"
strict="-std=gnu11 -D_GNU_SOURCE -ffp-contract=off -fno-math-errno -I$root -fPIC"
[ -z "$lanes" ] || strict="$strict -DAD_X86_LANES"
n=0
for source in "$helpers" "$@"; do
    n=$((n + 1))
    echo "$cache $compile $strict -c $source -o $objects/$n.o"
done >"$objects/commands"
for isa in baseline $lanes; do
    case $isa in
    avx2) flags="-mavx2 -mfma" ;;
    avx512) flags="-mavx512f -mavx512dq -mavx512vl -mfma" ;;
    *) flags= ;;
    esac
    echo "$cache $compile $strict $flags -O2 -DAD_LANES_RUN=ad_lanes_$isa -c $root/autodiff/function/lanes.c -o $objects/lanes_$isa.o"
    echo "$cache $compile $strict $flags -O2 -DAD_LANES_RUN=ad_few_lanes_$isa -DAD_LIVE=16 -c $root/autodiff/function/lanes.c -o $objects/few_lanes_$isa.o"
done >>"$objects/commands"
xargs -P "$(nproc 2>/dev/null || echo 1)" -I {} sh -c {} <"$objects/commands"
rm -f "$output"
case $output in
*.a) ar rcs "$output" "$objects"/*.o ;;
*) $compile "$objects"/*.o -lm -lpthread -o "$output" ;;
esac
rm -rf "$objects"
