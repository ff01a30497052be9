#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A call that nobody answers: after setup_timeout_ms the caller gets 408, the callee CANCEL.

    alice (wic) ---- wss ep-cscf (setup_timeout_ms 1500) ---- Kamailio ---- bob, a scripted phone at 198.51.100.3
"""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, ua  # noqa: E402

tests = lab.Checks()
SCRIPT = f"{lab.TOP}/scripts/lab"


def impatient():
    """An ep-cscf that waits 1.5 s for an answer, in place of the lab's."""
    lab.run(SCRIPT, "stop", "ep-cscf")
    with open(f"{lab.RUN}/ep-cscf.yaml", encoding="utf-8") as file:
        text = file.read().replace("# setup_timeout_ms: 180000", "setup_timeout_ms: 1500")
    with open(f"{lab.RUN}/impatient.yaml", "w", encoding="utf-8") as file:
        file.write(text)
    with open(f"{lab.RUN}/build", encoding="utf-8") as file:
        words = ["ip", "netns", "exec", "gw", file.read().strip() + "/controlplane/main/ep-cscf", "--config", f"{lab.RUN}/impatient.yaml"]
    program = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    # Without its media gateway it refuses calls.
    while "media gateway 1 is attached" not in (line := program.stderr.readline()):
        if not line:
            raise RuntimeError("ep-cscf has ended")
    return program


def unanswered(caller, callee, offer, what):
    call = caller.dialog(callee.aor)
    sent = call.send("INVITE", offer)
    invite = callee.wait("INVITE")
    theirs = ua.Dialog.of(callee, invite)
    theirs.reply(invite, 180)
    before = time.monotonic()
    saw = caller.wait(*range(200, 700))
    tests.check(saw is not None and saw.status == 408, f"{what}: the caller gets 408", saw)
    tests.check(time.monotonic() - before > 1, f"{what}: not at once")
    call.hop("ACK", sent, saw and saw.get("to"))
    cancel = callee.wait("CANCEL")
    if tests.check(cancel is not None, f"{what}: the callee gets CANCEL"):
        theirs.reply(cancel, 200)
        theirs.reply(invite, 487)
        tests.check(callee.wait("ACK") is not None, f"{what}: its 487 is acknowledged")


lab.need("kamailio", "ep-cscf", "eims-agw")
waiting = impatient()
try:
    phone = ua.Phone()
    phone.register("bobpw")
    lab.enter("wic")
    wic = ua.Web("alice", "alicepw")
    unanswered(wic, phone, ua.web_sdp(), "from the browser")
    unanswered(phone, wic, ua.ims_sdp(), "to the browser")
    ua.part(wic, phone)
finally:
    waiting.terminate()
    waiting.wait(10)
    lab.run(SCRIPT, "start", "ep-cscf")
tests.done()
