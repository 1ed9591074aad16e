#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random worlds in which everybody keeps the rules (legal.py): nothing above a note is reported, no
session is lost, no heartbeat missed, no request unanswered.

    run.py CTIDUMP CAPTURES                   a few of them, for ctest
    run.py CTIDUMP --seeds 200 [--first N]    as many
    run.py --write FILE SEED                  one, to look at
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "captures"), str(HERE.parent)]

from legal import legal  # noqa: E402

SEEDS = 40
GOOD = {"closed-by-client", "still-open", "maintenance"}


def wrong(records):
    """What is reported although all is well."""
    for record in records:
        kind = record["record"]
        if kind == "finding" and record["severity"] != "note":
            yield f"{record['severity']} {record['rule']}: {record['text']} {record['frames']}"
        elif kind == "session":
            if record["verdict"] not in GOOD:
                yield f"session {record['session']} is {record['verdict']}"
            if record["heartbeats_missed"] or record["unanswered"]:
                yield f"session {record['session']}: {record['heartbeats_missed']} missed, " \
                      f"{record['unanswered']} unanswered"


def check(ctidump, seed, folder):
    path = Path(folder) / f"{seed}.pcap"
    made = legal(seed)
    made.write(path)
    done = subprocess.run([ctidump, "-T", "json", str(path)], stdout=subprocess.PIPE, timeout=120,
                          check=True)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    path.unlink()
    return records, list(wrong(records))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ctidump")
    parser.add_argument("captures", nargs="?")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    bad = sessions = messages = notes = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.first, given.first + given.seeds):
            records, found = check(given.ctidump, seed, folder)
            bad += bool(found)
            sessions += sum(record["record"] == "session" for record in records)
            messages += sum(record["record"] == "message" for record in records)
            notes += sum(record["record"] == "finding" and record["severity"] == "note"
                         for record in records)
            for line in found[:5]:
                print(f"world {seed}: {line}")
    print(f"{given.seeds} worlds, {sessions} sessions, {messages} messages, {notes} notes: "
          f"{bad} with something wrong reported")
    return bad > 0 or not messages


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        legal(int(sys.argv[3])).write(sys.argv[2])
    else:
        sys.exit(main())
