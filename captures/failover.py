#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a capture in which many clients lose side A and open on side B (written/failover.py),
and beside it what is true of each client, for those who want to compare.

    failover.py CAPTURE [TRUTH] [--clients N] [--seed N]

Without options: 50 clients, the same bytes each time.
"""
import argparse
import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "tests")]

from written.failover import failover  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description="Writes a capture of a failover.")
    parser.add_argument("capture", type=Path)
    parser.add_argument("truth", type=Path, nargs="?")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    made, truth = failover(chosen.clients, chosen.seed)
    made.write(chosen.capture)
    if chosen.truth:
        chosen.truth.write_text(json.dumps(truth, indent=1) + "\n")


if __name__ == "__main__":
    main()
