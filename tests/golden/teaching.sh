# teaching.sh WHAT PROGRAM MODEL FOLDER -- what explain and draw make of a model.
#   text, markdown, latex, dot   is FOLDER/article.*, byte for byte, but for the last digits of differences
#   typeset                      a TeX engine takes it without an error or a line much too wide; skipped (77) where there is none
#   svg                          Graphviz takes it without a word, as it takes a network of 2, 16, 16 and 1; skipped where there is none
set -e
what=$1 program=$2 model=$3 folder=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

explain() { "$program" explain "$model" --wrt W11 --questions --format "$1"; }
# Rows whose numbers are rounding noise, or the C library's.
stable() { grep -v -e '^ *|* *a central difference' -e '^ *|* *dual numbers' -e '^ *|* *differences extrap' -e 'text{a central' -e 'text{dual' -e 'text{differences'; }
network()
{
    echo 'const x1 = 0.4'; echo 'const x2 = -0.7'
    awk 'BEGIN {
        split("16 16 1", size); before = "x1 x2"
        for (l = 1; l <= 3; l++) {
            n = split(before, x, " "); before = ""
            for (j = 1; j <= size[l]; j++) {
                neuron = "layer" l ".neuron" j "."; sum = neuron "b"
                print "param " neuron "b = " j / 50
                for (i = 1; i <= n; i++) { print "param " neuron "w" i " = " ((i * 7 + j * 5) % 11 - 5) / 10; sum = sum " + " neuron "w" i "*" x[i] }
                print neuron "y = tanh(" sum ")"; before = before neuron "y "
            }
        }
        print "E = squared_error(0.3, layer3.neuron1.y)\nminimize E"
    }'
}

case $what in
text)     explain text | stable >"$work/out"; diff -u "$folder/article.txt" "$work/out" ;;
markdown) explain markdown | stable >"$work/out"; diff -u "$folder/article.md" "$work/out" ;;
latex)    explain latex | stable >"$work/out"; diff -u "$folder/article.tex" "$work/out" ;;
dot)      "$program" draw "$model" --wrt W11 -o "$work/article.dot"; diff -u "$folder/article.dot" "$work/article.dot" ;;
typeset)
    command -v pdflatex >/dev/null 2>&1 || { echo 'no pdflatex: skipped'; exit 77; }
    explain latex >"$work/article.tex"
    cd "$work"
    pdflatex -interaction=nonstopmode -halt-on-error article.tex >log || { cat log; exit 1; }
    [ -s article.pdf ] && ! grep -E 'Overfull .hbox \(([2-9][0-9]|[0-9]{3,})\.' log ;;
svg)
    command -v dot >/dev/null 2>&1 || { echo 'no dot: skipped'; exit 77; }
    network >"$work/network.model"
    for drawn in "$model" "$work/network.model"; do
        "$program" draw "$drawn" -o "$work/out.svg" 2>"$work/said"
        [ ! -s "$work/said" ] || { cat "$work/said"; exit 1; }
        grep -q '</svg>' "$work/out.svg"
    done
    # every neuron of the network is there, the layers are framed, and the scale is told
    [ "$(grep -c 'neuron[0-9]*\.y</text>' "$work/out.svg")" -eq 33 ]
    grep -q '>layer1</text>' "$work/out.svg" && grep -q '>size of the adjoint' "$work/out.svg" ;;
esac
