#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints how long ctidump and tshark take for a large capture, side by side, as ratios to a
bare libpcap loop over the same file, and how much memory they need.  It asserts nothing.

    run.py BUILD [MEGABYTES [ROUNDS]]     (default 300 3; BUILD: a folder with ctidump, cti.so)

tshark is slow: it gets the first part of the capture only, and so does the ctidump that it is
compared with.
"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "plugin")]

from generate import generate, shuffle  # noqa: E402
from tshark import AS_NOBODY, Tshark  # noqa: E402

TSHARK_MEGABYTES = 30


def measure(command, environment=None):
    """(seconds of processor time, MiB at the peak)"""
    with open(os.devnull, "wb") as null:
        process = subprocess.Popen(command, stdout=null, stderr=null, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command[0]}: status {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(title, commands, rounds):
    """Runs all commands in turn, and again; prints the best of each."""
    best = {}
    for _ in range(rounds):
        for name, (command, environment) in commands.items():
            seconds, peak = measure(command, environment)
            if name not in best or seconds < best[name][0]:
                best[name] = (seconds, peak)
    first = next(iter(best.values()))[0]
    print(f"\n{title}\n{'':34}{'seconds':>9}{'ratio':>9}{'MiB':>9}")
    for name, (seconds, peak) in best.items():
        print(f"{name:34}{seconds:9.2f}{seconds / first:9.2f}{peak:9.1f}")


def compare_shuffled(ctidump, folder, rounds):
    """Four times the segments should take little more than four times as long."""
    commands = {}
    for count in (10000, 40000):
        path = folder / f"shuffled-{count}.pcap"
        shuffle(path, count)
        commands[f"{count} segments"] = ([str(ctidump), "--held-bytes", "16M", str(path)], None)
    compare("segments of one byte in random order", commands, rounds)


def tshark_commands(tshark, capture, script):
    prefix = AS_NOBODY if os.geteuid() == 0 else []
    bare = {**tshark.environment, "WIRESHARK_PLUGIN_DIR": "/nonexistent"}
    fields = ["-T", "fields", "-e", "frame.number", "-e", "cti.message_type", "-e",
              "cti.invoke_id"]
    run = [*prefix, "tshark", "-r", str(capture)]
    return {"tshark without the plugin": ([*run], bare),
            "tshark with a Lua dissector": ([*run, "-X", f"lua_script:{script}"],
                                            bare),
            "tshark -T fields with the plugin": ([*run, *fields], tshark.environment),
            "tshark -T ek with the plugin": ([*run, "-T", "ek"], tshark.environment)}


def main(build, megabytes, rounds):
    ctidump, loop = build / "decoder" / "ctidump", build / "tests" / "pcap_loop"
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.pcap"
        generate(large, megabytes << 20, 1000)
        compare(f"{megabytes} MiB, 1000 sessions",
                {"bare libpcap loop": ([str(loop), str(large)], None),
                 "ctidump -T report": ([str(ctidump), str(large)], None),
                 "ctidump -T timeline": ([str(ctidump), "-T", "timeline", str(large)], None),
                 "ctidump -T json": ([str(ctidump), "-T", "json", str(large)], None)}, rounds)
        compare_shuffled(ctidump, Path(folder), rounds)
        with Tshark(build / "plugin" / "cti.so") as tshark:
            small = tshark.folder / "small.pcap"
            generate(small, TSHARK_MEGABYTES << 20, 100)
            # Not beside the plugin, where Wireshark would load it each time.
            os.chmod(folder, 0o755)
            script = shutil.copy(HERE / "cti.lua", folder)
            os.chmod(small, 0o644)
            compare(f"{TSHARK_MEGABYTES} MiB, 100 sessions",
                    {"ctidump -T json": ([str(ctidump), "-T", "json", str(small)], None),
                     **tshark_commands(tshark, small, script)}, 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 300,
         int(sys.argv[3]) if len(sys.argv) > 3 else 3)
