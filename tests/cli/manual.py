#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual page: documents each option of --help and nothing else, renders without a warning,
and its examples print what stands below them.

    manual.py CTIDUMP CAPTURES             compares
    manual.py CTIDUMP CAPTURES --update    writes the outputs again: read the difference
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "docs" / "ctidump.1"
COMPLETION = ROOT / "docs" / "ctidump.bash"
EXAMPLE = re.compile(r"(?<=^\.EX\n)(.*?)(?=^\.EE$)", re.M | re.S)
HELP_OPTION = re.compile(r"^  (?:-(\w), )?--([a-z-]+)(?:=(\S+))?  ", re.M)
MANUAL_OPTION = re.compile(r"(?:\\fB-(\w)\\fR, )?\\fB--([a-z-]+)\\fR(?:=\\fI(\S+?)\\fR)?(?:,|$)")
ESCAPES = {r"\-": "-", r"\e": "\\", r"\(dq": '"', r"\(bu": "*"}


def plain(text):
    """roff's escapes as the characters that they print."""
    return re.sub(r"\\(?:[-e]|\(\w\w)|^\\&", lambda found: ESCAPES.get(found[0], ""), text,
                  flags=re.M)


def roff(text):
    """What prints as text."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.M)


def split(example):
    """The command, which goes on in lines that are indented or behind a backslash or a pipe, and
    its output, both as they stand."""
    lines = example.splitlines(keepends=True)
    size = 1
    while size < len(lines) and lines[size].startswith("  ") and \
            re.search(r"[|\\]\s*$", plain("".join(lines[:size]))):
        size += 1
    return "".join(lines[:size]), "".join(lines[size:])


class Manual(unittest.TestCase):
    ctidump, captures = "", Path()
    maxDiff = None

    @classmethod
    def run_example(cls, command):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "ctidump").symlink_to(cls.ctidump)
            done = subprocess.run(["sh", "-c", command], cwd=cls.captures, capture_output=True,
                                  text=True, timeout=60, check=False,
                                  env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}",
                                       "LC_ALL": "C.UTF-8"})
        if done.returncode != 0 or done.stderr:
            raise AssertionError(f"{command}: status {done.returncode}: {done.stderr}")
        return done.stdout

    def help(self):
        return subprocess.run([self.ctidump, "--help"], capture_output=True, text=True,
                              check=True).stdout

    def test_examples(self):
        examples = EXAMPLE.findall(MANUAL.read_text())
        self.assertGreaterEqual(len(examples), 9)
        for example in examples:
            command, expected = map(plain, split(example))
            self.assertTrue(command.startswith("$ "))
            with self.subTest(command=command):
                self.assertEqual(self.run_example(command[2:]), expected)

    def test_options(self):
        """The same options, with the same arguments, in the manual and in --help."""
        offered = HELP_OPTION.findall(self.help())
        documented = []
        for line in MANUAL.read_text().splitlines():
            if line.startswith((r"\fB\-", r"\fB--")):
                documented += MANUAL_OPTION.findall(plain(line))
        self.assertGreater(len(offered), 25)
        self.assertEqual(sorted(documented), sorted(offered))

    def test_formats_and_statuses(self):
        manual = plain(MANUAL.read_text())
        formats = manual.partition(".SH FORMATS")[2].partition(".SH")[0]
        listed = subprocess.run([self.ctidump, "--list", "formats"], capture_output=True,
                                text=True, check=True).stdout.split()
        self.assertEqual(re.findall(r"\.TP\n\.B (\w+)", formats), listed)
        statuses = manual.partition(".SH EXIT STATUS")[2].partition(".SH")[0]
        self.assertEqual(re.findall(r"\.TP\n\.B (\d)", statuses),
                         re.findall(r"^  (\d)  ", self.help(), re.M))

    def test_version(self):
        version = subprocess.run([self.ctidump, "--version"], capture_output=True, text=True,
                                 check=True).stdout.strip()
        self.assertIn(f'"{version}"', MANUAL.read_text().splitlines()[2])

    def test_no_warning(self):
        """Of the two programs that show manual pages, as far as they are there."""
        for program in (["mandoc", "-T", "lint", "-W", "style", MANUAL],
                        ["groff", "-man", "-Tutf8", "-ww", "-z", MANUAL]):
            if shutil.which(program[0]) is None:
                continue
            done = subprocess.run(program, capture_output=True, text=True, check=False)
            self.assertEqual(done.stdout + done.stderr, "", program)

    # ---- bash completion ----

    def complete(self, *words):
        """What bash offers for the last word."""
        script = (f"ctidump() {{ {self.ctidump} \"$@\"; }}; . {COMPLETION}; "
                  "COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "
                  "_ctidump ctidump \"${COMP_WORDS[COMP_CWORD]}\" "
                  "\"${COMP_WORDS[COMP_CWORD-1]}\"; printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "-c", script, "bash", "ctidump", *words],
                              cwd=self.captures, capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_completion_of_options(self):
        found = {name for short, long, _ in HELP_OPTION.findall(self.help())
                 for name in ([f"-{short}"] if short else []) + [f"--{long}"]}
        self.assertEqual(set(self.complete("-")), found)

    def test_completion_of_values(self):
        for words, expected in (
                (("-T", "j"), ["json"]), (("--format", "t"), ["timeline"]),
                (("--table", "se"), ["sessions"]), (("--color", "a"), ["auto", "always"]),
                (("--min-severity", ""), ["note", "warning", "error"]),
                (("--fail-on", "w"), ["warning"]), (("-t", "u"), ["u", "ud"]),
                (("--type", "OPEN_R"), ["OPEN_REQ"]),
                (("--type", "OPEN_REQ,OPEN_C"), ["OPEN_REQ,OPEN_CONF"]),
                (("--explain", "heartbeat-m"), ["heartbeat-missed"]),
                (("--list", "ru"), ["rules"]), (("--session", ""), []),
                (("tls.p",), ["tls.pcap"]), (("-w", "tls.p"), ["tls.pcap"]),
                (("--format=", ), []),
                (("--format", "=", "j"), ["json"])):
            with self.subTest(words=words):
                self.assertEqual(self.complete(*words), expected)


def update():
    def fill(found):
        command, _ = split(found[1])
        return command + roff(Manual.run_example(plain(command)[2:]))

    MANUAL.write_text(EXAMPLE.sub(fill, MANUAL.read_text()))


if __name__ == "__main__":
    Manual.ctidump = str(Path(sys.argv[1]).resolve())
    Manual.captures = Path(sys.argv[2]).resolve()
    if "--update" in sys.argv:
        update()
    else:
        unittest.main(argv=sys.argv[:1])
