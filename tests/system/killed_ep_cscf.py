#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of ep-cscf with a call up: media loses nothing, the next ep-cscf goes on with the call, either side hangs up.

    alice (wic) -- wss ep-cscf -- Kamailio -- bob, a scripted phone that echoes
    agw_talk    -- ICE, DTLS, SRTP -- eims-agw -- RTP --'
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, media, ua  # noqa: E402

tests = lab.Checks()


def went_through(talk, echo, seconds, what):
    """Packets of some seconds: as many as are sent arrive at the phone, and come back. Those on their way are three at most."""

    def missing():
        sent, received = talk.counts()
        return sent, sent - echo.count, sent - received

    sent, to_phone, to_browser = missing()
    time.sleep(seconds)
    arrived = lab.until(lambda: (now := missing())[1] - to_phone <= 3 and now[2] - to_browser <= 3, seconds=1)
    now = missing()
    tests.check(now[0] - sent > 30 and arrived, f"{what}: {now[0] - sent} packets are sent, none is lost", (now, sent, to_phone, to_browser))


def call_begin(phone, echo):
    wic = ua.Web("alice", "alicepw")
    talk = media.Talk()
    ours, theirs, _, ok = ua.up(wic, phone, ua.web_sdp(**talk.sdp), ua.ims_sdp())
    tests.check("SRTP" in talk.connect(ok.body), "the browser's media side connects")
    went_through(talk, echo, 1, "in the call")
    return wic, talk, ours, theirs


def restart():
    lab.kill("ep-cscf")
    tests.check(lab.start("ep-cscf"), "a new ep-cscf is ready")


def nothing_is_left(what):
    tests.check(lab.until(lambda: lab.contexts() == [] and lab.ctl("calls", "--json")[1]["calls"] == []), f"{what}: nothing is left", lab.ctl("contexts"))


def survives(phone, echo, ender):
    """alice comes back; then one of the two hangs up."""
    wic, talk, ours, theirs = call_begin(phone, echo)
    lab.kill("ep-cscf")
    went_through(talk, echo, 3, "without ep-cscf")
    tests.check(phone.wait("BYE", seconds=0.2) is None, "nobody ends the call meanwhile")
    tests.check(lab.start("ep-cscf"), "a new ep-cscf is ready")
    calls = lab.ctl("calls", "--json")[1]["calls"]
    tests.check(len(calls) == 1 and calls[0]["parked"], "it has the call, parked", calls)
    back = ua.Web("alice", "alicepw", wic.instance)
    back.host = wic.host
    ours.side = back
    calls = lab.ctl("calls", "--json")[1]["calls"]
    tests.check(len(calls) == 1 and not calls[0]["parked"], "alice is back with her call", calls)
    went_through(talk, echo, 3.5, "longer than park_time")
    tests.check(phone.wait("BYE", seconds=0.2) is None, "the call goes on")
    tests.check(ours.end(phone) if ender == "browser" else theirs.end(back), f"the {ender} hangs up, and the other side hears it")
    talk.close()
    nothing_is_left(f"after the {ender} has hung up")
    back.register_digest("alicepw", expires=0)


def phone_leaves_first(phone, echo):
    """The phone hangs up before alice is back: she hears it when she is."""
    wic, talk, _, theirs = call_begin(phone, echo)
    restart()
    theirs.send("BYE")
    tests.check(phone.wait(200) is not None, "BYE of the phone while alice is away: 200")
    nothing_is_left("at once")
    back = ua.Web("alice", instance=wic.instance)
    back.host = wic.host
    back.register_digest("alicepw")
    bye = back.wait("BYE")
    tests.check(bye is not None, "alice is back and hears that the call is over")
    ua.Dialog.of(back, bye).reply(bye, 200)
    talk.close()
    back.register_digest("alicepw", expires=0)


def stays_away(phone, echo):
    """Nobody returns: BYE with a reason to the phone, and the registration is gone."""
    _, talk, _, theirs = call_begin(phone, echo)
    restart()
    bye = phone.wait("BYE", seconds=8)
    tests.check(bye is not None and "cause=" in bye.get("reason"), "alice stays away: BYE with Reason", bye and bye.text)
    if bye is not None:
        theirs.reply(bye, 200)
    talk.close()
    nothing_is_left("after park_time")
    tests.check(lab.until(lambda: lab.ctl("registrations", "--json")[1]["registrations"] == []), "nor a registration")


def ringing(phone):
    """A call that was ringing has no record: its context is an orphan, which is listed, kept a while, and deleted."""
    wic = ua.Web("alice", "alicepw")
    wic.dialog(phone.aor).send("INVITE", ua.web_sdp())
    invite = phone.wait("INVITE")
    ua.Dialog.of(phone, invite).reply(invite, 180)
    wic.wait(180)
    restart()
    tests.check(lab.until(lambda: [one["state"] for one in lab.contexts()] == ["orphan"]), "a call that was ringing leaves an orphan", lab.contexts())
    tests.check(lab.contexts()[0].get("deleted_in_ms", 0) > 0, "which is kept for some time", lab.contexts())
    nothing_is_left("after orphan_time")
    ua.Dialog.of(phone, invite).reply(invite, 486)
    phone.wait("ACK")
    ua.Web("alice", "alicepw", wic.instance).register_digest("alicepw", expires=0)


def operator(phone, echo):
    """An operator needn't wait for either."""
    wic, talk, *_ = call_begin(phone, echo)
    restart()
    back = ua.Web("alice", "alicepw", wic.instance)
    tests.check(lab.ctl("contexts", "delete", lab.contexts()[0]["context"])[0] == 0, "an operator deletes a context that was restored")
    for side in (phone, back):
        bye = side.wait("BYE")
        tests.check(bye is not None, "and the sides hear it")
        ua.Dialog.of(side, bye).reply(bye, 200)
    talk.close()
    nothing_is_left("by order")
    back.register_digest("alicepw", expires=0)


lab.need("kamailio", "ep-cscf", "eims-agw")
heard = media.Echo()
bob = ua.Phone()
bob.register("bobpw")
lab.enter("wic")
survives(bob, heard, "browser")
survives(bob, heard, "phone")
phone_leaves_first(bob, heard)
stays_away(bob, heard)
ringing(bob)
operator(bob, heard)
bob.register("bobpw", expires=0)
tests.done()
