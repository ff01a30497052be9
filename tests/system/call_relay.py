#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Methods that have no rule of their own are relayed, in calls and outside of them; OPTIONS to the gateway is answered.

    alice (wic) ---- wss ep-cscf ---- Kamailio ---- bob, a scripted phone at 198.51.100.3
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, sip, ua  # noqa: E402

tests = lab.Checks()


def relayed(dialog, side, theirs, method, what, status=200):
    dialog.send(method, "Signal=5", kind="application/dtmf-relay")
    saw = side.wait(method)
    if not tests.check(saw is not None and saw.body == "Signal=5" and saw.get("content-type") == "application/dtmf-relay", f"{what}: {method} passes with its body", saw):
        return
    theirs.reply(saw, status, "done", kind="text/plain")
    answer = dialog.side.wait(status)
    tests.check(answer is not None and answer.body == "done", f"{what}: its {status} passes with its body", answer)


def in_call(alice, bob):
    ours, theirs, *_ = ua.up(alice, bob, ua.web_sdp(), ua.ims_sdp())
    for method in ("INFO", "MESSAGE", "OPTIONS", "NOTIFY", "REFER"):
        relayed(ours, bob, theirs, method, "in a call, from the browser")
        relayed(theirs, alice, ours, method, "in a call, from the phone")
    relayed(ours, bob, theirs, "INFO", "in a call, refused", 415)
    ours.send("INFO", "x", [("Require", "precondition")], kind="text/plain")
    tests.check(alice.wait(420) is not None, "an option that isn't there gets 420")
    ours.send("PRACK")
    tests.check(alice.wait(481) is not None, "PRACK gets 481")
    ours.send("INFO", "x", cseq=1, kind="text/plain")
    tests.check(alice.wait(500) is not None, "a CSeq that goes back gets 500")
    tests.check(ours.end(bob), "BYE passes")


def outside(caller, callee, what):
    for method in ("MESSAGE", "OPTIONS"):
        dialog = caller.dialog(callee.aor)
        dialog.send(method, "hello", kind="text/plain")
        saw = callee.wait(method)
        if tests.check(saw is not None and saw.body == "hello", f"{what}: {method} passes", saw):
            tests.check(isinstance(callee, ua.Web) or saw.get("p-asserted-identity") == f"<{caller.aor}>", f"{what}: {method} has the browser's identity", saw.get("p-asserted-identity"))
            ua.Dialog.of(callee, saw).reply(saw, 200)
            tests.check(caller.wait(200) is not None, f"{what}: its 200 passes")


def gateway(core):
    headers = [("From", f"<sip:core@198.51.100.2>;tag={sip.token()}"), ("To", "<sip:198.51.100.1>"), ("Call-ID", sip.token()), ("CSeq", "1 OPTIONS")]
    saw = core.request("OPTIONS sip:198.51.100.1 SIP/2.0", headers + [("Max-Forwards", "70")])
    tests.check(saw is not None and saw.status == 200, "OPTIONS to the gateway: 200", saw)
    tests.check(saw is not None and "100rel" not in saw.all("supported"), "100rel isn't advertised", saw and saw.all("supported"))
    stray = headers[:1] + [("To", f"<sip:alice@ims.test>;tag={sip.token()}"), ("Call-ID", sip.token()), ("CSeq", "2 BYE"), ("Max-Forwards", "70")]
    saw = core.request("BYE sip:alice@198.51.100.1 SIP/2.0", stray)
    tests.check(saw is not None and saw.status == 481, "BYE of no dialog: 481", saw)


lab.need("kamailio", "ep-cscf")
lab.enter("ims")
scscf = sip.UdpPeer("198.51.100.2", 5070, "198.51.100.1")
wic, phone = ua.pair()
in_call(wic, phone)
outside(wic, phone, "from the browser")
outside(phone, wic, "from the phone")
gateway(scscf)
ua.part(wic, phone)
tests.done()
