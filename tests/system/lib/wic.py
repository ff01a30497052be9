"""A WIC without media: REGISTER and other requests over secure WebSocket; tokens, real and made up."""
import base64
import glob
import json
import subprocess
import tempfile
import time
import urllib.request
import ssl

from . import lab, sip, websocket

PAGE = "https://203.0.113.1:8444"


def post(path, body, site=PAGE):
    context = ssl.create_default_context(cafile=f"{lab.RUN}/ca.crt")
    headers = {"Content-Type": "application/json", "Origin": site}
    request = urllib.request.Request(site + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, context=context, timeout=5) as answer:
        return json.load(answer)


def token_of(user, password):
    return post("/login", {"user": user, "password": password})["token"]


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def token_parts(token):
    head, claims, _ = token.split(".")
    return json.loads(unb64(head)), json.loads(unb64(claims))


def token_sign(head, claims, key=None):
    """A token signed with the key of the lab's wwsf, or with another."""
    key = key or max(glob.glob(f"{lab.RUN}/wwsf-keys/*"))
    text = b64(json.dumps(head).encode()) + "." + b64(json.dumps(claims).encode())
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key, file.name], check=True, capture_output=True).stdout
    # ECDSA-Sig-Value: SEQUENCE of two INTEGERs, to two numbers of 32 bytes (RFC 7518 section 3.4).
    size = der[3]
    numbers = der[4 : 4 + size], der[6 + size : 6 + size + der[5 + size]]
    return text + "." + b64(b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in numbers))


def key_make(path):
    lab.run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
    return path


class Wic:
    """One SIP user agent on one WebSocket."""

    def __init__(self, user, origin=websocket.ORIGIN):
        self.user = user
        self.host = f"{sip.token(12)}.invalid"
        self.instance = f"{sip.token(8)}-{sip.token(4)}-4{sip.token(3)}-8{sip.token(3)}-{sip.token(12)}"
        self.call_id = sip.token(20)
        self.cseq = 0
        self.web = websocket.WebSocket(origin)

    def via(self):
        return ("Via", f"SIP/2.0/WSS {self.host};branch=z9hG4bK{sip.token(16)}")

    def contact(self):
        return f'<sip:{self.user}@{self.host};transport=ws>;+sip.instance="<urn:uuid:{self.instance}>";reg-id=1'

    def headers(self, method, aor=None, to=None, call_id=None):
        self.cseq += 1
        aor = aor or f"sip:{self.user}@ims.test"
        return [
            self.via(),
            ("From", f"<{aor}>;tag={sip.token()}"),
            ("To", f"<{to or aor}>"),
            ("Call-ID", call_id or self.call_id),
            ("CSeq", f"{self.cseq} {method}"),
            ("Max-Forwards", "70"),
            ("Supported", "path, gruu, outbound"),
        ]

    def final(self, seconds=5):
        """The next final response, or None; requests of the other side are left unanswered."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            text = self.web.receive(left)
            if text is None:
                return None
            message = sip.Message(text)
            if message.status >= 200:
                return message
        return None

    def request(self, first, headers, body="", seconds=5):
        self.web.send(sip.write(first, headers, body))
        return self.final(seconds)

    def register_text(self, authorization=None, expires=600, aor=None, extra=()):
        headers = self.headers("REGISTER", aor) + [("Contact", self.contact()), ("Expires", str(expires))]
        headers += [("Authorization", authorization)] if authorization else []
        return sip.write("REGISTER sip:ims.test SIP/2.0", headers + list(extra))

    def register(self, authorization=None, **options):
        self.web.send(self.register_text(authorization, **options))
        return self.final()

    def register_digest(self, password, **options):
        saw = self.register(**options)
        if saw is None or saw.status != 401:
            return saw
        answer = sip.digest(saw.get("www-authenticate"), "REGISTER", "sip:ims.test", f"{self.user}@ims.test", password)
        return self.register(answer, **options)
