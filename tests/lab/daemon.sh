# Starts, watches and ends programs in namespaces, by process id only. Sourced by scripts/lab; needs $run.

# Start time in ticks: with it a process id can't be mistaken for a later process with the same number.
daemon_started() {
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}

daemon_start() {
	local name=$1 ns=$2
	shift 2
	daemon_alive "$name" && fail "$name runs already"
	setsid ip netns exec "$ns" "$@" </dev/null >>"$run/$name.log" 2>&1 &
	echo "$! $(daemon_started $!)" >"$run/$name.pid"
}

daemon_pid() {
	cut -d' ' -f1 "$run/$1.pid" 2>/dev/null
}

daemon_alive() {
	local pid started
	read -r pid started 2>/dev/null <"$run/$1.pid" || return 1
	[ -n "$started" ] && [ "$(daemon_started "$pid")" = "$started" ] &&
		! grep -q '^State:.*Z' "/proc/$pid/status" 2>/dev/null
}

daemon_stop() {
	local name=$1 pid try
	if daemon_alive "$name"; then
		pid=$(daemon_pid "$name")
		kill -TERM "$pid" 2>/dev/null || true
		for try in {1..50}; do
			daemon_alive "$name" || break
			sleep 0.1
		done
		daemon_alive "$name" && kill -KILL "$pid" 2>/dev/null
	fi
	rm -f "$run/$name.pid"
}

# daemon_wait NAME SECONDS COMMAND...: polls until the command holds; tells why when it doesn't.
daemon_wait() {
	local name=$1 seconds=$2 end
	shift 2
	end=$((SECONDS + seconds))
	until "$@" >/dev/null 2>&1; do
		if ! daemon_alive "$name"; then
			tail -n 20 "$run/$name.log" >&2
			fail "$name has ended; its log is $run/$name.log"
		fi
		if [ $SECONDS -ge $end ]; then
			tail -n 20 "$run/$name.log" >&2
			fail "$name did not get ready in $seconds s; its log is $run/$name.log"
		fi
		sleep 0.1
	done
}

# Whatever lives in our namespaces was started for the lab: browsers and test programs too.
daemon_stop_all() {
	local part pids try
	for part in wwsf-short wwsf ep-cscf eims-agw phone kamailio; do
		daemon_stop "$part"
	done
	for try in {1..50}; do
		pids=$(network_pids)
		[ -n "$pids" ] || return 0
		# shellcheck disable=SC2086
		kill -KILL $pids 2>/dev/null || true
		sleep 0.1
	done
}
