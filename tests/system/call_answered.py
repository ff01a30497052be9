#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls that are answered, from and to a browser, ended by each side.

    alice (wic) ---- wss ep-cscf ---- Kamailio ---- bob, a scripted phone at 198.51.100.3
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, ua  # noqa: E402

tests = lab.Checks()


def call(caller, callee, ender, what):
    offer, answer = (ua.web_sdp(), ua.ims_sdp()) if isinstance(caller, ua.Web) else (ua.ims_sdp(), ua.web_sdp(setup="active"))
    ours, theirs, invite, ok = ua.up(caller, callee, offer, answer)
    profile = ("UDP/TLS/RTP/SAVPF", "RTP/AVP ") if isinstance(callee, ua.Web) else ("RTP/AVP ", "UDP/TLS/RTP/SAVPF")
    tests.check(profile[0] in invite.body and profile[1] in ok.body, f"{what}: each side gets a description of its own kind", invite.body + ok.body)
    tests.check(ours.call_id == invite.get("call-id"), f"{what}: one Call-ID on both sides")
    who, other = (ours, callee) if ender is caller else (theirs, caller)
    tests.check(who.end(other), f"{what}: BYE and its 200 pass")


def after_the_end(alice, bob):
    ours, theirs, *_ = ua.up(alice, bob, ua.web_sdp(), ua.ims_sdp())
    tests.check(ours.end(bob), "a call ends")
    ours.send("BYE")
    tests.check(alice.wait(481) is not None, "a second BYE gets 481")
    theirs.send("INFO", "x", kind="text/plain")
    tests.check(bob.wait(481, 404) is not None, "INFO of the phone after the end gets 481")
    tests.check(alice.web.is_open(), "the WebSocket stays open after its calls")


wic, phone = ua.pair()
call(wic, phone, wic, "from the browser, ended there")
call(wic, phone, phone, "from the browser, ended by the phone")
call(phone, wic, wic, "to the browser, ended there")
call(phone, wic, phone, "to the browser, ended by the phone")
after_the_end(wic, phone)
ua.part(wic, phone)
tests.done()
