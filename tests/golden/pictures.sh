# pictures.sh PROGRAM -- draws its picture, which is a PNG or a PPM of some size, and says so when the file cannot be written.
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
"$1" "$folder/picture" >"$folder/printed" || exit 1
[ "$(wc -c <"$folder/picture")" -gt 2000 ] || exit 1
head -c 8 "$folder/picture" | od -An -c | grep -q -e '211   P   N   G' -e 'P   6' || exit 1
! "$1" /nowhere/picture >"$folder/printed" 2>"$folder/said" && grep -q 'cannot write /nowhere/picture' "$folder/said"
