# What the scripts of CI share. They run on a laptop as they run there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

dry_run=
if [ "${1:-}" = --dry-run ]; then
    dry_run=1
    shift
fi

usage() { # usage WORDS: what is expected, and the end
    echo "usage: $0 [--dry-run] $1" >&2
    exit 2
}

run() { # run COMMAND...: or, in a dry run, says what would be run
    if [ -n "$dry_run" ]; then
        printf '%q ' "$@" | sed 's/ $//'
        echo
    else
        "$@"
    fi
}

require_stack() { # require_stack NAME
    [ -f "Pulumi.$1.yaml" ] && return
    echo "There is no stack file Pulumi.$1.yaml." >&2
    exit 2
}
