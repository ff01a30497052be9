#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Path's flow token decides who is reached: good, refreshed, stale, forged, missing; strangers aren't heard.

    alice (wic) ---- wss ep-cscf ---- Kamailio
                             '---- this test, as S-CSCF 198.51.100.2:5070 and as 198.51.100.4 (stranger)
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, sip, ua, wire  # noqa: E402

tests = lab.Checks()


def token_of(register, *arguments, **options):
    """The flow token that a REGISTER carries to the core."""
    capture = wire.Capture()
    register(*arguments, **options)
    capture.stop()
    paths = [message.get("path") for message in capture.sent() if message.method == "REGISTER"]
    return re.search(r"sip:([^@]+)@", paths[-1]).group(1)


def invite(core, token):
    """An INVITE along a token: the final status the core gets, 0 when it reaches nobody in time."""
    call = core.dialog("sip:alice@ims.test")
    call.routes = [f"<sip:{token}@198.51.100.1:5060;lr>"] if token else []
    sent = call.send("INVITE", ua.ims_sdp())
    return call, sent


def final(core, token):
    """The status of an INVITE along a token that nobody answers."""
    call, sent = invite(core, token)
    saw = core.wait(*range(200, 700), seconds=3)
    call.hop("ACK", sent, saw and saw.get("to"))
    return saw.status if saw else None


def refused(core, token, status, what):
    call, sent = invite(core, token)
    saw = core.wait(*range(200, 700), seconds=3)
    tests.check(saw is not None and saw.status == status, f"{what}: {status}", saw)
    call.hop("ACK", sent, saw and saw.get("to"))


def reaches(core, alice, token, what):
    call, sent = invite(core, token)
    saw = alice.wait("INVITE")
    if tests.check(saw is not None, f"{what}: reaches the browser"):
        ua.Dialog.of(alice, saw).reply(saw, 486)
        busy = core.wait(486)
        tests.check(busy is not None, f"{what}: 486 comes back")
        call.hop("ACK", sent, busy and busy.get("to"))


lab.need("kamailio", "ep-cscf")
scscf = ua.Core(5070)
lab.enter("stranger")
foreign = sip.UdpPeer("198.51.100.4", 5070, "198.51.100.1")
lab.enter("wic")
wic = ua.Web("alice")
first = token_of(wic.register_digest, "alicepw")
reaches(scscf, wic, first, "a good token")
refresh = token_of(wic.register_digest, "alicepw")
tests.check(refresh == first, "a refresh on the same socket keeps the token", (first, refresh))

forged = first[:-4] + ("AAAA" if first[-4:] != "AAAA" else "BBBB")
refused(scscf, forged, 403, "a forged token")
refused(scscf, first[:20], 403, "a cut token")
refused(scscf, "alice", 403, "a token that is none")
refused(scscf, None, 404, "no token")

headers = [("From", f"<sip:bob@ims.test>;tag={sip.token()}"), ("To", "<sip:alice@ims.test>"), ("Call-ID", sip.token()), ("CSeq", "1 INVITE"), ("Max-Forwards", "70")]
headers += [("Contact", "<sip:x@198.51.100.4>"), ("Route", f"<sip:{first}@198.51.100.1:5060;lr>"), ("Content-Type", "application/sdp")]
saw = foreign.request("INVITE sip:alice@ims.test SIP/2.0", headers, ua.ims_sdp())
tests.check(saw is not None and saw.status == 403, "a stranger with a good token: 403", saw)
tests.check(wic.wait("INVITE", seconds=0.5) is None, "none of them reached the browser")

again = ua.Web("alice", instance=wic.instance)
second = token_of(again.register_digest, "alicepw")
tests.check(second != first, "another socket has another token")
refused(scscf, first, 430, "the token of the socket before")
reaches(scscf, again, second, "the token of the new socket")
again.web.close()
tests.check(wic.web.is_open(), "the socket before is still open")
while final(scscf, second) == 480:
    pass  # until the gateway has seen the socket go, a call along it begins and ends
refused(scscf, second, 430, "the token of a lost socket")
third = ua.Web("alice", instance=wic.instance)
fresh = token_of(third.register_digest, "alicepw")
reaches(scscf, third, fresh, "the token of who came back")
third.register_digest("alicepw", expires=0)
refused(scscf, fresh, 430, "the token of who has left")
tests.done()
