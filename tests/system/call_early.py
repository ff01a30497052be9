#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Early media, and a core that forks: 183 with a description, two callees that ring, one that answers.

    alice (wic) ---- wss ep-cscf ---- Kamailio ---- bob, a scripted phone at 198.51.100.3
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, sip, ua  # noqa: E402

tests = lab.Checks()


def media_of(body):
    """Where a description says that media goes, and its version."""
    return re.findall(r"^m=\w+ (\d+)", body, re.M), re.findall(r"^o=\S+ \S+ (\d+)", body, re.M)


def early(alice, bob):
    call = alice.dialog(bob.aor)
    call.send("INVITE", ua.web_sdp())
    invite = bob.wait("INVITE")
    theirs = ua.Dialog.of(bob, invite)
    theirs.reply(invite, 183, ua.ims_sdp(), [("P-Early-Media", "sendrecv")])
    progress = alice.wait(183)
    tests.check(progress is not None and "UDP/TLS/RTP/SAVPF" in progress.body, "183 brings the browser an answer of its own kind")
    tests.check(progress is not None and not progress.get("p-early-media"), "P-Early-Media stays in the core")
    theirs.reply(invite, 200, ua.ims_sdp())
    ok = alice.wait(200)
    tests.check(ok is not None and media_of(ok.body) == media_of(progress.body), "the 200 says the same", ok and ok.body)
    call.learn(ok)
    call.ack()
    tests.check(bob.wait("ACK") is not None, "ACK reaches the phone")
    tests.check(call.end(bob), "BYE passes")


def to_browser(alice, bob):
    call = bob.dialog(alice.aor)
    call.send("INVITE", ua.ims_sdp())
    invite = alice.wait("INVITE")
    theirs = ua.Dialog.of(alice, invite)
    theirs.reply(invite, 183, ua.web_sdp(setup="active"))
    progress = bob.wait(183)
    tests.check(progress is not None and "RTP/AVP " in progress.body, "183 of a browser brings the phone an answer of its own kind")
    theirs.reply(invite, 200, ua.web_sdp(setup="active"))
    call.learn(bob.wait(200))
    call.ack()
    tests.check(alice.wait("ACK") is not None, "ACK reaches the browser")
    tests.check(call.end(alice), "BYE passes")


def forked(alice, bob):
    """Both answers of the fork carry descriptions; the second callee is the one who takes the call."""
    call = alice.dialog(bob.aor)
    call.send("INVITE", ua.web_sdp())
    invite = bob.wait("INVITE")
    theirs = ua.Dialog.of(bob, invite)
    first, second = sip.token(), theirs.local.rpartition("=")[2]
    theirs.reply(invite, 183, ua.ims_sdp(port=42000), tag=first)
    tests.check(alice.wait(183) is not None, "the first callee's progress reaches the browser")
    theirs.reply(invite, 183, ua.ims_sdp(port=42010), tag=second)
    tests.check(alice.wait(183) is not None, "the second one's too")
    theirs.reply(invite, 200, ua.ims_sdp(port=42010), tag=second)
    ok = alice.wait(200)
    if not tests.check(ok is not None and "UDP/TLS/RTP/SAVPF" in ok.body, "the second callee's 200 has a description", ok):
        return
    call.learn(ok)
    call.ack()
    ack = bob.wait("ACK")
    tests.check(ack is not None and second in ack.get("to"), "ACK goes to who answered", ack and ack.get("to"))
    call.send("BYE")
    bye = bob.wait("BYE")
    tests.check(bye is not None and second in bye.get("to"), "BYE too", bye and bye.get("to"))
    theirs.reply(bye, 200)
    tests.check(alice.wait(200) is not None, "its 200 reaches the browser")


wic, phone = ua.pair()
early(wic, phone)
to_browser(wic, phone)
forked(wic, phone)
ua.part(wic, phone)
tests.done()
