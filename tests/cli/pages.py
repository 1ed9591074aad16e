#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages about findings (docs/findings): one for each rule, a section for each verdict, in the
form that all have, with names that exist and captures that show what they say.

    pages.py CTIDUMP CAPTURES
"""
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from ged188 import facts  # noqa: E402

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "findings"
SECTIONS = ["What it means", "What causes it", "What to do", "How to see it"]
OTHERS = {"README", "verdicts"}
# Names in the form of GED-188's constants and messages.
CONSTANT = re.compile(r"\b(?:E_CTI|CTI_SERVICE|CTI_AGENT|PGS|CEC)_[A-Z0-9_]+\b")
MESSAGE = re.compile(r"\b[A-Z]+(?:_[A-Z]+)*_(?:REQ|CONF|EVENT|RESP|IND)\b")
SEE = re.compile(r"(?<!see )\(see ([a-z-]+)(?: and ([a-z-]+))?\)|\bSee ([a-z-]+)")


def output(*arguments):
    done = subprocess.run([Pages.ctidump, *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout


class Pages(unittest.TestCase):
    ctidump = ""
    captures = Path()

    @classmethod
    def setUpClass(cls):
        cls.rules = output("--list", "rules")[1].split()
        cls.verdicts = output("--list", "verdicts")[1].split()
        cls.texts = {path.stem: path.read_text() for path in PAGES.glob("*.md")}

    def test_each_rule_has_a_page_and_no_page_is_stale(self):
        self.assertGreater(len(self.rules), 20)
        self.assertEqual(set(self.texts) - OTHERS, set(self.rules))

    def test_form(self):
        for name in self.rules:
            with self.subTest(page=name):
                title, summary, severity = self.texts[name].split("\n\n")[:3]
                self.assertEqual(title, f"# {name}")
                self.assertRegex(summary, r"\A[^\n]+\.\Z")
                self.assertRegex(severity, r"\ASeverity: (note|warning|error)\b")
                self.assertEqual(re.findall(r"^## (.*)$", self.texts[name], re.M), SECTIONS)
                self.assertIn(f"`cti.rule.{name.replace('-', '_')}`", self.texts[name])
                self.assertIn(f"| [{name}]({name}.md) | {summary} |", self.texts["README"])

    def test_index_is_not_stale(self):
        self.assertEqual(re.findall(r"^\| \[([a-z-]+)\]", self.texts["README"], re.M), self.rules)

    def test_verdicts(self):
        self.assertEqual(re.findall(r"^## (.*)$", self.texts["verdicts"], re.M), self.verdicts)

    def test_chapter(self):
        """Each statement of the chapter has an answer, whose rules and verdicts exist, and each
        rule answers one."""
        text = (ROOT / "docs" / "chapter.md").read_text()
        answers = [row.split(" | ")[1] for row in re.findall(r"^\| (.*) \|$", text, re.M)
                   if "the chapter |" not in row + " |" and "---" not in row]
        named = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", " ".join(answers)))
        others = set(output("--list", "problems")[1].split()) | {"not-due"}
        self.assertGreater(len(answers), 80)
        self.assertTrue(all(answer.strip() for answer in answers))
        self.assertEqual(named - set(self.rules) - set(self.verdicts) - others, set())
        self.assertEqual(set(self.rules) - named, set())

    def test_names_exist(self):
        known = {name for sets in facts.SETS.values() for rows in sets.values()
                 for name, _ in rows}
        for page, text in self.texts.items():
            words = " ".join(text.split())
            for name in CONSTANT.findall(words):
                self.assertTrue(name in known, f"{page}: {name}")
            for name in MESSAGE.findall(words):
                self.assertTrue(facts.is_known(name) or name in known, f"{page}: {name}")
            for names in SEE.findall(words):
                for name in filter(None, names):
                    self.assertIn(name, self.rules, page)

    def test_captures_show_it(self):
        for page, text in self.texts.items():
            for name in re.findall(r"`captures/([\w.-]+)`", text):
                _, lines = output("-T", "json", self.captures / name)
                self.assertIn(page, {record["rule"] for record in map(json.loads,
                                                                      lines.splitlines())
                                     if record["record"] == "finding"}, f"{page}: {name}")

    def test_explain(self):
        for name in self.rules:
            for asked in (name, f"cti.rule.{name.replace('-', '_')}"):
                status, text = output("--explain", asked)
                self.assertEqual(status, 0)
                self.assertTrue(text.startswith(self.texts[name]), name)
        for name in self.verdicts:
            self.assertIn(f"# {name}, as the verdict of a session\n", output("--explain", name)[1])
        for name in output("--list", "problems")[1].split():
            self.assertIn(f"# {name}\n\nA problem of a message", output("--explain", name)[1])
        self.assertEqual(output("--explain", "nonsense"), (2, ""))


if __name__ == "__main__":
    Pages.ctidump, Pages.captures = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2])
    unittest.main(argv=sys.argv[:1])
