#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may register over W2, and what the others get.

    this test, as browser (wic) ---- wss 203.0.113.1:8443 ep-cscf ---- Kamailio 198.51.100.2
"""
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import lab, websocket, wic  # noqa: E402

tests = lab.Checks()


def expect(saw, status, what):
    tests.check(saw is not None and saw.status == status, f"{what}: {status}", saw)
    return saw


def handshakes():
    for origin, what in (("https://evil.example", "a foreign Origin"), (None, "no Origin"), ("null", "Origin null")):
        try:
            websocket.WebSocket(origin=origin)
            tests.check(False, f"{what} is refused")
        except websocket.Refused as refused:
            tests.check(refused.status == 403, f"{what} is refused with 403", refused)
    try:
        websocket.WebSocket(protocol="chat")
        tests.check(False, "another subprotocol than sip is refused")
    except websocket.Refused as refused:
        tests.check(refused.status == 400, "another subprotocol than sip is refused with 400", refused)


def digest():
    alice = wic.Wic("alice")
    saw = expect(alice.register(), 401, "REGISTER without credentials")
    tests.check(saw and saw.get("www-authenticate").startswith("Digest") and " ck=" not in saw.get("www-authenticate"), "the challenge is the core's")
    expect(alice.register_digest("wrong"), 401, "a wrong password")
    saw = expect(alice.register_digest("alicepw"), 200, "the right password")
    tests.check(saw and "tel:+15550100" in saw.get("p-associated-uri"), "P-Associated-URI reaches the browser")
    tests.check(saw and "path" not in saw.headers, "Path does not")
    expect(alice.register_digest("alicepw", aor="sip:bob@ims.test"), 403, "a second identity on the same socket")
    tests.check(alice.web.is_open(), "the socket stays open for the first one")
    expect(alice.register_digest("alicepw", expires=0), 200, "de-registration")
    stray = wic.Wic("alice")
    headers = stray.headers("REGISTER", "sip:alice@elsewhere.test") + [("Contact", stray.contact())]
    expect(stray.request("REGISTER sip:elsewhere.test SIP/2.0", headers), 403, "a domain that isn't served")
    unknown = wic.Wic("alice")
    headers = unknown.headers("INVITE", to="sip:phone@ims.test", call_id="x") + [("Contact", unknown.contact())]
    expect(unknown.request("INVITE sip:phone@ims.test SIP/2.0", headers), 403, "INVITE before REGISTER")


def bearer(token):
    return f"Bearer {token}"


def tokens(work):
    good = wic.token_of("bob", "bobpw")
    head, claims = wic.token_parts(good)
    now = int(time.time())
    cases = [
        ("an expired token", wic.token_sign(head, {**claims, "iat": now - 900, "nbf": now - 900, "exp": now - 300})),
        ("a token for later", wic.token_sign(head, {**claims, "nbf": now + 3600, "exp": now + 7200})),
        ("a token of another key", wic.token_sign(head, claims, wic.key_make(f"{work}/other.pem"))),
        ("a token for another audience", wic.token_sign(head, {**claims, "aud": "somebody-else"})),
        ("a token of another issuer", wic.token_sign(head, {**claims, "iss": "https://evil.example"})),
        ("a token without signature", wic.token_sign({**head, "alg": "none"}, claims).rsplit(".", 1)[0] + "."),
        ("a token with changed claims", good.replace(good.split(".")[1], wic.b64(b'{"ims_impi":"alice@ims.test"}'))),
        ("no token at all", "x"),
    ]
    for what, token in cases:
        saw = expect(wic.Wic("bob").register(bearer(token)), 401, what)
        tests.check(saw and saw.get("www-authenticate").startswith("Bearer"), f"{what}: challenged by Bearer", saw and saw.get("www-authenticate"))
    carol = wic.Wic("carol")
    expect(carol.register(bearer(good)), 403, "an identity that isn't in the token")
    bob = wic.Wic("bob")
    saw = expect(bob.register(bearer(good)), 200, "a good token")
    tests.check(saw and "sip:bob@ims.test" in saw.get("p-associated-uri"), "P-Associated-URI reaches the browser")
    expect(bob.register(bearer(good), expires=0), 200, "de-registration")


lab.need("kamailio", "ep-cscf", "wwsf")
lab.enter("wic")
handshakes()
digest()
with tempfile.TemporaryDirectory() as folder:
    tokens(folder)
tests.done()
