#!/bin/bash
# A gateway that drains, and one whose controller has gone: its contexts live for their lease, and the next controller is
# told of each that was deleted (namespaces: agw_setup.bash).
# usage: agw_lease.sh [PATH-OF-eims-agw]
lease=1
. "$(dirname "$0")/agw_setup.bash"
lease_test=$(dirname "$agw")/../../tests/system/agw_lease
[ -x "$lease_test" ] || { echo "$name: SKIPPED: $lease_test is not built"; exit 77; }
start

"$lease_test" "$tmp/iq.sock" leave || fail "drain"
deleted() { grep -o 'no controller: deleted [0-9]*' "$tmp/log" | awk '{ sum += $4 } END { print sum + 0 }'; }
for _ in $(seq 200); do
	[ "$(deleted)" = 4 ] && break
	sleep 0.1
done
[ "$(deleted)" = 4 ] || fail "$(deleted) contexts deleted, not 4"
"$lease_test" "$tmp/iq.sock" return || fail "return"
finish
