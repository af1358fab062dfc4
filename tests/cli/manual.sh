# manual.sh PROGRAM PAGE -- the manual page has every command and every option, and no other; man reads it without a warning.
set -e
program=$1 page=$2 status=0
plain() { sed 's/\\-/-/g; s/\\fI//g; s/\\fR//g' "$page"; }
commands=$("$program" --help | sed -n '/^commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p')
[ -n "$commands" ]
options=
for command in $commands; do
    plain | grep -q "^.SS \"chainrule $command" || { echo "the manual lacks chainrule $command"; status=1; }
    options="$options $("$program" "$command" --help | sed -n '/^options:/,/^$/s/^  \(-[a-z], \)*\(--[a-z-]*\).*/\2/p')"
done
for option in $(printf '%s\n' $options | sort -u); do
    plain | grep -q -e "^\.B.* \"* *$option" -e "^\.B.* \", \" $option" || { echo "the manual lacks $option"; status=1; }
done
for option in $(plain | sed -n '/^\.SH EXAMPLES/q; /^\.B/s/.*\(--[a-z][a-z-]*\).*/\1/p' | sort -u); do
    [ "$option" = --version ] || case " $(echo $options) " in *" $option "*) ;; *) echo "no command has $option"; status=1 ;; esac
done
if command -v groff >/dev/null 2>&1; then
    warnings=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
    [ -z "$warnings" ] || { echo "$warnings"; status=1; }
fi
exit $status
