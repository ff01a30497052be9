#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls that come to nothing: cancelled, busy, nobody there, not answered, not acceptable.

    alice (wic) ---- wss ep-cscf ---- Kamailio ---- bob, a scripted phone at 198.51.100.3
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, ua  # noqa: E402

tests = lab.Checks()


def offer_of(side):
    return ua.web_sdp() if isinstance(side, ua.Web) else ua.ims_sdp()


def cancelled(caller, callee, what):
    call = caller.dialog(callee.aor)
    sent = call.send("INVITE", offer_of(caller))
    invite = callee.wait("INVITE")
    theirs = ua.Dialog.of(callee, invite)
    theirs.reply(invite, 180)
    tests.check(caller.wait(180) is not None, f"{what}: it rings")
    call.hop("CANCEL", sent)
    tests.check(caller.wait(200) is not None, f"{what}: the CANCEL gets 200")
    cancel = callee.wait("CANCEL")
    if tests.check(cancel is not None, f"{what}: CANCEL reaches the callee"):
        theirs.reply(cancel, 200)
        theirs.reply(invite, 487)
        tests.check(callee.wait("ACK") is not None, f"{what}: the callee's 487 is acknowledged")
    saw = caller.wait(487)
    tests.check(saw is not None, f"{what}: the INVITE gets 487")
    call.hop("ACK", sent, saw and saw.get("to"))


def refused(caller, callee, status, what):
    call = caller.dialog(callee.aor)
    sent = call.send("INVITE", offer_of(caller))
    invite = callee.wait("INVITE")
    ua.Dialog.of(callee, invite).reply(invite, status)
    tests.check(callee.wait("ACK") is not None, f"{what}: {status} is acknowledged")
    saw = caller.wait(status)
    tests.check(saw is not None, f"{what}: {status} reaches the caller")
    call.hop("ACK", sent, saw and saw.get("to"))


def answered(caller, to, status, what, headers=(), body=None):
    call = caller.dialog(to)
    sent = call.send("INVITE", offer_of(caller) if body is None else body, headers)
    saw = caller.wait(*range(200, 700))
    tests.check(saw is not None and saw.status == status, f"{what}: {status}", saw)
    call.hop("ACK", sent, saw and saw.get("to"))
    return saw


def browser_alone(alice):
    answered(alice, "sip:nobody@ims.test", 404, "a callee that the core doesn't know")
    saw = answered(alice, "sip:bob@ims.test", 420, "Require: 100rel", [("Require", "100rel")])
    tests.check(saw and saw.get("unsupported") == "100rel", "Unsupported names 100rel", saw and saw.get("unsupported"))
    answered(alice, "sip:bob@ims.test", 483, "Max-Forwards: 0", [("Max-Forwards", "0")])
    answered(alice, "sip:bob@ims.test", 488, "an offer without DTLS", body=ua.ims_sdp())
    answered(alice, "sip:bob@ims.test", 488, "an offer that is none", body="v=1\r\nnonsense\r\n")
    answered(alice, "urn:service:sos", 403, "an emergency call")


def phone_alone(bob):
    saw = answered(bob, "sip:alice@ims.test", 420, "Require: 100rel of the phone", [("Require", "100rel")])
    tests.check(saw and saw.get("unsupported") == "100rel", "Unsupported names 100rel", saw and saw.get("unsupported"))
    answered(bob, "sip:alice@ims.test", 488, "an offer of the phone with nothing usable", body=ua.ims_sdp().replace("RTP/AVP", "RTP/XYZ"))


wic, phone = ua.pair()
for status in (486, 404, 480, 603):
    refused(wic, phone, status, "from the browser")
    refused(phone, wic, status, "to the browser")
cancelled(wic, phone, "a call that the browser cancels")
cancelled(phone, wic, "a call that the phone cancels")
browser_alone(wic)
phone_alone(phone)
tests.check(wic.wait("INVITE", seconds=0.5) is None, "none of the refused calls reached the browser")
ua.part(wic, phone)
tests.done()
