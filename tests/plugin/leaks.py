#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark with the plugin in valgrind: nothing that the plugin allocated is left at the end, and it
reads and writes only what is its own.

    leaks.py CTI.SO CAPTURES [all]     (default: a few of the captures)

Wireshark itself leaves memory behind, in each version another: what counts is a report with a
function of this project in its stack, other than the one that calls TCP.  (Tables of statistics are
not asked for: tshark keeps them to its end, whosever they are.)  Wireshark takes all memory from
malloc here, so that valgrind sees each allocation."""
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parent))

from tshark import AS_NOBODY, Tshark  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
# As the debugging information has them: paths there begin at the project's folder.
SOURCES = ("./plugin", "./codec", str(ROOT / "plugin"), str(ROOT / "codec"))
SHOWN = 10
FEW = ("heartbeat-missed", "malformed", "split-coalesced")
VALGRIND = ("valgrind", "--leak-check=full", "--show-leak-kinds=all", "--keep-debuginfo=yes",
            "--num-callers=60", "--child-silent-after-fork=yes", "--xml=yes")


# Calls Wireshark's TCP: what is allocated below it, but not by a function of ours, is TCP's.
CALLS_TCP = "dissect_segment"


def is_ours(error):
    """By the innermost function that is this project's."""
    ours = (frame for frame in error.iter("frame")
            if (frame.findtext("dir") or "").startswith(SOURCES) or
            (frame.findtext("obj") or "").endswith("/cti.so"))
    return next((frame.findtext("fn") for frame in ours), CALLS_TCP) != CALLS_TCP


def told(error):
    what = error.findtext("what") or error.findtext("xwhat/text")
    frames = [f"{frame.findtext('fn')} ({frame.findtext('file')}:{frame.findtext('line')})"
              for frame in error.iter("frame")]
    return "\n    ".join([what, *frames])


def check(tshark, capture, *options):
    """(reports in all, [those that are ours])"""
    path = tshark.copy(capture)
    report = tshark.folder / f"{capture.stem}.xml"
    prefix = AS_NOBODY if os.geteuid() == 0 else []
    done = subprocess.run(
        [*prefix, *VALGRIND, f"--xml-file={report}", "tshark", *options, "-r", str(path)],
        env={**tshark.environment, "G_SLICE": "always-malloc",
             "WIRESHARK_DEBUG_WMEM_OVERRIDE": "simple"},
        cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0 or "Cisco CTI Server Protocol" not in done.stdout:
        return 0, [f"{capture.name}: status {done.returncode}\n{done.stderr}"]
    errors = ElementTree.parse(report).getroot().findall("error")
    return len(errors), [f"{capture.name}: {told(error)}" for error in errors if is_ours(error)]


def main(plugin, captures, everything):
    samples = [path for path in sorted(captures.glob("*.pcap"))
               if (path.stem in FEW or everything) and path.stem not in ("not-cti", "tls")]
    with Tshark(plugin) as tshark, ThreadPoolExecutor(os.cpu_count()) as pool:
        tshark.folder.chmod(0o777)
        found = list(pool.map(lambda path: check(tshark, path, "-2", "-V"), samples))
    for fault in [fault for _, faults in found for fault in faults][:SHOWN]:
        print(fault)
    ours = sum(len(faults) for _, faults in found)
    print(f"{len(samples)} captures, {sum(number for number, _ in found)} reports of valgrind, "
          f"{ours} with the plugin in them")
    return 1 if ours or not samples else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]).resolve(), "all" in sys.argv[3:]))
