#!/usr/bin/env python3
"""Prints the page of the documentation that tells what an experiment showed.

usage: scripts/experiment-page.py DIR EXPERIMENT.toml [REMARK] > docs/reference/PAGE.md

DIR is what `jackfield ab run` wrote; its report.json has every number. Says the verdicts in words, how each arm differs from the
baseline in what was stated beforehand, and what every arm came to in every scenario.
"""

import json
import pathlib
import sys

MARKS = {
    "better": "▲ better", "worse": "▼ worse", "different": "◆ different", "alike": "= alike",
    "holds": "✓ holds", "broken": "✗ broken", "open": "? open", "missing": "– too few",
}
# The unit of a metric: how much a value is multiplied by, its digits, its sign, and that of a difference.
UNITS = {"share": (100, 1, " %", " pp"), "1/min": (1, 2, " /min", " /min"), "ms": (1, 1, " ms", " ms"), "kbit/s": (0.001, 2, " Mbit/s", " Mbit/s")}


def unit(metric):
    return UNITS.get(metric["unit"], (1, 2, f" {metric['unit']}", f" {metric['unit']}"))


def number(value, scale, digits, sign=False):
    if value is None:
        return "–"
    text = f"{value * scale:+.{digits}f}" if sign else f"{value * scale:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def main():
    folder, experiment = pathlib.Path(sys.argv[1]), sys.argv[2]
    report = json.loads((folder / "report.json").read_text())
    metrics = {metric["name"]: metric for metric in report["metrics"]}
    cells = report["cells"]
    seeds = len({cell["seed"] for cell in cells})
    scenarios = len({cell["scenario"] for cell in cells})
    arms = [arm["name"] for arm in report["arms"] if arm["role"] != "repeat"]
    failed = sum(1 for cell in cells if cell["failure"])

    print(f"# What `{report['experiment']}` showed\n")
    print(f"{report['question']}\n")
    print(f"{scenarios} scenarios, {len(arms)} arms and the baseline once more, {seeds} seeds: {len(cells):,} cells, {failed} of them failed. ", end="")
    print("The same numbers as a report with charts, as JSON and as Parquet:\n")
    print(f"```sh\njackfield ab run {experiment}\n```\n")
    print("`oracle` is told what the path bears; `stubborn` sends 1.4 Mbit/s whatever happens and is there so that something must lose. ", end="")
    if any(arm["role"] == "tcp" for arm in report["arms"]):
        print("`tcp` is as many TCP connections (CUBIC) in the place of the media, at the same times over the same paths; it has neither frames nor a target. ", end="")
    print("What each metric means: [metrics](metrics.md). This page is made by `scripts/experiment-page.py`.\n")

    if len(sys.argv) > 3:
        print(f"{sys.argv[3]}\n")

    print("## In words\n")
    for verdict in report["verdicts"]:
        print(f"- {verdict['headline']}")

    print(f"\n## Against {report['baseline']}\n")
    print("Means over all scenarios, and the difference with its 95 % interval from a hierarchical bootstrap.\n")
    print(f"| controller | metric | {report['baseline']} | controller | difference | interval | |")
    print("|---|---|--:|--:|--:|--:|---|")
    for comparison in report["comparisons"]:
        if comparison["role"] == "repeat":
            continue
        for effect in comparison["effects"]:
            if effect["role"] == "exploratory":
                continue
            metric = metrics[effect["metric"]]
            scale, digits, sign, difference = unit(metric)
            overall = effect["overall"]
            own = [number(mean, scale, digits) + sign for mean in effect["means"]]
            bounds = [number(overall[key], scale, digits, sign=True) for key in ("estimate", "lower", "upper")] if overall else ["–"] * 3
            print(
                f"| `{comparison['arm']}` | {metric['label']} | {own[0]} | {own[1]} | {bounds[0]}{difference} | "
                f"{bounds[1]} to {bounds[2]} | {MARKS[effect['outcome']]} |"
            )

    for table in report["means"]:
        metric = metrics[table["metric"]]
        scale, digits, sign, _ = unit(metric)
        print(f"\n## {metric['label']} by scenario, in{sign}\n")
        print(f"| scenario | {' | '.join(table['arms'])} |")
        print(f"|---|{'--:|' * len(table['arms'])}")
        for scenario, values in table["rows"]:
            print(f"| {scenario} | {' | '.join(number(value, scale, digits) for value in values)} |")


if __name__ == "__main__":
    main()
