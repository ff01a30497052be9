# What runs in the lab and how one sees that it is ready. Sourced by scripts/lab; needs $run and $top.

parts=(kamailio phone eims-agw ep-cscf wwsf wwsf-short)

part_start() {
	case $1 in
	kamailio) start_kamailio ;;
	phone) start_phone ;;
	eims-agw) start_eims_agw ;;
	ep-cscf) start_ep_cscf ;;
	wwsf) start_wwsf wwsf 8444 ;;
	wwsf-short) start_wwsf wwsf-short 8454 ;;
	*) fail "there is no part $1; there are: ${parts[*]}" ;;
	esac
}

part_stop() {
	daemon_stop "$1"
}

# A sample of configs/ with the paths of the lab. Further arguments are sed's.
part_config() {
	local sample=$1 target=$2
	shift 2
	sed -e "s#/etc/isthmus/#$run/#; s#/var/lib/isthmus/#$run/#; s#/run/isthmus/#$run/#" \
		-e "s#/usr/local/share/isthmus/page#$(program controlplane/wwsf/page)#" "$@" "$top/configs/$sample" >"$run/$target"
}

program() {
	echo "$(cat "$run/build")/$1"
}

start_kamailio() {
	sed "s#@RUN@#$run#" "$top/tests/lab/kamailio.cfg" >"$run/kamailio.cfg"
	mkdir -p "$run/kamailio"
	daemon_start kamailio ims kamailio -DD -E -m 32 -M 4 -Y "$run/kamailio" -f "$run/kamailio.cfg"
	daemon_wait kamailio 10 ip netns exec ims "$top/tests/lab/sip-ping" 198.51.100.2 5060
}

# The phone sends a tone of 440 Hz and writes what it hears.
start_phone() {
	mkdir -p "$run/baresip" "$run/heard"
	[ -f "$run/tone.wav" ] || sox -n -r 8000 -c 1 -b 16 "$run/tone.wav" synth 600 sine 440 gain -6
	sed "s#@RUN@#$run#" "$top/tests/lab/baresip.conf" >"$run/baresip/config"
	cp "$top/tests/lab/baresip.accounts" "$run/baresip/accounts"
	daemon_start phone phone baresip -f "$run/baresip"
	daemon_wait phone 10 ip netns exec phone "$top/tests/lab/sip-ping" 198.51.100.3 5070
	daemon_wait phone 10 "$top/tests/lab/phone" calls
}

start_eims_agw() {
	part_config eims-agw.yaml eims-agw.yaml
	daemon_start eims-agw gw "$(program dataplane/main/eims-agw)" --config "$run/eims-agw.yaml"
	daemon_wait eims-agw 20 test -S "$run/iq.sock"
	daemon_wait eims-agw 10 ip netns exec wic ping -n -c 1 -W 1 203.0.113.10
	daemon_wait eims-agw 10 ip netns exec wic ping -n -c 1 -W 1 fd00:203::10
	daemon_wait eims-agw 10 ip netns exec phone ping -n -c 1 -W 1 198.51.100.10
}

# PARK_TIME_MS: how long it waits for browsers, else as the sample says.
start_ep_cscf() {
	part_config ep-cscf.yaml ep-cscf.yaml \
		-e "s/^  park_time_ms: \([0-9]*\)/  park_time_ms: ${PARK_TIME_MS:-\1}/" \
		-e 's#origins: \[#&"https://203.0.113.1:8454", "https://[fd00:203::1]:8454", #'
	daemon_start ep-cscf gw "$(program controlplane/main/ep-cscf)" --config "$run/ep-cscf.yaml"
	daemon_wait ep-cscf 10 ip netns exec gw bash -c ': </dev/tcp/203.0.113.1/8443'
	daemon_wait ep-cscf 10 ip netns exec ims "$top/tests/lab/sip-ping" 198.51.100.1 5060
}

# Twice over one store and one set of keys: the second one's tokens live ten seconds.
start_wwsf() {
	local name=$1 port=$2 lifetime=600
	[ "$name" = wwsf ] || lifetime=10
	part_config wwsf.yaml "$name.yaml" -e "s/:8444/:$port/; s/^token_lifetime_s:.*/token_lifetime_s: $lifetime/" \
		-e '/^issuer:/s/:[0-9]*$/:8444/'
	wwsf_seed "$run/$name.yaml"
	daemon_start "$name" gw "$(program controlplane/wwsf/wwsf)" --config "$run/$name.yaml"
	daemon_wait "$name" 10 ip netns exec wic curl -sf --cacert "$run/ca.crt" "https://203.0.113.1:$port/.well-known/jwks.json"
}

wwsf_seed() {
	local wwsf
	wwsf=$(program controlplane/wwsf/wwsf)
	[ ! -e "$run/wwsf.db" ] || return 0
	"$wwsf" --config "$1" user add alice --mode ims --impi alice@ims.test --impu sip:alice@ims.test,tel:+15550100
	echo bobpw | "$wwsf" --config "$1" user add bob --mode token --impi bob@ims.test --impu sip:bob@ims.test --password-stdin
	echo carolpw | "$wwsf" --config "$1" user add carol --mode token --impi carol@ims.test \
		--impu sip:carol@ims.test,sip:carol-work@ims.test --password-stdin
}
