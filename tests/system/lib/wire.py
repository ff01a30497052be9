"""What is on the wire between the gateway and the core: tcpdump writes, tshark reads."""
import os
import signal
import subprocess
import tempfile

from . import lab, sip

GATEWAY = "198.51.100.1"


class Capture:
    """Packets on a link of a namespace from the moment it is made until stop()."""

    def __init__(self, what="port 5060", link="br-core", namespace="gw"):
        self.folder = tempfile.TemporaryDirectory()
        self.path = f"{self.folder.name}/wire.pcap"
        words = ["ip", "netns", "exec", namespace, "tcpdump", "--immediate-mode", "-Uni", link, "-B", "8192", "-w", self.path, what]
        self.program = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        while "listening on" not in (line := self.program.stderr.readline()):
            if not line:
                raise RuntimeError("tcpdump has ended")

    def stop(self):
        # In immediate mode nothing waits in the kernel for a block to fill.
        os.kill(self.program.pid, signal.SIGINT)
        self.program.communicate(timeout=10)

    def rows(self, condition, *fields):
        words = [word for field in fields for word in ("-e", field)]
        saw = lab.run("tshark", "-r", self.path, "-Y", condition, "-T", "fields", *words)
        return [line.split("\t") for line in saw.stdout.splitlines()]

    def messages(self, condition):
        """SIP messages as tshark finds them, repeated ones once. A message over TCP must fit a segment."""
        texts = []
        for udp, tcp in self.rows(f"sip && ({condition})", "udp.payload", "tcp.payload"):
            text = bytes.fromhex((udp or tcp).replace(":", "")).decode(errors="replace")
            if text not in texts:
                texts.append(text)
        return [sip.Message(text) for text in texts]

    def sent(self):
        return self.messages(f"ip.src == {GATEWAY}")

    def received(self):
        return self.messages(f"ip.dst == {GATEWAY}")
