# SPDX-License-Identifier: GPL-2.0-or-later
"""Every sample capture, and mutated ones: no fault, and the same however one looks."""
import os
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from base import PluginTest, paths
from tshark import Tshark, listed, options_for


class Sample:
    """What tshark says of a capture, in one pass and in two, with a tree and without."""
    NAMES = ("frame.number", "_ws.col.Info", "frame.time_relative", "_ws.malformed",
             "cti.message_type", "cti.response_to", "cti.response_time", "cti.session",
             "cti.version")

    def __init__(self, capture, tshark, strict):
        options = options_for(capture)
        self.texts = [strict.run(*more, *options, capture=capture)
                      for more in ((), ("-2", "-V", "-x"))]
        self.frames = [list(tshark.frames(capture, *options, passes=passes)) for passes in (1, 2)]
        self.rows = [tshark.fields(capture, *self.NAMES, options=options, passes=passes)
                     for passes in (1, 2)]

    def messages(self, passes=2):
        for frame, items in self.frames[passes - 1]:
            for item in items:
                if "cti.message_type" in item:
                    yield frame, item


class AllCaptures(PluginTest):
    """Of every sample: no fault of the dissector, and the same however one looks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with Tshark(paths.plugin, strict=True) as strict, ThreadPoolExecutor(os.cpu_count()) as pool:
            made = {capture: pool.submit(Sample, capture, cls.tshark, strict)
                    for capture in sorted(paths.captures.glob("*.pcap*"))}
            cls.samples = {capture: sample.result() for capture, sample in made.items()}

    def each(self, check):
        """Calls check with each capture and what tshark says of it."""
        self.assertTrue(self.samples)
        for capture, sample in self.samples.items():
            with self.subTest(capture=capture.name):
                check(capture, sample)

    def test_no_fault(self):
        """tshark complains on standard error of what a dissector does wrong (run() raises), here
        with Wireshark's own checks of memory and an abort on any dissector bug."""
        def check(_, sample):
            for text in sample.texts:
                self.assertNotIn("Dissector bug", text)
                self.assertNotIn("Malformed Packet: CTI", text)
            self.assertEqual([row[0] for row in sample.rows[1] if row[3] and row[4]], [])
        self.each(check)

    # In these a message waits for its turn: a segment is missing, or a direction.  What is known of it
    # only then is not there in the first pass.
    WAITING = {"lost-segments.pcap", "one-direction.pcap"}

    @staticmethod
    def known(sample, passes):
        """[(frame, {field: value}, [expert infos])...] without what later frames tell: links to
        responses, and findings, which sit on the last frame that they name."""
        later = ("cti.response_in", "cti.unanswered", "cti.finding", "cti.finding_tree",
                 "_ws.expert")
        found = []
        for frame, items in sample.frames[passes - 1]:
            for item in items:
                if "cti.message_type" in item or "cti.session.verdict" in item:
                    experts = [expert for expert in listed(item.get("_ws.expert"))
                               if "cti.request_unanswered" not in expert and
                               not any(name.startswith("cti.rule.") for name in expert)]
                    found.append((frame, {key: value for key, value in item.items()
                                          if key not in later}, experts))
        return found

    @staticmethod
    def findings(sample, passes):
        return Counter(text for _, items in sample.frames[passes - 1] for item in items
                       for text in listed(item.get("cti.finding")))

    def test_passes_agree(self):
        """What is known at a frame does not change in the second pass, and no finding is lost."""
        def check(capture, sample):
            first, second = (self.known(sample, passes) for passes in (1, 2))
            if capture.name in self.WAITING:
                self.assertNotEqual(first, second)
                self.check_added(first, second)
            else:
                self.assertEqual(first, second)
            self.assertEqual(self.findings(sample, 1) - self.findings(sample, 2), Counter())
        self.each(check)

    def check_added(self, first, second):
        """The second pass has more of some messages, and nothing else."""
        self.assertEqual([frame for frame, *_ in first], [frame for frame, *_ in second])
        for (frame, early, early_experts), (_, late, late_experts) in zip(first, second):
            with self.subTest(frame=frame):
                self.assertEqual(early, {key: late.get(key) for key in early})
                self.assertTrue("cti.session" not in early or early.keys() == late.keys())
                for expert in early_experts:
                    self.assertIn(expert, late_experts)

    def test_tree_or_not(self):
        """-T fields makes only the tree it needs: the same values as of the whole tree."""
        def check(_, sample):
            whole = {frame: [[item[name] for item in items if name in item]
                             for name in Sample.NAMES[4:]] for frame, items in sample.frames[1]}
            found = {int(row[0][0]): row[4:] for row in sample.rows[1]}
            for frame, values in whole.items():
                self.assertEqual(found.pop(frame), values)
            self.assertFalse(any(value for values in found.values() for value in values))
        self.each(check)

    def test_columns(self):
        """The Info column of messages is the same in one pass and in two."""
        def check(_, sample):
            first, second = ([row[1] for row in rows if row[4]] for rows in sample.rows)
            self.assertEqual(first, second)
            for info in first:
                self.assertTrue(info[0])
                # Here later versions of Wireshark show a backslash as two.
                self.assertTrue(info[0] in sample.texts[0] or
                                info[0].replace("\\\\", "\\") in sample.texts[0], info)
        self.each(check)

    def test_links(self):
        """Each answer points at a request that points back, with the time between the two."""
        links = []

        def check(_, sample):
            clock = {int(row[0][0]): float(row[2][0]) for row in sample.rows[1]}
            requests, answers = Counter(), Counter()
            for frame, item in sample.messages():
                if "cti.response_in" in item:
                    requests[frame, int(item["cti.response_in"])] += 1
                if "cti.response_to" in item:
                    request = int(item["cti.response_to"])
                    answers[request, frame] += 1
                    self.assertLessEqual(request, frame)
                    self.assertAlmostEqual(float(item["cti.response_time"]),
                                           clock[frame] - clock[request], 6)
            self.assertEqual(requests, answers)
            links.extend(answers)
        self.each(check)
        self.assertGreater(len(links), 100)


class Damage(PluginTest):
    """Mutated captures, the same each time."""

    def test_times_beyond_all_clocks(self):
        """More nanoseconds since 1970 than 64 bits hold: no time is known, all else is."""
        sample, path = paths.captures / "heartbeat-missed.pcap", self.folder / "late.pcapng"
        subprocess.run(["editcap", "-t", "9000000000", sample, path], check=True,
                       capture_output=True)
        text = self.tshark.run("-2", "-V", capture=path)
        self.assertNotIn("Dissector bug", text)
        self.assertEqual(self.types(path), self.types(sample))

    def test_mutations(self):
        with Tshark(paths.plugin, strict=True) as tshark:
            for name in ("agent-desktop", "every-message-25", "every-message-13", "malformed",
                         "split-coalesced", "unpublished"):
                for seed in range(1, 5):
                    path = self.folder / f"{name}-{seed}.pcap"
                    subprocess.run(["editcap", "-F", "pcap", "-E", "0.02", "--seed", str(seed),
                                    "-o", "54", paths.captures / f"{name}.pcap", path], check=True,
                                   capture_output=True)
                    with self.subTest(capture=name, seed=seed):
                        text = tshark.run("-2", "-V", capture=path)
                        self.assertNotIn("Dissector bug", text)
                        self.assertNotIn("Malformed Packet: CTI", text)
