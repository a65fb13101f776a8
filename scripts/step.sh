#!/usr/bin/env bash
# Runs one step of a longer job: `scripts/step.sh NAME COMMAND...`.
#
# The command's output goes to target/logs/NAME.log, so that a long job stays readable; what a test runner sums up is
# repeated here, and a step that fails shows the end of its output. VERBOSE=1 shows everything as it comes.
# `scripts/step.sh --report` prints the times of all steps since `scripts/step.sh --begin`.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
logs=target/logs
times="$logs/times"
mkdir -p "$logs"

case "${1:-}" in
    --begin)
        : >"$times"
        exit 0
        ;;
    --report)
        awk '{ total += $2; printf "%-22s %8.1f s\n", $1, $2 } END { printf "%-22s %8.1f s\n", "in all", total }' "$times"
        exit 0
        ;;
    "")
        echo "usage: scripts/step.sh NAME COMMAND... | --begin | --report" >&2
        exit 2
        ;;
esac

name="$1"
shift
log="$logs/$name.log"
begin=$(date +%s.%N)
printf '== %s: %s\n' "$name" "$*"
if [ "${VERBOSE:-}" = 1 ]; then
    "$@" </dev/null 2>&1 | tee "$log"
else
    "$@" </dev/null >"$log" 2>&1
fi
status=$?
seconds=$(awk -v a="$begin" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
printf '%s %s\n' "$name" "$seconds" >>"$times"

if [ "$status" -ne 0 ]; then
    [ "${VERBOSE:-}" = 1 ] || tail -n 200 "$log"
    printf '== %s: FAILED with %s after %s s; all of its output is in %s\n' "$name" "$status" "$seconds" "$log"
    exit "$status"
fi
if [ "${VERBOSE:-}" != 1 ]; then
    # The closing lines of nextest, cargo test, vitest, node's test runner and our own browser tests and fuzz runs.
    sed 's/\x1b\[[0-9;]*m//g' "$log" |
        grep -E '^ *(Summary \[|test result: [^.]*\. [1-9]|Tests  |Test Files  |# (tests|pass|fail) |[0-9]+ passed, [0-9]+ failed)' || true
fi
printf '== %s: ok, %s s\n' "$name" "$seconds"
