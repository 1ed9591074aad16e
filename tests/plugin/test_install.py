# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/install-plugin.sh, and the profile CTI that comes with the plugin."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from base import FOLDER, paths
from tshark import AS_NOBODY, NOBODY

ROOT = FOLDER.parents[1]


class Install(unittest.TestCase):
    """A user without any settings installs the plugin for himself."""

    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="cti-home-"))
        for folder in ("scripts", "profile"):
            shutil.copytree(ROOT / folder, cls.home / "clone" / folder)
        (cls.home / "clone" / "build" / "plugin").mkdir(parents=True)
        shutil.copy(paths.plugin, cls.home / "clone" / "build" / "plugin" / "cti.so")
        for capture in ("heartbeat-missed", "open-rejected"):
            shutil.copy(paths.captures / f"{capture}.pcap", cls.home)
        if os.geteuid() == 0:
            for path in (cls.home, *cls.home.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        cls.installed = cls.run_as_user(str(cls.home / "clone" / "scripts" / "install-plugin.sh"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.home)

    @classmethod
    def run_as_user(cls, *command, home=None):
        environment = {"PATH": os.environ["PATH"], "HOME": str(home or cls.home),
                       "LC_ALL": "C.UTF-8"}
        prefix = AS_NOBODY if os.geteuid() == 0 else []
        return subprocess.run([*prefix, *command], env=environment, cwd=cls.home,
                              capture_output=True, text=True, check=False)

    def tshark(self, *options):
        done = self.run_as_user("tshark", "-C", "CTI", "-2", *options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_installed(self):
        self.assertEqual((self.installed.returncode, self.installed.stderr), (0, ""))
        self.assertRegex(self.installed.stdout, r"(?m)^plugin:  .*/\d+[.-]\d+/epan/cti\.so$")
        self.assertRegex(self.installed.stdout, r"(?m)^loaded by TShark ")

    def test_installed_again(self):
        """What the user changed in the profile is kept beside the new file."""
        home = self.home / "again"
        home.mkdir()
        home.chmod(0o777)
        script = str(self.home / "clone" / "scripts" / "install-plugin.sh")
        self.run_as_user(script, home=home)
        profile = home / ".config" / "wireshark" / "profiles" / "CTI"
        for name in ("preferences", "recent"):
            with (profile / name).open("a") as file:
                file.write("# mine\n")
        done = self.run_as_user(script, home=home)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"(?m)^changed: .*/preferences is new, ")
        self.assertIn("# mine", (profile / "preferences.before").read_text())
        self.assertNotIn("# mine", (profile / "preferences").read_text())
        self.assertIn("# mine", (profile / "recent").read_text())

    def test_a_file_that_is_no_plugin(self):
        build = self.home / "clone" / "broken"
        (build / "plugin").mkdir(parents=True)
        (build / "plugin" / "cti.so").write_bytes(b"no plugin")
        home = self.home / "second"
        home.mkdir()
        for path in (build, build / "plugin", home):
            path.chmod(0o777)
        (build / "plugin" / "cti.so").chmod(0o644)
        done = self.run_as_user(str(self.home / "clone" / "scripts" / "install-plugin.sh"),
                                str(build), home=home)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("cti.so", done.stderr)

    def test_columns(self):
        line = next(line for line in self.tshark("-r", "heartbeat-missed.pcap").splitlines()
                    if "OPEN_CONF" in line)
        self.assertRegex(line, r" CTI 1 CTIOS1A A 0\.0155\d* OPEN_CONF ")

    def test_colours(self):
        """Each frame's rule, by the name that the profile gives it."""
        text = self.tshark("-r", "heartbeat-missed.pcap", "--color", "-T", "fields", "-e",
                           "frame.number", "-e", "frame.coloring_rule.name")
        names = dict(re.findall(r"(\d+)\t([^\t\x1b\n]+)", text))
        self.assertEqual((names["4"], names["10"], names["24"], names["30"]),
                         ("CTI session opened, closed", "CTI heartbeat",
                          "CTI failure or no response", "CTI session lost"))

    def test_filters(self):
        """Of buttons and of colours: each is one that this Wireshark understands."""
        buttons = (ROOT / "profile/CTI/dfilter_buttons").read_text()
        colours = (ROOT / "profile/CTI/colorfilters").read_text()
        filters = re.findall(r'^"TRUE","[^"]*","([^"]*)"', buttons, re.M) + \
            re.findall(r"^@[^@]*@([^@]*)@", colours, re.M)
        self.assertGreater(len(filters), 15)
        for display in filters:
            with self.subTest(filter=display):
                self.tshark("-r", "open-rejected.pcap", "-Y", display)


class Cmake(unittest.TestCase):
    """cmake --install puts plugin and profile where Wireshark looks for them."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.folder.chmod(0o755)

    def cmake(self, *options, **environment):
        done = subprocess.run(["cmake", *options], env={**os.environ, **environment},
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def tshark(self, *options, **environment):
        prefix = AS_NOBODY if os.geteuid() == 0 else []
        return subprocess.run([*prefix, "tshark", *options], check=True, capture_output=True,
                              env={"PATH": os.environ["PATH"], "HOME": "/nonexistent",
                                   **environment}, cwd="/", text=True).stdout

    def test_for_all(self):
        build = Path(paths.plugin).parents[1]
        self.cmake("--install", str(build), "--component", "plugin", DESTDIR=str(self.folder))
        folders = dict(re.findall(r"(?m)^([^:]+):\s+(.*)$", self.tshark("-G", "folders")))
        for folder, file in (("Global Plugins", "epan/cti.so"),
                             ("Global configuration", "profiles/CTI/colorfilters")):
            installed = Path(folders[folder]) / file
            self.assertTrue((self.folder / installed.relative_to("/")).is_file(), installed)

    def test_for_the_user(self):
        build, home = self.folder / "build", self.folder / "home"
        home.mkdir()
        cache = (Path(paths.plugin).parents[1] / "CMakeCache.txt").read_text()
        generator = re.search(r"(?m)^CMAKE_GENERATOR:INTERNAL=(.*)$", cache)[1]
        environment = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "settings")}
        self.cmake("-S", str(ROOT), "-B", str(build), "-G", generator, "-DPLUGIN_FOR_USER=ON",
                   "-DBUILD_TESTING=OFF", **environment)
        shutil.copy(paths.plugin, build / "plugin" / "cti.so")
        self.cmake("--install", str(build), "--component", "plugin", **environment)
        self.assertIn(f"{home}/.local/", self.tshark("-G", "plugins", **environment))
        self.assertTrue((home / "settings/wireshark/profiles/CTI/preferences").is_file())
