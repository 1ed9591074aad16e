#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The real Wireshark, on a display without a screen: a user installs plugin and profile, opens
captures and the dialogs of the plugin.  Asserts that each window appears and that Wireshark
complains of nothing; how they look is for people: the pictures are kept in FOLDER.

    run.py CTI.SO CAPTURES [FOLDER]

Needs Wireshark, Xvfb, openbox, xdotool and ImageMagick."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "plugin"))

from tshark import AS_NOBODY, NOBODY, Tshark  # noqa: E402

SIZE = (1240, 720)
SECONDS = 60
# Rows of the menu Statistics, counted from its end: CTI Messages, Flow Graph.
MENU = {"4.0": (4, 14), "4.4": (4, 15), "4.6": (5, 16)}
# What Wireshark says of the machine, and of a capture whose taps are run while it is read.
HARMLESS = re.compile(r"nl80211 not found\.|.*QStandardPaths.*|.*XDG_RUNTIME_DIR.*|"
                      r".*process_specified_records.*|.*libEGL.*|.*dconf.*|.*Vulkan.*|.*DRI.*")


def wait_for(what):
    """The first true answer of what()."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.3)
    return None


class Screen:
    """Xvfb with a window manager, for one user without any settings."""

    def __init__(self, home):
        runtime = home / "run"
        runtime.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(runtime, NOBODY, NOBODY)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8",
                            "XDG_RUNTIME_DIR": str(runtime), "TZ": "UTC"}
        self.programs = []
        self.environment["DISPLAY"] = f":{self.start_display()}"
        self.start("openbox")

    def start_display(self):
        """Xvfb, on a number that it finds to be free; it tells it once it is ready."""
        reading, writing = os.pipe()
        self.start("Xvfb", "-displayfd", str(writing), "-screen", "0", "1440x900x24", "-nolisten",
                   "tcp", inherited=[writing])
        os.close(writing)
        with os.fdopen(reading) as told:
            return int(told.readline())

    def start(self, *command, errors=subprocess.DEVNULL, inherited=()):
        prefix = AS_NOBODY if os.geteuid() == 0 else []
        program = subprocess.Popen([*prefix, *command], env=self.environment,
                                   cwd=self.environment["HOME"], stdout=subprocess.DEVNULL,
                                   stderr=errors, pass_fds=inherited)
        self.programs.append(program)
        return program

    def stop(self):
        for program in reversed(self.programs):
            if program.poll() is None:
                program.terminate()
                program.wait()

    def run(self, *command):
        return subprocess.run(command, env=self.environment, capture_output=True, text=True,
                              timeout=SECONDS, check=False).stdout

    def windows(self, title):
        return self.run("xdotool", "search", "--onlyvisible", "--name", title).split()

    def xdotool(self, *command):
        self.run("xdotool", *map(str, command))
        time.sleep(0.5)

    def picture(self, path, window="root"):
        self.run("import", "-window", window, "+dither", "-colors", "64", f"png8:{path}")


class Gui(unittest.TestCase):
    plugin, captures, pictures = "", Path(), Path()

    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="cti-gui-"))
        for folder in ("scripts", "profile"):
            shutil.copytree(ROOT / folder, cls.home / folder)
        (cls.home / "build" / "plugin").mkdir(parents=True)
        shutil.copy(cls.plugin, cls.home / "build" / "plugin" / "cti.so")
        for path in cls.captures.glob("*.pcap"):
            shutil.copy(path, cls.home)
        if os.geteuid() == 0:
            for path in (cls.home, *cls.home.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        cls.screen = Screen(cls.home)
        done = cls.screen.start(str(cls.home / "scripts" / "install-plugin.sh"))
        if done.wait() != 0:
            raise SystemExit("install-plugin.sh failed")

    @classmethod
    def tearDownClass(cls):
        cls.screen.stop()
        shutil.rmtree(cls.home)

    def open(self, capture, *options):
        """Wireshark with the capture, when its packets are there; its main window."""
        self.errors = tempfile.TemporaryFile("w+")
        self.addCleanup(self.errors.close)
        self.wireshark = self.screen.start("wireshark", "-C", "CTI", "-r",
                                           str(self.home / f"{capture}.pcap"), *options,
                                           errors=self.errors)
        self.addCleanup(self.close)
        windows = wait_for(lambda: self.screen.windows(rf"{capture}\.pcap"))
        self.assertTrue(windows, "no main window")
        time.sleep(3)
        return windows[0]

    def close(self):
        if self.wireshark.poll() is None:
            self.wireshark.terminate()
            self.wireshark.wait()

    def dialog(self, title):
        windows = wait_for(lambda: self.screen.windows(title))
        self.assertTrue(windows, f"no window {title}")
        time.sleep(1.5)
        return windows[-1]

    def keep(self, name, window):
        self.assertIsNone(self.wireshark.poll(), "Wireshark has ended")
        path = self.pictures / f"{name}.png"
        self.screen.picture(path, window)
        self.assertGreater(path.stat().st_size, 2000)
        self.errors.seek(0)
        said = [line for line in self.errors.read().splitlines()
                if line and not HARMLESS.fullmatch(line.strip())]
        self.assertEqual(said, [])
        return path

    def yellow(self, path):
        """How many points of a picture have the colour of a warning in the packet's tree."""
        text = self.screen.run("convert", path, "-format", "%c", "histogram:info:-")
        return sum(int(count) for count, red, green, blue in re.findall(
            r"(\d+): \((\d+),(\d+),(\d+)", text)
            if int(red) > 230 and int(green) > 220 and int(blue) < 120)

    def resize(self, window, width, height, at=(0, 0)):
        self.screen.xdotool("windowmove", window, *at, "windowsize", window, width, height)

    def unfold(self, row):
        """Unfolds the protocol in this row of the tree."""
        self.screen.xdotool("mousemove", 200, 430 + 15 * row, "click", 1)
        self.screen.xdotool("key", "shift+Right")

    def menu(self, entry):
        """Chooses from the menu Statistics: many entries have no letter."""
        with Tshark(None) as tshark:
            row = MENU[tshark.series][entry]
        self.screen.xdotool("key", "alt+s")
        for key in (*row * ["Up"], "Return"):
            self.screen.xdotool("key", key)

    def test_packet_list_and_tree(self):
        window = self.open("heartbeat-missed", "-g", "28", "-Y", "cti.session")
        self.resize(window, *SIZE)
        self.unfold(4)
        self.keep("packets", window)

    def show_only(self, text):
        """Types a display filter."""
        self.screen.xdotool("key", "ctrl+slash")
        self.screen.xdotool("key", "ctrl+a")
        self.screen.xdotool("type", text)
        self.screen.xdotool("key", "Return")
        time.sleep(1)

    def test_dissected_again(self):
        """As Wireshark does when a packet is ignored or a preference is changed: what is known only
        at the end of the file is known again."""
        window = self.open("heartbeat-missed", "-g", "1")
        self.resize(window, *SIZE)
        self.screen.xdotool("key", "ctrl+d")
        self.show_only("cti.rule.failover")
        self.assertGreater(self.yellow(self.keep("dissected-again", window)), 2000)

    def test_call(self):
        window = self.open("agent-desktop", "-g", "30", "-Y", "cti")
        self.resize(window, *SIZE)
        self.unfold(4)
        self.keep("call", window)

    def test_expert_information(self):
        self.open("open-rejected", "-z", "expert")
        dialog = self.dialog("Expert Information")
        self.resize(dialog, 900, 420)
        self.keep("expert", dialog)

    def test_answer_times(self):
        self.open("agent-desktop", "-z", "cti,srt")
        dialog = self.dialog("Service Response Time")
        self.resize(dialog, 900, 420)
        self.keep("answer-times", dialog)

    def test_sessions(self):
        self.open("maintenance", "-z", "cti,sessions")
        dialog = self.dialog("CTI Sessions")
        self.resize(dialog, 1100, 420)
        self.keep("sessions", dialog)
        self.screen.xdotool("mousemove", "--window", dialog, 500, 366, "click", 1)
        self.screen.xdotool("type", "cti.session == 2")
        time.sleep(1)
        for _ in "closes the list of names", "applies":
            self.screen.xdotool("mousemove", "--window", dialog, 1049, 366, "click", 1)
            time.sleep(1.5)
        self.keep("sessions-filtered", dialog)

    def test_counts(self):
        """From the menu: Wireshark takes no tree of statistics on its command line."""
        self.open("open-rejected")
        self.menu(0)
        dialog = self.dialog("CTI Messages")
        self.resize(dialog, 900, 420)
        self.keep("counts", dialog)

    def test_flow_graph(self):
        self.open("heartbeat-missed", "-Y", "cti")
        self.menu(1)
        dialog = self.dialog("Flow")
        self.resize(dialog, 900, 600)
        self.keep("flow", dialog)


if __name__ == "__main__":
    Gui.plugin, Gui.captures = sys.argv[1], Path(sys.argv[2]).resolve()
    Gui.pictures = Path(sys.argv[3] if len(sys.argv) > 3 else tempfile.mkdtemp()).resolve()
    Gui.pictures.mkdir(parents=True, exist_ok=True)
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
