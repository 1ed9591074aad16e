#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutated captures in tshark with the plugin, each in two of several ways of looking: no fault of
memory, no dissector bug, no complaint, no endless loop.

    mutations.py CTI.SO CAPTURES [COUNT [FIRST]]     (default 300 1)

Capture number N is the same each time: a sample whose bytes behind the TCP header editcap has
changed at some rate, and that may begin anywhere.  With a plugin that was built with
-DWITH_SANITIZERS=ON the faults are AddressSanitizer's and UndefinedBehaviorSanitizer's; in one of the
two ways memory then comes from malloc, so that they see each allocation.  In the other one, and in
both with another plugin, Wireshark checks it itself."""
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from tshark import Tshark, TsharkError  # noqa: E402

RATES = ("0.001", "0.005", "0.02", "0.05", "0.2")
BEHIND_TCP = "54"
WAYS = (("-V",), ("-2", "-V", "-x"), ("-2", "-V", "-o", "cti.desegment:FALSE"),
        ("-V", "-o", "tcp.desegment_tcp_streams:FALSE", "-o", "cti.largest_message:2000"),
        ("-2", "-q", "-z", "cti,sessions", "-z", "cti,tree", "-z", "cti,srt", "-z", "expert",
         "-z", "follow,cti,raw,0"),
        ("-2", "-T", "json", "-o", "tcp.reassemble_out_of_order:TRUE",
         "-o", "cti.hide_passwords:FALSE"))


def is_sanitized(plugin):
    return b"__asan_init" in Path(plugin).read_bytes()


def sanitized(tshark):
    """What makes tshark load such a plugin, and its own leaks nobody's business."""
    library = subprocess.run(["gcc", "-print-file-name=libasan.so"], check=True,
                             capture_output=True, text=True).stdout.strip()
    tshark.environment |= {"LD_PRELOAD": library, "ASAN_OPTIONS": "detect_leaks=0",
                           "UBSAN_OPTIONS": "print_stacktrace=1"}
    tshark.environment.pop("MALLOC_CHECK_", None)


def mutated(number, samples, folder):
    """The path of mutated capture N."""
    rng = random.Random(number)
    sample, rate = rng.choice(samples), RATES[number % len(RATES)]
    path = folder / f"{number}.pcap"
    first = rng.randrange(1, 40) if number % 3 == 0 else 1
    cut = folder / f"{number}-cut.pcap"
    subprocess.run(["editcap", "-F", "pcap", "-r", sample, cut, f"{first}-100000"], check=True,
                   capture_output=True)
    subprocess.run(["editcap", "-F", "pcap", "-E", rate, "--seed", str(number), "-o", BEHIND_TCP,
                    cut, path], check=True, capture_output=True)
    cut.unlink()
    return path, f"{number} ({sample.stem}, rate {rate}, from frame {first})"


def look(tshark, path, way, allocator):
    """What is wrong, or None."""
    tshark.environment["WIRESHARK_DEBUG_WMEM_OVERRIDE"] = allocator
    try:
        text = tshark.run(*way, capture=path, timeout=120)
    except (TsharkError, subprocess.TimeoutExpired) as error:
        return str(error)[:4000]
    for word in ("Dissector bug", "Malformed Packet: CTI"):
        if word in text:
            return word
    return None


def check(number, plugin, samples):
    """[what is wrong] of a capture."""
    faults = []
    with tempfile.TemporaryDirectory() as folder, Tshark(plugin, strict=True) as tshark:
        allocators = ("strict", "strict")
        if is_sanitized(plugin):
            sanitized(tshark)
            allocators = ("simple", "strict")
        path, name = mutated(number, samples, Path(folder))
        for step, allocator in enumerate(allocators):
            way = WAYS[(number + 3 * step) % len(WAYS)]
            fault = look(tshark, path, way, allocator)
            if fault is not None:
                faults.append(f"{name} {' '.join(way)}: {fault}")
    return faults


def main(plugin, captures, count, first):
    samples = [path for path in sorted(captures.glob("*.pcap"))
               if path.stem not in ("not-cti", "tls") and path.stat().st_size < 300_000]
    begin = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        numbers = range(first, first + count)
        faults = [fault for found in pool.map(lambda n: check(n, plugin, samples), numbers)
                  for fault in found]
    for fault in faults:
        print(fault)
    kind = "under AddressSanitizer" if is_sanitized(plugin) else "with strict memory"
    print(f"{count} captures of {len(samples)} samples, 2 ways each, {kind}: "
          f"{len(faults)} faults in {time.monotonic() - begin:.0f} s")
    return 1 if faults or not samples else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]).resolve(),
                  int(sys.argv[3]) if len(sys.argv) > 3 else 300,
                  int(sys.argv[4]) if len(sys.argv) > 4 else 1))
