# completion.sh PROGRAM SCRIPT -- what bash offers after some beginnings.
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1") here=$(cd "$(dirname "$0")" && pwd)
. "$2"
compopt() { :; }
status=0
offers() {
    local expected=$1
    shift
    COMP_WORDS=("$program" "$@") COMP_CWORD=$#
    _chainrule
    [ "${COMPREPLY[*]}" = "$expected" ] || { echo "after $*: '${COMPREPLY[*]}', not '$expected'"; status=1; }
}
cd "$here" || exit 1
offers 'emit' em
offers '--version' --v
offers '--hessian --help' eval neuron.model --he
offers '--prefix' emit --pre
offers 'neuron.model' eval neu
offers 'w=' eval neuron.model --set w
offers 'w' explain neuron.model --wrt w
exit $status
