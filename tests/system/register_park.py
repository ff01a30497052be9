#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A browser that loses its WebSocket in a call: who returns in time has his calls back, who doesn't ends them.

    alice (wic) ---- wss ep-cscf (park_time 3 s) ---- Kamailio ---- bob, a scripted phone at 198.51.100.3
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, ua  # noqa: E402

tests = lab.Checks()


def returned(bob, ender):
    """alice's socket is lost and comes back; then one of the two hangs up."""
    alice = ua.Web("alice", "alicepw")
    ours, theirs, *_ = ua.up(alice, bob, ua.web_sdp(), ua.ims_sdp())
    alice.web.close()
    tests.check(bob.wait("BYE", seconds=1) is None, "a lost WebSocket doesn't end the call")
    back = ua.Web("alice", "alicepw", alice.instance)
    ours.side = back
    back.host = alice.host
    tests.check(bob.wait("BYE", seconds=3.5) is None, "who is back in time goes on with it")
    if ender == "browser":
        tests.check(ours.end(bob), "the browser hangs up on its new socket")
    else:
        tests.check(theirs.end(back), "the phone hangs up, and the new socket hears it")
    tests.check(back.web.is_open(), "the new WebSocket stays open")
    back.register_digest("alicepw", expires=0)


def lost(bob):
    """Nobody returns: the phone gets BYE with a Reason, not before park_time. Another instance isn't who was lost."""
    alice = ua.Web("alice", "alicepw")
    _, theirs, *_ = ua.up(alice, bob, ua.web_sdp(), ua.ims_sdp())
    alice.web.close()
    before = time.monotonic()
    other = ua.Web("alice", "alicepw")
    bye = bob.wait("BYE", seconds=8)
    tests.check(bye is not None and "cause=503" in bye.get("reason"), "nobody returns: BYE with Reason", bye and bye.get("reason"))
    tests.check(time.monotonic() - before >= 2.5, "not before park_time")
    theirs.reply(bye, 200)
    tests.check(other.wait("BYE", seconds=0.5) is None, "another instance of the same user hears nothing of it")
    other.register_digest("alicepw", expires=0)


def ringing(bob):
    """A call that isn't answered yet has nothing to come back to."""
    alice = ua.Web("alice", "alicepw")
    alice.dialog(bob.aor).send("INVITE", ua.web_sdp())
    invite = bob.wait("INVITE")
    theirs = ua.Dialog.of(bob, invite)
    theirs.reply(invite, 180)
    alice.wait(180)
    alice.web.close()
    cancel = bob.wait("CANCEL")
    if tests.check(cancel is not None, "a socket lost while it rings: CANCEL"):
        theirs.reply(cancel, 200)
        theirs.reply(invite, 487)
    back = ua.Web("alice", "alicepw", alice.instance)
    back.register_digest("alicepw", expires=0)
    bob.wait("ACK")


def called(bob):
    """The same when the browser is called: the phone hears a failure."""
    alice = ua.Web("alice", "alicepw")
    call = bob.dialog(alice.aor)
    sent = call.send("INVITE", ua.ims_sdp())
    alice.wait("INVITE")
    alice.web.close()
    saw = bob.wait(*range(300, 700))
    tests.check(saw is not None and saw.status in (480, 430), "a called browser's socket is lost while it rings: 480", saw)
    call.hop("ACK", sent, saw and saw.get("to"))
    back = ua.Web("alice", "alicepw", alice.instance)
    back.register_digest("alicepw", expires=0)


lab.need("kamailio", "ep-cscf", "eims-agw")
phone = ua.Phone()
phone.register("bobpw")
lab.enter("wic")
returned(phone, "browser")
returned(phone, "phone")
lost(phone)
ringing(phone)
called(phone)
phone.register("bobpw", expires=0)
tests.done()
