#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The core of the lab is a fair judge: what its S-CSCF takes and refuses, and that the phone hears.

    this test, as eP-CSCF 198.51.100.1:5070 (gw) ---- Kamailio 198.51.100.2 ---- baresip 198.51.100.3
    this test, as 198.51.100.4 (stranger)  ------------'
"""
import glob
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, sip  # noqa: E402

TRUSTED = 'Digest username="{0}@ims.test", realm="ims.test", nonce="", uri="sip:ims.test", response="", integrity-protected="auth-done"'
tests = lab.Checks()


def register(peer, user, impu=None, extra=(), cseq=1, expires=600):
    aor = impu or f"sip:{user}@ims.test"
    return peer.request(
        "REGISTER sip:ims.test SIP/2.0",
        [
            ("From", f"<{aor}>;tag={sip.token()}"),
            ("To", f"<{aor}>"),
            ("Call-ID", sip.token(20)),
            ("CSeq", f"{cseq} REGISTER"),
            ("Max-Forwards", "70"),
            ("Contact", f"<sip:{user}@{peer.hostport}>"),
            ("Path", f"<sip:binding@{peer.hostport};lr>"),
            ("Supported", "path"),
            ("Expires", str(expires)),
            *extra,
        ],
    )


def register_digest(peer, user, password, **options):
    first = register(peer, user)
    if first is None or first.status != 401:
        return first
    answer = sip.digest(first.get("www-authenticate"), "REGISTER", "sip:ims.test", f"{user}@ims.test", password)
    return register(peer, user, extra=[("Authorization", answer)], cseq=2, **options)


def registrations(peer, stranger):
    saw = register(peer, "alice")
    tests.check(saw and saw.status == 401 and "Digest" in saw.get("www-authenticate"), "REGISTER is challenged", saw)
    saw = register_digest(peer, "alice", "wrong")
    tests.check(saw and saw.status == 401, "a wrong password is challenged again", saw)
    saw = register_digest(peer, "alice", "alicepw")
    tests.check(saw and saw.status == 200, "the right password registers", saw)
    tests.check(saw and "sip:orig@198.51.100.2:5060;lr" in saw.get("service-route"), "Service-Route comes back")
    tests.check(saw and "<tel:+15550100>" in saw.get("p-associated-uri"), "P-Associated-URI lists both identities")

    trusted = ("Authorization", TRUSTED.format("bob"))
    saw = register(peer, "bob", extra=[trusted])
    tests.check(saw and saw.status == 200, "a trusted node registers without a challenge", saw)
    saw = register(peer, "bob", extra=[("Authorization", trusted[1] + ', authorization-entity="evil-wwsf.test"')])
    tests.check(saw and saw.status == 403, "a barred authorization-entity is refused", saw)
    saw = register(peer, "bob", impu="sip:alice@ims.test", extra=[trusted])
    tests.check(saw and saw.status == 403, "an identity of somebody else is refused", saw)
    saw = register(stranger, "bob", extra=[trusted])
    tests.check(saw and saw.status == 403, "a stranger can't say auth-done", saw)
    saw = stranger.request(
        "INVITE sip:alice@ims.test SIP/2.0",
        [
            ("From", f"<sip:bob@ims.test>;tag={sip.token()}"),
            ("To", "<sip:alice@ims.test>"),
            ("Call-ID", sip.token(20)),
            ("CSeq", "1 INVITE"),
            ("Max-Forwards", "70"),
            ("Contact", f"<sip:bob@{stranger.hostport}>"),
        ],
    )
    tests.check(saw and saw.status == 403, "a stranger can't call", saw)
    register(peer, "bob", extra=[trusted], expires=0)


def terminating(peer):
    register(peer, "carol", extra=[("Authorization", TRUSTED.format("carol"))])
    lab.run(f"{lab.TOP}/tests/lab/phone", "dial", "sip:carol-work@ims.test")
    invite = peer.receive()
    while invite is not None and invite.method != "INVITE":
        invite = peer.receive()
    if tests.check(invite is not None, "a call of the phone reaches the Path of who is registered"):
        tests.check(f"sip:binding@{peer.hostport}" in invite.all("route"), "the stored Path is its Route", invite.all("route"))
        tests.check(f"sip:carol@{peer.hostport}" in invite.first, "its Request-URI is the contact", invite)
        tests.check("sip:carol-work@ims.test" in invite.get("p-called-party-id"), "P-Called-Party-ID tells whom was called")
        peer.send(sip.reply(invite, 486, "Busy Here"))
    lab.run(f"{lab.TOP}/tests/lab/phone", "hangup")
    register(peer, "carol", extra=[("Authorization", TRUSTED.format("carol"))], expires=0)


def call_with_media():
    before = set(glob.glob(f"{lab.RUN}/heard/*"))
    with tempfile.TemporaryDirectory() as work:
        lab.run("sox", "-n", "-r", "8000", "-c", "1", "-e", "a-law", "-t", "al", f"{work}/tone.al", *"synth 20 sine 1000 gain -6".split())
        capture = f"{work}/mb.pcap"
        saw = lab.run(
            "ip", "netns", "exec", "gw", "sh", "-c",
            f"tcpdump --immediate-mode -qUni br-core -w {capture} udp and src host 198.51.100.3 and src portrange 40000-41000 >/dev/null 2>&1 & pid=$!; "
            f"sipp -sf {lab.TOP}/tests/system/sipp/call_phone.xml -s phone -i 198.51.100.1 -mi 198.51.100.1 -p 5071 -m 1 "
            "-timeout 20s -timeout_error -nostdin 198.51.100.2:5060; ret=$?; kill $pid; wait $pid; exit $ret",
            cwd=work, env={**os.environ, "TERM": "dumb"},
        )  # fmt: skip
        tests.check(saw.returncode == 0, "a call to the phone is answered and ended", saw.stdout[-300:] + saw.stderr[-300:])
        packets = lab.run("tshark", "-r", capture).stdout.count("\n")
        tests.check(packets > 120, "the phone sends its tone", f"{packets} packets")
    heard = [path for path in set(glob.glob(f"{lab.RUN}/heard/*")) - before if "dec" in path]
    hertz, seconds = lab.tone(heard[0]) if heard else (0, 0)
    tests.check(abs(hertz - 1000) <= 20 and seconds > 2, "the phone hears 1000 Hz", f"{hertz} Hz for {seconds} s")


lab.need("kamailio", "phone")
lab.enter("stranger")
stranger_peer = sip.UdpPeer("198.51.100.4", 5070, "198.51.100.2")
lab.enter("gw")
core_peer = sip.UdpPeer("198.51.100.1", 5070, "198.51.100.2")
registrations(core_peer, stranger_peer)
terminating(core_peer)
call_with_media()
register_digest(core_peer, "alice", "alicepw", expires=0)
tests.done()
