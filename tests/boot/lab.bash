# A machine room for boot tests: a network of its own with real servers and machines without a disk.
#
# Everything runs in one set of namespaces (network, mounts, processes): nothing of the host is seen or touched, several rooms
# can exist at once, and killing one process ends all of it. Needs root.
#
#	setup_file() { lab_build rescue-ssh rescue.yml; lab_open; lab_dhcp; node_new n1 profile=rescue-ssh; }
#	teardown_file() { lab_close; }
#	@test "…" { node_start n1; node_up n1; node_run n1 cat /proc/uptime; }
#
# The room has one Ethernet, the bridge "lan": the servers are 10.77.0.1 and fd77::1. What belongs to it is below $LAB:
#	log/NAME        output of server NAME              tftp/ http/     what the servers hand out
#	node/NAME/      console, monitor … of a machine    iscsi/          files behind the LUNs
# Variables of this file are exported, so that a room opened in setup_file is there in every test of the file.
#
# lab-servers.bash: dnsmasq, HTTP, NTP, syslog. lab-storage.bash: NFS (nfs-ganesha) and iSCSI (tgt). lab-node.bash: machines.
load helpers
load lab-servers
load lab-storage
load lab-node

# In the namespaces, with the host's files.
lab_exec() {
	nsenter --target "$LAB_PID" --net --mount --pid --wd="$PWD" -- "$@"
}

lab_open() {
	[ "$(id -u)" -eq 0 ] || {
		echo "boot tests with a machine room need root"
		return 1
	}
	export LAB=${LAB:-$BATS_FILE_TMPDIR/lab} LAB_PID LAB_GUARD
	mkdir -p "$LAB"/{log,pid,node,tftp,http,iscsi,dhcp}
	# The room's first process; unshare kills it when it is killed itself, and the kernel then ends the others.
	unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private \
		sh -c 'echo up >"$1"; while :; do sleep 3600; done' sh "$LAB/up" </dev/null >"$LAB/log/room" 2>&1 3>&- &
	LAB_UNSHARE=$!
	disown
	export LAB_UNSHARE
	wait_for 60 test -s "$LAB/up" || return 1
	LAB_PID=$(pgrep -P "$LAB_UNSHARE")
	# A bats that is killed takes the room with it.
	(
		tail --pid="$PPID" -f /dev/null
		kill -KILL "$LAB_UNSHARE"
	) </dev/null >/dev/null 2>&1 3>&- &
	LAB_GUARD=$!
	disown
	lab_exec mount -t tmpfs -o mode=755 tmpfs /run
	lab_exec ip link set lo up
	lab_bridge lan 10.77.0.1/24 fd77::1/64
}

# lab_bridge NAME [ADDRESS…]: one more Ethernet.
lab_bridge() {
	local name=$1 address
	shift
	lab_exec ip link add "$name" type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	for address; do
		# nodad (IPv6): usable at once
		case $address in
		*:*) lab_exec ip address add "$address" dev "$name" nodad ;;
		*) lab_exec ip address add "$address" dev "$name" ;;
		esac
	done
	lab_exec ip link set "$name" up
}

# End everything. Nothing stays: neither processes nor mounts nor the network.
lab_close() {
	[ -n "${LAB_PID-}" ] || return 0
	kill "$LAB_GUARD" 2>/dev/null || true
	pkill -P "$LAB_GUARD" 2>/dev/null || true
	kill -KILL "$LAB_UNSHARE" 2>/dev/null || true
	wait_for 60 lab_gone
	unset LAB_PID
}

lab_gone() {
	[ ! -e "/proc/$LAB_PID" ]
}

# For teardown of a test: what the machines and servers said last, shown by bats when the test failed.
lab_report() {
	local file
	for file in "$LAB"/node/*/{console,messages} "$LAB"/log/*; do
		[ -s "$file" ] || continue
		echo "== ${file#"$LAB"/}"
		tail -n "${1:-40}" "$file" | tr -d '\r' | cut -c 1-300
	done
}

# lab_spawn NAME COMMAND…: a server of the room, in the background.
lab_spawn() {
	local name=$1
	shift
	rm -f "$LAB/pid/$name"
	# shellcheck disable=SC2016 # the inner shell's
	lab_exec sh -c 'echo $$ >"$0"; exec "$@"' "$LAB/pid/$name" "$@" </dev/null >>"$LAB/log/$name" 2>&1 3>&- &
	disown
	wait_for 60 test -s "$LAB/pid/$name"
}

# Does it run? (A zombie does not.)
lab_alive() {
	local pid
	pid=$(cat "$LAB/pid/$1" 2>/dev/null) || return 1
	lab_exec grep -q '^State:.[^Z]' "/proc/$pid/status" 2>/dev/null
}

lab_dead() {
	! lab_alive "$1"
}

# lab_signal NAME SIGNAL: STOP and CONT make a server hang and go on.
lab_signal() {
	lab_exec kill "-$2" "$(cat "$LAB/pid/$1")"
}

# lab_stop NAME [SIGNAL]: SIGTERM or the one given, SIGKILL after five seconds; returns when it is gone.
lab_stop() {
	lab_dead "$1" && return
	lab_signal "$1" "${2:-TERM}"
	wait_for 60 lab_dead "$1" && return
	lab_signal "$1" KILL
	wait_for 60 lab_dead "$1"
}

# Does something listen on this TCP port of the room?
lab_listens() {
	[ -n "$(lab_exec ss -Htln "sport = :$1")" ]
}
