# compare.sh EXPECTED PROGRAM -- fails unless PROGRAM succeeds and prints EXPECTED, byte for byte.
output=$(mktemp) || exit 1
trap 'rm -f "$output"' EXIT
"$2" >"$output" || exit 1
diff -u "$1" "$output"
