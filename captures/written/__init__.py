# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts of the captures that are written with a made clock (see ../make.py)."""
