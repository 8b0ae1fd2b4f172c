#!/usr/bin/env bats
# mkdl lab: a cluster's machines on this host. What they boot here is small and knows nothing of Kubernetes: it is the lab that is
# tested, from its network to its end. The tests build on each other.
# shellcheck disable=SC2016 # variables of other shells
load helpers

setup_file() {
	export DIR=$BOOT/lab-command
	mkdir -p "$DIR"
	lab down || true
	rm -rf "$DIR/out/lab/labtest"
	cat >"$DIR/bare.yml" <<-YML
		# There is neither a kubelet nor a firewall, and nothing is joined: what a cluster's profiles have for it does nothing.
		extends: rescue.yml
		overlays: [bare]
		kubernetes: {version: "1.20.2"}
		services:
		  kubelet: {run: !replace [/usr/sbin/nothing], ready: {file: /init}, needs: !replace []}
		  join: {run: !replace [/bin/true], oneshot: true}
		  uncordon: {run: !replace [/bin/true], oneshot: true}
	YML
	mkdir -p "$DIR/overlays/bare/usr/sbin"
	printf '#!/bin/sh\n' >"$DIR/overlays/bare/usr/sbin/iptables"
	printf '#!/bin/sh\nexec sleep 1000000\n' >"$DIR/overlays/bare/usr/sbin/nothing"
	chmod 755 "$DIR"/overlays/bare/usr/sbin/*
	cat >"$DIR/cluster.yml" <<-YML
		name: labtest
		subnet: 10.77.0.0/24
		provisioner: 10.77.0.1
		profiles: {server: bare.yml, worker: bare.yml}
		state:
		  server:
		    /var/lib/etcd:
		      {kind: iscsi, portals: [10.77.0.1], target: "iqn.2018-05.test.mkdl:\${mac}", lun: 1, format: empty}
		lab:
		  server: {memory: 384M, cpus: 1}
		  worker: {memory: 384M, cpus: 1}
		nodes:
		  s1: {role: server, mac: "52:54:00:77:00:0b", address: 10.77.0.11}
		  w1: {role: worker, mac: "52:54:00:77:00:15", address: 10.77.0.21}
	YML
	lab cluster.yml --until up --timeout 600 >"$DIR/up" 2>&1 || {
		cat "$DIR/up"
		return 1
	}
}

teardown_file() {
	lab down || true
}

teardown() {
	tail -n 30 "$DIR/out/lab/labtest/log/events" || true
}

lab() {
	(cd "$DIR" && "$MKDL" lab "$@")
}

# lab_node NAME EXPRESSION: of the node's part of the status.
lab_node() {
	lab status --json | json_of "[n for n in j['nodes'] if n['name'] == '$1'][0]$2"
}

# Attaches, and waits.
all_up() {
	lab cluster.yml --until up --timeout 400
}

# What belongs to the lab and still runs, or is mounted. (Defunct processes are waited for by the host's first process.)
leftovers() {
	processes_with "$DIR/out/lab/labtest|product=lab,serial=(s1|w1)|mkdl lab cluster.yml"
	grep -s "$DIR" /proc/self/mounts || true
}

nothing_left() {
	[ -z "$(leftovers)" ]
}

@test "one command builds, starts, and tells how far each node is" {
	run cat "$DIR/up"
	assert_output --partial "mkdl: all 2 nodes are up after"
	assert_output --regexp "s1: switched on: 384 MiB, 1 CPUs, 52:54:00:77:00:0b, 10.77.0.11"
	assert_output --regexp "w1: network +eth0 10.77.0.21/24 via 10.77.0.1"
	assert_output --regexp "w1: up, [0-9.]+ s after its kernel started"
	assert_line --regexp "^s1 +server +10.77.0.11 +up "
	assert_line --regexp "^w1 +worker +10.77.0.21 +up "
}

@test "the nodes fetched everything from the lab: iPXE's script and the image by HTTP, their configuration by HTTPS" {
	run cat "$DIR/out/lab/labtest/cluster/serve/nginx-access.log"
	assert_output --regexp '10.77.0.21 .*"GET /labtest-worker.ipxe'
	assert_output --regexp '10.77.0.11 .*"GET /labtest-server/[0-9a-f]+/initramfs.img HTTP/1.1" 200'
	assert_output --regexp '10.77.0.11 .*"GET /nodes/52:54:00:77:00:0b.yml HTTP/[0-9.]+" 200'
	run lab exec w1 hostname
	assert_output "w1"
}

@test "status, for people and as JSON" {
	run lab status
	assert_success
	assert_line --regexp "^lab labtest: 2 nodes, 2 up, 0 Ready"
	run bash -c 'cd "$DIR" && "$MKDL" lab status --json'
	is_json <<<"$output"
	assert_equal "$(lab status --json | json_of "[s['name'] for s in j['servers'] if s['state'] == 'running']")" \
		"['dhcp', 'http', 'iscsi', 'registry']"
	assert_equal "$(lab_node s1 "['step'], j['lab']")" "('up', 'labtest')"
	[ "$(lab_node s1 "['host_memory']")" -gt 100000000 ]
}

@test "exec: the command's output, input and exit status" {
	run lab exec s1 'cat /sys/class/net/eth0/address; exit 7'
	assert_failure 7
	assert_output "52:54:00:77:00:0b"
	run lab exec --lab labtest w1 -- cat </etc/hostname
	assert_success
	assert_output "$(cat /etc/hostname)"
	run lab exec w9 true
	assert_failure 1
	assert_output 'mkdl: the lab has no node "w9"; there is s1, w1'
}

@test "programs of this host in the lab's network; the registry answers there" {
	run lab run ip -brief address show lan
	assert_output --partial "10.77.0.1/24"
	run lab run -- sh -c 'exit 5'
	assert_failure 5
	run lab run curl --noproxy '*' -s -D - http://10.77.0.1:5000/v2/
	assert_output --partial "200 OK"
	assert_output --partial "Docker-Distribution-Api-Version"
	# Outside of the lab it is nowhere.
	run curl --noproxy '*' -s --max-time 3 -D - http://10.77.0.1:5000/v2/
	refute_output --partial "Docker-Distribution-Api-Version"
}

@test "a node's configuration is not for others" {
	run lab run curl --noproxy '*' -s -k -o /dev/null -w '%{http_code}' https://10.77.0.1:8443/nodes/52:54:00:77:00:0b.yml
	assert_output "403"
	run lab exec w1 "wget -q -O - --no-check-certificate https://10.77.0.1:8443/nodes/52:54:00:77:00:0b.yml"
	assert_failure
	refute_output --partial "BEGIN"
}

@test "console: what was said before, and a shell" {
	run bash -c '{ sleep 1; echo; sleep 1; echo "echo typed-\$((40 + 2))"; sleep 2; printf "\035"; sleep 5; } |
		(cd "$DIR" && timeout 20 "$MKDL" lab console w1)'
	assert_success
	assert_output --partial "mkdl: node up in"
	assert_output --partial "typed-42"
	run lab console w9
	assert_failure 1
}

@test "the plug pulled and put in again: the node boots by PXE, and its state is there" {
	lab exec s1 'echo kept >/var/lib/etcd/file && sync'
	run lab reset s1
	assert_success
	run lab_node s1 "['step']"
	assert_output firmware
	all_up
	run lab exec s1 cat /var/lib/etcd/file
	assert_output kept
	assert_equal "$(lab_node s1 "['starts']")" 2
	run lab logs
	assert_output --partial "s1: plug pulled"
}

@test "a node that reboots itself is followed through it" {
	lab exec w1 reboot || true
	wait_for 60 bash -c 'cd "$DIR" && "$MKDL" lab logs | grep -q "w1: boots again"'
	all_up
	assert_equal "$(lab_node w1 "['boots']")" 2
}

@test "switched off and on: plug, start, power button" {
	run lab kill w1
	assert_success
	assert_equal "$(lab_node w1 "['step']")" off
	run lab kill w1
	assert_failure 1
	assert_output "mkdl: w1 is off"
	run lab exec w1 true
	assert_failure 1
	assert_output "mkdl: w1 is off"
	# What will not come up is not waited for.
	run lab cluster.yml --until up --timeout 100
	assert_failure 1
	assert_output --partial "mkdl: w1 is off"
	run lab start w1
	assert_success
	run lab start w1
	assert_failure 1
	assert_output "mkdl: w1 is on already"
	all_up
	lab button w1
	wait_for 60 bash -c 'cd "$DIR" && "$MKDL" lab logs | grep -q "w1: switched itself off"'
	lab start w1
	all_up
}

@test "a timeout says which node hangs where" {
	lab reset w1
	run lab cluster.yml --until up --timeout 2
	assert_failure 1
	assert_output --partial "mkdl: not all nodes were up within 2 s"
	assert_line --regexp "^w1 \(worker, 10.77.0.21\): "
	all_up
}

@test "a server that dies is said, and no longer waited for" {
	run lab run sh -c 'kill -KILL $(pgrep -f "docker-registry serve $0")' "$DIR"
	assert_success
	wait_for 60 bash -c 'cd "$DIR" && "$MKDL" lab status | grep -q "server registry has ENDED"'
	run lab cluster.yml --until ready --timeout 100
	assert_failure 1
	assert_output --partial "the lab's server \"registry\" has ended"
}

@test "down leaves nothing; state and logs are kept" {
	run lab down
	assert_success
	run leftovers
	assert_output ""
	run lab status
	assert_failure 1
	assert_output --partial "no lab runs below"
	assert_file_exist "$DIR/out/lab/labtest/state/iscsi/iqn.2018-05.test.mkdl:52-54-00-77-00-0b.lun1"
	run lab logs --lab labtest w1
	assert_output --partial "node up in"
	# The addresses are nobody's.
	run ip -brief address
	refute_output --partial "10.77.0.1"
}

@test "again, from what was built; a supervisor that is killed takes everything along" {
	run lab cluster.yml --no-build --until up --timeout 400
	assert_success
	run lab exec s1 cat /var/lib/etcd/file
	assert_output kept
	kill -KILL "$(lab status --json | json_of "j['pid']")"
	wait_for 60 nothing_left
	run lab exec s1 true
	assert_failure 1
}

@test "an ordinary user's lab" {
	local home
	home=$(mktemp -d /var/tmp/mkdl-lab-XXXXXX)
	cp -a "$DIR"/{cluster.yml,bare.yml,out} "$home"
	mkdir "$home/home"
	cp "$MKDL" "$home/mkdl"
	cp -a "$ROOT/profiles" "$ROOT/overlays" "$ROOT/hooks" "$home"
	chown -R nobody: "$home"
	chmod 755 "$home"
	nobody() {
		(cd "$home" && HOME=$home/home MKDL_HOME=$home setpriv --reuid nobody --regid nogroup --clear-groups "$@")
	}
	run nobody ./mkdl lab cluster.yml --no-build --fresh --until up --timeout 400
	assert_success
	run nobody ./mkdl lab exec s1 'id -u; grep -c /var/lib/etcd /proc/mounts'
	assert_output "0
1"
	run nobody ./mkdl lab down
	assert_success
	run processes_with "$home/"
	assert_output ""
	rm -rf "$home"
}
