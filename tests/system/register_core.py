#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a core may say to a REGISTER, and what it hears of: 423, keys in a challenge, a short life, an unknown barring.

    alice, bob (wic) ---- wss ep-cscf ---- this test, as S-CSCF 198.51.100.2 in place of Kamailio
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, ua, wic  # noqa: E402

tests = lab.Checks()


def asked(client, core, authorization=None, **options):
    """A REGISTER of the client as the core sees it."""
    client.web.send(client.register_text(authorization, **options))
    return core.wait("REGISTER")


def answered(client, core, status, headers=(), authorization=None):
    register = asked(client, core, authorization)
    core.put(ua.sip.reply(register, status, "Scripted", headers))
    return client.wait(status)


def passing(core):
    alice = ua.Web("alice")
    saw = answered(alice, core, 423, [("Min-Expires", "3600")])
    tests.check(saw is not None and saw.get("min-expires") == "3600", "423 passes with Min-Expires", saw)
    challenge = 'Digest realm="ims.test", nonce="n", algorithm=MD5, qop="auth", ck="00112233445566778899aabbccddeeff", ik="00112233445566778899aabbccddeeff"'
    saw = answered(alice, core, 401, [("WWW-Authenticate", challenge)])
    value = saw.get("www-authenticate") if saw else ""
    tests.check('nonce="n"' in value and "ck=" not in value and "ik=" not in value, "a challenge passes without ck and ik", value)
    for status, header in ((503, ("Retry-After", "7")), (500, ("Subject", "x")), (404, ("Subject", "x"))):
        saw = answered(alice, core, status, [header])
        tests.check(saw is not None and saw.get(header[0]) == header[1], f"{status} passes", saw)


def life(core):
    """A registration lives as long as the core says."""
    alice = ua.Web("alice")
    core.granted(asked(alice, core, 'Digest username="alice@ims.test", realm="ims.test", nonce="n", uri="sip:ims.test", response="00"'), 2)
    saw = alice.wait(200)
    tests.check(saw is not None and "expires=2" in saw.get("contact"), "the browser hears what was granted", saw and saw.get("contact"))
    call = alice.dialog("sip:bob@ims.test")
    call.send("MESSAGE", "x", kind="text/plain")
    tests.check(core.wait("MESSAGE") is not None, "while it lives a MESSAGE passes")
    end, late = time.monotonic() + 6, None
    while late is None and time.monotonic() < end:
        alice.dialog("sip:bob@ims.test").send("MESSAGE", "late", kind="text/plain")
        late = alice.wait(403, seconds=0.4)
    tests.check(late is not None, "when it has expired: 403")
    tests.check(alice.web.is_open(), "the WebSocket stays open")


def vouched(core):
    """A token: the core hears who is vouched for, and that it is over when the token is."""
    head, claims = wic.token_parts(wic.token_of("bob", "bobpw"))
    bob = ua.Web("bob")
    # The clocks may differ by clock_skew_s; what is granted ends with the token.
    token = "Bearer " + wic.token_sign(head, {**claims, "exp": int(time.time()) + 4})
    register = asked(bob, core, token)
    value = register.get("authorization")
    tests.check('username="bob@ims.test"' in value and 'integrity-protected="auth-done"' in value, "the core hears auth-done and whom", value)
    tests.check("Bearer" not in register.text and token[7:] not in register.text, "the token stays here")
    core.granted(register, 600)
    saw = bob.wait(200)
    tests.check(saw is not None and saw.get("contact").endswith(tuple(f"expires={n}" for n in (1, 2, 3, 4, 5, 6))), "the browser is granted no more than the token's life", saw and saw.get("contact"))
    last = core.wait("REGISTER", seconds=10)
    tests.check(last is not None and (last.get("expires") == "0" or "expires=0" in last.get("contact")), "when the token has run out the core is told", last)
    tests.check(last is not None and 'integrity-protected="auth-done"' in last.get("authorization"), "and believes it", last and last.get("authorization"))
    core.granted(last, 0)
    bob.dialog("sip:alice@ims.test").send("MESSAGE", "late", kind="text/plain")
    saw = bob.wait(401, 403)
    tests.check(saw is not None and saw.status == 401, "the browser's next request gets 401", saw)


def barred(core):
    bob = ua.Web("bob")
    token = "Bearer " + wic.token_of("bob", "bobpw")
    core.granted(asked(bob, core, token), 600)
    bob.wait(200)
    core.put(ua.sip.reply(asked(bob, core, token), 403, "Barred"))
    tests.check(bob.wait(403) is not None, "a core that bars him later: 403 passes")
    bob.dialog("sip:alice@ims.test").send("MESSAGE", "x", kind="text/plain")
    tests.check(bob.wait(403) is not None, "and his registration is over")


def run(core):
    passing(core)
    life(core)
    vouched(core)
    barred(core)


lab.need("kamailio", "ep-cscf", "wwsf")
ua.core_replaced(run)
tests.done()
