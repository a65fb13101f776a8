#!/usr/bin/env python3
"""Fills the column "shown by" of docs/webrtc-map.md with the tests found by name.

A Rust test shows a check if its name begins with the check's id (`e22_1_parsing_undoes_building`; several ids in a row
count for each: `e22_1_e22_2_...`); a script's test shows it if its title ends with the id in brackets ("... (E10.2)").
A function of plugin-sdk/testkit that a `cases!` lists is a test of every plugin of its area, and counts like one.
The other columns are written by hand and left alone. `--check` changes nothing and fails if something would change.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAP = ROOT / "docs/webrtc-map.md"
TESTKIT = "plugin-sdk/testkit/src/"
LEFT_OUT = {"target", "node_modules", "dist", ".git"}
NAME = r"(?:(?:[a-e]\d+|t)_\d+_)+\w+"
RUST_TEST = re.compile(rf"#\[(?:\w+::)*test(?:\([^\]]*\))?\][^{{}};]*?\bfn\s+({NAME})\s*\(", re.S)
CASE = re.compile(rf"^pub fn ({NAME})[<(]", re.M)
LIST = re.compile(r"\bcases!\s*\{([^{}]*)\}")
SCRIPT_TEST = re.compile(r"^\s*(?:test|it)\(\s*(['\"`])(.*?)\1", re.M)


def ids_of_name(name):
    found = re.match(r"(?:(?:[a-e]\d+|t)_\d+_)+", name).group()
    return [f"{item.upper()}.{number}" for item, number in re.findall(r"([a-e]\d+|t)_(\d+)_", found)]


def sources(suffixes):
    for path in sorted(ROOT.rglob("*")):
        if path.suffix in suffixes and not LEFT_OUT & set(path.relative_to(ROOT).parts):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def tests_by_id():
    tests = {}
    rust = list(sources({".rs"}))
    lists = " ".join(found for path, text in rust if path.startswith(TESTKIT) for found in LIST.findall(text))
    listed = set(re.findall(r"\w+::\w+", lists))
    for path, text in rust:
        names = RUST_TEST.findall(text)
        if path.startswith(TESTKIT):
            module = path.removeprefix(TESTKIT).removesuffix(".rs").split("/")[0]
            names += [name for name in CASE.findall(text) if f"{module}::{name}" in listed]
        for name in names:
            for identity in ids_of_name(name):
                tests.setdefault(identity, []).append((path, name))
    for path, text in sources({".mjs", ".ts"}):
        for _, title in SCRIPT_TEST.findall(text):
            for identity in re.findall(r"\b([A-E]\d+\.\d+|T\.\d+)\b", title):
                tests.setdefault(identity, []).append((path, title))
    return tests


def filled(line, tests):
    match = re.match(r"\| ([A-E]\d+\.\d+|T\.\d+) \|", line)
    if not match:
        return line
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    found = tests.get(match.group(1), [])
    cells[2] = ", ".join(f"`{path}`: `{name}`" for path, name in found) or "not yet"
    return "| " + " | ".join(cells).rstrip() + " |"


def main():
    tests = tests_by_id()
    before = MAP.read_text(encoding="utf-8")
    after = "\n".join(filled(line, tests) for line in before.splitlines()) + "\n"
    shown = sum(1 for line in after.splitlines() if re.match(r"\| [A-ET]\d*\.\d+ \|", line) and "not yet" not in line)
    if "--check" in sys.argv:
        if after != before:
            sys.exit("docs/webrtc-map.md does not name the tests that are there: run scripts/webrtc-map.py")
    elif after != before:
        MAP.write_text(after, encoding="utf-8")
    print(f"{shown} checks are shown by tests")


main()
