#!/usr/bin/env bats
# The network program in network namespaces of its own, against dnsmasq on the other end of a cable (veth), with busybox's
# DHCP clients as PID 1 runs them. Needs root, or user namespaces.
load helpers

setup() {
	NETWORK=$(realpath "${MKDL_NETWORK:-$(dirname "$MKDL")/init/network}")
	export NETWORK
	[ -x "$NETWORK" ]
	cd "$BATS_TEST_TMPDIR"
	mkdir -p run/net etc
	touch cmdline
	# The far end: a namespace whose first process waits; the node's is a second one inside.
	unshare -Urnmpf --kill-child --mount-proc sleep 1000 3>&- &
	ROOM=$!
	wait_for 60 far_is_up
	far unshare -nm sh -c 'echo $$ >node-pid; mount -t sysfs sysfs /sys; exec sleep 1000' 3>&- &
	wait_for 60 test -s node-pid
	far ip link set lo up
	cable eth0 srv0 10.7.0.1/24 fd07::1/64
}

far_is_up() {
	FAR=$(pgrep -P "$ROOM") && [ "$(cat "/proc/$FAR/comm" 2>/dev/null)" = sleep ]
}

teardown() {
	kill -KILL "$ROOM" 2>/dev/null || true
	if [ -n "${BATS_ERROR_STATUS-}" ] || [ -z "${BATS_TEST_COMPLETED-}" ]; then
		tail -n 40 run/net/* out ./*.log 2>/dev/null || true
	fi
}

# In the far end's namespaces, and in the node's.
far() {
	nsenter --preserve-credentials -t "$FAR" -U -n -m -p --wd="$PWD" -- "$@"
}

node() {
	far nsenter -t "$(cat node-pid)" -n -m --wd="$PWD" -- "$@"
}

# cable NEAR FAR ADDRESS…: NEAR is the node's, FAR has the addresses
cable() {
	far ip link add "$2" type veth peer name "$1" netns "$(cat node-pid)"
	local far=$2 address
	shift 2
	for address; do
		case $address in
		*:*) far ip address add "$address" dev "$far" nodad ;;
		*) far ip address add "$address" dev "$far" ;;
		esac
	done
	far ip link set "$far" up
}

# plan RECORD…: and the command line from the file cmdline
plan() {
	printf '%s\n' "mkdl-plan 1" "name test" "$@" >plan
}

# Bring the network up; the program goes on in the background.
start() {
	node "$NETWORK" run --all --plan plan --cmdline cmdline --run "$PWD/run" --etc "$PWD/etc" >>out 2>&1 3>&- &
}

# As PID 1 stops it.
stop() {
	far pkill -TERM -f "^$NETWORK run .* --run $PWD/run"
	until_seen 60 stopped
}

stopped() {
	! far pgrep -f "^$NETWORK run .* --run $PWD/run"
}

# One pass, and what it did.
once() {
	node "$NETWORK" run --all --plan plan --cmdline cmdline --run "$PWD/run" --etc "$PWD/etc" --once
}

# client dhcp4 LINK: as PID 1 runs it
client() {
	node env client="$1" MKDL_RUN="$PWD/run" busybox udhcpc -f -s "$NETWORK" -t 5 -T 1 -A 1 \
		-O search -O staticroutes -O mtu -O ntpsrv -p "$PWD/run/net/$2.$1.pid" -i "$2" >>"$1.log" 2>&1 3>&- &
}

# dhcp LINE…: a server on srv0 with these lines in its configuration
dhcp() {
	[ ! -s dnsmasq.pid ] || far kill "$(cat dnsmasq.pid)"
	rm -f dnsmasq.pid
	printf '%s\n' port=0 user= group= interface=srv0 bind-interfaces log-dhcp "log-facility=$PWD/dnsmasq.log" \
		"pid-file=$PWD/dnsmasq.pid" "dhcp-leasefile=$PWD/leases" dhcp-authoritative no-ping "$@" >dnsmasq.conf
	far dnsmasq --conf-file="$PWD/dnsmasq.conf"
}

# until_seen SECONDS COMMAND…: it succeeds
until_seen() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || {
			echo "not within the time: $*"
			node ip address
			node ip route
			return 1
		}
		sleep 0.1
	done
}

has_address() {
	node ip -o address show dev "${2:-eth0}" | grep -F " $1 "
}

has_no_address() {
	! has_address "$@"
}

no_address_is_new() {
	[ -z "$(node ip address show tentative)" ]
}

has_route() {
	node ip route | grep -E -- "$1"
}

is_down() {
	node ip link show "$1" | grep -F "state DOWN"
}

status() {
	grep -x -- "$1" run/net/status
}

@test "fixed addresses, routes, MTU and name servers; a second pass changes nothing" {
	plan "nameserver 10.7.0.53" "link eth0" "mtu 1400" "address 10.7.0.5/24" "address fd07::5/64" "route default 10.7.0.1" \
		"route 10.9.0.0/16 10.7.0.9 50" "route 10.10.0.0/16 10.8.0.1" "route 10.11.0.0/16 link" "route fd09::/32 fd07::9" \
		"nameserver 10.7.0.1" "search lab.example"
	start
	until_seen 60 status up
	has_address 10.7.0.5/24
	has_address fd07::5/64
	has_route '^default via 10.7.0.1 dev eth0 proto 109 *$'
	has_route '^10.9.0.0/16 via 10.7.0.9 dev eth0 proto 109 metric 50'
	# Not in the link's network: the kernel is told that it is there all the same.
	has_route '^10.10.0.0/16 via 10.8.0.1 dev eth0 proto 109 onlink'
	has_route '^10.11.0.0/16 dev eth0 proto 109 scope link'
	node ip -6 route | grep '^fd09::/32 via fd07::9 dev eth0 proto 109'
	node ip link show eth0 | grep -F "mtu 1400"
	diff etc/resolv.conf - <<-'END'
		search lab.example
		nameserver 10.7.0.53
		nameserver 10.7.0.1
	END
	status "node-ip 10.7.0.5"
	status 'summary eth0\\s10.7.0.5/24\\svia\\s10.7.0.1'
	# The kernel has found out that nobody else has the addresses.
	until_seen 60 no_address_is_new
	node ip monitor address route link >monitor.log 2>&1 3>&- &
	sleep 1
	once
	sleep 0.5
	[ ! -s monitor.log ]
	[ ! -s out ]
}

@test "another plan: what stays the same is not touched, what is gone is taken away, what others set stays" {
	cable eth1 srv1 10.8.0.1/24
	plan "link eth0" "address 10.7.0.5/24" "address 10.7.0.6/24" "route default 10.7.0.1" "link eth1" "address 10.8.0.5/24"
	start
	until_seen 60 status up
	node ip address add 10.7.0.77/32 dev eth0
	node ip route add 10.77.0.0/16 via 10.7.0.1
	node ip monitor address >monitor.log 2>&1 3>&- &
	sleep 1
	stop
	plan "link eth0" "address 10.7.0.5/24" "route default 10.7.0.2"
	once
	sleep 0.3
	has_address 10.7.0.5/24
	has_no_address 10.7.0.6/24
	has_no_address 10.8.0.5/24 eth1
	has_address 10.7.0.77/32
	has_route '^default via 10.7.0.2 '
	has_route '^10.77.0.0/16 via 10.7.0.1'
	run -1 grep -F 10.7.0.5/24 monitor.log
}

@test "DHCP: address, router, name servers, MTU, time servers, host name, search list; and what a renewal changes" {
	dhcp dhcp-range=10.7.0.100,10.7.0.100,2m dhcp-option=option:router,10.7.0.1 dhcp-option=option:dns-server,10.7.0.1,10.7.0.2 \
		dhcp-option=option:mtu,1420 dhcp-option=option:ntp-server,10.7.0.4 dhcp-option=option:domain-search,a.example,b.example \
		"dhcp-host=$(node cat /sys/class/net/eth0/address),10.7.0.100,host-of-dhcp"
	plan "link eth0" dhcp4
	start
	until_seen 60 grep -q '^client dhcp4 eth0 ' run/net/status
	status 'waiting .*no\\sanswer\\sfrom\\sa\\sDHCP\\sserver\\son\\seth0.*'
	client dhcp4 eth0
	until_seen 60 status up
	has_address 10.7.0.100/24
	has_route '^default via 10.7.0.1 dev eth0 proto 109 *$'
	node ip link show eth0 | grep -F "mtu 1420"
	diff etc/resolv.conf - <<-'END'
		search a.example b.example
		nameserver 10.7.0.1
		nameserver 10.7.0.2
	END
	status "ntp 10.7.0.4"
	status "domain a.example"
	status "hostname host-of-dhcp"
	# Other options, then another address, each at the next renewal, which a signal has come early.
	dhcp dhcp-range=10.7.0.100,10.7.0.100,2m dhcp-option=121,10.20.0.0/16,10.7.0.9,0.0.0.0/0,10.7.0.2 \
		dhcp-option=option:dns-server,10.7.0.3
	node kill -USR1 "$(cat run/net/eth0.dhcp4.pid)"
	until_seen 60 has_route '^default via 10.7.0.2 '
	until_seen 60 has_route '^10.20.0.0/16 via 10.7.0.9 '
	until_seen 60 grep -qx "nameserver 10.7.0.3" etc/resolv.conf
	until_seen 60 grep -qF "eth0: the lease changed: router 10.7.0.2" out
	until_seen 60 grep -qF "eth0: the lease changed: name server 10.7.0.3" out
	rm leases
	dhcp dhcp-range=10.7.0.150,10.7.0.150,2m dhcp-option=option:router,10.7.0.1
	node kill -USR1 "$(cat run/net/eth0.dhcp4.pid)"
	until_seen 60 has_address 10.7.0.150/24
	until_seen 60 has_no_address 10.7.0.100/24
	until_seen 60 status "node-ip 10.7.0.150"
}

@test "a card found by its MAC has its lease, and routes besides: also those of a plan that comes later, without a moment without address" {
	node ip link set eth0 address 52:54:00:77:00:15
	dhcp dhcp-range=10.7.0.21,10.7.0.21,2m dhcp-option=option:router,10.7.0.1
	plan "link eth0" dhcp4
	start
	client dhcp4 eth0
	until_seen 60 status up
	node ip monitor address >monitor.log 2>&1 3>&- &
	stop
	# As a node's configuration has it, whose link has a name of its own.
	plan "link boot" "mac 52:54:00:77:00:15" dhcp4 "route 10.244.11.0/24 10.7.0.11" "route 10.244.22.0/24 10.7.0.22"
	start
	until_seen 60 has_route '^10.244.11.0/24 via 10.7.0.11 dev eth0 proto 109 *$'
	until_seen 60 has_route '^10.244.22.0/24 via 10.7.0.22 dev eth0 proto 109 *$'
	until_seen 60 status up
	has_address 10.7.0.21/24
	has_route '^default via 10.7.0.1 dev eth0 proto 109 *$'
	status "client dhcp4 eth0 52:54:00:77:00:15"
	# A renewal leaves them.
	node kill -USR1 "$(cat run/net/eth0.dhcp4.pid)"
	sleep 1
	has_route '^10.244.22.0/24 via 10.7.0.22 '
	run -1 grep -F Deleted monitor.log
}

@test "a client that dies and is started again: the address stays all the time" {
	dhcp dhcp-range=10.7.0.100,10.7.0.100,2m
	plan "link eth0" dhcp4
	start
	client dhcp4 eth0
	until_seen 60 status up
	node ip monitor address >monitor.log 2>&1 3>&- &
	kill -KILL "$(pgrep -f "udhcpc.*$PWD/run/net/eth0.dhcp4.pid" | tail -n 1)"
	client dhcp4 eth0
	until_seen 60 sh -c '[ "$(grep -c "lease of 10.7.0.100 obtained" dhcp4.log)" -ge 2 ]'
	sleep 1
	run -1 grep -F Deleted monitor.log
	has_address 10.7.0.100/24
}

@test "the server takes the lease back: the address goes at once, and another comes" {
	dhcp dhcp-range=10.7.0.100,10.7.0.100,2m
	plan "link eth0" dhcp4
	start
	client dhcp4 eth0
	until_seen 60 has_address 10.7.0.100/24
	MKDL_RUN=$PWD/run client=dhcp4 interface=eth0 message='go $(away)' "$NETWORK" nak 2>nak.log
	until_seen 60 has_no_address 10.7.0.100/24
	grep -qF "eth0: the DHCP server takes the address back: go" nak.log
	until_seen 60 grep -F "the DHCP server took the lease back: its address 10.7.0.100 is taken away" out
}

@test "the cable: late, pulled, and in again" {
	far ip link set srv0 down
	dhcp dhcp-range=10.7.0.100,10.7.0.100,2m
	plan "link eth0" dhcp4
	start
	until_seen 60 status 'waiting eth0\\shas\\sno\\slink.*'
	run -1 grep client run/net/status
	far ip link set srv0 up
	until_seen 60 grep -q '^client dhcp4 eth0' run/net/status
	client dhcp4 eth0
	until_seen 60 status up
	far ip link set srv0 down
	until_seen 60 grep -F "eth0: no link any more" out
	until_seen 60 status 'waiting eth0\\shas\\sno\\slink.*'
	has_address 10.7.0.100/24
	far ip link set srv0 up
	until_seen 60 grep -E "eth0: the link is back after [0-9.]+ s" out
	until_seen 60 status up
	# The client was told to ask whether its lease is good here.
	until_seen 60 grep -E "sending renew|performing DHCP renew" dhcp4.log
}

@test "a router's announcement: an address, name servers, a search list, also while the node forwards packets" {
	node sysctl -qw net.ipv6.conf.all.forwarding=1
	dhcp enable-ra ra-param=srv0,5,60 dhcp-range=fd07::,ra-only,64 "dhcp-option=option6:dns-server,[fd07::53]" \
		dhcp-option=option6:domain-search,six.example
	plan "node-ip fd07::/64" "link eth0" "ra yes"
	start
	until_seen 60 status up
	until_seen 60 grep -x "nameserver fd07::53" etc/resolv.conf
	until_seen 60 grep -x "search six.example" etc/resolv.conf
	node ip -6 -o address show dev eth0 | grep "fd07::.*/64.*dynamic"
	node ip -6 route | grep '^default via fe80:.* proto ra'
	grep -x 'node-ip fd07::.*' run/net/status
	until_seen 60 test -s run/net/eth0.ra
	# Started anew, it still knows what the router said.
	rm etc/resolv.conf
	once
	grep -x "nameserver fd07::53" etc/resolv.conf
}

@test "a lease by DHCPv6, as udhcpc6 hands it on" {
	plan "link eth0" dhcp6
	start
	until_seen 60 grep -q '^client dhcp6 eth0' run/net/status
	MKDL_RUN=$PWD/run client=dhcp6 interface=eth0 ipv6=fd07:0000:0000:0000:0000:0000:0000:1001 lease=600 \
		dns=fd07:0000:0000:0000:0000:0000:0000:0053 "$NETWORK" bound
	until_seen 60 status up
	status "node-ip fd07::1001"
	has_address fd07::1001/128
	grep -qx "nameserver fd07::53" etc/resolv.conf
	MKDL_RUN=$PWD/run client=dhcp6 interface=eth0 "$NETWORK" nak
	until_seen 60 has_no_address fd07::1001/128
}

@test "nobody says which card is the node's: the one that gets an address is, the others are switched off, and so it stays" {
	cable eth1 srv1
	dhcp dhcp-range=10.7.0.100,10.7.0.100,2m
	plan
	start
	until_seen 60 grep -q '^client dhcp4 eth1' run/net/status
	grep -q '^client dhcp4 eth0' run/net/status
	client dhcp4 eth0
	until_seen 60 status up
	until_seen 60 status "interface eth0"
	until_seen 60 grep -x eth0 run/interface
	until_seen 60 sh -c "! grep -q 'client dhcp4 eth1' $PWD/run/net/status"
	until_seen 60 is_down eth1
	once
	node ip link show eth1 | grep -F "state DOWN"
	status "interface eth0"
}

@test "the boot loader's card, the command line's words" {
	cable eth1 srv1
	local mac
	mac=$(node cat /sys/class/net/eth1/address)
	echo "BOOTIF=01-${mac//:/-} ip=10.8.0.5::10.8.0.1:255.255.255.0:::off:10.8.0.53" >cmdline
	plan
	start
	until_seen 60 status up
	has_address 10.8.0.5/24 eth1
	status "interface eth1"
	status "mac $mac"
	grep -qx "nameserver 10.8.0.53" etc/resolv.conf
	until_seen 60 is_down eth0
}

@test "an ip= word counts before the plan's record of that link; the others stay" {
	cable eth1 srv1
	echo "ip=10.7.0.9:::24::eth0:none" >cmdline
	plan "link eth0" "address 10.7.0.5/24" "link eth1" "address 10.8.0.5/24"
	start
	until_seen 60 status up
	has_address 10.7.0.9/24
	has_no_address 10.7.0.5/24
	has_address 10.8.0.5/24 eth1
}

@test "ip=off: no address is asked for, and that is fine" {
	echo "ip=off" >cmdline
	plan
	start
	until_seen 60 status up
	run -1 grep -E "^(client|node-ip)" run/net/status
}

@test "the node's address: of an interface, one address, a network; otherwise the candidates are named" {
	cable eth1 srv1
	local links=("link eth0" "address 10.7.0.5/24" "route default 10.7.0.1" "link eth1" "address 10.8.0.5/24" "address 10.9.0.5/24")
	while read -r policy want; do
		plan "node-ip $policy" "${links[@]}"
		once
		status "node-ip $want"
	done <<-'END'
		boot-interface 10.7.0.5
		eth1 10.8.0.5
		10.9.0.5 10.9.0.5
		10.8.0.0/15 10.8.0.5
		10.7.0.0/24 10.7.0.5
	END
	plan "node-ip 192.168.0.0/16" "${links[@]}"
	once
	status 'waiting no\\saddress\\sof\\sthe\\snode\\sfits\\snode-ip\\s192.168.0.0/16;\\sit\\shas:\\seth0\\s10.7.0.5,\\seth1\\s10.8.0.5,\\seth1\\s10.9.0.5'
	echo "mkdl.node_ip=eth1" >cmdline
	once
	status "node-ip 10.8.0.5"
}

@test "a link that is missing: named, with what there is; an optional one is not waited for" {
	plan "link eth0" "address 10.7.0.5/24" "link storage0" "mac 52:54:00:00:00:99" "address 10.8.0.5/24"
	once
	grep -E '^waiting no\\sinterface\\sis\\s52:54:00:00:00:99,\\swhich\\sthe\\sconfiguration\\snames;\\sthere\\sare:\\seth0\\s' run/net/status
	plan "link eth0" "address 10.7.0.5/24" "link storage0" "mac 52:54:00:00:00:99" "address 10.8.0.5/24" optional
	once
	status up
	# It comes late.
	start
	cable eth1 srv1
	node ip link set eth1 address 52:54:00:00:00:99
	until_seen 60 has_address 10.8.0.5/24 eth1
	until_seen 60 grep -qxF "storage0 is eth1 (52:54:00:00:00:99): a card keeps the name that the kernel gave it" out
}

@test "a lease file that is damaged is said and thrown away" {
	plan "link eth0" dhcp4
	printf 'address 10.7.0.5\nprefix 24\nrouter $(reboot)\n' >run/net/eth0.dhcp4
	run once
	[[ $output == *"eth0.dhcp4:3: router:"* ]]
	[ ! -e run/net/eth0.dhcp4 ]
}

@test "events with hostile variables write nothing outside of their file" {
	MKDL_RUN=$PWD/run client=dhcp4 interface=../../x ip=10.7.0.5 mask=24 run -1 "$NETWORK" bound
	MKDL_RUN=$PWD/run client=dhcp4 interface=eth0 ip='10.7.0.5;reboot' mask=24 run -1 "$NETWORK" bound
	MKDL_RUN=$PWD/run client=ntp offset='1;reboot' stratum=2 run -1 "$NETWORK" step
	run -1 env MKDL_RUN="$PWD/run" "$NETWORK" bound
	[ -z "$(ls -A run/net)" ]
	MKDL_RUN=$PWD/run client=dhcp4 interface=eth0 ip=10.7.0.5 mask=24 dns='10.7.0.1 $(reboot) 1.1.1.1' hostname='a;b' domain=lab.example \
		"$NETWORK" bound
	diff run/net/eth0.dhcp4 - <<-'END'
		address 10.7.0.5
		prefix 24
		dns 10.7.0.1
		dns 1.1.1.1
		search lab.example
		until 4294967295
	END
}
