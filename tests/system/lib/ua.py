"""Scripted user agents of calls: a WIC and an IMS phone that do nothing by themselves, and their dialogs."""
import re
import time

from . import lab, sip, wic

CORE = "198.51.100.2"
PHONE = "198.51.100.3"
SDP = "application/sdp"
WEB_SDP = """v=0
o=- 4611731400430051336 {version} IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=audio {port} UDP/TLS/RTP/SAVPF 111 8 0
c=IN IP4 {address}
a=ice-ufrag:{ufrag}
a=ice-pwd:{password}
a=fingerprint:sha-256 {fingerprint}
a=setup:{setup}
a=mid:0
a={direction}
a=msid:s1 a1
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=ssrc:287454020 cname:c1
a=candidate:1 1 udp 2122260223 {address} {port} typ host
"""
IMS_SDP = """v=0
o=- 1 {version} IN IP4 {address}
s=-
c=IN IP4 {address}
t=0 0
m=audio {port} RTP/AVP 8
a=rtpmap:8 PCMA/8000
a={direction}
"""
FINGERPRINT = ":".join(["D2", "FA", "0E", "C3", "22", "59", "5E", "14"] * 4)


def web_sdp(**changes):
    fields = {
        "version": 2, "address": "203.0.113.2", "port": 9999, "ufrag": "F7gI", "password": "x9cml/YzichV2+XlhiMu8g72",
        "fingerprint": FINGERPRINT, "setup": "actpass", "direction": "sendrecv",
    }  # fmt: skip
    return WEB_SDP.format(**{**fields, **changes}).replace("\n", "\r\n")


def ims_sdp(**changes):
    fields = {"version": 1, "address": PHONE, "port": 42000, "direction": "sendrecv"}
    return IMS_SDP.format(**{**fields, **changes}).replace("\n", "\r\n")


def uri_of(value):
    return re.sub(r"^.*<([^>]*)>.*$", r"\1", value)


class Side:
    """What both user agents can: wait for a message among those that come."""

    def __init__(self):
        self.kept, self.seen = [], set()

    def wait(self, *wanted, seconds=5):
        """The next message that is one of the methods or statuses, else None. Others wait their turn; repeated ones are dropped."""
        for message in self.kept:
            if message.status in wanted or message.method in wanted:
                self.kept.remove(message)
                return message
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            message = self.take(left)
            if message is None:
                return None
            if message.text in self.seen or message.status == 100:
                continue
            self.seen.add(message.text)
            if message.status in wanted or message.method in wanted:
                return message
            self.kept.append(message)
        return None


class Web(Side, wic.Wic):
    """A browser's user agent, registered when the password is given."""

    def __init__(self, user, password=None, instance=None):
        Side.__init__(self)
        wic.Wic.__init__(self, user)
        self.instance = instance or self.instance
        self.aor = f"sip:{user}@ims.test"
        if password:
            self.register_digest(password)

    def take(self, seconds):
        text = self.web.receive(seconds)
        return None if text is None else sip.Message(text)

    def put(self, text):
        self.web.send(text)

    def via_value(self):
        return self.via()[1]

    def contact_value(self):
        return f"<sip:{self.user}@{self.host};transport=ws;ob>"

    def dialog(self, to, **options):
        return Dialog(self, self.aor, to, **options)


class Phone(Side, sip.UdpPeer):
    """An IMS phone beside the one of the lab. bob is called there while it is registered."""

    def __init__(self, port=5080, user="bob"):
        Side.__init__(self)
        lab.enter("phone")
        sip.UdpPeer.__init__(self, PHONE, port, CORE)
        self.user, self.aor = user, f"sip:{user}@ims.test"

    def take(self, seconds):
        return self.receive(seconds)

    def put(self, text):
        self.send(text)

    def via_value(self):
        return self.via()

    def contact_value(self):
        return f"<sip:{self.user}@{self.hostport}>"

    def dialog(self, to, **options):
        return Dialog(self, self.aor, to, **options)

    def register(self, password, expires=600):
        call_id, authorization = sip.token(20), []
        for cseq in (1, 2):
            headers = [("From", f"<{self.aor}>;tag={sip.token()}"), ("To", f"<{self.aor}>"), ("Call-ID", call_id), ("CSeq", f"{cseq} REGISTER")]
            headers += [("Contact", self.contact_value()), ("Expires", str(expires)), ("Max-Forwards", "70"), *authorization]
            saw = self.request("REGISTER sip:ims.test SIP/2.0", headers)
            if saw is None or saw.status != 401:
                return saw
            answer = sip.digest(saw.get("www-authenticate"), "REGISTER", "sip:ims.test", f"{self.user}@ims.test", password)
            authorization = [("Authorization", answer)]
        return saw


class Dialog:
    """One dialog of a side; the caller's, or by of() the callee's."""

    def __init__(self, side, local, remote, call_id=None):
        self.side, self.call_id = side, call_id or sip.token(20)
        self.local, self.remote, self.target = f"<{local}>;tag={sip.token()}", f"<{remote}>", remote
        self.routes, self.cseq = [], 0

    @classmethod
    def of(cls, side, request):
        dialog = cls(side, "", "", request.get("call-id"))
        dialog.local = request.get("to") + ";tag=" + sip.token()
        dialog.remote, dialog.target = request.get("from"), uri_of(request.get("contact"))
        dialog.routes = request.headers.get("record-route", [])
        return dialog

    def learn(self, response):
        """From a response to the caller's INVITE: whom the dialog is with."""
        self.remote, self.target = response.get("to"), uri_of(response.get("contact"))
        self.routes = [one.strip() for one in ",".join(response.headers.get("record-route", [])).split(",") if one.strip()][::-1]

    def send(self, method, body="", headers=(), kind=SDP, cseq=None):
        """Sends a request in the dialog and returns it."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        lines = [("Via", self.side.via_value()), *[("Route", route) for route in self.routes], ("From", self.local), ("To", self.remote)]
        lines += [("Call-ID", self.call_id), ("CSeq", f"{cseq} {method}"), ("Contact", self.side.contact_value())]
        lines += [] if any(name == "Max-Forwards" for name, _ in headers) else [("Max-Forwards", "70")]
        lines += [*headers] + ([("Content-Type", kind)] if body else [])
        text = sip.write(f"{method} {self.target} SIP/2.0", lines, body)
        self.side.put(text)
        return sip.Message(text)

    def ack(self, body=""):
        return self.send("ACK", body, cseq=self.cseq)

    def hop(self, method, request, to=None):
        """CANCEL of an INVITE, or the ACK of its failure: to the next hop only."""
        lines = [("Via", request.get("via")), *[("Route", one) for one in request.headers.get("route", [])], ("From", request.get("from"))]
        lines += [("To", to or request.get("to")), ("Call-ID", self.call_id), ("CSeq", f"{request.get('cseq').split()[0]} {method}"), ("Max-Forwards", "70")]
        self.side.put(sip.write(f"{method} {request.first.split()[1]} SIP/2.0", lines))

    def reply(self, request, status, body="", headers=(), kind=SDP, tag=None):
        to = request.get("to")
        if ";tag=" not in to:
            to = to + ";tag=" + tag if tag else self.local
        lines = [("Via", value) for value in request.headers.get("via", [])]
        lines += [("Record-Route", value) for value in request.headers.get("record-route", [])]
        lines += [("From", request.get("from")), ("To", to), ("Call-ID", self.call_id), ("CSeq", request.get("cseq"))]
        lines += [("Contact", self.side.contact_value()), *headers] + ([("Content-Type", kind)] if body else [])
        self.side.put(sip.write(f"SIP/2.0 {status} Scripted", lines, body))

    def end(self, other):
        """BYE, answered by the other side. Whether both went well."""
        self.send("BYE")
        bye = other.wait("BYE")
        if bye is None:
            return False
        Dialog.of(other, bye).reply(bye, 200)
        return self.side.wait(200) is not None


def up(caller, callee, offer, answer, headers=()):
    """A call that is answered: the dialogs of the caller and the callee, the INVITE as the callee saw it, the 200 as the caller did."""
    ours = caller.dialog(callee.aor)
    ours.send("INVITE", offer, headers)
    invite = callee.wait("INVITE")
    if invite is None:
        raise AssertionError(f"no INVITE came to {callee.aor}: {caller.kept and caller.kept[-1]}")
    theirs = Dialog.of(callee, invite)
    theirs.reply(invite, 180)
    if caller.wait(180) is None:
        raise AssertionError(f"no 180 came to {caller.aor}: {caller.kept and caller.kept[-1]}")
    theirs.reply(invite, 200, answer)
    ok = caller.wait(200)
    if ok is None:
        raise AssertionError(f"no 200 came to {caller.aor}: {caller.kept and caller.kept[-1]}")
    ours.learn(ok)
    ours.ack()
    if callee.wait("ACK") is None:
        raise AssertionError(f"no ACK came to {callee.aor}")
    return ours, theirs, invite, ok


def pair():
    """alice in a browser, bob at a phone, both registered; the phone's namespace is left for the browser's."""
    lab.need("kamailio", "ep-cscf", "eims-agw")
    bob = Phone()
    bob.register("bobpw")
    lab.enter("wic")
    return Web("alice", "alicepw"), bob


def part(alice, bob):
    """Both de-register."""
    alice.register_digest("alicepw", expires=0)
    bob.register("bobpw", expires=0)


class Core(Side, sip.UdpPeer):
    """An S-CSCF that does what the test says. On port 5060 it stands in for the one of the lab (core_replaced)."""

    def __init__(self, port=5060):
        Side.__init__(self)
        lab.enter("ims")
        sip.UdpPeer.__init__(self, CORE, port, "198.51.100.1")
        self.user, self.aor = "core", "sip:core@ims.test"

    def take(self, seconds):
        return self.receive(seconds)

    def put(self, text):
        self.send(text)

    def via_value(self):
        return self.via()

    def contact_value(self):
        return f"<sip:core@{self.hostport}>"

    def dialog(self, to, **options):
        return Dialog(self, self.aor, to, **options)

    def granted(self, register, expires, headers=()):
        """200 to a REGISTER."""
        contact = register.get("contact").split(";expires=")[0] + f";expires={expires}"
        identities = ("P-Associated-URI", f"<{uri_of(register.get('to'))}>")
        route = ("Service-Route", "<sip:orig@198.51.100.2:5060;lr>")
        self.put(sip.reply(register, 200, "OK", [("Contact", contact), identities, route, *headers]))


def core_replaced(test):
    """Runs test(core) with a scripted core in place of Kamailio, which is started anew afterwards."""
    lab.run(f"{lab.TOP}/scripts/lab", "stop", "kamailio")
    core = Core()
    lab.enter("wic")
    try:
        test(core)
    finally:
        core.socket.close()
        lab.run(f"{lab.TOP}/scripts/lab", "start", "kamailio")
