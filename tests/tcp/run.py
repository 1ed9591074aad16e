#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP as it comes in captures, through the whole program: the cases of a checklist, each with
packets of its own, and properties of random ones.

    run.py CTIDUMP CAPTURES
"""
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

# pylint: disable=wrong-import-position,unused-import
from talk import TalkTest  # noqa: E402
from cases_order import Order  # noqa: E402,F401
from cases_life import Life  # noqa: E402,F401
from cases_packet import Packet  # noqa: E402,F401
from properties import Properties  # noqa: E402,F401

if __name__ == "__main__":
    TalkTest.ctidump = str(Path(sys.argv[1]).resolve())
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
