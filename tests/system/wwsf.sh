#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The web server function as its clients see it, on loopback with a CA of its own:
#
#   curl (page, /login, /token, /logout, jwks) --- https 127.0.0.1, [::1] ---> wwsf --- SQLite, keys
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-$top/build}
wwsf=$build/controlplane/wwsf/wwsf
[ -x "$wwsf" ] || { echo "wwsf: skipped: $wwsf is not built"; exit 77; }
work=$(mktemp -d)
port=$((20000 + RANDOM % 10000))
at=https://127.0.0.1:$port
failed=0 passed=0 pid=

cleanup() {
	[ -n "$pid" ] && kill "$pid" 2>/dev/null && wait "$pid"
	rm -rf "$work"
}
trap cleanup EXIT
check() { # check WHAT EXPECTED GOT
	if [ "$2" = "$3" ]; then passed=$((passed + 1)); else
		failed=$((failed + 1)); echo "wwsf: FAIL $1: expected '$2', got '$3'"; fi
}
get() { curl -sS --max-time 10 --cacert "$work/ca.pem" --path-as-is "$@"; }
status() { get -o "$work/answer" -D "$work/headers" -w '%{http_code}' "$@"; }
login() { local body=$1; shift; status -H 'Content-Type: application/json' --data-binary "$body" "$at/login" "$@"; }
field() { jq -r "$1" "$work/answer"; }
header() { tr -d '\r' <"$work/headers" | sed -n "s/^$1: //Ip"; }

certificate() { # certificate SERIAL: signed by the CA
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key.pem" -subj /CN=wwsf \
		-out "$work/csr.pem" 2>/dev/null
	openssl x509 -req -in "$work/csr.pem" -CA "$work/ca.pem" -CAkey "$work/ca.key" -set_serial "$1" -days 2 \
		-extfile <(echo "subjectAltName=IP:127.0.0.1,IP:::1") -out "$work/cert.pem" 2>/dev/null
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=wwsf test CA" \
	-keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
certificate 1
cp -r "$build/controlplane/wwsf/page" "$work/page" 2>/dev/null || mkdir "$work/page"
if [ ! -f "$work/page/index.html" ]; then
	echo "wwsf: the page is not built (scripts/deps), a stand-in is served"
	echo '<!doctype html><title>page</title><script src="wic.js"></script>' >"$work/page/index.html"
	echo 'export {}' >"$work/page/wic.js"
fi
ln -s /etc/passwd "$work/page/link.txt"
sed -e "s|203.0.113.1:8444|127.0.0.1:$port|; s|\[fd00:203::1\]:8444|[::1]:$port|" \
	-e "s|^# cors_origin: .*|cors_origin: https://portal.example.net|" \
	-e "s|/etc/isthmus/wwsf.crt|$work/cert.pem|; s|/etc/isthmus/wwsf.key|$work/key.pem|" \
	-e "s|^page: .*|page: $work/page|; s|/var/lib/isthmus|$work|" \
	-e "s|^token_lifetime_s: .*|token_lifetime_s: 12|; s|^failures_per_user: .*|failures_per_user: 3|" \
	"$top/configs/wwsf.yaml" >"$work/wwsf.yaml"

run() { "$wwsf" --config "$work/wwsf.yaml" "$@"; }
run user add alice --mode ims --impi alice@ims.test --impu sip:alice@ims.test,tel:+15550100; check "add alice" 0 $?
echo bobpw | run user add bob --mode token --impi bob@ims.test --impu sip:bob@ims.test --password-stdin; check "add bob" 0 $?
echo carolpw | run user add carol --mode token --impi carol@ims.test --impu sip:carol@ims.test --password-stdin
run user add alice --mode ims --impi x --impu sip:x 2>/dev/null; check "add alice twice" 1 $?
run user add eve --mode token --impi x --impu sip:x 2>/dev/null; check "token mode without a password" 2 $?
check "list" "alice ims alice@ims.test sip:alice@ims.test,tel:+15550100" "$(run user list | head -1)"
start() {
	"$wwsf" --config "$work/wwsf.yaml" 2>"$work/log" & pid=$!
	for _ in $(seq 100); do grep -q ': ready' "$work/log" && return; sleep 0.1; done
	cat "$work/log"
	echo "wwsf: FAIL it did not start"
	exit 1
}
start

# The page: types, headers, caching, nothing outside its folder.
check "page" 200 "$(status "$at/")"
check "page content" 1 "$(grep -c 'src="wic.js"' "$work/answer")"
check "page type" "text/html; charset=utf-8" "$(header content-type)"
check "nosniff" nosniff "$(header x-content-type-options)"
check "CSP" 1 "$(header content-security-policy | grep -c "connect-src 'self' wss://203.0.113.1:8443;")"
check "not modified" 304 "$(status -H "If-None-Match: $(header etag)" "$at/")"
check "page over IPv6" 200 "$(status "https://[::1]:$port/")"
check "CSP over IPv6" 1 "$(header content-security-policy | grep -c "connect-src 'self' wss://\[fd00:203::1\]:8443;")"
check "script type" "text/javascript; charset=utf-8" "$(status "$at/wic.js" >/dev/null; header content-type)"
for path in /../wwsf.yaml /..%2fwwsf.yaml /%2e%2e/wwsf.yaml //etc/passwd /link.txt /wwsf.db /page/../../key.pem; do
	check "traversal $path" 404 "$(status "$at$path")"
done
check "POST to the page" 405 "$(status -X POST "$at/")"
check "plain http" 000 "$(curl -s --max-time 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/")"
check "TLS 1.1" 35 "$(curl -s --max-time 5 --tls-max 1.1 --cacert "$work/ca.pem" "$at/" >/dev/null; echo $?)"

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
claims=$("$top/tests/system/jwt_verify.py" "$token" "$work/jwks"); check "signature" 0 $?
check "claims" "https://127.0.0.1:$port ep-cscf.ims.test ims bob@ims.test sip:bob@ims.test wwsf.ims.test waf.ims.test 12" \
	"$(jq -r '"\(.iss) \(.aud) \(.scope) \(.ims_impi) \(.ims_impu[0]) \(.wwsf_id) \(.waf_id) \(.exp - .iat)"' <<<"$claims")"
"$top/tests/system/jwt_verify.py" "${token%.*}.$(printf 'A%.0s' $(seq 86))" "$work/jwks" >/dev/null 2>&1; check "forged signature" 1 $?

# Renewal by cookie, also over a restart; logout ends it.
check "renewal without a session" 401 "$(status -X POST "$at/token")"
check "renewal" 200 "$(status -X POST -b "$work/jar" "$at/token")"
check "a new token" 1 "$([ "$(field .token)" != "$token" ] && echo 1)"
kill "$pid"; wait "$pid"; check "SIGTERM ends cleanly" 0 $?
start
check "renewal after a restart" 200 "$(status -X POST -b "$work/jar" "$at/token")"
"$top/tests/system/jwt_verify.py" "$(field .token)" "$work/jwks" >/dev/null; check "same key after a restart" 0 $?
check "renewal from elsewhere" 403 "$(status -X POST -b "$work/jar" -H 'Origin: https://evil.example' "$at/token")"
check "logout" 204 "$(status -X POST -b "$work/jar" "$at/logout")"
check "renewal after logout" 401 "$(status -X POST -b "$work/jar" "$at/token")"

# What is wrong is told in a sentence.
for body in '' '{' '[]' '"bob"' '{"user":3}' '{}' '{"user":"a","user":"b"}' '{"user":"bob","password":3}' '{"user":"\u0000"}' \
	"{\"user\":\"bob\",\"x\":$(printf '[%.0s' $(seq 17))$(printf ']%.0s' $(seq 17))}" "{\"user\":\"$(printf 'a%.0s' $(seq 65))\"}"; do
	check "body ${body:0:30}" "400 string" "$(login "$body") $(field '.error | type')"
done
check "content type" 415 "$(status --data '{"user":"bob"}' "$at/login")"
head -c 17000 /dev/zero | tr '\0' a >"$work/long"
check "oversize" 413 "$(status -H 'Content-Type: application/json' --data-binary "@$work/long" "$at/login")"
check "oversize, chunked" 413 "$(status -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' --data-binary "@$work/long" "$at/login")"
check "GET /login" 405 "$(status "$at/login")"

# CORS: exactly what is configured.
preflight() { status -X OPTIONS -H "Origin: $1" -H 'Access-Control-Request-Method: POST' "$at/login"; }
check "preflight" 204 "$(preflight https://portal.example.net)"
check "preflight echo" "https://portal.example.net POST, OPTIONS Content-Type Origin" \
	"$(header access-control-allow-origin) $(header access-control-allow-methods) $(header access-control-allow-headers) $(header vary)"
for origin in https://evil.example https://portal.example.net.evil http://portal.example.net null; do
	check "preflight of $origin" "403 Origin " "$(preflight "$origin") $(header vary) $(header access-control-allow-origin)"
done
check "own Origin" "200 https://127.0.0.1:$port" \
	"$(login '{"user":"alice"}' -H "Origin: https://127.0.0.1:$port") $(header access-control-allow-origin)"

# Wrong passwords: 401, then 429 for that user only, whatever he sends.
for _ in 1 2 3; do check "wrong password" 401 "$(login '{"user":"bob","password":"no"}')"; done
check "rate limit" 429 "$(login '{"user":"bob","password":"bobpw"}')"
check "Retry-After" 1 "$([ "$(header retry-after)" -ge 1 ] && [ "$(header retry-after)" -le 300 ] && echo 1)"
check "another user" 200 "$(login '{"user":"carol","password":"carolpw"}')"
check "unknown user" 401 "$(login '{"user":"nobody","password":"x"}')"
for _ in $(seq 17); do last=$(login '{"user":"nobody'"$RANDOM"'","password":"x"}'); done
check "rate limit of an address" 429 "$last"

# A new certificate and a second signing key by SIGHUP.
serial() { openssl s_client -connect "127.0.0.1:$port" </dev/null 2>/dev/null | openssl x509 -noout -serial; }
check "certificate" serial=01 "$(serial)"
certificate 2
(umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 >"$work/wwsf-keys/second.pem" 2>/dev/null)
kill -HUP "$pid"
for _ in $(seq 100); do grep -q 'signing keys' "$work/log" && break; sleep 0.1; done
check "new certificate" serial=02 "$(serial)"
check "two keys" 2 "$(get "$at/.well-known/jwks.json" | jq '.keys | length')"
check "no password in the log" 0 "$(grep -cE 'bobpw|carolpw' "$work/log")"
check "modes of the secrets" "600 600" "$(stat -c %a "$work/wwsf.db" "$work/wwsf-keys/es256.pem" | xargs)"
kill "$pid"; wait "$pid"; check "SIGTERM ends cleanly again" 0 $?; pid=

# A wrong configuration is refused with its line.
sed "s|^threads: 4|threads: many|" "$work/wwsf.yaml" >"$work/wrong.yaml"
"$wwsf" --config "$work/wrong.yaml" 2>"$work/log"; check "wrong value" 2 $?
check "its place" 1 "$(grep -c "wrong.yaml:$(grep -n ^threads "$work/wrong.yaml" | cut -d: -f1): " "$work/log")"
echo "wwsf: $passed passed, $failed failed"
[ "$failed" = 0 ]
