#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples of README.md and docs/tshark.md: each line "$ COMMAND" in a code block is run, and
must print what stands below it.  And what README.md counts and lists, and the table of tests in
CONTRIBUTING.md: all is there.

    run.py CTIDUMP PLUGIN             compares
    run.py CTIDUMP PLUGIN --update    writes the outputs again: read the difference
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "tshark.md")
FACTS = ROOT / "tests" / "facts" / "facts.json"
# Where the table is counted.  The groups are what stands around the numbers.
COUNTED = (ROOT / "README.md", ROOT / "CHANGELOG.md")
COUNTS = re.compile(r"(the )\d+( message types of GED-188, )\d+( of them with their fields)")
BLOCK = re.compile(r"(?<=```\n)\$ (.*)\n((?:.*\n)*?)(?=```)")


def shims(folder, ctidump, plugin):
    """A folder for PATH with the programs as they are built here."""
    build = Path(plugin).resolve().parents[1]
    for name, command in (("ctidump", f'exec {Path(ctidump).resolve()} "$@"'),
                          ("tshark", f'BUILD={build} PATH={os.environ["PATH"]} '
                                     f'exec {ROOT}/scripts/tshark.sh "$@"')):
        path = Path(folder) / name
        path.write_text(f"#!/bin/sh\n{command}\n")
        path.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def output(command, path):
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"}, timeout=60,
                          check=False)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{command}: status {done.returncode}: {done.stderr}")
    return done.stdout if done.stdout.endswith("\n") else done.stdout + "\n"


def counted(text):
    """The text with the numbers of the table; tests/table holds the facts against that."""
    messages = json.loads(FACTS.read_text())["messages"]
    with_fields = sum(message["format"] != "not published" for message in messages)
    return COUNTS.sub(rf"\g<1>{len(messages)}\g<2>{with_fields}\g<3>", text)


class Readme(unittest.TestCase):
    ctidump = plugin = ""
    maxDiff = None

    def test_examples(self):
        with tempfile.TemporaryDirectory() as folder:
            path = shims(folder, self.ctidump, self.plugin)
            for document in DOCUMENTS:
                examples = BLOCK.findall(document.read_text())
                self.assertGreaterEqual(len(examples), 6)
                for command, expected in examples:
                    with self.subTest(document=document.name, command=command):
                        self.assertEqual(output(command, path), expected)

    def test_counts(self):
        for document in COUNTED:
            self.assertRegex(document.read_text(), COUNTS, document.name)
            self.assertEqual(counted(document.read_text()), document.read_text(),
                             f"{document.name}: run.py --update writes the numbers")

    def test_formats(self):
        formats = subprocess.run([self.ctidump, "--list", "formats"], capture_output=True, text=True,
                                 check=True).stdout.split()
        self.assertEqual(re.findall(r"^\| `(\w+)`", (ROOT / "README.md").read_text().partition(
            "| format (`-T`)")[2].partition("\n\n")[0], re.M), formats)

    def test_table_of_tests(self):
        """Each test has its place in CONTRIBUTING.md."""
        names = re.findall(r"^ *add_(?:script_|long_)?test\((?:NAME )?([a-z][\w-]*)",
                           (ROOT / "tests" / "CMakeLists.txt").read_text(), re.M)
        self.assertGreater(len(names), 20)
        told = (ROOT / "CONTRIBUTING.md").read_text()
        self.assertEqual([name for name in names if f"`{name}`" not in told and
                          f"-R {name}`" not in told], [])


def update(ctidump, plugin):
    with tempfile.TemporaryDirectory() as folder:
        path = shims(folder, ctidump, plugin)
        for document in DOCUMENTS:
            document.write_text(BLOCK.sub(lambda found: f"$ {found[1]}\n{output(found[1], path)}",
                                          document.read_text()))
    for document in COUNTED:
        document.write_text(counted(document.read_text()))


if __name__ == "__main__":
    Readme.ctidump, Readme.plugin = sys.argv[1:3]
    if "--update" in sys.argv:
        update(*sys.argv[1:3])
    else:
        unittest.main(argv=sys.argv[:1])
