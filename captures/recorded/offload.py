# SPDX-License-Identifier: GPL-2.0-or-later
"""Switches a network interface's offloading off (ioctl SIOCETHTOOL, linux/ethtool.h), so that
a capture on it holds whole checksums and the segments that a wire would carry."""
import ctypes
import fcntl
import socket
import struct

SIOCETHTOOL = 0x8946
# ETHTOOL_STXCSUM, _STSO, _SGSO, _SGRO
COMMANDS = (0x17, 0x1F, 0x24, 0x2C)


def switch_off(interface):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for command in COMMANDS:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP8x", interface.encode(), ctypes.addressof(value))
            try:
                fcntl.ioctl(sock, SIOCETHTOOL, request)
            except OSError:
                pass  # this interface does not have it
