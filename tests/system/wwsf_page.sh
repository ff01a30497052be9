#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The page of wwsf, its manners in HTTP and its configuration, on loopback:
#
#   curl (page, hostile requests, other Origins) --- https 127.0.0.1, [::1] ---> wwsf
. "$(dirname "$0")/wwsf_setup.bash"
run user add alice --mode ims --impi alice@ims.test --impu sip:alice@ims.test
start

# The page: types, headers, caching, nothing outside its folder.
check "page" 200 "$(status "$at/")"
check "page content" 1 "$(grep -c 'src="wic.js"' "$work/answer")"
check "page type" "text/html; charset=utf-8" "$(header content-type)"
check "nosniff" nosniff "$(header x-content-type-options)"
check "CSP" 1 "$(header content-security-policy | grep -c "connect-src 'self' wss://203.0.113.1:8443;")"
check "not modified" 304 "$(status -H "If-None-Match: $(header etag)" "$at/")"
check "page over IPv6" 200 "$(status "https://[::1]:$port/")"
check "CSP over IPv6" 1 "$(header content-security-policy | grep -c "connect-src 'self' wss:;")"
check "script type" "text/javascript; charset=utf-8" "$(status "$at/wic.js" >/dev/null; header content-type)"
for path in /../wwsf.yaml /..%2fwwsf.yaml /%2e%2e/wwsf.yaml //etc/passwd /link.txt /wwsf.db /page/../../key.pem; do
	check "traversal $path" 404 "$(status "$at$path")"
done
check "POST to the page" 405 "$(status -X POST "$at/")"
check "plain http" 000 "$(curl -s --max-time 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/")"
check "TLS 1.1" 35 "$(curl -s --max-time 5 --tls-max 1.1 --cacert "$work/ca.pem" "$at/" >/dev/null; echo $?)"

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
long=$(printf 'a%.0s' $(seq 40000))
check "long header" 431 "$(status -H "X-Long: $long" "$at/")"
check "long address" 414 "$(status "$at/$long")"
check "HEAD" 200 "$(status -I "$at/")"
check "negative length" 400 "$(status -X POST -H 'Content-Length: -1' -H 'Content-Type: application/json' "$at/login")"
idle=()
for _ in $(seq 100); do exec {fd}<>"/dev/tcp/127.0.0.1/$port"; idle+=("$fd"); done
check "beside 100 silent connections" 200 "$(status "$at/")"
for fd in "${idle[@]}"; do exec {fd}>&-; done

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

# A new certificate and a second signing key by SIGHUP.
serial() { openssl s_client -connect "127.0.0.1:$port" </dev/null 2>/dev/null | openssl x509 -noout -serial; }
check "certificate" serial=01 "$(serial)"
certificate 2
(umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 >"$work/wwsf-keys/second.pem" 2>/dev/null)
kill -HUP "$pid"
for _ in $(seq 100); do grep -q 'signing keys' "$work/log" && break; sleep 0.1; done
check "new certificate" serial=02 "$(serial)"
check "two keys" 2 "$(get "$at/.well-known/jwks.json" | jq '.keys | length')"

# A wrong configuration is refused with its line.
sed "s|^threads: 4|threads: many|" "$work/wwsf.yaml" >"$work/wrong.yaml"
"$wwsf" --config "$work/wrong.yaml" 2>"$work/wrong.log"; check "wrong value" 2 $?
check "its place" 1 "$(grep -c "wrong.yaml:$(grep -n ^threads "$work/wrong.yaml" | cut -d: -f1): " "$work/wrong.log")"
finish
