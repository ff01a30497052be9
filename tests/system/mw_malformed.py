#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Malformed and hostile messages on Mw, over UDP and TCP: an error or nothing; ep-cscf lives on and calls go through.

    this test, as S-CSCF 198.51.100.2:5070 ---- ep-cscf 198.51.100.1:5060 (UDP, TCP)
    this test, as 198.51.100.4 (stranger)  ------'
"""
import os
import random
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, sip, ua  # noqa: E402

tests = lab.Checks()
GATEWAY = ("198.51.100.1", 5060)


def options(peer, **changes):
    """OPTIONS to the gateway itself, with headers replaced or, by None, left out."""
    fields = {
        "Via": peer.via(), "From": f"<sip:core@198.51.100.2>;tag={sip.token()}", "To": "<sip:198.51.100.1>", "Call-ID": sip.token(),
        "CSeq": "1 OPTIONS", "Max-Forwards": "70", **{name.replace("_", "-"): value for name, value in changes.items()},
    }  # fmt: skip
    return sip.write("OPTIONS sip:198.51.100.1 SIP/2.0", [(name, value) for name, value in fields.items() if value is not None])


def answered(peer, what, text, statuses):
    peer.socket.sendto(text if isinstance(text, bytes) else text.encode(), GATEWAY)
    saw = peer.receive(0.7 if None in statuses else 5)
    status = saw.status if saw else None
    tests.check(status in statuses, f"{what}: {' or '.join(map(str, statuses))}", saw)


def malformed(peer):
    answered(peer, "OPTIONS", options(peer), (200,))
    answered(peer, "Max-Forwards: 0", options(peer, Max_Forwards="0"), (483,))
    answered(peer, "Require: 100rel", options(peer, Require="100rel"), (420,))
    answered(peer, "a CSeq of another method", options(peer, CSeq="1 INVITE"), (400, None))
    answered(peer, "a CSeq that is too large", options(peer, CSeq="99999999999 OPTIONS"), (400, None))
    answered(peer, "no Call-ID", options(peer, Call_ID=None), (400, None))
    answered(peer, "no From", options(peer, From=None), (400, None))
    answered(peer, "no Via", options(peer, Via=None), (400, None))
    answered(peer, "a Via that is none", options(peer, Via="x"), (400, None))
    answered(peer, "no CSeq", options(peer, CSeq=None), (400, None))
    answered(peer, "SIP/3.0", options(peer).replace("SIP/2.0\r\n", "SIP/3.0\r\n", 1), (505, 400, None))
    answered(peer, "a Content-Length that is too long", options(peer).replace("Content-Length: 0", "Content-Length: 100"), (400,))
    answered(peer, "a Request-URI of another scheme", options(peer).replace("sip:198.51.100.1 SIP", "http://198.51.100.1 SIP", 1), (416, 400, None))
    answered(peer, "an empty datagram", b"", (None,))
    answered(peer, "a NUL", options(peer, Subject="a\0b"), (200, 400, None))
    answered(peer, "a header of 20 kB", options(peer, Subject="x" * 20000), (200, 400, 413, 513, None))
    answered(peer, "60 Vias", options(peer, Via=", ".join(peer.via() for _ in range(60))), (200, 400, None))


def noise(peer):
    """Messages spoiled at random places; whatever is answered is not looked at."""
    draw = random.Random(20261120)
    for _ in range(600):
        text = bytearray(options(peer, Route=f"<sip:{sip.token(40)}@198.51.100.1;lr>", P_Charging_Vector="icid-value=1").encode())
        for _ in range(draw.randrange(1, 8)):
            text[draw.randrange(len(text))] = draw.randrange(256)
        peer.socket.sendto(bytes(text[: draw.randrange(len(text))] if draw.random() < 0.3 else text), GATEWAY)
    while peer.receive(0.3) is not None:
        pass
    tests.check(True, "600 spoiled messages are over")


def over_tcp(peer):
    def exchange(data):
        with socket.create_connection(GATEWAY, timeout=3) as stream:
            stream.sendall(data)
            try:
                return stream.recv(65536).decode(errors="replace")
            except OSError:
                return ""

    good = options(peer, Via=f"SIP/2.0/TCP 198.51.100.2:5071;branch=z9hG4bK{sip.token(16)}").encode()
    lab.enter("ims")
    tests.check(exchange(good).startswith("SIP/2.0 200"), "OPTIONS over TCP: 200")
    tests.check(exchange(b"\r\n\r\n" + good).find("SIP/2.0 200") >= 0, "behind a keep-alive: 200")
    for what, data in (("noise", os.urandom(5000)), ("a line without end", b"OPTIONS " + b"x" * 100000), ("a message that is cut", good[:60])):
        saw = exchange(data)
        tests.check(not saw.startswith("SIP/2.0 2"), f"{what} over TCP isn't answered by 2xx", saw[:60])
    tests.check(exchange(good.replace(b"z9hG4bK", b"z9hG4bKx")).startswith("SIP/2.0 200"), "OPTIONS over TCP afterwards: 200")


lab.need("kamailio", "ep-cscf")
core = ua.Core(5070)
lab.enter("stranger")
foreign = sip.UdpPeer("198.51.100.4", 5070, *GATEWAY)
malformed(core)
noise(core)
noise(foreign)
time.sleep(1.5)  # strangers get so many answers a second, and no more
answered(foreign, "OPTIONS of a stranger", options(foreign), (403,))
over_tcp(core)
wic, phone = ua.pair()
tests.check(ua.up(wic, phone, ua.web_sdp(), ua.ims_sdp())[0].end(phone), "after all of it a call is set up and ended")
ua.part(wic, phone)
tests.done()
