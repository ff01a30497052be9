#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of ep-cscf with many calls up (ISTHMUS_CALLS, 50 unless told): none loses a packet, those who come back go on.

    browsers (wic), some calls each -- wss ep-cscf -- Kamailio -- bob, a scripted phone that echoes
    agw_crowd, one media side a call -- ICE, DTLS, SRTP -- eims-agw -- RTP --'
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, media, ua  # noqa: E402

tests = lab.Checks()
CALLS = int(os.environ.get("ISTHMUS_CALLS", "50"))
BROWSERS = min(20, max(2, CALLS // 5))
PACKET_MS = max(100, CALLS // 2)


class Call:
    """One call: its dialogs, whose browser it is, and which media side."""

    def __init__(self, number, browsers, phone, crowd):
        self.number, self.browser = number, number % len(browsers)
        self.ours, self.theirs, _, ok = ua.up(browsers[self.browser], phone, ua.web_sdp(**crowd.sdps[number]), ua.ims_sdp())
        self.is_connected = crowd.connect(number, ok.body)


def went_through(crowd, echo, seconds, what):
    """What is sent meanwhile arrives at the phone and comes back, in every call; a few packets are on their way."""
    sent, _, _ = crowd.counts()
    time.sleep(seconds)

    def all_there():
        now = crowd.counts()
        return now[2] <= 3 and now[0] - echo.count <= 2 * CALLS

    arrived = lab.until(all_there, seconds=5)
    now = crowd.counts()
    print(f"     {what}: {now[0] - sent} packets sent meanwhile; of all {now[0]}, {echo.count} at the phone, {now[1]} back")
    tests.check(now[0] - sent >= CALLS and arrived, f"{what}: in no call is a packet lost", (now, echo.count))


def restored():
    """The calls and contexts of the new process."""
    calls = lab.ctl("calls", "--json")[1]["calls"]
    states = [one["state"] for one in lab.contexts()]
    tests.check(len(calls) == CALLS and all(one["parked"] for one in calls), f"it has {CALLS} calls, all parked", len(calls))
    tests.check(states.count("up") == CALLS and len(states) == CALLS, f"and {CALLS} contexts, none an orphan", states)


def returned(browsers):
    """All but the last browser."""
    started = time.monotonic()
    back = []
    for one in browsers[:-1]:
        fresh = ua.Web("alice", "alicepw", one.instance)
        fresh.host = one.host
        back.append(fresh)
    print(f"     {len(back)} browsers are back after {time.monotonic() - started:.2f} s")
    return back


def abandoned(calls, phone):
    """Those of the browser that stays away: BYE with a reason."""
    seen = 0
    for _ in calls:
        bye = phone.wait("BYE", seconds=20)
        if bye is not None and "cause=" in bye.get("reason"):
            ua.Dialog.of(phone, bye).reply(bye, 200)
            seen += 1
    tests.check(seen == len(calls), f"the {len(calls)} calls of who stays away end at the phone, with a reason", seen)


def hung_up(calls, back, phone, crowd):
    """Every other call by its browser, the rest by the phone."""
    ended = {"browser": 0, "phone": 0}
    for call in calls:
        side = back[call.browser]
        call.ours.side = side
        who = "browser" if call.number % 2 else "phone"
        crowd.end(call.number)
        ended[who] += call.ours.end(phone) if who == "browser" else call.theirs.end(side)
    tests.check(sum(ended.values()) == len(calls), f"either side hangs up: {ended}", len(calls))


lab.need("kamailio", "ep-cscf", "eims-agw")
heard = media.Echo()
bob = ua.Phone()
bob.register("bobpw")
lab.enter("wic")
wics = [ua.Web("alice", "alicepw") for _ in range(BROWSERS)]
talkers = media.Crowd(CALLS, PACKET_MS)
begun = time.monotonic()
all_calls = [Call(number, wics, bob, talkers) for number in range(CALLS)]
print(f"     {CALLS} calls of {BROWSERS} browsers are up after {time.monotonic() - begun:.1f} s; a packet every {PACKET_MS} ms in each")
tests.check(all(call.is_connected for call in all_calls), "the media of all calls is connected")
went_through(talkers, heard, 2, "before")
lab.kill("ep-cscf")
went_through(talkers, heard, 3, "without ep-cscf")
tests.check(lab.start("ep-cscf", PARK_TIME_MS="12000"), "a new ep-cscf is ready")
restored()
those_back = returned(wics)
for gone in [call for call in all_calls if call.browser == BROWSERS - 1]:
    talkers.end(gone.number)
abandoned([call for call in all_calls if call.browser == BROWSERS - 1], bob)
went_through(talkers, heard, 2, "with those who came back")
hung_up([call for call in all_calls if call.browser < BROWSERS - 1], those_back, bob, talkers)
tests.check(lab.until(lambda: lab.contexts() == [] and lab.ctl("calls", "--json")[1]["calls"] == []), "nothing is left", lab.ctl("contexts"))
talkers.close()
for wic in those_back:
    wic.register_digest("alicepw", expires=0)
bob.register("bobpw", expires=0)
tests.check(lab.until(lambda: lab.ctl("registrations", "--json")[1]["registrations"] == []), "nor a registration")
lab.kill("ep-cscf")
tests.check(lab.start("ep-cscf"), "ep-cscf as it was")
tests.done()
