#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What reaches the browser: no charging headers, no Via or Record-Route of the core, no address of the phone's media.

    alice (wic) ---- wss ep-cscf ---- Kamailio ---- bob, a scripted phone at 198.51.100.3
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, ua  # noqa: E402

tests = lab.Checks()
INNER = [
    ("P-Charging-Vector", "icid-value=inner;orig-ioi=inner.test"),
    ("P-Charging-Function-Addresses", "ccf=inner.test"),
    ("P-Served-User", "<sip:inner@ims.test>"),
    ("P-Profile-Key", "<sip:inner@ims.test>"),
    ("P-User-Database", "<aaa://inner.test>"),
    ("Feature-Caps", '*;+g.3gpp.inner="1"'),
    ("P-Early-Media", "inner"),
    ("Service-Route", "<sip:inner@198.51.100.2;lr>"),
    ("P-Access-Network-Info", "inner"),
    ("Warning", '399 inner.test "hm"'),
]
TOLD = [("Subject", "hello"), ("Alert-Info", "<urn:alert:service:call-waiting>"), ("P-Asserted-Identity", "<sip:bob@ims.test>")]


def clean(message, what):
    """No trace of the core in a message that the browser got."""
    found = [line for line in message.text.split("\r\n") if "inner" in line or "198.51.100." in line and not line.startswith("a=candidate")]
    tests.check(not found, f"{what}: nothing of the core in it", found)
    tests.check("record-route" not in message.headers and "path" not in message.headers, f"{what}: neither Record-Route nor Path", message.headers)
    tests.check(len(message.headers["via"]) == 1 and "," not in message.get("via"), f"{what}: one Via", message.all("via"))


def from_phone(alice, bob):
    bob.dialog(alice.aor)
    call = bob.dialog(alice.aor)
    call.send("INVITE", ua.ims_sdp(), INNER + TOLD)
    invite = alice.wait("INVITE")
    clean(invite, "an INVITE")
    tests.check(invite.get("subject") == "hello" and "call-waiting" in invite.get("alert-info"), "what is meant for people passes", invite.headers)
    tests.check("sip:alice@ims.test" in invite.get("p-called-party-id"), "P-Called-Party-ID passes", invite.get("p-called-party-id"))
    theirs = ua.Dialog.of(alice, invite)
    theirs.reply(invite, 200, ua.web_sdp(setup="active"))
    call.learn(bob.wait(200))
    call.ack()
    clean(alice.wait("ACK"), "an ACK")
    call.send("INFO", "x", INNER, kind="text/plain")
    info = alice.wait("INFO")
    clean(info, "an INFO")
    theirs.reply(info, 200)
    bob.wait(200)
    call.send("BYE", headers=INNER)
    bye = alice.wait("BYE")
    clean(bye, "a BYE")
    theirs.reply(bye, 200)


def from_browser(alice, bob):
    call = alice.dialog(bob.aor)
    call.send("INVITE", ua.web_sdp())
    invite = bob.wait("INVITE")
    theirs = ua.Dialog.of(bob, invite)
    theirs.reply(invite, 183, ua.ims_sdp(), INNER)
    clean(alice.wait(183), "a 183")
    theirs.reply(invite, 200, ua.ims_sdp(), INNER)
    ok = alice.wait(200)
    clean(ok, "a 200")
    call.learn(ok)
    call.ack()
    bob.wait("ACK")
    call.end(bob)
    sent = call.side.dialog(bob.aor)
    request = sent.send("INVITE", ua.web_sdp())
    invite = bob.wait("INVITE")
    ua.Dialog.of(bob, invite).reply(invite, 486, "", INNER)
    busy = alice.wait(486)
    clean(busy, "a 486")
    sent.hop("ACK", request, busy.get("to"))


def registered(alice):
    saw = alice.register_digest("alicepw")
    tests.check(saw.status == 200 and "path" not in saw.headers, "Path stays in the core", saw.headers)
    tests.check("p-charging-vector" not in saw.headers and len(saw.headers["via"]) == 1, "neither charging nor Vias in the 200 of REGISTER", saw.headers)


wic, phone = ua.pair()
from_phone(wic, phone)
from_browser(wic, phone)
registered(wic)
ua.part(wic, phone)
tests.done()
