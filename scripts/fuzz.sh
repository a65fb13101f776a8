#!/usr/bin/env bash
# Runs every fuzz target for some seconds: `scripts/fuzz.sh [SECONDS]`, 5 if not given.
#
# Coverage-guided, with libFuzzer and overflow checks. Without sanitizers: the parsers are safe Rust, where a fault is a
# panic, and so the pinned stable compiler is enough. A target starts from the seeds in fuzz/seeds/TARGET, if there are any.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${1:-5}"
export CARGO_TARGET_DIR="$PWD/target/fuzz" RUST_BACKTRACE=1

passed=0 failed=0
cargo fuzz build --sanitizer none
# A whole plugin is too large a seed to be kept.
mkdir -p fuzz/corpus/plugin_file
cc -shared -fPIC -fvisibility=hidden -Os -s -I plugin-sdk/abi/include -o fuzz/corpus/plugin_file/gain.so plugin-sdk/c/gain.c -lm
for target in $(cargo fuzz list); do
    corpus="fuzz/corpus/$target"
    mkdir -p "$corpus"
    [ ! -d "fuzz/seeds/$target" ] || cp -n "fuzz/seeds/$target"/* "$corpus/"
    echo "-- $target"
    if cargo fuzz run --sanitizer none "$target" "$corpus" -- \
        -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=5 -print_final_stats=1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
