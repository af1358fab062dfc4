# packages.sh -- installs the Debian packages that are missing; sourced by demos/run.sh and tests/run.sh.
# Asks nothing; uses sudo only when not root; elsewhere than Debian it says what is needed and goes on.
need() {
    missing=
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = 'install ok installed' ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Not a Debian system: please install what these Debian packages hold:$missing" >&2
        return 0
    fi
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    echo "Installing$missing" >&2
    $as_root apt-get update -qq >&2 &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
}
