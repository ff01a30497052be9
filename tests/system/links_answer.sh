#!/bin/bash
# eims-agw answers ARP, neighbour discovery and ping for its media addresses (namespaces: agw_setup.bash).
# usage: links_answer.sh [PATH-OF-eims-agw]
. "$(dirname "$0")/agw_setup.bash"
start

answers() { # answers NAMESPACE ADDRESS [arguments of ping]
	local ns=$1 ip=$2
	shift 2
	in_ns "$ns" ping -n -q -c 5 -i 0.05 -W 2 "$@" "$ip" | grep -q ' 5 received' || fail "$ip is silent to $ns ($*)"
}
answers wic 203.0.113.10
answers wic 203.0.113.11 -s 1400
answers wic fd00:203::10
answers wic fd00:203::10 -s 1400
answers ims 198.51.100.10
answers ims fd00:198::10
in_ns wic ping -n -q -c 1 -W 1 203.0.113.12 >/dev/null && fail "an address that is nobody's answered"
mac=$(ip -n $p-gw -j link show acc-agw | sed 's/.*"address":"\([^"]*\)".*/\1/')
for ip in 203.0.113.10 fd00:203::10; do
	ip -n $p-wic neigh show "$ip" | grep -q "$mac" || fail "no neighbour entry with $mac for $ip"
done
finish
