"""As much SIP as a test needs: messages as text, digest, and a peer on UDP."""
import hashlib
import re
import socket
import uuid


def token(length=10):
    return uuid.uuid4().hex[:length]


class Message:
    """A received message: first line, headers by lower-case name, body."""

    def __init__(self, text):
        self.text = text
        head, _, self.body = text.partition("\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
        self.first = lines[0]
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.strip().lower(), []).append(value.strip())

    @property
    def status(self):
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0 ") else 0

    @property
    def method(self):
        return "" if self.first.startswith("SIP/2.0 ") else self.first.split()[0]

    def get(self, name):
        return self.headers.get(name.lower(), [""])[0]

    def all(self, name):
        return ", ".join(self.headers.get(name.lower(), []))

    def __str__(self):
        return self.first


def write(first, headers, body=""):
    lines = [first] + [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines + [f"Content-Length: {len(body.encode())}", "", body])


def reply(request, status, reason, headers=(), body=""):
    """A response to a received request, with a tag of its own where there is none."""
    copied = [("Via", value) for value in request.headers.get("via", [])]
    copied += [("Record-Route", value) for value in request.headers.get("record-route", [])]
    to = request.get("to")
    if status > 100 and ";tag=" not in to:
        to += ";tag=" + token()
    copied += [("From", request.get("from")), ("To", to), ("Call-ID", request.get("call-id")), ("CSeq", request.get("cseq"))]
    return write(f"SIP/2.0 {status} {reason}", copied + list(headers), body)


def digest(challenge, method, uri, user, password):
    """The credentials for a WWW-Authenticate with qop=auth and MD5 (RFC 2617)."""
    field = dict(re.findall(r'(\w+) *= *"?([^",]*)"?', challenge))

    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    cnonce = token()
    a1 = md5(f"{user}:{field['realm']}:{password}")
    a2 = md5(f"{method}:{uri}")
    answer = md5(f"{a1}:{field['nonce']}:00000001:{cnonce}:auth:{a2}")
    text = (
        f'Digest username="{user}", realm="{field["realm"]}", nonce="{field["nonce"]}", uri="{uri}", '
        f'response="{answer}", algorithm=MD5, cnonce="{cnonce}", qop=auth, nc=00000001'
    )
    return text + (f', opaque="{field["opaque"]}"' if "opaque" in field else "")


class UdpPeer:
    """A SIP element on UDP in the namespace of the process."""

    def __init__(self, address, port, remote, remote_port=5060):
        self.host, self.port = address, port
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.remote = (remote, remote_port)

    @property
    def hostport(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def via(self):
        return f"SIP/2.0/UDP {self.hostport};branch=z9hG4bK{token(16)}"

    def send(self, text):
        self.socket.sendto(text.encode(), self.remote)

    def receive(self, seconds=5):
        """The next message, or None when none comes."""
        self.socket.settimeout(seconds)
        try:
            return Message(self.socket.recv(65536).decode(errors="replace"))
        except OSError:
            return None

    def request(self, first, headers, body="", seconds=5):
        """Sends a request and returns its final response, or None."""
        self.send(write(first, [("Via", self.via()), *headers], body))
        while (message := self.receive(seconds)) is not None:
            if message.status >= 200:
                return message
        return None
