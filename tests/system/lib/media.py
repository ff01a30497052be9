"""Media of scripted calls: a browser's side (agw_talk) and a phone that echoes what it hears."""
import re
import socket
import subprocess
import sys
import threading

from . import lab


class Talk:
    """ICE, DTLS and SRTP of a browser at 203.0.113.2; it sends a packet every 20 ms once it is connected."""

    def __init__(self, port=47000):
        with open(f"{lab.RUN}/build", encoding="utf-8") as file:
            program = file.read().strip() + "/tests/system/agw_talk"
        try:
            self.program = subprocess.Popen([program, "wic", "203.0.113.2", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        except OSError as error:
            print(f"skipped: {error}")
            sys.exit(lab.SKIPPED)
        ufrag, password, fingerprint = self._line().split()
        self.sdp = {"address": "203.0.113.2", "port": port, "ufrag": ufrag, "password": password, "fingerprint": fingerprint, "setup": "active"}

    def _line(self):
        line = self.program.stdout.readline()
        if not line:
            raise RuntimeError("agw_talk has ended")
        return line

    def _tell(self, line):
        self.program.stdin.write(line + "\n")
        self.program.stdin.flush()
        return self._line()

    def connect(self, answer):
        """To the gateway of a description. The SRTP profile."""
        return self._tell(description_of(answer)).split()[1]

    def counts(self):
        """Packets sent and received."""
        return tuple(map(int, self._tell("?").split()))

    def close(self):
        self.program.stdin.close()
        self.program.wait(10)


def description_of(answer):
    """Where the gateway is, of a description: IP, port, ICE user and password."""
    ip, port = re.search(r"^a=candidate:\S+ 1 udp \d+ (203\S+) (\d+)", answer, re.M | re.I).groups()
    ufrag, password = (re.search(rf"^a=ice-{name}:(\S+)", answer, re.M).group(1) for name in ("ufrag", "pwd"))
    return f"{ip} {port} {ufrag} {password}"


class Crowd:
    """The media of many browsers at 203.0.113.2, each sending a packet every so many milliseconds."""

    def __init__(self, count, packet_ms, port=47000):
        with open(f"{lab.RUN}/build", encoding="utf-8") as file:
            program = file.read().strip() + "/tests/system/agw_crowd"
        words = [program, "wic", "203.0.113.2", str(port), str(count), str(packet_ms)]
        self.program = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.sdps = []
        for one in range(count):
            ufrag, password, fingerprint = self._line().split()
            self.sdps.append({"port": port + 2 * one, "ufrag": ufrag, "password": password, "fingerprint": fingerprint, "setup": "active"})

    def _line(self):
        line = self.program.stdout.readline()
        if not line:
            raise RuntimeError("agw_crowd has ended")
        return line

    def _tell(self, line):
        self.program.stdin.write(line + "\n")
        self.program.stdin.flush()
        return self._line()

    def connect(self, one, answer):
        return "SRTP" in self._tell(f"{one} {description_of(answer)}")

    def counts(self):
        """Packets sent and received, and those missing at the browser that misses most."""
        return tuple(map(int, self._tell("?").split()))

    def end(self, one):
        self._tell(f"- {one}")

    def close(self):
        self.program.stdin.close()
        self.program.wait(20)


class Echo:
    """The phone's RTP port: sends back what comes, and counts it."""

    def __init__(self, port=42000):
        lab.enter("phone")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("198.51.100.3", port))
        self.socket.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), 1 << 22)
        self.count = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            packet, sender = self.socket.recvfrom(2048)
            self.count += 1
            self.socket.sendto(packet, sender)
