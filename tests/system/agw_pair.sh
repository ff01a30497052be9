#!/bin/bash
# Two WICs of one gateway with two workers: the media crosses between the contexts inside (namespaces: agw_setup.bash).
# usage: agw_pair.sh [PATH-OF-eims-agw]
qpairs=2 cores='[0, 1]'
. "$(dirname "$0")/agw_setup.bash"
pair=$(dirname "$agw")/../../tests/system/agw_pair
[ -x "$pair" ] || { echo "$name: SKIPPED: $pair is not built"; exit 77; }
[ "$(nproc)" -ge 2 ] || { echo "$name: SKIPPED: needs two cores"; exit 77; }
start

"$pair" "$tmp/iq.sock" $p-wic 203.0.113.2 4 || fail "IPv4"
"$pair" "$tmp/iq.sock" $p-wic fd00:203::2 6 || fail "IPv6"
kill -TERM $pid
wait $pid || fail "eims-agw ended with $?"
pid=
hairpins=$(grep -o ' hairpins=[0-9]*' "$tmp/log" | awk -F= '{ sum += $2 } END { print sum }')
[ "$hairpins" = 200 ] || fail "$hairpins hairpins, not 200"
grep -E 'runtime error|ERROR: (Address|Leak)Sanitizer' "$tmp/log" && fail "sanitizer"
echo "$name: PASS"
