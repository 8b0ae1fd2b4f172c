#!/usr/bin/env bats
# What `mkdl cluster init` has dnsmasq and nginx answer, asked over cables (veth) in namespaces of its own: needs root, or user
# namespaces.
load helpers

setup_file() {
	PROVISION=$BATS_FILE_TMPDIR
	AGENT=$(dirname "$MKDL")/mkdl-agent
	export PROVISION AGENT MKDL_HOME=${MKDL_HOME:-$ROOT}
	cd "$PROVISION" || return 1
	mkdir -p c tftp/lab-worker
	echo '#!ipxe' >tftp/lab-worker.ipxe
	cp "$ROOT/examples/lab/cluster.yml" c/
	"$MKDL" cluster init c --tftp tftp
	unshare -Urnmpf --kill-child --mount-proc sleep 1000 3>&- &
	echo $! >room
	for _ in $(seq 100); do
		FAR=$(pgrep -P "$(cat room)") && [ "$(cat "/proc/$FAR/comm" 2>/dev/null)" = sleep ] && break
		sleep 0.05
	done
	export FAR
	far ip link set lo up
	far ip link add boot0 type bridge
	far ip address add 10.77.0.1/24 dev boot0
	far ip address add fd6d:6b64:6c00::1/64 dev boot0 nodad
	far ip link set boot0 up
	machine worker 52:54:00:77:00:15
	machine stranger 52:54:00:99:00:01
	far dnsmasq --conf-file="$PWD/c/serve/dnsmasq.conf" --interface=boot0 --user= --group= --log-dhcp --no-resolv \
		"--log-facility=$PWD/dnsmasq.log" 3>&-
	far nginx -e stderr -p "$PWD/c/" -c serve/nginx.conf -g 'user root;' 3>&-
}

teardown_file() {
	kill -KILL "$(cat "$PROVISION/room")"
}

setup() {
	cd "$PROVISION" || return 1
}

# At the provisioner.
far() {
	nsenter --preserve-credentials -t "$FAR" -U -n -m -p --wd="$PWD" -- "$@"
}

# machine NAME MAC: a namespace with a card eth0, plugged into boot0
machine() {
	far unshare -n sh -c "echo \$\$ >$1-pid; exec sleep 1000" 3>&- &
	wait_for 10 test -s "$1-pid"
	far ip link add "port-$1" type veth peer name eth0 netns "$(cat "$1-pid")"
	far ip link set "port-$1" master boot0 up
	at "$1" ip link set eth0 address "$2" up
	at "$1" ip link set lo up
}

# at NAME COMMAND…
at() {
	local name=$1
	shift
	far nsenter -t "$(cat "$name-pid")" -n --wd="$PWD" -- "$@"
}

# address NAME ADDRESS: the only one that it has
address() {
	at "$1" ip -4 address flush dev eth0
	at "$1" ip address add "$2/24" dev eth0
}

# get NAME URL: what the machine gets, by the nodes' authority
get() {
	at "$1" curl -sS --max-time 10 --cacert c/pki/provision-ca.crt -o got -w '%{http_code}' "$2"
}

# lease NAME [OPTION…]: what DHCP says, as variables
lease() {
	local name=$1
	shift
	# shellcheck disable=SC2016 # the script's variable
	printf '#!/bin/sh\n[ "$1" != bound ] || env >lease-of\n' >script
	chmod 755 script
	rm -f lease-of
	at "$name" busybox udhcpc -f -q -n -t 3 -T 2 -i eth0 -s "$PWD/script" "$@" 2>/dev/null 3>&- && cat lease-of
}

@test "dnsmasq and nginx take their configuration" {
	run far dnsmasq --test --conf-file=c/serve/dnsmasq.conf
	assert_success
	run far nginx -t -e stderr -p "$PWD/c/" -c serve/nginx.conf -g 'user root;'
	assert_success
	refute_output --partial warn
}

@test "DHCP: a node has its address, name and script; nobody else gets one" {
	run lease worker -x 0xaf:01
	assert_success
	assert_line ip=10.77.0.21
	assert_line hostname=worker-1
	assert_line router=10.77.0.1
	assert_line dns=10.77.0.1
	assert_line boot_file=http://10.77.0.1/lab-worker.ipxe
	# Firmware that is no iPXE, of BIOS and of UEFI.
	run lease worker
	assert_line boot_file=undionly.kpxe
	run lease worker -x 0x5d:0007
	assert_line boot_file=snponly.efi
	run lease stranger
	assert_failure
}

@test "a node gets its own configuration, and nobody else's does it get" {
	address worker 10.77.0.21
	run get worker https://10.77.0.1:8443/nodes/52:54:00:77:00:15.yml
	assert_output 200
	cmp got c/nodes/worker-1.yml
	for path in nodes/52:54:00:77:00:0b.yml nodes/52:54:00:77:00:16.yml; do
		run get worker "https://10.77.0.1:8443/$path"
		assert_output 403
	done
	for path in '' nodes/ nodes/worker-1.yml pki/ca.key tokens kubeconfig nodes/../tokens nodes/%2e%2e/tokens source; do
		run get worker "https://10.77.0.1:8443/$path"
		assert_output --regexp '^40[0345]$'
		run get worker "http://10.77.0.1/$path"
		[ -z "$path" ] || assert_output --regexp '^40[04]$'
	done
	address stranger 10.77.0.99
	run get stranger https://10.77.0.1:8443/nodes/52:54:00:77:00:15.yml
	assert_output 403
}

@test "whoever answers without the authority's certificate is not believed" {
	address worker 10.77.0.21
	run at worker curl -sS --max-time 10 https://10.77.0.1:8443/nodes/52:54:00:77:00:15.yml
	assert_failure 60
}

@test "the agent of a node takes it, and has the routes to the others' pods" {
	address worker 10.77.0.21
	mkdir -p root/etc/mkdl root/etc/kubernetes
	cp c/pki/provision-ca.crt root/etc/mkdl/config-ca.crt
	printf '%s\n' 'mkdl-plan 1' 'name test' 'config require 10' 'config-ca /etc/mkdl/config-ca.crt' \
		'service join' 'run /usr/libexec/mkdl/agent join' 'service kubelet' 'run /usr/bin/kubelet' >plan
	printf 'mac 52:54:00:77:00:15\n' >facts
	# shellcheck disable=SC2016 # the agent's variable
	run at worker "$AGENT" render --root root --plan plan --facts facts --fetch \
		--cmdline 'mkdl.config=https://10.77.0.1:8443/nodes/${mac}.yml'
	assert_success
	run cat root/run/mkdl/plan
	assert_line 'hostname worker-1'
	assert_line 'mac 52:54:00:77:00:15'
	assert_line dhcp4
	assert_line 'route 10.244.11.0/24 10.77.0.11'
	assert_line 'route 10.244.22.0/24 10.77.0.22'
	refute_line --partial '10.244.21.0/24'
	assert_file_exist root/etc/containerd/certs.d/_default/hosts.toml
}

@test "once its services run, a node's address gets nothing more: neither pods nor who asks the node to ask" {
	"$MKDL" check --json c/profiles/worker.yml >json
	machine sealed 52:54:00:77:00:16
	address sealed 10.77.0.22
	run get sealed https://10.77.0.1:8443/nodes/52:54:00:77:00:16.yml
	assert_output 200
	# A pod behind the node, under its address.
	far unshare -n sh -c 'echo $$ >pod-pid; exec sleep 1000' 3>&- &
	wait_for 10 test -s pod-pid
	at sealed ip link add pod0 type veth peer name eth0 netns "$(cat pod-pid)"
	at sealed ip address add 10.244.22.1/24 dev pod0
	at sealed ip link set pod0 up
	at pod ip address add 10.244.22.2/24 dev eth0
	at pod ip link set eth0 up
	at pod ip route add default via 10.244.22.1
	at sealed sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	at sealed iptables -t nat -A POSTROUTING -s 10.244.22.0/24 ! -d 10.244.0.0/16 -j MASQUERADE
	run get pod https://10.77.0.1:8443/nodes/52:54:00:77:00:16.yml
	assert_output 200
	for service in config-seal config-seal-pods; do
		json_of "'\n'.join(j['services']['$service']['run'])" <json >words
		mapfile -t words <words
		at sealed "${words[@]}"
	done
	assert_equal "$(json_of "j['services']['kubelet']['needs'][-2:]" <json)" "['config-seal', 'config-seal-pods']"
	run get sealed https://10.77.0.1:8443/nodes/52:54:00:77:00:16.yml
	assert_output --partial "Failed to connect"
	run get pod https://10.77.0.1:8443/nodes/52:54:00:77:00:16.yml
	assert_output --partial "Failed to connect"
	# What a node fetches later it still gets.
	run get pod http://10.77.0.1/lab-worker.ipxe
	assert_output 200
}

@test "HTTP and TFTP give what is in the TFTP root" {
	address worker 10.77.0.21
	run get worker http://10.77.0.1/lab-worker.ipxe
	assert_output 200
	cmp got tftp/lab-worker.ipxe
	rm -f got
	at worker busybox tftp -g -r lab-worker.ipxe -l got 10.77.0.1
	cmp got tftp/lab-worker.ipxe
}

@test "router advertisements go out, for which iPXE would wait" {
	wait_for 15 grep -q RTR-ADVERT dnsmasq.log
}
