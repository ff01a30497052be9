#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an operator sees and does with isthmusctl: gateways, registrations, a call and its context, and the call's end by order.

    isthmusctl ---- unix socket ---- ep-cscf       alice (wic) ---- wss ep-cscf ---- Kamailio ---- bob, a scripted phone
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, ua  # noqa: E402

tests = lab.Checks()


def looked_at(wic, phone):
    """A call that is up, in each list; its context."""
    ours, *_ = ua.up(wic, phone, ua.web_sdp(), ua.ims_sdp())
    calls = lab.ctl("calls", "--json")[1]["calls"]
    tests.check(len(calls) == 1 and calls[0]["state"] == "up" and calls[0]["from"] == "browser", "calls: the one that is up", calls)
    handle = calls[0]["context"]
    listed = lab.ctl("contexts", "list", "--json")[1]["contexts"]
    mine = [one for one in listed if one["context"] == handle]
    tests.check(len(mine) == 1 and mine[0]["call"] == calls[0]["id"] and mine[0]["state"] == "up", "contexts: its context", listed)
    shown = lab.ctl("contexts", "show", handle, "--json")[1]
    tests.check(shown["access"]["ice"] == "checking" and shown["core"]["remote"] == "198.51.100.3:42000", "its legs: ICE is checking, the phone is where it said", shown)
    for words in (("calls",), ("contexts",), ("contexts", "show", handle)):
        status, text = lab.ctl(*words)
        tests.check(status == 0 and (handle in text), f"{' '.join(words)}: a table for people", text)
    return ours, handle


def ended(wic, phone, ours, handle):
    """delete: both sides get BYE with the reason, the context is gone."""
    status, text = lab.ctl("contexts", "delete", handle)
    tests.check(status == 0, "contexts delete: done", text)
    for side, name in ((wic, "the browser"), (phone, "the phone")):
        bye = side.wait("BYE")
        tests.check(bye is not None and "ended by the operator" in bye.get("reason"), f"{name} gets BYE with the reason", bye and bye.text)
        if bye is not None:
            ua.Dialog.of(side, bye).reply(bye, 200)
    ours.send("BYE")
    tests.check(wic.wait(481) is not None, "the call is no more")
    status, text = lab.ctl("contexts", "show", handle)
    tests.check(status == 1 and "no such context" in text, "its context neither: exit 1 and a sentence", (status, text))


def refused():
    """What is wrong is told by exit status and a sentence."""
    for words in ((), ("call",), ("contexts", "drop", "0100000000000001"), ("contexts", "delete"), ("contexts", "show", "1/../calls/")):
        status, text = lab.ctl(*words)
        tests.check(status == 2 and "usage:" in text, f"isthmusctl {' '.join(words)}: usage, exit 2", (status, text))
    status, text = lab.ctl("contexts", "delete", "ff00000000000001")
    tests.check(status == 1 and "gateway 255 is not attached" in text, "a gateway that isn't there: exit 1", (status, text))
    status, text = lab.ctl("status", door="/run/absent.sock")
    tests.check(status == 3 and "can't be asked" in text, "no ep-cscf there: exit 3", (status, text))
    with open(f"{lab.RUN}/build", encoding="utf-8") as file:
        program = file.read().strip() + "/controlplane/ctl/isthmusctl"
    saw = subprocess.run(
        ["python3", "-c", f"import os; os.setgid(65534); os.setuid(65534); os.execv({program!r}, ['isthmusctl', '--admin', '{lab.RUN}/ep-cscf.sock', 'calls'])"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    tests.check(saw.returncode != 0, "another user of the machine gets nothing", saw.stdout)


alice, bob = ua.pair()
code, state = lab.ctl("status", "--json")
tests.check(code == 0 and state["gateways"][0]["attached"] and state["gateways"][0]["contexts_max"] > 0, "status: the gateway is attached", state)
tests.check(state["sip"]["registers"] > 0 and "attached" in lab.ctl("status")[1], "status: counters", state)
bindings = lab.ctl("registrations", "--json")[1]["registrations"]
bound = [one for one in bindings if alice.instance in one["instance"]]
tests.check(len(bound) == 1 and bound[0]["impi"] == "alice@ims.test" and not bound[0]["parked"], "registrations: alice", bindings)
tests.check("alice@ims.test" in lab.ctl("registrations")[1], "registrations: a table for people")
dialog, context = looked_at(alice, bob)
ended(alice, bob, dialog, context)
refused()
ua.part(alice, bob)
tests.done()
