#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records captures of a small CTI server and client that talk through the kernel's TCP, in two
network namespaces, with tcpdump beside them.  Needs root, ip and tcpdump.

    record.py [NAME...]          records all scenarios, or these, into recorded-NAME.pcap

Each takes some seconds.  Times, sequence numbers and acknowledgments are real, so two runs
differ; what happens in them is the same.  (make.py writes the other captures.)
"""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "tests")]

from recorded import client, link, offload, server  # noqa: E402

SIDE_A, SIDE_B = ("10.0.0.1", 42027), ("10.0.0.2", 43027)


class Stage:
    """What a scenario can use: the servers' addresses and the process of side A."""
    side_a, side_b = SIDE_A, SIDE_B

    def __init__(self, process_a):
        self.process_a = process_a

    def kill_a(self):
        os.kill(self.process_a, signal.SIGKILL)

    def stop_a(self):
        os.kill(self.process_a, signal.SIGSTOP)


def start_server(address, port):
    return subprocess.Popen(link.inside(link.SERVER, sys.executable, __file__, "--server",
                                        address, str(port)))


def start_client(name, process_a):
    """Plays the scenario; raises where it fails."""
    link.run(*link.inside(link.CLIENT, sys.executable, __file__, "--client", name,
                          str(process_a)))


def stop(process):
    """Ends a server, also one that is stopped or gone already."""
    process.kill()
    process.wait()


def record(name):
    with link.Link():
        servers = [start_server(*SIDE_A), start_server(*SIDE_B)]
        time.sleep(0.5)
        try:
            with link.Recorder(FOLDER / f"recorded-{name}.pcap"):
                start_client(name, servers[0].pid)
        finally:
            for process in servers:
                stop(process)
    print(f"recorded-{name}.pcap")


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["--server"]:
        server.run(arguments[1], int(arguments[2]))
    elif arguments[:1] == ["--client"]:
        client.SCENARIOS[arguments[1]](Stage(int(arguments[2])))
    elif arguments[:1] == ["--offload-off"]:
        offload.switch_off(arguments[1])
    elif os.geteuid() != 0:
        print("record.py: network namespaces need root", file=sys.stderr)
        return 2
    else:
        for name in arguments or client.SCENARIOS:
            record(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
