#!/usr/bin/env python3
"""Runs an experiment of `jackfield ab` on a Ray cluster. Ray starts processes and nothing else: every cell goes through the
command line, so that its rows are those that `jackfield ab run` leaves on one machine, and so is the dataset, byte for byte.

    python3 benches/ab/ray_driver.py EXPERIMENT --out DIR [--address HOST:PORT] [--jackfield PATH] [--batch N] [-- OPTION ...]

DIR lies on storage that all nodes share, and the command and the plugins are at the same paths on all of them. What is in DIR
already is not run again: after a crash the same command goes on. Options behind `--`, such as `--plugins DIR`, go to each
`jackfield ab`.
"""

import argparse
import pathlib
import re
import subprocess
import sys

import ray

RETRY = 75  # of `jackfield ab cells`: no rows, for a reason outside the cells


class TryAgain(Exception):
    """The batch left no rows, and may do so elsewhere or later."""


@ray.remote(num_cpus=1, max_retries=2, retry_exceptions=[TryAgain])
def run_batch(jackfield, out, first, last, options):
    """Runs the cells from `first` to before `last`; returns how many there were, and what the command said."""
    command = [jackfield, "ab", "cells", "--out", out, "--from", str(first), "--to", str(last), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == RETRY or done.returncode < 0:
        raise TryAgain(done.stderr.strip())
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()}")
    return last - first, done.stderr.strip()


def lacking(out, batch):
    """Spans of cells that have no part, none longer than `batch`."""
    with open(out / "cells.jsonl", encoding="utf-8") as plan:
        ids = [re.search(r'"id":"([0-9a-f]{64})"', line).group(1) for line in plan]
    there = {path.name for path in out.glob("part-*.parquet")}
    spans = []
    for index, cell in enumerate(ids):
        if f"part-{cell}.parquet" in there:
            continue
        if spans and spans[-1][1] == index and index - spans[-1][0] < batch:
            spans[-1][1] = index + 1
        else:
            spans.append([index, index + 1])
    return len(ids), spans


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiment")
    parser.add_argument("--out", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--address", help="of the cluster; without one this machine alone")
    parser.add_argument("--jackfield", default="jackfield")
    parser.add_argument("--batch", type=int, default=20, help="cells in one task, so that it takes a second or two")
    parser.add_argument("options", nargs="*")
    given = parser.parse_args()
    out, ab = str(given.out), [given.jackfield, "ab"]

    subprocess.run([*ab, "plan", given.experiment, "--out", out, *given.options], check=True)
    total, spans = lacking(given.out, given.batch)
    print(f"{total} cells, {total - sum(last - first for first, last in spans)} of them done before", flush=True)
    ray.init(address=given.address, include_dashboard=False, log_to_driver=False)
    width = max(2, int(4 * ray.cluster_resources().get("CPU", 1)))
    running, finished = [], 0
    for span in [*spans, None]:
        if span is not None:
            running.append(run_batch.remote(given.jackfield, out, *span, given.options))
        # No more tasks wait than keep every processor busy; behind the last one, all are waited for.
        while len(running) >= (width if span is not None else 1):
            ready, running = ray.wait(running, num_returns=1)
            count, said = ray.get(ready[0])
            finished += count
            print(f"{finished} cells{': ' + said if said else ''}", flush=True)
    return subprocess.run([*ab, "merge", out], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
