#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Login, tokens and sessions of wwsf on loopback:
#
#   curl (/login, /token, /logout, jwks) --- https 127.0.0.1 ---> wwsf --- SQLite, keys
#   openssl, from the published keys alone, is the judge of the tokens
. "$(dirname "$0")/wwsf_setup.bash"

# The user store, seeded from the command line.
run user add alice --mode ims --impi alice@ims.test --impu sip:alice@ims.test,tel:+15550100; check "add alice" 0 $?
echo bobpw | run user add bob --mode token --impi bob@ims.test --impu sip:bob@ims.test --password-stdin; check "add bob" 0 $?
echo carolpw | run user add carol --mode token --impi carol@ims.test --impu sip:carol@ims.test --password-stdin
run user add alice --mode ims --impi x --impu sip:x 2>/dev/null; check "add alice twice" 1 $?
run user add eve --mode token --impi x --impu sip:x 2>/dev/null; check "token mode without a password" 2 $?
check "list" "alice ims alice@ims.test sip:alice@ims.test,tel:+15550100" "$(run user list | head -1)"
start

# Login: ims mode by name alone, token mode in two steps.
check "ims login" 200 "$(login '{"user":"alice"}')"
check "ims answer" "ims alice@ims.test sip:alice@ims.test tel:+15550100 ims.test wss://203.0.113.1:8443 null" \
	"$(field '"\(.mode) \(.impi) \(.impu[0]) \(.impu[1]) \(.realm) \(.wss_url) \(.token)"')"
check "password in ims mode" 400 "$(login '{"user":"alice","password":"alicepw"}')"
check "token mode asks" 200 "$(login '{"user":"bob"}')"
check "asks for the password" '{"mode":"token"}' "$(cat "$work/answer")"
check "unknown looks the same" '{"mode":"token"}' "$(login '{"user":"nobody"}' >/dev/null; cat "$work/answer")"
check "token login" 200 "$(login '{"user":"bob","password":"bobpw"}' -c "$work/jar")"
check "cookie flags" 1 "$(header set-cookie | grep -c '^__Host-wwsf=[0-9a-f]\{64\}; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Strict$')"
check "lifetime" 12 "$(field .expires_in)"
token=$(field .token)
get "$at/.well-known/jwks.json" -o "$work/jwks"
claims=$(python3 "$top/tests/system/lib/jwt_verify.py" "$token" "$work/jwks"); check "signature" 0 $?
check "claims" "https://127.0.0.1:$port ep-cscf.ims.test ims bob@ims.test sip:bob@ims.test wwsf.ims.test waf.ims.test 12" \
	"$(jq -r '"\(.iss) \(.aud) \(.scope) \(.ims_impi) \(.ims_impu[0]) \(.wwsf_id) \(.waf_id) \(.exp - .iat)"' <<<"$claims")"
python3 "$top/tests/system/lib/jwt_verify.py" "${token%.*}.$(printf 'A%.0s' $(seq 86))" "$work/jwks" >/dev/null 2>&1; check "forged signature" 1 $?

# Renewal by cookie, also over a restart; logout ends it.
check "renewal without a session" 401 "$(status -X POST "$at/token")"
check "renewal" 200 "$(status -X POST -b "$work/jar" "$at/token")"
check "a new token" 1 "$([ "$(field .token)" != "$token" ] && echo 1)"
kill "$pid"; wait "$pid"; check "SIGTERM ends cleanly" 0 $?
start
check "renewal after a restart" 200 "$(status -X POST -b "$work/jar" "$at/token")"
python3 "$top/tests/system/lib/jwt_verify.py" "$(field .token)" "$work/jwks" >/dev/null; check "same key after a restart" 0 $?
check "renewal from elsewhere" 403 "$(status -X POST -b "$work/jar" -H 'Origin: https://evil.example' "$at/token")"
check "logout" 204 "$(status -X POST -b "$work/jar" "$at/logout")"
check "renewal after logout" 401 "$(status -X POST -b "$work/jar" "$at/token")"

# Wrong passwords: 401, then 429 for that user only, whatever he sends.
for _ in 1 2 3; do check "wrong password" 401 "$(login '{"user":"bob","password":"no"}')"; done
check "rate limit" 429 "$(login '{"user":"bob","password":"bobpw"}')"
check "Retry-After" 1 "$([ "$(header retry-after)" -ge 1 ] && [ "$(header retry-after)" -le 300 ] && echo 1)"
check "another user" 200 "$(login '{"user":"carol","password":"carolpw"}')"
check "unknown user" 401 "$(login '{"user":"nobody","password":"x"}')"
for _ in $(seq 17); do last=$(login '{"user":"nobody'"$RANDOM"'","password":"x"}'); done
check "rate limit of an address" 429 "$last"

check "no password in the log" 0 "$(grep -cE 'bobpw|carolpw' "$work/log")"
check "modes of the secrets" "600 600" "$(stat -c %a "$work/wwsf.db" "$work/wwsf-keys/es256.pem" | xargs)"
finish
