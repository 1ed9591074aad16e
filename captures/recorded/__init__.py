# SPDX-License-Identifier: GPL-2.0-or-later
"""A small CTI server and client that talk through the kernel's TCP (see ../record.py)."""
