# The namespaces and links of the lab. Sourced by scripts/lab; needs $run.

namespaces=(wic gw ims phone stranger)

network_any() {
	local ns
	for ns in "${namespaces[@]}"; do
		[ ! -e "/run/netns/$ns" ] || return 0
	done
	return 1
}

# Ours is what the lab has written down, by device and inode of its handle.
network_ours() {
	[ -f "$run/namespaces" ]
}

network_foreign() {
	echo "there is a namespace with a name of ours that the lab did not make (one of: ${namespaces[*]}); remove it with 'ip netns del NAME'"
}

network_check() {
	network_ours && fail "is up already: 'scripts/lab down' first"
	network_any && fail "$(network_foreign)"
	return 0
}

# A namespace with a link to a bridge in gw. Checksums are completed by the sender, because a poll-mode
# driver at the far end sees the frame as it is.
network_host() {
	local ns=$1 bridge=$2 v4=$3 v6=$4
	ip -n gw link add "to-$ns" type veth peer name eth0 netns "$ns"
	ip -n gw link set "to-$ns" master "$bridge" up
	network_quiet gw "to-$ns"
	network_address "$ns" eth0 "$v4" "$v6"
}

network_address() {
	local ns=$1 link=$2
	network_quiet "$ns" "$link"
	ip -n "$ns" link set "$link" up
	ip -n "$ns" address add "$3/24" dev "$link"
	ip -n "$ns" address add "$4/64" dev "$link" nodad
}

network_quiet() {
	ip netns exec "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null 2>&1
}

network_bridge() {
	ip -n gw link add "$1" type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	network_address gw "$1" "$2" "$3"
}

# The far end has no addresses and no kernel behaviour of its own: it is the port of eims-agw.
network_port() {
	local name=$1 bridge=$2
	ip -n gw link add "$name" type veth peer name "$name-br"
	ip netns exec gw sysctl -qw "net.ipv6.conf.$name.disable_ipv6=1"
	ip -n gw link set "$name-br" master "$bridge" up
	ip -n gw link set "$name" up
	network_quiet gw "$name"
	network_quiet gw "$name-br"
}

network_up() {
	local ns
	for ns in "${namespaces[@]}"; do
		ip netns add "$ns"
		echo "$ns $(stat -c %i "/run/netns/$ns")" >>"$run/namespaces"
		ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv4.conf.all.arp_ignore=1 net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
		ip -n "$ns" link set lo up
	done
	network_bridge br-access 203.0.113.1 fd00:203::1
	network_bridge br-core 198.51.100.1 fd00:198::1
	network_port agw-access br-access
	network_port agw-core br-core
	network_host wic br-access 203.0.113.2 fd00:203::2
	network_host ims br-core 198.51.100.2 fd00:198::2
	network_host phone br-core 198.51.100.3 fd00:198::3
	network_host stranger br-core 198.51.100.4 fd00:198::4
}

# Those of the written-down namespaces that still are the ones we made.
network_made() {
	local ns inode
	while read -r ns inode; do
		[ "$(stat -c %i "/run/netns/$ns" 2>/dev/null)" != "$inode" ] || echo "$ns"
	done <"$run/namespaces"
}

network_pids() {
	local ns
	for ns in $(network_made); do
		ip netns pids "$ns"
	done
}

network_down() {
	local ns
	for ns in $(network_made); do
		ip netns del "$ns"
	done
}
