# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests of wwsf: a CA, a certificate, a configuration on loopback, and what asks it.
# Their one argument is the path of wwsf (build/controlplane/wwsf/wwsf unless told).
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
wwsf=${1:-$top/build/controlplane/wwsf/wwsf}
[ -x "$wwsf" ] || { echo "wwsf: skipped: $wwsf is not built"; exit 77; }
work=$(mktemp -d)
name=$(basename "$0" .sh)
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
		failed=$((failed + 1)); echo "$name: FAIL $1: expected '$2', got '$3'"; fi
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
cp -r "$(dirname "$wwsf")/page" "$work/page" 2>/dev/null || mkdir "$work/page"
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
start() {
	"$wwsf" --config "$work/wwsf.yaml" 2>"$work/log" & pid=$!
	for _ in $(seq 100); do grep -q ': ready' "$work/log" && return; sleep 0.1; done
	cat "$work/log"
	echo "$name: FAIL it did not start"
	exit 1
}
finish() {
	kill "$pid"; wait "$pid"; check "SIGTERM ends cleanly" 0 $?; pid=
	check "nothing from the sanitizers" 0 "$(grep -c 'ERROR: \|runtime error' "$work/log")"
	echo "$name: $passed passed, $failed failed"
	[ "$failed" = 0 ]
}
