#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What cmake --install installs, and that the target "uninstall" removes all of it.

The codec as an installed library: in an empty folder, the programs of examples/ are compiled
against it with what pkg-config says, and print what stands beside this file; each header compiles
by itself, in C and in C++; the library defines no name but cti_*.

    run.py LIBRARY CAPTURES             compares
    run.py LIBRARY CAPTURES --update    writes the expected texts again: read the difference
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from ged188 import pcap  # noqa: E402

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXAMPLES = ROOT / "examples"
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
ETHERNET_AND_IPV4 = 34
SERVER_PORTS = 42027, 43027
MILLISECOND = 1000000
MAIN = "int main() { return 0; }"


def run(command, **more):
    done = subprocess.run([*map(str, command)], capture_output=True, timeout=300, check=False,
                          **more)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{command}: status {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def segments(path):
    """(milliseconds from the first packet, "client" or "server", bytes) of a written capture."""
    begin = None
    for time, frame in pcap.read(path):
        begin = time if begin is None else begin
        at = ETHERNET_AND_IPV4
        port = int.from_bytes(frame[at:at + 2], "big")
        data = frame[at + 4 * (frame[at + 12] >> 4):]
        if data:
            sender = "server" if port in SERVER_PORTS else "client"
            yield (time - begin) // MILLISECOND, sender, data


def server_bytes(path):
    return b"".join(data for _, sender, data in segments(path) if sender == "server")


def first_session(path):
    """The lines that watch reads: one message is one segment in this capture."""
    lines = []
    for milliseconds, sender, data in segments(path):
        if int.from_bytes(data[4:8], "big") == 3 and lines:  # the next OPEN_REQ
            break
        lines.append(f"{milliseconds} {sender} {data.hex()}\n")
    return "".join(lines).encode()


def project_version():
    """The one place of the version: project() in CMakeLists.txt."""
    return re.search(r"^project\(ctidump VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(),
                     re.M)[1]


INPUTS = {"segments": lambda: b"",
          "fields": lambda: server_bytes(Library.captures / "agent-desktop.pcap"),
          "watch": lambda: first_session(Library.captures / "heartbeat-missed.pcap")}


class Install(unittest.TestCase):
    def test_install_and_uninstall(self):
        build = Library.file.parents[1]
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "DESTDIR": folder}
            run(["cmake", "--install", build], env=environment)
            installed = {path.name for path in Path(folder).rglob("*") if path.is_file()}
            for name in ("ctidump", "ctidump.schema.json", "cti-codec.pc", "libcti-codec.a",
                         "reader.h", "heartbeat-missed.md", "README.md", "fields.c"):
                self.assertIn(name, installed)
            program = next(Path(folder).rglob("bin/ctidump"))
            version = run([program, "--version"]).decode()
            self.assertIn(project_version(), version)
            theirs = program.parent / "theirs"
            theirs.write_text("not ours")
            run(["cmake", "--build", build, "--target", "uninstall"], env=environment)
            left = [path for path in Path(folder).rglob("*") if path.is_file()]
            self.assertEqual(left, [theirs])
            self.assertEqual(list(Path(folder).rglob("*cti*")), [])


class Library(unittest.TestCase):
    file = captures = Path()
    update = False
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.prefix = Path(cls.folder.name) / "prefix"
        run(["cmake", "--install", cls.file.parents[1], "--prefix", cls.prefix,
             "--component", "codec"])
        pc = next(cls.prefix.glob("**/cti-codec.pc"))
        cls.environment = {**os.environ, "PKG_CONFIG_PATH": str(pc.parent)}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def pkg_config(self, *options):
        return shlex.split(run(["pkg-config", *options, "cti-codec"],
                               env=self.environment).decode())

    def test_examples(self):
        for name, given in INPUTS.items():
            with self.subTest(example=name):
                program = self.prefix / name
                run(["cc", "-std=c11", *STRICT, EXAMPLES / f"{name}.c",
                     *self.pkg_config("--cflags", "--libs"), "-o", program])
                output = run([program], input=given()).decode()
                expected = HERE / f"{name}.txt"
                if self.update:
                    expected.write_text(output)
                self.assertEqual(output, expected.read_text())

    def test_every_example_is_run(self):
        self.assertEqual({path.stem for path in EXAMPLES.glob("*.c")}, set(INPUTS))

    def test_headers_alone(self):
        headers = sorted((self.prefix / "include" / "cti").glob("*.h"))
        self.assertGreater(len(headers), 8)
        for compiler, language in (("cc", "c"), ("c++", "c++")):
            for header in headers:
                with self.subTest(header=header.name, language=language):
                    run([compiler, "-x", language, *STRICT, "-fsyntax-only",
                         *self.pkg_config("--cflags"), "-"],
                        input=f"#include <cti/{header.name}>\n{MAIN}\n".encode())

    def test_names(self):
        lines = run(["nm", "-g", "--defined-only", self.file]).decode().splitlines()
        names = {line.split()[2] for line in lines if len(line.split()) == 3}
        self.assertIn("cti_reader_next", names)
        self.assertEqual({name for name in names if not name.startswith("cti_")}, set())

    def test_version(self):
        self.assertEqual(self.pkg_config("--modversion"), [project_version()])


if __name__ == "__main__":
    Library.update = "--update" in sys.argv
    Library.file, Library.captures = (Path(argument).resolve() for argument in sys.argv[1:3])
    unittest.main(argv=sys.argv[:1])
