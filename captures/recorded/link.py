# SPDX-License-Identifier: GPL-2.0-or-later
"""Two network namespaces with a cable (veth) between them, and tcpdump on the client's end."""
import os
import subprocess
import sys
import time

INTERFACE = "cti0"
CLIENT, SERVER = f"cti-client-{os.getpid()}", f"cti-server-{os.getpid()}"
ADDRESSES = {CLIENT: ["10.0.0.11"], SERVER: ["10.0.0.1", "10.0.0.2"]}
MACS = {CLIENT: "02:00:0a:00:00:0b", SERVER: "02:00:0a:00:00:01"}


def run(*command):
    subprocess.run(command, check=True)


def inside(namespace, *command):
    """The command line that runs a command in a namespace."""
    return ("ip", "netns", "exec", namespace) + command


def quiet(namespace):
    """No offloading (record.py does it inside the namespace), no IPv6 chatter."""
    run(*inside(namespace, sys.executable, sys.argv[0], "--offload-off", INTERFACE))
    run(*inside(namespace, "sysctl", "-qw", f"net.ipv6.conf.{INTERFACE}.disable_ipv6=1"))


class Link:
    """with Link(): the two namespaces exist."""

    def __enter__(self):
        for namespace in (CLIENT, SERVER):
            run("ip", "netns", "add", namespace)
        run("ip", "link", "add", INTERFACE, "netns", CLIENT, "type", "veth",
            "peer", "name", INTERFACE, "netns", SERVER)
        for namespace in (CLIENT, SERVER):
            quiet(namespace)
            run("ip", "-n", namespace, "link", "set", INTERFACE, "address", MACS[namespace],
                "up")
            run("ip", "-n", namespace, "link", "set", "lo", "up")
            for address in ADDRESSES[namespace]:
                run("ip", "-n", namespace, "addr", "add", f"{address}/24", "dev", INTERFACE)
        return self

    def __exit__(self, *_):
        for namespace in (CLIENT, SERVER):
            subprocess.run(["ip", "netns", "del", namespace], check=False)


class Recorder:
    """with Recorder(path): TCP on the client's end is written to path."""

    def __init__(self, path):
        self.path = path
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            inside(CLIENT, "tcpdump", "-i", INTERFACE, "-U", "--immediate-mode", "-Z",
                   "root", "-w", str(self.path), "tcp"), stderr=subprocess.DEVNULL)
        time.sleep(1)
        return self

    def __exit__(self, *_):
        time.sleep(0.5)
        self.process.terminate()
        self.process.wait()
