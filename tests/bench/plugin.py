#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What dissecting costs: tshark with the plugin against tshark that leaves the same traffic
undissected (no plugin, port decoded as "data", so that no heuristic is asked either) and against a
minimal Lua dissector, in one pass and in two; and the plugin's memory for each frame.  It asserts
nothing; with a second size it shows whether the cost of a frame grows with the capture.

    plugin.py CTI.SO [MEGABYTES [ROUNDS]]     (default 8 3)"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "plugin")]

from generate import generate  # noqa: E402
from tshark import AS_NOBODY, Tshark  # noqa: E402

UNDISSECTED = ["-d", "tcp.port==42027,data"]


def measure(command, environment):
    """(seconds of processor time, KiB at the peak)"""
    with open(os.devnull, "wb") as null:
        process = subprocess.Popen(command, stdout=null, stderr=null, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{' '.join(command)}: status {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def commands(tshark, capture, script):
    """{name: (command, environment)}; the first is what the others are compared with."""
    run = [*(AS_NOBODY if os.geteuid() == 0 else []), "tshark", "-r", str(capture)]
    bare = {**tshark.environment, "WIRESHARK_PLUGIN_DIR": "/nonexistent"}
    lua = ["-X", f"lua_script:{script}"]
    return {"undissected": ([*run, *UNDISSECTED], bare),
            "Lua: length and type": ([*run, *lua], bare),
            "plugin": (run, tshark.environment),
            "undissected, 2 passes": ([*run, "-2", *UNDISSECTED], bare),
            "Lua, 2 passes": ([*run, "-2", *lua], bare),
            "plugin, 2 passes": ([*run, "-2"], tshark.environment),
            "undissected, -V": ([*run, "-V", *UNDISSECTED], bare),
            "plugin, -V": ([*run, "-V"], tshark.environment)}


def start(tshark, script):
    """Seconds that tshark takes to start, with the plugin and without."""
    empty = tshark.folder / "empty.pcap"
    empty.write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    empty.chmod(0o644)
    rows = commands(tshark, empty, script)
    return {name: measure(*row)[0] for name, row in rows.items()}


def bench(tshark, script, megabytes, sessions, rounds):
    capture = tshark.folder / f"{megabytes}.pcap"
    generate(capture, megabytes << 20, sessions)
    capture.chmod(0o644)
    frames = len(tshark.run("-T", "fields", "-e", "frame.number", capture=capture).splitlines())
    best = {}
    for _ in range(rounds):
        for name, row in commands(tshark, capture, script).items():
            best[name] = min(best.get(name, (float("inf"), 0)), measure(*row))
    begun = start(tshark, script)
    print(f"\n{megabytes} MiB, {sessions} sessions, {frames} frames\n"
          f"{'':26}{'seconds':>9}{'us a frame':>12}{'ratio':>8}{'MiB':>9}")
    first = best["undissected"][0] - begun["undissected"]
    for name, (seconds, peak) in best.items():
        net = seconds - begun[name]
        print(f"{name:26}{net:9.2f}{net / frames * 1e6:12.1f}{net / first:8.2f}{peak / 1024:9.1f}")
    more = best["plugin"][1] - best["undissected"][1]
    print(f"memory of the plugin: {more * 1024 / frames:.0f} bytes a frame, its tables included")


def main(plugin, megabytes, rounds):
    # Not in tshark's folder: Wireshark runs each script that it finds beside its plugins.
    with Tshark(plugin) as tshark, tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "cti.lua"
        shutil.copy(HERE / "cti.lua", script)
        os.chmod(folder, 0o755)
        for size in (megabytes, 4 * megabytes):
            bench(tshark, script, size, 20, rounds)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 8,
         int(sys.argv[3]) if len(sys.argv) > 3 else 3)
