# broken.sh EXPECTED PROGRAM LINES -- PROGRAM with each of its lines broken prints EXPECTED, byte for byte, and fails each time.
output=$(mktemp) || exit 1
trap 'rm -f "$output"' EXIT
line=1
while [ "$line" -le "$3" ]; do
    "$2" --break "$line" >>"$output" && { echo "line $line, broken, was not found"; exit 1; }
    echo "----" >>"$output"
    line=$((line + 1))
done
"$2" --break "$line" 2>/dev/null && exit 1       # there is no such line
diff -u "$1" "$output"
