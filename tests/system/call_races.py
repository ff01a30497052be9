#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls in which two things happen at once, or in an order that people forget.

    alice, carol (wic) ---- wss ep-cscf ---- Kamailio ---- bob, a scripted phone at 198.51.100.3
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, sip, ua, wic  # noqa: E402

tests = lab.Checks()


def glare(alice, bob):
    """The phone offers while the browser's offer is on its way: 491, and the phone says the same to the browser."""
    ours, theirs, *_ = ua.up(alice, bob, ua.web_sdp(), ua.ims_sdp())
    first = ours.send("INVITE", ua.web_sdp(direction="sendonly", version=3))
    invite = bob.wait("INVITE")
    second = theirs.send("INVITE", ua.ims_sdp(direction="sendonly", version=2))
    refused = bob.wait(491)
    tests.check(refused is not None, "the phone's offer that crosses the browser's gets 491")
    theirs.hop("ACK", second, refused and refused.get("to"))
    theirs.reply(invite, 491)
    refused = alice.wait(491)
    tests.check(refused is not None, "a 491 of the phone reaches the browser")
    ours.hop("ACK", first, refused and refused.get("to"))
    bob.wait("ACK")
    tests.check(ours.end(bob), "the call lives on, and ends")


def refused_offer(alice, bob):
    ours, theirs, *_ = ua.up(alice, bob, ua.web_sdp(), ua.ims_sdp())
    for dialog, side, other, body in ((ours, bob, theirs, ua.web_sdp(direction="inactive", version=3)), (theirs, alice, ours, ua.ims_sdp(direction="inactive", version=2))):
        sent = dialog.send("INVITE", body)
        invite = side.wait("INVITE")
        other.reply(invite, 488)
        saw = dialog.side.wait(488)
        tests.check(saw is not None and side.wait("ACK") is not None, "a refused re-INVITE: 488 passes, ACKs on both sides")
        dialog.hop("ACK", sent, saw and saw.get("to"))
    tests.check(ours.end(bob), "the call lives on, and ends")


def cancelled_offer(alice, bob):
    ours, theirs, *_ = ua.up(alice, bob, ua.web_sdp(), ua.ims_sdp())
    sent = ours.send("INVITE", ua.web_sdp(direction="inactive", version=3))
    invite = bob.wait("INVITE")
    ours.hop("CANCEL", sent)
    tests.check(alice.wait(200) is not None, "CANCEL of a re-INVITE gets 200")
    saw = alice.wait(487)
    tests.check(saw is not None, "the re-INVITE gets 487")
    ours.hop("ACK", sent, saw and saw.get("to"))
    theirs.reply(invite, 200, ua.ims_sdp(direction="inactive", version=2))
    tests.check(bob.wait("ACK") is not None, "the phone that has answered it gets its ACK")
    tests.check(ours.end(bob), "the call lives on, and ends")


def early_end(alice, bob):
    """BYE of the caller while it rings (RFC 3261 section 15.1.1): the callee gets CANCEL."""
    call = alice.dialog(bob.aor)
    sent = call.send("INVITE", ua.web_sdp())
    invite = bob.wait("INVITE")
    theirs = ua.Dialog.of(bob, invite)
    theirs.reply(invite, 180)
    ringing = alice.wait(180)
    call.learn(ringing)
    call.send("BYE")
    tests.check(alice.wait(200) is not None, "BYE while it rings gets 200")
    cancel = bob.wait("CANCEL")
    if tests.check(cancel is not None, "the callee gets CANCEL"):
        theirs.reply(cancel, 200)
        theirs.reply(invite, 487)
    saw = alice.wait(487)
    tests.check(saw is not None, "the INVITE gets 487")
    call.hop("ACK", sent, saw and saw.get("to"))
    bob.wait("ACK")


def late_cancel(alice, bob):
    """The phone answers while the CANCEL is on its way: it gets ACK and BYE."""
    call = alice.dialog(bob.aor)
    sent = call.send("INVITE", ua.web_sdp())
    invite = bob.wait("INVITE")
    theirs = ua.Dialog.of(bob, invite)
    theirs.reply(invite, 180)
    alice.wait(180)
    call.hop("CANCEL", sent)
    cancel = bob.wait("CANCEL")
    theirs.reply(cancel, 200)
    theirs.reply(invite, 200, ua.ims_sdp())
    tests.check(alice.wait(200) is not None, "the CANCEL gets 200")
    saw = alice.wait(487)
    tests.check(saw is not None, "the browser's INVITE gets 487")
    call.hop("ACK", sent, saw and saw.get("to"))
    tests.check(bob.wait("ACK") is not None, "a phone that answered in spite of CANCEL gets ACK")
    bye = bob.wait("BYE")
    tests.check(bye is not None, "and BYE")
    theirs.reply(bye, 200) if bye else None


def twice(alice, bob):
    """Two callees of a fork take the call: the second one is acknowledged and sent away (RFC 3261 section 13.2.2.4)."""
    call = alice.dialog(bob.aor)
    call.send("INVITE", ua.web_sdp())
    invite = bob.wait("INVITE")
    theirs = ua.Dialog.of(bob, invite)
    late = sip.token()
    theirs.reply(invite, 200, ua.ims_sdp())
    call.learn(alice.wait(200))
    call.ack()
    bob.wait("ACK")
    theirs.reply(invite, 200, ua.ims_sdp(port=42010), tag=late)
    ack = bob.wait("ACK", seconds=2)
    tests.check(ack is not None and late in ack.get("to"), "the second callee's 200 is acknowledged", ack and ack.get("to"))
    bye = bob.wait("BYE", seconds=2)
    tests.check(bye is not None and late in bye.get("to"), "and ended", bye and bye.get("to"))
    theirs.reply(bye, 200) if bye else None
    tests.check(alice.wait("BYE", seconds=0.3) is None, "the browser hears nothing of it")
    tests.check(call.end(bob), "the first callee's call ends as any")


def repeated(alice, bob):
    """A phone whose ACK was lost repeats its 200 and is acknowledged again."""
    call, theirs, invite, _ = ua.up(alice, bob, ua.web_sdp(), ua.ims_sdp())
    theirs.reply(invite, 200, ua.ims_sdp())
    bob.seen.clear()
    tests.check(bob.wait("ACK") is not None, "a repeated 200 is acknowledged again")
    tests.check(call.end(bob), "BYE passes")


def two_browsers(alice):
    carol = ua.Web("carol")
    carol.register("Bearer " + wic.token_of("carol", "carolpw"))
    call, _, invite, ok = ua.up(alice, carol, ua.web_sdp(), ua.web_sdp(setup="active"))
    tests.check("SAVPF" in invite.body and "SAVPF" in ok.body, "a browser calls another: both get descriptions of their kind")
    tests.check("203.0.113.2" not in invite.body and "203.0.113.2" not in ok.body, "and not the other's address")
    tests.check(call.end(carol), "BYE passes")
    carol.register("Bearer " + wic.token_of("carol", "carolpw"), expires=0)


browser, phone = ua.pair()
for scenario in (glare, refused_offer, cancelled_offer, early_end, late_cancel, twice, repeated):
    scenario(browser, phone)
two_browsers(browser)
ua.part(browser, phone)
tests.done()
