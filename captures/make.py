#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the captures of this folder that are made up: scripts of messages and TCP behaviour
with a made clock, the same bytes each time.

    make.py [NAME...]            writes all of them, or these
    make.py --check [NAME...]    compares, writes nothing; 1 and the names where they differ

The scripts stand in written/, the encoder in tests/ged188.  README.md says what is in each
capture; a capture without a row there is a fault too.  (record.py makes the other captures.)
"""
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "tests")]

from written import endings, foreign, ged125, messages, network, sessions  # noqa: E402,F401
from written.script import CAPTURES  # noqa: E402


def differs(name, path):
    """Why the file is not what the script writes, or None."""
    if not path.exists():
        return f"{path.name} is missing"
    if path.read_bytes() != CAPTURES[name]().data():
        return f"{path.name} differs from its script"
    return None


def check(names):
    """Prints what is wrong; 0 where nothing is."""
    faults = [differs(name, FOLDER / f"{name}.pcap") for name in names]
    rows = (FOLDER / "README.md").read_text()
    faults += [f"{name}.pcap has no row in README.md" for name in names
               if f"| `{name}.pcap` |" not in rows]
    faults = [fault for fault in faults if fault]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def write(names):
    for name in names:
        CAPTURES[name]().write(FOLDER / f"{name}.pcap")
    print(f"{len(names)} captures written")
    return 0


def main():
    arguments = sys.argv[1:]
    checking = "--check" in arguments
    names = [argument for argument in arguments if argument != "--check"] or list(CAPTURES)
    unknown = [name for name in names if name not in CAPTURES]
    if unknown:
        print(f"make.py: no script for {', '.join(unknown)}", file=sys.stderr)
        return 2
    return check(names) if checking else write(names)


if __name__ == "__main__":
    sys.exit(main())
