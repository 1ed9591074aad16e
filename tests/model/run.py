#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Property tests of capturing: clean sessions over a model of TCP ends, a network, and a capture
point that delays, loses, cuts and duplicates frames.  A program must show each message whose bytes
are in the file, once, and no other message; and it must report nothing false about the sessions.

    run.py CTIDUMP [--plugin CTI.SO] [--seeds N] [--first SEED] [--kinds NAME...] [--keep FOLDER]
           [--table] [--lines N] [--only-plugin] [--together]

The seeds of a kind share a capture, each with its own addresses; with --together all kinds with the
same snaplen share one.  A capture that breaks a limit is kept; `--first SEED --seeds 1 --kinds KIND`
makes one of a single seed.
"""
import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "plugin")]

import world  # noqa: E402
from judge import FIGURES, Judge, Result  # noqa: E402
from kinds import KINDS  # noqa: E402
from shown import MODES, run_ctidump, run_tshark  # noqa: E402
from truth import write  # noqa: E402
from tshark import Tshark, TsharkError  # noqa: E402

SEEDS_AT_ONCE = 20           # in one capture, but for kinds that start or end it
PLUGIN_LOST_MAX = 0.01       # of the messages in the file
SEEDS_SHOWN, LINE_MAX = 10, 300
COLUMNS = {"messages": "in file", "unanswered": "called unanswered", "negative": "negative times"}


def options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("ctidump")
    parser.add_argument("captures", nargs="?", help="not used; all tests are given it")
    parser.add_argument("--plugin", help="test this plugin too")
    parser.add_argument("--only-plugin", action="store_true", help="and not ctidump")
    parser.add_argument("--together", action="store_true",
                        help="kinds share captures, which needs fewer starts of tshark")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="NAME")
    parser.add_argument("--keep", metavar="FOLDER", help="for captures that break a limit")
    parser.add_argument("--table", action="store_true", help="print the table even if all is well")
    parser.add_argument("--lines", type=int, default=4, help="examples of each kind (default: 4)")
    return parser.parse_args()


def programs(given, tshark):
    """{name: path of a capture -> Shown}"""
    found = {}
    if not given.only_plugin:
        found["ctidump"] = lambda path: run_ctidump(given.ctidump, path)
    for mode, extra in MODES.items() if tshark is not None else ():
        found[mode] = lambda path, extra=extra: run_tshark(tshark, path, extra)
    return found


def broken(program, figures):
    """The limits that are broken, as names of figures."""
    lost = PLUGIN_LOST_MAX * figures["messages"] if program.startswith("plugin") else 0
    return [name for name in FIGURES[1:]
            if figures[name] > (lost if name == "lost" else 0)]


def groups(kinds, seeds, together):
    """[(name, snaplen, [(kind, seed)...])...] of the captures."""
    by_name = {}
    for kind in kinds:
        for seed in seeds:
            if kind.alone:
                name = f"{kind.name}-seed-{seed}"
            elif together:
                name = f"together-snaplen-{kind.snaplen}"
            else:
                name = f"{kind.name}-{seed // SEEDS_AT_ONCE}"
            by_name.setdefault((name, kind.snaplen), []).append((kind, seed))
    return [(*key, made) for key, made in by_name.items()]


def run_group(group, run, results, folder, keep):
    """Adds to results, {(kind, program): Result}; a capture in which a limit is broken is kept."""
    name, snaplen, seeds = group
    path = folder / f"{name}.pcap"
    judge = Judge(write(path, snaplen, seeds, world.capture))
    path.chmod(0o644)
    wrong = False
    for program, shown in run.items():
        for kind, result in judge.check(shown(path)).items():
            wrong |= bool(broken(program, result.figures))
            results.setdefault((kind, program), Result()).add(result)
    if wrong:
        keep.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, keep)
    path.unlink()


def table(rows):
    """Markdown, a line for each kind and program."""
    heads = ["kind", "program", *(COLUMNS.get(name, name) for name in FIGURES)]
    yield "| " + " | ".join(heads) + " |"
    yield "| --- | --- |" + " ---: |" * len(FIGURES)
    for kind, program, result in rows:
        cells = [str(result.figures[name]) for name in FIGURES]
        yield f"| {kind} | {program} | " + " | ".join(cells) + " |"


def report(kind, program, result, given, keep):
    """What is wrong with a kind."""
    names = broken(program, result.figures)
    seeds = ", ".join(str(seed) for seed in sorted(result.seeds, key=str)[:SEEDS_SHOWN])
    print(f"{kind}, {program}: " + ", ".join(f"{result.figures[name]} {name}" for name in names) +
          f"; seeds {seeds}; captures in {keep}")
    lines = [line for line in result.lines if line.partition(":")[0] in names]
    for line in lines[:given.lines]:
        print(f"    {line[:LINE_MAX]}")


def run_all(given, tshark, folder):
    keep = Path(given.keep) if given.keep else Path(tempfile.gettempdir()) / "cti-model"
    seeds = range(given.first, given.first + given.seeds)
    run = programs(given, tshark)
    results = {}
    for group in groups([KINDS[name] for name in given.kinds], seeds, given.together):
        run_group(group, run, results, folder, keep)
    rows = [(kind, program, results[kind, program]) for kind in given.kinds for program in run]
    failed = [row for row in rows if broken(row[1], row[2].figures)]
    for kind, program, result in failed:
        report(kind, program, result, given, keep)
    if given.table or failed:
        print("\n".join(table(rows)))
    return 1 if failed else 0


def main():
    given = options()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cti-model-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if given.plugin:
            with Tshark(given.plugin) as tshark:
                status = run_all(given, tshark, folder)
        else:
            status = run_all(given, None, folder)
    print(f"{len(given.kinds)} kinds, {given.seeds} seeds each, {time.monotonic() - began:.1f} s")
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (TsharkError, RuntimeError) as error:
        sys.exit(str(error))
