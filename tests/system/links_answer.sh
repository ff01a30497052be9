#!/bin/bash
# eims-agw answers ARP, neighbour discovery and ping for its media addresses.
#
#   links-wic  acc-peer ---- veth ---- acc-agw  [ eims-agw ]  core-agw ---- veth ---- core-peer  links-ims
#   203.0.113.2, fd00:203::2      203.0.113.10, fd00:203::10                198.51.100.2, fd00:198::2
#
# usage: links_answer.sh PATH-OF-eims-agw       (root; exit 77: skipped)
set -u
agw=${1:?path of eims-agw}
[ "$(id -u)" = 0 ] || { echo "SKIPPED: needs root"; exit 77; }
p=links$$
tmp=$(mktemp -d)
pid=
end() {
	[ -n "$pid" ] && kill "$pid" 2>/dev/null && wait "$pid"
	for ns in wic gw ims; do ip netns del $p-$ns 2>/dev/null; done
	rm -rf "$tmp"
}
trap end EXIT
fail() { echo "FAIL: $*"; tail -20 "$tmp/log"; exit 1; }

for ns in wic gw ims; do ip netns add $p-$ns || { echo "SKIPPED: no network namespaces"; exit 77; }; done
ip link add acc-agw netns $p-gw type veth peer name acc-peer netns $p-wic
ip link add core-agw netns $p-gw type veth peer name core-peer netns $p-ims
for dev in acc-agw core-agw; do
	ip netns exec $p-gw sysctl -qw net.ipv6.conf.$dev.disable_ipv6=1
	ip -n $p-gw link set $dev up
	ip netns exec $p-gw ethtool -K $dev tx off >/dev/null
done
ip netns exec $p-wic ethtool -K acc-peer tx off >/dev/null
ip netns exec $p-ims ethtool -K core-peer tx off >/dev/null
ip -n $p-wic addr add 203.0.113.2/24 dev acc-peer
ip -n $p-wic addr add fd00:203::2/64 dev acc-peer nodad
ip -n $p-wic link set acc-peer up
ip -n $p-ims addr add 198.51.100.2/24 dev core-peer
ip -n $p-ims addr add fd00:198::2/64 dev core-peer nodad
ip -n $p-ims link set core-peer up

cat >"$tmp/agw.yaml" <<YAML
log: debug
gateway: 201
ports:
  - {name: a, device: "net_af_packet0,iface=acc-agw"}
  - {name: c, device: "net_af_packet1,iface=core-agw"}
networks:
  - {name: access, role: access, port: a, addresses: [203.0.113.10/24, "fd00:203::10/64", 203.0.113.11/24],
     udp_ports: {first: 20000, last: 20999}}
  - {name: core, role: core, port: c, addresses: [198.51.100.10/24, "fd00:198::10/64"],
     udp_ports: {first: 30000, last: 30999}}
workers: {main_core: 0, cores: [$(($(nproc) - 1))]}
memory: {hugepages: off, size_mb: 128}
contexts_max: 16
idle: sleep
iq: {socket: $tmp/iq.sock}
YAML
ip netns exec $p-gw "$agw" --config "$tmp/agw.yaml" >"$tmp/log" 2>&1 &
pid=$!
for _ in $(seq 300); do
	grep -q ' running: ' "$tmp/log" && break
	kill -0 $pid 2>/dev/null || fail "eims-agw has ended"
	sleep 0.1
done
grep -q ' running: ' "$tmp/log" || fail "eims-agw didn't come up"

answers() { # namespace, address, arguments of ping
	local ns=$1 ip=$2
	shift 2
	ip netns exec $p-$ns ping -n -q -c 5 -i 0.05 -W 2 "$@" "$ip" | grep -q ' 5 received' || fail "$ip is silent to $ns ($*)"
}
answers wic 203.0.113.10
answers wic 203.0.113.11 -s 1400
answers wic fd00:203::10
answers wic fd00:203::10 -s 1400
answers ims 198.51.100.10
answers ims fd00:198::10
ip netns exec $p-wic ping -n -q -c 1 -W 1 203.0.113.12 >/dev/null && fail "an address that is nobody's answered"
mac=$(ip -n $p-gw -j link show acc-agw | sed 's/.*"address":"\([^"]*\)".*/\1/')
for ip in 203.0.113.10 fd00:203::10; do
	ip -n $p-wic neigh show "$ip" | grep -q "$mac" || fail "no neighbour entry with $mac for $ip"
done

kill -TERM $pid
wait $pid || fail "eims-agw ended with $?"
pid=
grep -E 'runtime error|ERROR: (Address|Leak)Sanitizer' "$tmp/log" && fail "sanitizer"
echo "links_answer: PASS"
