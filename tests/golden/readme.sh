# readme.sh DEMOS GOLDEN -- every line that demos/README.md shows is one that a demo prints, and every picture is there.
status=0
sed -n '/^```text$/,/^```$/p' "$1/README.md" | grep -v '^```' | while IFS= read -r line; do
    grep -qxF -e "$line" "$2"/*.txt || { echo "no demo prints: $line"; exit 1; }
done || status=1
for picture in $(sed -n 's/^!\[.*\](\(.*\))$/\1/p' "$1/README.md"); do
    [ -s "$1/$picture" ] || { echo "$picture is missing"; status=1; }
done
[ "$(grep -c '^!\[' "$1/README.md")" -ge 7 ] && exit $status
