# SPDX-License-Identifier: GPL-2.0-or-later
"""The tests' own side of GED-188: an encoder, random messages, TCP scripts, capture files.

It is written from the protocol facts (tests/facts/facts.json), never from the codec in C, so
that an error in one of them shows as a difference.
"""
