#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""New offers in a call, from each side: hold and resume, UPDATE, and INVITEs without an offer.

    alice (wic) ---- wss ep-cscf ---- Kamailio ---- bob, a scripted phone at 198.51.100.3
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, ua  # noqa: E402

tests = lab.Checks()
MIRROR = {"sendonly": "recvonly", "sendrecv": "sendrecv", "inactive": "inactive", "recvonly": "sendonly"}


def direction(body):
    found = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)\r?$", body, re.M)
    return found.group(1) if found else "sendrecv"


def sdp_of(side, **changes):
    if isinstance(side, ua.Web):
        return ua.web_sdp(**changes)
    changes.pop("setup", None)
    return ua.ims_sdp(**changes)


def sent(dialog, side, method, body):
    """Sends an offer; again after a 491, since the core's processes may let it overtake the phone's last ACK."""
    for _ in range(5):
        first = dialog.send(method, body)
        request = side.wait("INVITE", "UPDATE", seconds=1.5)
        refused = None if request else dialog.side.wait(491, seconds=0.1)
        if refused is None:
            return request
        if method == "INVITE":
            dialog.hop("ACK", first, refused.get("to"))
    return None


def offered(dialog, other, what, method="INVITE", way="sendonly", version=10):
    """dialog's side offers a direction; other = (side, dialog) answers."""
    side, theirs = other
    request = sent(dialog, side, method, sdp_of(dialog.side, direction=way, version=version))
    if not tests.check(request is not None and direction(request.body) == way, f"{what}: {way} is offered to the other side", request and request.body):
        return
    theirs.reply(request, 200, sdp_of(side, direction=MIRROR[way], version=version, setup="active"))
    ok = dialog.side.wait(200)
    tests.check(ok is not None and direction(ok.body) == MIRROR[way], f"{what}: {MIRROR[way]} is answered", ok and ok.body)
    if request.method == "INVITE":
        tests.check(side.wait("ACK") is not None, f"{what}: ACK reaches the other side")
    if method == "INVITE":
        dialog.ack()


def nothing_new(dialog, other, what):
    """A re-INVITE without an offer: the 200 offers, the ACK answers."""
    first = dialog.send("INVITE")
    ok = dialog.side.wait(200, 491)
    while ok is not None and ok.status == 491:
        dialog.hop("ACK", first, ok.get("to"))
        first = dialog.send("INVITE")
        ok = dialog.side.wait(200, 491)
    tests.check(ok is not None and "m=audio" in ok.body, f"{what}: its 200 has an offer", ok)
    dialog.ack(sdp_of(dialog.side, version=20, setup="active"))
    extra = other[0].wait("INVITE", seconds=0.3)
    if extra is not None:
        other[1].reply(extra, 200, sdp_of(other[0], version=20, setup="active"))
        other[0].wait("ACK")


def offerless(alice, bob):
    """The phone calls without an offer: the browser is asked for one, and the phone's ACK has the answer."""
    call = bob.dialog(alice.aor)
    call.send("INVITE")
    invite = alice.wait("INVITE")
    tests.check(invite is not None and invite.body == "", "an INVITE without an offer reaches the browser without one", invite and invite.body)
    theirs = ua.Dialog.of(alice, invite)
    theirs.reply(invite, 180)
    theirs.reply(invite, 200, ua.web_sdp())
    ok = bob.wait(200)
    tests.check(ok is not None and "RTP/AVP " in ok.body, "the browser's offer reaches the phone in the 200 as the core's kind", ok)
    call.learn(ok)
    call.ack(ua.ims_sdp())
    ack = alice.wait("ACK")
    tests.check(ack is not None and "a=fingerprint" in ack.body and "a=setup:act" in ack.body.replace("passive", "act"), "the answer reaches the browser in the ACK", ack and ack.body)
    tests.check(call.end(alice), "BYE passes")


wic, phone = ua.pair()
for caller, callee, name in ((wic, phone, "from the browser"), (phone, wic, "to the browser")):
    ours, theirs, *_ = ua.up(caller, callee, sdp_of(caller), sdp_of(callee, setup="active"))
    for dialog, other, who in ((ours, (callee, theirs), "the caller"), (theirs, (caller, ours), "the callee")):
        base = 10 if dialog is ours else 30
        offered(dialog, other, f"{name}, {who} holds", version=base)
        offered(dialog, other, f"{name}, {who} resumes", way="sendrecv", version=base + 1)
        offered(dialog, other, f"{name}, {who} holds by UPDATE", "UPDATE", "inactive", base + 2)
        offered(dialog, other, f"{name}, {who} resumes by UPDATE", "UPDATE", "sendrecv", base + 3)
        nothing_new(dialog, other, f"{name}, {who} re-INVITEs without an offer")
    tests.check(ours.end(callee), f"{name}: BYE passes")
offerless(wic, phone)
ua.part(wic, phone)
tests.done()
