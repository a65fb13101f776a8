#!/usr/bin/env bash
# An experiment on a Ray cluster of two nodes on this machine, one of whose workers is killed in mid-sweep, and the driver too; taken up again,
# the dataset must be the same byte for byte as that of the in-process executor.
#
# usage: scripts/test-ray.sh JACKFIELD [EXPERIMENT]    (the command, with the plugins beside it)
set -euo pipefail
cd "$(dirname "$0")/.."

jackfield="$(realpath "$1")"
experiment="${2:-benches/ab/experiments/quick.toml}"
venv=target/ray-venv
work=target/test-ray
port="${RAY_PORT:-26379}"

say() { printf 'test-ray: %s\n' "$*"; }

if [ ! -x "$venv/bin/ray" ]; then
    say "installing Ray into $venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r benches/ab/requirements-ray.txt
fi
rm -rf "$work"
mkdir -p "$work/home" "$work/local"
# Ray writes into the home of whoever runs it; this is one of its own. Its sockets want a short path.
export HOME="$PWD/$work/home" RAY_USAGE_STATS_ENABLED=0 RAY_DISABLE_IMPORT_WARNING=1 RAY_DEDUP_LOGS=0
ray_folder="$(mktemp -d /tmp/jackfield-ray.XXXX)"

say "on this machine alone"
"$jackfield" ab run "$experiment" --out "$work/local"

nodes=()
ended() {
    for node in "${nodes[@]}"; do kill "$node" 2>/dev/null || true; done
    for node in "${nodes[@]}"; do wait "$node" 2>/dev/null || true; done
    rm -rf "$ray_folder"
}
trap ended EXIT

say "two nodes with one processor each"
common=(--num-cpus 1 --object-store-memory 100000000 --disable-usage-stats --block)
"$venv/bin/ray" start --head --port "$port" --node-ip-address 127.0.0.1 --temp-dir "$ray_folder" --include-dashboard=false "${common[@]}" >"$work/head.log" 2>&1 &
nodes+=($!)
for _ in $(seq 60); do
    if grep -q "Ray runtime started" "$work/head.log"; then break; fi
    sleep 1
done
"$venv/bin/ray" start --address "127.0.0.1:$port" "${common[@]}" >"$work/second.log" 2>&1 &
nodes+=($!)
for _ in $(seq 60); do
    if grep -q "Ray runtime started" "$work/second.log"; then break; fi
    sleep 1
done

drive() {
    "$venv/bin/python" benches/ab/ray_driver.py "$experiment" --out "$work/ray" --address "127.0.0.1:$port" --jackfield "$jackfield" --batch 8
}
parts() { find "$work/ray" -name 'part-*.parquet' 2>/dev/null | wc -l; }
until_parts() {
    for _ in $(seq 600); do
        if [ "$(parts)" -ge "$1" ]; then return 0; fi
        sleep 0.1
    done
    say "there are no $1 parts after a minute"
    return 1
}
# The workers of this cluster: their parents are its nodes' raylets, which name its folder.
workers() {
    local raylet
    for raylet in $(pgrep -f "raylet.*$ray_folder"); do pgrep -P "$raylet" -f 'ray::run_batch' || true; done
}

drive >"$work/driver.log" 2>&1 &
driver=$!
until_parts 10
worker="$(workers | head -n 1)"
[ -n "$worker" ] || { say "no worker is at work"; exit 1; }
kill -KILL "$worker"
say "killed the worker $worker after $(parts) parts"
until_parts 40
kill -KILL "$driver"
wait "$driver" 2>/dev/null || true
say "killed the driver after $(parts) parts"
drive | tee "$work/driver-again.log"

cmp "$work/local/dataset.parquet" "$work/ray/dataset.parquet"
say "the two datasets are the same, byte for byte: $(stat -c %s "$work/ray/dataset.parquet") bytes"
