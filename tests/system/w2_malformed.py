#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Malformed and hostile messages over W2: the error that the RFC names, or dropped; ep-cscf lives on.

    this test, as browser (wic) ---- wss 203.0.113.1:8443 ep-cscf ---- Kamailio 198.51.100.2
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, websocket, wic  # noqa: E402

tests = lab.Checks()


def answered(what, change, statuses):
    """A REGISTER that change() spoils: one of the statuses, where None is no answer."""
    client = wic.Wic("alice")
    client.web.send_frame(change(client.register_text()).encode("utf-8", "surrogateescape"))
    saw = client.final(2)
    status = saw.status if saw else None
    tests.check(status in statuses, f"{what}: {' or '.join(map(str, statuses))}", saw or client.web.closed)
    client.web.close()


def closed(what, act, code):
    client = websocket.WebSocket()
    try:
        act(client)
    except OSError:
        pass  # the peer may close before all of it is sent
    while client.receive(3) is not None:
        pass
    tests.check(client.closed == code, f"{what}: closed with {code}", client.closed)


def replaced(old, new):
    def change(text):
        assert old in text
        return text.replace(old, new, 1)

    return change


def fragments(client):
    client.send_frame(b"REGISTER sip:", first=0)
    client.send_frame(b"second beginning", first=0)


def unmasked(client):
    client.socket.sendall(b"\x81\x05hello")


answers = [
    ("two messages in one frame", lambda text: text + text, (400, None)),
    ("a message cut in mid-header", lambda text: text[: text.index("Call-ID") + 4], (400, None)),
    ("no blank line", lambda text: text[:-2], (400, None)),
    ("two From headers", replaced("To: ", "From: <sip:bob@ims.test>;tag=2\r\nTo: "), (400,)),
    ("two Call-IDs", replaced("Max-Forwards", "Call-ID: 2\r\nMax-Forwards"), (400,)),
    ("two CSeqs", replaced("Max-Forwards", "CSeq: 9 REGISTER\r\nMax-Forwards"), (400,)),
    ("no From", lambda text: "\r\n".join(line for line in text.split("\r\n") if not line.startswith("From")), (400, None)),
    ("a wrong Content-Length", replaced("Content-Length: 0", "Content-Length: 100"), (400,)),
    ("a CSeq of another method", lambda text: text.replace(" REGISTER\r\n", " INVITE\r\n"), (400,)),
    ("a NUL in a header", replaced("Max-Forwards: 70", "Max-Forwards: 70\0"), (400, None)),
    ("SIP/3.0", replaced("sip:ims.test SIP/2.0", "sip:ims.test SIP/3.0"), (505, 400)),
    ("Max-Forwards: 0", replaced("Max-Forwards: 70", "Max-Forwards: 0"), (483,)),
    ("Require: 100rel, precondition", replaced("Max-Forwards", "Require: precondition\r\nMax-Forwards"), (420,)),
]
lab.need("kamailio", "ep-cscf")
lab.enter("wic")
for case in answers:
    answered(*case)
closed("a frame without a mask", unmasked, 1002)
closed("a reserved opcode", lambda client: client.send_frame(b"x", opcode=5), 1002)
closed("a reserved bit", lambda client: client.send_frame(b"x", first=0xC0), 1002)
closed("a fragment that begins twice", fragments, 1002)
closed("text that isn't UTF-8", lambda client: client.send_frame(b"\xff\xfe\xfd"), 1007)
closed("a message of 1 MB", lambda client: client.send_frame(b"x" * 1000000), 1009)
survivor = wic.Wic("alice")
reply = survivor.register_digest("alicepw")
tests.check(reply is not None and reply.status == 200, "after all of it a user registers", reply)
survivor.register_digest("alicepw", expires=0)
tests.done()
