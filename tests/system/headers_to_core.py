#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What reaches the core: the asserted identity and the gateway's own charging headers, nothing that a browser forges or is.

    alice (wic) ---- wss ep-cscf --[ tcpdump on br-core ]-- Kamailio ---- bob, a scripted phone at 198.51.100.3
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, sip, ua, wire  # noqa: E402

tests = lab.Checks()
FORGED = [
    ("P-Asserted-Identity", "<sip:evil@ims.test>"),
    ("P-Charging-Vector", "icid-value=evil;orig-ioi=evil.test"),
    ("P-Charging-Function-Addresses", "ccf=evil.test"),
    ("Path", "<sip:evil@evil.test;lr>"),
    ("Route", "<sip:evil@198.51.100.4;lr>"),
    ("Record-Route", "<sip:evil@evil.test;lr>"),
    ("P-Served-User", "<sip:evil@ims.test>"),
    ("P-Visited-Network-ID", "evil.test"),
    ("P-Access-Network-Info", "3GPP-UTRAN-TDD;utran-cell-id-3gpp=evil;network-provided"),
    ("History-Info", "<sip:evil@ims.test>;index=1"),
    ("Organization", "evil.test"),
    ("Authorization", "Bearer evil"),
    ("Authorization", 'Digest username="alice@ims.test", realm="ims.test", nonce="", uri="sip:ims.test", response="", integrity-protected="evil"'),
]
BROWSER = ("203.0.113.", "candidate", "ice-", "fingerprint", "setup:", "BUNDLE", "a=mid", "msid", "rtcp-mux", "ssrc", "SAVPF", "extmap")


def identities(alice, bob):
    """P-Preferred-Identity of the browser, and whom the core hears of."""
    cases = [
        (None, "sip:alice@ims.test", "none preferred: the default"),
        ("<tel:+15550100>", "tel:+15550100", "a registered one"),
        ("<sip:bob@ims.test>", "sip:alice@ims.test", "somebody else's"),
    ]
    for preferred, wanted, what in cases:
        headers = [("P-Preferred-Identity", preferred)] if preferred else []
        call, theirs, invite, _ = ua.up(alice, bob, ua.web_sdp(), ua.ims_sdp(), headers)
        tests.check(ua.uri_of(invite.get("p-asserted-identity")) == wanted, f"P-Preferred-Identity, {what}", invite.get("p-asserted-identity"))
        call.end(bob)


def register(alice):
    """A REGISTER whose credentials and headers say what only the gateway may."""
    challenge = alice.register().get("www-authenticate")
    answer = sip.digest(challenge, "REGISTER", "sip:ims.test", "alice@ims.test", "alicepw")
    saw = alice.register(answer + ', integrity-protected="auth-done", authorization-entity="evil"', extra=FORGED[:-2])
    tests.check(saw is not None and saw.status == 200, "a REGISTER with forged headers is honest again", saw)


def charging(messages):
    """icid-value by Call-ID and method of requests, all of a dialog alike."""
    vectors = {}
    for message in messages:
        if message.method in ("INVITE", "BYE", "INFO", "REGISTER"):
            icid = re.search(r'icid-value="?([^";]+)', message.get("p-charging-vector"))
            tests.check(icid is not None and len(message.headers["p-charging-vector"]) == 1, f"{message.method} has one P-Charging-Vector", message.get("p-charging-vector"))
            vectors.setdefault(message.get("call-id"), []).append((message.method, icid and icid.group(1)))
    for call in vectors.values():
        if call[0][0] != "REGISTER":
            tests.check(len({icid for _, icid in call}) == 1, f"one icid in {' '.join(method for method, _ in call)}", call)
    tests.check(len({call[0][1] for call in vectors.values()}) == len(vectors), "different calls have different icids")


wic, phone = ua.pair()
capture = wire.Capture()
identities(wic, phone)
ours, theirs, *_ = ua.up(wic, phone, ua.web_sdp(), ua.ims_sdp(), FORGED)
ours.send("INFO", "x", FORGED, kind="text/plain")
info = phone.wait("INFO")
theirs.reply(info, 200)
wic.wait(200)
ours.end(phone)
register(wic)
ua.part(wic, phone)
capture.stop()
sent = capture.sent()
tests.check(len([message for message in sent if message.method == "INVITE"]) == 4, "tshark sees four INVITEs", [str(message) for message in sent])
forged = [(message.first, line) for message in sent for line in message.text.split("\r\n") if "evil" in line]
tests.check(not forged, "nothing that was forged reaches the core", forged)
leaks = [(message.first, word) for message in sent for word in BROWSER if word in message.text]
tests.check(not leaks, "no address, ICE, DTLS or BUNDLE of the browser reaches the core", leaks)
# The core registers the browser's own Contact, behind the Path (RFC 5626); in calls the gateway is the peer.
hops = [(message.first, message.all("via") + message.all("route") + ("" if message.method == "REGISTER" else message.all("contact"))) for message in sent]
private = [hop for hop in hops if "invalid" in hop[1]]
tests.check(not private, "neither Via nor Contact of the browser reaches the core", private)
tests.check(all("auth-done" not in message.text for message in sent), "integrity-protected of the browser doesn't reach the core")
charging(sent)
tests.done()
