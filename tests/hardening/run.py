#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hardening, as the built files have it: position-independent, read-only relocations bound at the
start, no executable stack, no text relocations, no search path, stack protector, and functions of
libc that know the size of what they write.  Of each file that gcc compiled, where its options stand
in the debugging information: that the stack is checked, and probed page by page.  And what they do
not call: nothing here speaks to the network or starts programs.

    run.py FILE...
"""
import re
import subprocess
import sys

FORTIFIED = ("__snprintf_chk", "__vsnprintf_chk", "__memcpy_chk", "__memset_chk", "__fprintf_chk")
COMPILED_WITH = ("-fstack-protector-strong", "-fstack-clash-protection")
FOREIGN = {"socket", "connect", "bind", "listen", "accept", "sendto", "sendmsg", "getaddrinfo",
           "gethostbyname", "fork", "vfork", "execve", "execvp", "execv", "execl", "execlp",
           "posix_spawn", "popen", "system", "g_spawn_sync", "g_spawn_async", "dlopen"}


def faults(path):
    text = subprocess.run(["readelf", "-W", "-h", "-l", "-d", "--dyn-syms", path], check=True,
                          capture_output=True, text=True).stdout
    lines = text.splitlines()

    def line(*words):
        return next((line for line in lines if all(word in line for word in words)), "")

    if "DYN" not in line("Type:"):
        yield "not position-independent"
    if "INTERP" in text and "PIE" not in line("FLAGS_1"):
        yield "a program, and not position-independent"
    if not line("GNU_RELRO"):
        yield "relocations stay writable"
    if "NOW" not in line("FLAGS_1"):
        yield "symbols are not bound at the start"
    if "RWE" in line("GNU_STACK") or not line("GNU_STACK"):
        yield "the stack is executable"
    for tag in ("TEXTREL", "RPATH", "RUNPATH"):
        if line(f"({tag})"):
            yield tag
    if not line("__stack_chk_fail"):
        yield "no stack protector"
    for name in FOREIGN.intersection(re.findall(r" UND (\w+)", text)):
        yield f"calls {name}()"
    if not any(line(name) for name in FORTIFIED):
        yield "no function of libc checks sizes (FORTIFY_SOURCE)"
    for option in COMPILED_WITH:
        if any(option not in producer for producer in producers(path)):
            yield f"a file was compiled without {option}"


def producers(path):
    """The compiler and its options, of each file; clang does not tell options."""
    text = subprocess.run(["readelf", "-W", "--debug-dump=info", "--dwarf-depth=1", path],
                          check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"DW_AT_producer .*: (GNU C.*)", text))


def main():
    found = [f"{path}: {fault}" for path in sys.argv[1:] for fault in faults(path)]
    print("\n".join(found) or f"{len(sys.argv) - 1} files hardened")
    return bool(found) or len(sys.argv) < 2


if __name__ == "__main__":
    sys.exit(main())
