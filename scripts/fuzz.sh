#!/usr/bin/env bash
# Runs every fuzz target for some seconds: `scripts/fuzz.sh [SECONDS]`, 5 if not given.
#
# cargo-fuzz wants the unstable sanitizer switches; RUSTC_BOOTSTRAP lets the pinned stable compiler take them, so that
# no second toolchain is needed. A target starts from the seeds in fuzz/seeds/TARGET, where there are some.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${1:-5}"
export RUSTC_BOOTSTRAP=1

passed=0 failed=0
cargo fuzz build
for target in $(cargo fuzz list); do
    corpus="fuzz/corpus/$target"
    mkdir -p "$corpus"
    [ -d "fuzz/seeds/$target" ] && cp -n "fuzz/seeds/$target"/* "$corpus/"
    echo "-- $target"
    if cargo fuzz run "$target" "$corpus" -- -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=5 -print_final_stats=1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
