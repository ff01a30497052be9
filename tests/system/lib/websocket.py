"""A WebSocket client (RFC 6455) over TLS that can also misbehave: it sends what it is told to."""
import base64
import os
import socket
import ssl
import struct

from . import lab

WSS = ("203.0.113.1", 8443)
ORIGIN = "https://203.0.113.1:8444"


class Refused(Exception):
    """The server answered the handshake with another status than 101."""

    def __init__(self, status):
        super().__init__(f"handshake answered {status}")
        self.status = status


def connect_tls(address=WSS):
    context = ssl.create_default_context(cafile=f"{lab.RUN}/ca.crt")
    context.set_alpn_protocols(["http/1.1"])
    plain = socket.create_connection(address, timeout=5)
    return context.wrap_socket(plain, server_hostname=address[0])


class WebSocket:
    """An open connection of a thread in namespace wic. messages and close codes are returned by receive()."""

    def __init__(self, origin=ORIGIN, protocol="sip", path="/", address=WSS):
        self.socket = connect_tls(address)
        self.data = b""
        self.closed = None
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {address[0]}:{address[1]}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        lines += [f"Origin: {origin}"] if origin else []
        lines += [f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = self._until(b"\r\n\r\n").decode(errors="replace")
        status = int(head.split()[1]) if head else 0
        if status != 101:
            raise Refused(status)

    def _fill(self):
        try:
            more = self.socket.recv(65536)
        except (TimeoutError, ssl.SSLError, OSError):
            more = b""
        self.data += more
        return bool(more)

    def _until(self, mark):
        while mark not in self.data:
            if not self._fill():
                return b""
        head, _, self.data = self.data.partition(mark)
        return head

    def _take(self, count):
        while len(self.data) < count:
            if not self._fill():
                return None
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def send_frame(self, payload, opcode=1, first=0x80):
        """A masked frame; first: FIN and RSV bits."""
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", first | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", first | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", first | opcode, 0x80 | 127, size)
        stream = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")
        self.socket.sendall(head + mask + masked)

    def send(self, text):
        self.send_frame(text.encode())

    def receive(self, seconds=5):
        """The next message as text, or None: closed (then .closed is the code, 0 without one) or nothing came."""
        self.socket.settimeout(seconds)
        while True:
            head = self._take(2)
            if head is None:
                return None
            size = head[1] & 0x7F
            if size >= 126:
                size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
            payload = self._take(size)
            opcode = head[0] & 0x0F
            if opcode in (1, 2):
                return payload.decode(errors="replace")
            if opcode == 8:
                self.closed = int.from_bytes(payload[:2], "big")
                return None
            if opcode == 9:
                self.send_frame(payload, opcode=10)

    def is_open(self):
        """Whether the peer still answers a ping."""
        try:
            self.send_frame(b"there?", opcode=9)
        except OSError:
            return False
        self.socket.settimeout(3)
        while (head := self._take(2)) is not None:
            payload = self._take(head[1] & 0x7F)
            if head[0] & 0x0F == 10 and payload == b"there?":
                return True
            if head[0] & 0x0F == 8:
                return False
        return False

    def close(self):
        self.socket.close()
