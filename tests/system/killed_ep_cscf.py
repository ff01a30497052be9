#!/usr/bin/env python3
"""kill -9 of ep-cscf in a call: the phone goes on hearing every packet; the next ep-cscf tells of the context it finds, and an operator deletes it.

    alice (wic) -- wss ep-cscf -- Kamailio -- bob, a scripted phone that echoes
    agw_talk    -- ICE, DTLS, SRTP -- eims-agw -- RTP --'
"""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, media, ua  # noqa: E402

tests = lab.Checks()
SCRIPT = f"{lab.TOP}/scripts/lab"


def pid_of(part):
    with open(f"{lab.RUN}/{part}.pid", encoding="ascii") as file:
        return int(file.read().split()[0])


def orphans():
    """The contexts that no call owns."""
    return [one["context"] for one in lab.ctl("contexts", "--json")[1]["contexts"] if one["state"] == "orphan"]


def until(holds, seconds=8):
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.1)
    return holds()


def went_through(talk, echo, seconds, what):
    """Packets of some seconds: all of them at the phone, and all of the phone's at the browser."""
    sent, received = talk.counts()
    heard = echo.count
    time.sleep(seconds)
    sent, received = talk.counts()[0] - sent, talk.counts()[1] - received
    heard = echo.count - heard
    tests.check(sent > 30 and abs(heard - sent) <= 3 and abs(received - sent) <= 3, f"{what}: what is sent arrives", (sent, heard, received))


lab.need("kamailio", "ep-cscf", "eims-agw")
phone_media = media.Echo()
wic, phone = ua.pair()
browser_media = media.Talk()
call, _, _, ok = ua.up(wic, phone, ua.web_sdp(**browser_media.sdp), ua.ims_sdp())
tests.check("SRTP" in browser_media.connect(ok.body), "the browser's media side connects")
went_through(browser_media, phone_media, 2, "in the call")
os.kill(pid_of("ep-cscf"), signal.SIGKILL)
went_through(browser_media, phone_media, 4, "without ep-cscf")
tests.check(phone.wait("BYE", seconds=0.2) is None, "nobody ends the call meanwhile")
lab.run(SCRIPT, "stop", "ep-cscf")
tests.check(lab.run(SCRIPT, "start", "ep-cscf").returncode == 0, "a new ep-cscf is ready")
tests.check(until(lambda: len(orphans()) == 1), "it finds the context, and says so", lab.ctl("contexts")[1])
tests.check(lab.ctl("contexts", "delete", orphans()[0])[0] == 0 and orphans() == [], "an operator deletes it")
heard = phone_media.count
tests.check(until(lambda: (before := phone_media.count, time.sleep(0.3)) and phone_media.count == before), "then the media ends", phone_media.count - heard)
browser_media.close()
again = ua.Web("alice", "alicepw")
tests.check(ua.up(again, phone, ua.web_sdp(), ua.ims_sdp())[0].end(phone), "the next call is set up and ended")
ua.part(again, phone)
tests.done()
