#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Wireshark plugin in tshark: that it is loaded, what it registers, and what it shows.
That its values are those of ctidump is tests/agreement's to prove.

    run.py CTI.SO CAPTURES [CLASS...]

Classes run side by side, since most of the time goes by in starts of tshark."""
import os
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

from base import paths  # noqa: E402


def classes(names):
    """A suite for each test class; the longest first."""
    found = {}
    for file in sorted(FOLDER.glob("test_*.py")):
        for suite in unittest.defaultTestLoader.loadTestsFromName(file.stem):
            for test in suite:
                found.setdefault(type(test).__name__, unittest.TestSuite()).addTest(test)
    return [suite for name, suite in sorted(found.items()) if not names or name in names]


def run(suite):
    text = StringIO()
    result = unittest.TextTestRunner(stream=text).run(suite)
    return result, text.getvalue()


def main():
    if len(sys.argv) < 3:
        print("usage: run.py CTI.SO CAPTURES [CLASS...]", file=sys.stderr)
        return 2
    paths.plugin, paths.captures = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
    suites = classes(sys.argv[3:])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(run, suites))
    for result, text in results:
        if not result.wasSuccessful():
            print(text)
    print(f"{sum(result.testsRun for result, _ in results)} tests in {len(suites)} classes")
    return 0 if suites and all(result.wasSuccessful() for result, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
