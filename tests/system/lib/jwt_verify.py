#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies an ES256 token against a JWK set with the openssl command, and prints its claims.

Usage: jwt_verify.py TOKEN JWKS_FILE. Exit status 1 when the signature is wrong.
"""
import base64
import json
import subprocess
import sys
import tempfile


def b64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def der_integer(raw):
    raw = raw.lstrip(b"\0") or b"\0"
    raw = b"\0" + raw if raw[0] & 0x80 else raw
    return b"\x02" + bytes([len(raw)]) + raw


def main():
    token, jwks_file = sys.argv[1:3]
    header, claims, signature = token.split(".")
    with open(jwks_file, encoding="utf-8") as file:
        keys = {key["kid"]: key for key in json.load(file)["keys"]}
    head = json.loads(b64(header))
    key = keys[head["kid"]]
    raw = b64(signature)
    assert head["alg"] == "ES256" and len(raw) == 64
    # SubjectPublicKeyInfo of an uncompressed P-256 point (RFC 5480).
    spki = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
    spki += b64(key["x"]) + b64(key["y"])
    numbers = der_integer(raw[:32]) + der_integer(raw[32:])
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("key", spki), ("sig", b"\x30" + bytes([len(numbers)]) + numbers),
                           ("text", f"{header}.{claims}".encode())):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(data)
        done = subprocess.run(
            ["openssl", "dgst", "-sha256", "-keyform", "DER", "-verify", f"{folder}/key",
             "-signature", f"{folder}/sig", f"{folder}/text"],
            capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit("jwt_verify: the signature is wrong")
    print(json.dumps(json.loads(b64(claims))))


main()
