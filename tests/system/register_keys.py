#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys of flow tokens outlive the process: an old token is stale (430), not forged (403), for the next 15 restarts.

    alice (wic) ---- wss ep-cscf, killed again and again ---- Kamailio
                             '---- this test, as S-CSCF 198.51.100.2:5070
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, ua, wire  # noqa: E402

tests = lab.Checks()


def registered(wic):
    """The flow token that a good REGISTER carries to the core."""
    capture = wire.Capture()
    wic.register_digest("alicepw")
    capture.stop()
    paths = [message.get("path") for message in capture.sent() if message.method == "REGISTER"]
    return re.search(r"sip:([^@]+)@", paths[-1]).group(1)


def final(core, token):
    """The status of an INVITE along a token that nobody answers."""
    call = core.dialog("sip:alice@ims.test")
    call.routes = [f"<sip:{token}@198.51.100.1:5060;lr>"]
    sent = call.send("INVITE", ua.ims_sdp())
    saw = core.wait(*range(200, 700), seconds=3)
    call.hop("ACK", sent, saw and saw.get("to"))
    return saw.status if saw else None


def restart():
    lab.kill("ep-cscf")
    return lab.start("ep-cscf", PARK_TIME_MS="20000")


def keys():
    """Of the store, which one process has for itself while it runs."""
    return int(lab.run("sqlite3", f"{lab.RUN}/ep-cscf.db", "select count(*) from keys").stdout)


lab.need("kamailio", "ep-cscf")
scscf = ua.Core(5070)
lab.enter("wic")
alice = ua.Web("alice")
first = registered(alice)
tests.check(restart(), "a new ep-cscf is ready")
tests.check(final(scscf, first) == 430, "her token, while she is away: 430")
back = ua.Web("alice", instance=alice.instance)
second = registered(back)
tests.check(second != first, "she is back, with another token")
tests.check(final(scscf, first) == 430, "the token of before: 430")
call = scscf.dialog("sip:alice@ims.test")
call.routes = [f"<sip:{second}@198.51.100.1:5060;lr>"]
request = call.send("INVITE", ua.ims_sdp())
invite = back.wait("INVITE")
tests.check(invite is not None, "the new token reaches her")
ua.Dialog.of(back, invite).reply(invite, 486)
busy = scscf.wait(486)
call.hop("ACK", request, busy and busy.get("to"))
ready = [restart() for _ in range(14)]
tests.check(all(ready), "14 more restarts")
tests.check(final(scscf, first) == 430, "after 15 of them the first token is still known as ours: 430")
tests.check(restart() and final(scscf, first) == 403, "after 16 its key is gone: 403")
lab.kill("ep-cscf")
tests.check(keys() == 16, "the store keeps 16 keys", keys())
tests.check(lab.start("ep-cscf"), "ep-cscf as it was")
tests.done()
