#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A picture of an HTML page, or of what a printer makes of it.

    picture.py PAGE.html TARGET.png [WIDTH [HEIGHT]] [--dark] [--whole] [--at SELECTOR]
    picture.py PAGE.html TARGET.pdf
"""
import argparse
import sys
from pathlib import Path

import browser


def main():
    parser = argparse.ArgumentParser(description="Makes a picture of an HTML page.")
    parser.add_argument("page", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("width", type=int, nargs="?", default=1280)
    parser.add_argument("height", type=int, nargs="?", default=800)
    parser.add_argument("--dark", action="store_true", help="as for people who like it dark")
    parser.add_argument("--whole", action="store_true", help="down to the page's end")
    parser.add_argument("--at", metavar="SELECTOR", help="scrolled to this element")
    chosen = parser.parse_args()
    if browser.find() is None:
        sys.exit("picture.py: no Chromium: apt-get install chromium")
    with browser.Browser() as started:
        page = started.open(chosen.page, chosen.width, chosen.height, chosen.dark)
        if chosen.at:
            page.evaluate(f"document.querySelector({chosen.at!r}).scrollIntoView()")
        if chosen.target.suffix == ".pdf":
            page.print(chosen.target)
        else:
            page.picture(chosen.target, chosen.whole)


if __name__ == "__main__":
    main()
