#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random captures that are not what the network did: the sample captures and those of tests/model
with packets lost, repeated, late, cut, or of one direction only.  Of each, the plugin and ctidump
must show the same messages, sessions, findings and verdicts, whatever Wireshark's TCP is told about
segments out of order, and without a fault of the dissector.

    bad_captures.py CTIDUMP PLUGIN CAPTURES [--count N] [--first SEED] [--keep FOLDER]
"""
import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "plugin"), str(HERE.parent / "model")]

import compare  # noqa: E402
import truth  # noqa: E402
import world  # noqa: E402
from ged188.pcap import SECOND, Capture, read  # noqa: E402
from kinds import KINDS  # noqa: E402
from run import ctidump_json  # noqa: E402
from tshark import Tshark, TsharkError  # noqa: E402

FRAMES_MAX = 1500
MILLISECOND = SECOND // 1000
SNAPLENS = 5 * (262144,) + (96, 128, 200)
MODES = ((), ("-o", "tcp.reassemble_out_of_order:TRUE"))
# Wireshark decrypts it, ctidump does not; and what is not a classic pcap file of Ethernet.
LEFT_OUT = {"tls"}
# Where the start of a session is cut, SMPP may have taken it, and finds it malformed.
BROKEN = '(cti and _ws.malformed and not smpp) or _ws.expert.message contains "Dissector bug"'
DIFFERENCES_SHOWN = 6


# ---- damage: records, (time, frame) each, in the order of the file; another list of them ----

def lose(rng, records):
    share = rng.choice((0.005, 0.02, 0.1))
    return [record for record in records if rng.random() > share]


def lose_burst(rng, records):
    start, size = rng.randrange(len(records)), rng.choice((2, 5, 20))
    return records[:start] + records[start + size:]


def repeat(rng, records):
    """Some come a second time, a moment later."""
    late = [(time + rng.choice((0, 1, 10)) * MILLISECOND, frame)
            for time, frame in records if rng.random() < 0.05]
    return sorted(records + late, key=lambda record: record[0])


def delay(rng, records):
    """Each one comes late by up to so much."""
    jitter = rng.choice((0.2, 2, 20)) * MILLISECOND
    return sorted(((time + rng.randrange(int(jitter)), frame) for time, frame in records),
                  key=lambda record: record[0])


def skew(rng, records):
    """All packets to one host come late."""
    host, late = rng.choice(records)[1][:6], rng.choice((1, 5, 50)) * MILLISECOND
    return sorted(((time + late * (frame[:6] == host), frame) for time, frame in records),
                  key=lambda record: record[0])


def swap(rng, records):
    """Neighbours change places, and keep their times."""
    records = list(records)
    for index in range(len(records) - 1):
        if rng.random() < 0.05:
            records[index:index + 2] = records[index + 1], records[index]
    return records


def one_direction(rng, records):
    host = rng.choice(records)[1][:6]
    return [record for record in records if record[1][:6] != host]


def crop(rng, records):
    start, end = sorted((rng.randrange(len(records)), rng.randrange(len(records))))
    return records[start:end + 1]


DAMAGES = (lose, lose, lose_burst, repeat, delay, skew, swap, one_direction, crop)


# ---- captures ----

def kinds():
    """Not of IP fragments: Wireshark dissects the first of a packet that is not whole, ctidump counts
    it."""
    return [kind for kind in KINDS.values() if not kind.name.startswith("fragments") and
            "extensions" not in kind.name]


def source(rng, folder, samples):
    """(name, records) of a capture to damage."""
    if rng.random() < 0.5:
        path = rng.choice(samples)
        return path.stem, read(path)
    kind, seed = rng.choice(kinds()), rng.randrange(1000)
    path = folder / "model.pcap"
    truth.write(path, kind.snaplen, [(kind, seed)], world.capture)
    return f"{kind.name} {seed}", read(path)


def bad_capture(seed, folder, samples):
    """(what it is, its path)"""
    rng = random.Random(f"bad {seed}")
    name, records = source(rng, folder, samples)
    begin = rng.randrange(max(1, len(records) - FRAMES_MAX)) if len(records) > FRAMES_MAX else 0
    records = records[begin:begin + FRAMES_MAX]
    names = [name]
    for damage in rng.sample(DAMAGES, rng.randint(1, 3)):
        if records:
            records = damage(rng, records)
        names.append(damage.__name__)
    made = Capture(snaplen=rng.choice(SNAPLENS), as_added=True)
    for time, frame in records:
        made.add(time, frame)
    path = folder / f"bad-{seed}.pcap"
    made.write(path)
    path.chmod(0o644)
    return f"seed {seed} ({', '.join(names)}, snaplen {made.snaplen})", path


def check(given, tshark, names, path):
    """What differs, as lines."""
    try:
        ours = compare.read_ctidump(ctidump_json(given.ctidump, path))
        for mode in MODES:
            theirs = compare.read_tshark(compare.tshark_json(tshark, path, *mode), names)
            for line in compare.differences(ours, theirs, moved=True):
                yield f"{' '.join(mode)} {line}"
            if tshark.run("-2", *mode, "-Y", BROKEN, capture=path):
                yield f"{' '.join(mode)} a fault of the dissector"
    except TsharkError as error:
        yield str(error)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("ctidump")
    parser.add_argument("plugin")
    parser.add_argument("captures", type=Path)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="for captures that differ")
    given = parser.parse_args()
    samples = sorted(path for path in given.captures.glob("*.pcap") if path.stem not in LEFT_OUT)
    failed = 0
    with tempfile.TemporaryDirectory() as folder, Tshark(given.plugin, strict=True) as tshark:
        names = compare.field_names(tshark)
        for seed in range(given.first, given.first + given.count):
            name, path = bad_capture(seed, Path(folder), samples)
            lines = list(check(given, tshark, names, path))
            if lines:
                failed += 1
                print(name, *(line[:600] for line in lines[:DIFFERENCES_SHOWN]), sep="\n    ",
                      flush=True)
                if given.keep:
                    given.keep.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, given.keep)
            path.unlink()
            tshark.forget(path)
    print(f"{given.count} captures, {failed} differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
