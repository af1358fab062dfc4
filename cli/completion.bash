# Completion of `chainrule` for bash. What can be completed is read from --help, so that nothing is listed twice.
_chainrule()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} program=${COMP_WORDS[0]}
    local commands options
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        commands=$("$program" --help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p')
        COMPREPLY=($(compgen -W "$commands --help --version" -- "$word"))
        return
    fi
    options=$("$program" "$command" --help 2>/dev/null | sed -n '/^options:/,/^$/s/^  \(-[a-z], \)*\(--[a-z-]*\)\( [A-Z=]*\)* .*/\2\3/p')
    if [ "$before" = --set ] || [ "$before" = --of ] || [ "$before" = --wrt ]; then
        local file names
        for file in "${COMP_WORDS[@]:2}"; do
            [ -f "$file" ] && names=$("$program" eval "$file" --csv 2>/dev/null | sed '1d; s/,.*//')
        done
        COMPREPLY=($(compgen -W "$names" -- "$word"))
        [ "$before" = --set ] && compopt -o nospace && COMPREPLY=("${COMPREPLY[@]/%/=}")
    elif [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$(printf '%s\n' "$options" | cut -d' ' -f1)" -- "$word"))
    else
        compopt -o filenames
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}
complete -F _chainrule chainrule
