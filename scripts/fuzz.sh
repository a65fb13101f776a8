#!/usr/bin/env bash
# Runs every fuzz target for some seconds, as many at once as there are processors: `scripts/fuzz.sh [SECONDS]`, 5 if not given.
#
# Coverage-guided, with libFuzzer and overflow checks. Without sanitizers: the parsers are safe Rust, where a fault is a
# panic, and so the pinned stable compiler is enough. A target starts from the seeds in fuzz/seeds/TARGET, if there are any, and from what is in the tree anyway.
# What breaks one stands in fuzz/artifacts/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."
export seconds="${1:-5}" CARGO_TARGET_DIR="$PWD/target/fuzz" RUST_BACKTRACE=1
programs="$CARGO_TARGET_DIR/$(rustc -vV | sed -n 's/^host: //p')/release"
export programs

cargo fuzz build --sanitizer none
# What stands elsewhere in the tree, or is made from it, is not kept as a seed once more.
mkdir -p fuzz/corpus/{experiment,graph_description,plugin_file,plugin_package,remote_description,scenario,session_description}
vectors=framework/session/tests/vectors
cp benches/ab/experiments/*.toml fuzz/corpus/experiment/
cp framework/graph/src/profiles/*.toml fuzz/corpus/graph_description/
cp benches/ab/scenarios/*/*.toml fuzz/corpus/scenario/
cp "$vectors"/*.sdp fuzz/corpus/session_description/
cat "$vectors/chromium-156-audio.sdp" <(echo ---) "$vectors/chromium-156-renegotiation-1-answer.sdp" >fuzz/corpus/remote_description/chromium
cc -shared -fPIC -fvisibility=hidden -Os -s -I plugin-sdk/abi/include -o fuzz/corpus/plugin_file/gain.so plugin-sdk/c/gain.c -lm
cp fuzz/corpus/plugin_file/gain.so fuzz/corpus/plugin_package/

fuzz_one() {
    local target="$1" corpus="fuzz/corpus/$1" artifacts="fuzz/artifacts/$1" log="$CARGO_TARGET_DIR/$1.log"
    mkdir -p "$corpus" "$artifacts"
    [ ! -d "fuzz/seeds/$target" ] || cp -n "fuzz/seeds/$target"/* "$corpus/"
    if "$programs/$target" "$corpus" -artifact_prefix="$artifacts/" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=5 \
        -print_final_stats=1 >"$log" 2>&1; then
        echo "-- $target: passed, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs"
    else
        echo "-- $target: FAILED"
        tail -n 60 "$log"
        return 1
    fi
}
export -f fuzz_one

status=0
cargo fuzz list | xargs -P "$(nproc)" -I '{}' bash -c 'fuzz_one {}' || status=1
[ "$status" -eq 0 ] && echo "all passed"
exit "$status"
