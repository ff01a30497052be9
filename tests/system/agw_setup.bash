# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests of eims-agw alone: namespaces, a configuration, the gateway started.
#
#   wic  acc-peer ---- veth ---- acc-agw  [ gw: eims-agw ]  core-agw ---- veth ---- core-peer  ims
#   203.0.113.2, fd00:203::2   203.0.113.10, .11, fd00:203::10   198.51.100.10, fd00:198::10   198.51.100.2, fd00:198::2
#
# Their one argument is the path of eims-agw. Root; exit 77: skipped.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
agw=${1:-$top/build/dataplane/main/eims-agw}
name=$(basename "$0" .sh)
[ "$(id -u)" = 0 ] || { echo "$name: SKIPPED: needs root"; exit 77; }
[ -x "$agw" ] || { echo "$name: SKIPPED: $agw is not built"; exit 77; }
p=agw$$
tmp=$(mktemp -d)
pid=

cleanup() {
	[ -n "$pid" ] && kill "$pid" 2>/dev/null && wait "$pid"
	for ns in wic gw ims; do ip netns del $p-$ns 2>/dev/null; done
	rm -rf "$tmp"
}
trap cleanup EXIT
fail() { echo "$name: FAIL: $*"; tail -20 "$tmp/log"; exit 1; }
in_ns() { local ns=$1; shift; ip netns exec $p-$ns "$@"; }

for ns in wic gw ims; do ip netns add $p-$ns || { echo "$name: SKIPPED: no network namespaces"; exit 77; }; done
link() { # link GATEWAY-DEVICE PEER-DEVICE NAMESPACE ADDRESS...
	local dev=$1 peer=$2 ns=$3
	shift 3
	ip link add "$dev" netns $p-gw type veth peer name "$peer" netns $p-"$ns"
	in_ns gw sysctl -qw net.ipv6.conf."$dev".disable_ipv6=1
	in_ns gw ethtool -K "$dev" tx off >/dev/null
	in_ns "$ns" ethtool -K "$peer" tx off >/dev/null
	for address in "$@"; do ip -n $p-"$ns" addr add "$address" dev "$peer" $([[ $address == *:* ]] && echo nodad); done
	ip -n $p-gw link set "$dev" up
	ip -n $p-"$ns" link set "$peer" up
	ip -n $p-"$ns" link set lo up
}
link acc-agw acc-peer wic 203.0.113.2/24 fd00:203::2/64
link core-agw core-peer ims 198.51.100.2/24 fd00:198::2/64

cat >"$tmp/agw.yaml" <<YAML
log: debug
gateway: $((RANDOM % 200 + 20))
ports:
  - {name: a, device: "net_af_packet0,iface=acc-agw${qpairs:+,qpairs=$qpairs}"}
  - {name: c, device: "net_af_packet1,iface=core-agw${qpairs:+,qpairs=$qpairs}"}
networks:
  - {name: access, role: access, port: a, addresses: [203.0.113.10/24, "fd00:203::10/64", 203.0.113.11/24],
     udp_ports: {first: 20000, last: 20999}}
  - {name: core, role: core, port: c, addresses: [198.51.100.10/24, "fd00:198::10/64"],
     udp_ports: {first: 30000, last: 30999}}
workers: {main_core: 0, cores: ${cores:-[$(($(nproc) - 1))]}}
memory: {hugepages: off, size_mb: 128}
contexts_max: 128
idle: sleep
iq: {socket: $tmp/iq.sock${lease:+, lease_s: $lease}}
YAML

start() {
	ip netns exec $p-gw "$agw" --config "$tmp/agw.yaml" >"$tmp/log" 2>&1 &
	pid=$!
	for _ in $(seq 300); do
		grep -q ' running: ' "$tmp/log" && return
		kill -0 $pid 2>/dev/null || fail "eims-agw has ended"
		sleep 0.1
	done
	fail "eims-agw didn't come up"
}
finish() { # ends the gateway and the test
	kill -TERM $pid
	wait $pid || fail "eims-agw ended with $?"
	pid=
	grep -E 'runtime error|ERROR: (Address|Leak)Sanitizer' "$tmp/log" && fail "sanitizer"
	echo "$name: PASS"
}
