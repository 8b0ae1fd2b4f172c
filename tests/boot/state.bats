#!/usr/bin/env bats
# State on NFS, on iSCSI and in an image on NFS, with real servers that stop, come back, or do not.
# MKDL_OUTAGE is how many seconds the servers are away in the test of that (default 30; 300 takes its time).
# shellcheck disable=SC2016 # ${mac} is the node's
load lab

IQN=iqn.2026-01.test:n

nfs_state='/var/lib/nfs: {kind: nfs, server: 10.77.0.1, export: "/nodes/${mac}/data", format: empty}'
lun_state='/var/lib/lun: {kind: iscsi, portals: [10.77.0.1], target: "iqn.2026-01.test:n", lun: 1, format: empty, one_node: true}'
img_state='/var/lib/img: {kind: loop, server: 10.77.0.1, export: /nodes, file: "img/${mac}", size: 400M, fs: xfs, format: empty}'

# state_profile NAME STATE…
state_profile() {
	local name=$1
	shift
	{
		echo "failure: reboot 5s"
		echo "state:"
		printf '  %s\n' "$@"
	} | lab_build "$name" base.yml
}

setup_file() {
	state_profile lab-state "$nfs_state" "$lun_state" "$img_state"
	lab_open
	lab_dhcp
	lab_http
	lab_nfs /nodes
	lab_iscsi
	lab_iscsi_target "$IQN" 400M
	node_new n1 profile=lab-state boot=direct
}

teardown_file() {
	lab_close
}

setup() {
	lab_alive nfs || lab_nfs_start
	lab_alive iscsi || lab_iscsi_start
	node_set n1 profile=lab-state append=
}

teardown() {
	lab_report
}

# Machine n1, running its usual profile.
n1_up() {
	node_dead n1 || node_reachable n1 || node_stop n1
	if node_dead n1; then
		node_start n1
		node_up n1
	fi
}

n1_off() {
	node_dead n1 && return
	node_run n1 poweroff </dev/null || true
	node_down n1 150
}

@test "what is empty is made, and what was written is there after a reboot and after a reset" {
	local kind
	node_start n1
	node_up n1
	node_says n1 'state: /var/lib/lun: /dev/sda is empty: making an ext4 file system'
	node_says n1 'state: /var/lib/img: made the image img/52-54-00-77-00-01 \(400M, sparse\)'
	node_says n1 'state: /var/lib/nfs: made the folder /nodes/52-54-00-77-00-01/data'
	run node_run n1 'awk "/ .var.lib./ {print \$2, \$3}" /proc/mounts | sort'
	assert_output "/var/lib/img xfs
/var/lib/lun ext4
/var/lib/nfs nfs4"
	for kind in nfs lun img; do
		node_run n1 "echo before-the-reboot >/var/lib/$kind/one && sync"
	done
	node_reboot n1
	run node_says n1 'making|made'
	assert_failure
	# The clean end of the boot before.
	grep -a 'state: 3 unmounted' "$LAB/node/n1/console"
	for kind in nfs lun img; do
		node_run n1 "grep before-the-reboot /var/lib/$kind/one && echo before-the-reset >/var/lib/$kind/two && sync"
	done
	node_reset n1
	node_up n1
	for kind in nfs lun img; do
		node_run n1 "grep before-the-reboot /var/lib/$kind/one && grep before-the-reset /var/lib/$kind/two"
	done
	run node_run n1 nodectl status
	assert_output --partial "/var/lib/nfs: nfs 10.77.0.1:/nodes/52-54-00-77-00-01/data, ok"
}

# Files of 1 MiB, each with its sum in RAM, until /tmp/stop is there.
start_load() {
	node_run n1 'cat >/tmp/load' <<-'LOAD'
		n=0
		while [ ! -e /tmp/stop ]; do
			n=$((n + 1))
			head -c 1048576 /dev/urandom >/tmp/$1.data
			dd if=/tmp/$1.data of=/var/lib/$1/f$((n % 100)) conv=fsync 2>/dev/null || echo "$1: write $n failed" >>/tmp/failed
			(cd /tmp && sha256sum <$1.data | sed "s,-,/var/lib/$1/f$((n % 100)),") >/tmp/$1.sum.$((n % 100))
			echo $n >/tmp/$1.count
			usleep 200000
		done
		touch /tmp/$1.ended
	LOAD
	node_run n1 'rm -f /tmp/stop /tmp/failed /tmp/*.sum.* /tmp/*.ended; for k in nfs lun img; do setsid sh /tmp/load $k </dev/null >/dev/null 2>&1 & done'
}

counts() {
	node_run n1 'cat /tmp/nfs.count /tmp/lun.count /tmp/img.count | tr "\n" " "'
}

@test "servers that are away for a while under load: nothing is lost, the node recovers by itself" {
	local outage=${MKDL_OUTAGE:-30} before during after
	n1_up
	node_mark n1
	start_load
	sleep 8
	lab_stop iscsi KILL
	lab_stop nfs KILL
	sleep 2
	before=$(counts)
	sleep "$outage"
	during=$(counts)
	echo "# files written (nfs lun img) when the servers went: $before; after $outage s without them: $during" >&3
	node_says n1 'state: /var/lib/lun: iSCSI target .* does not answer'
	node_says n1 'state: /var/lib/nfs: nfs server 10.77.0.1 does not answer'
	run node_run n1 nodectl status
	assert_output --partial "away: nfs server 10.77.0.1 does not answer"
	lab_iscsi_start
	lab_nfs_start
	node_wait n1 120 'state: /var/lib/lun: iSCSI target .* answers again after [0-9]+ s'
	node_wait n1 120 'state: /var/lib/nfs: nfs server .* answers again after [0-9]+ s'
	node_wait n1 120 'state: /var/lib/img: nfs server .* answers again after [0-9]+ s'
	sleep 8
	after=$(counts)
	echo "# files written when they were back: $after" >&3
	[ "$after" != "$during" ]
	node_run n1 'touch /tmp/stop; while [ ! -e /tmp/nfs.ended ] || [ ! -e /tmp/lun.ended ] || [ ! -e /tmp/img.ended ]; do sleep 1; done'
	node_run n1 '[ ! -e /tmp/failed ] || { cat /tmp/failed; false; }'
	# Not what RAM has: what the servers have.
	run node_run n1 'sync; echo 3 >/proc/sys/vm/drop_caches; cat /tmp/*.sum.* >/tmp/sums; wc -l </tmp/sums; sha256sum -c /tmp/sums | grep -vc OK'
	echo "# files checked, and files that differ: ${output//$'\n'/ }" >&3
	assert_line --index 1 0
	run node_run n1 nodectl status
	refute_output --partial "does not answer"
}

@test "servers gone for good: reboot ends the machine all the same" {
	local began=$SECONDS
	n1_up
	start_load
	sleep 5
	lab_stop iscsi KILL
	lab_stop nfs KILL
	sleep 15
	began=$SECONDS
	node_mark n1
	node_run n1 nodectl reboot </dev/null || true
	node_wait n1 120 'reboot: Restarting system'
	echo "# the reboot took $((SECONDS - began)) s" >&3
	node_says n1 'state: /var/lib/lun: its target .* is away: given up'
	node_stop n1
}

@test "away at boot: the node says what it waits for, and goes on when it is there" {
	node_dead n1 || node_stop n1
	lab_stop iscsi KILL
	node_start n1
	node_wait n1 100 'state: /var/lib/lun: iSCSI portal: 10.77.0.1 port 3260: .*; waiting for it, for 0 s so far'
	node_wait n1 60 'waiting for it, for 1[0-9] s so far'
	lab_iscsi_start
	node_up n1
	node_run n1 'grep -q " /var/lib/lun ext4" /proc/mounts'
	n1_off
}

@test "away at boot, with a fallback: RAM, and nobody can overlook it" {
	node_dead n1 || node_stop n1
	state_profile lab-state-fallback "${nfs_state%?}, away: tmpfs 16M}"
	lab_stop nfs KILL
	node_set n1 profile=lab-state-fallback
	node_start n1
	node_up n1
	node_says n1 'state: /var/lib/nfs: DEGRADED: nfs server: .*; in RAM \(16M\) instead'
	run node_run n1 'grep /var/lib/nfs /proc/mounts; nodectl status'
	assert_line --index 0 --partial tmpfs
	assert_output --partial "degraded: nfs server"
	n1_off
}

@test "away at boot, reboot after a time" {
	node_dead n1 || node_stop n1
	state_profile lab-state-reboot "${nfs_state%?}, away: reboot 12s}"
	lab_stop nfs KILL
	node_set n1 profile=lab-state-reboot
	node_start n1
	node_wait n1 100 'rebooting after 12 s'
	node_wait n1 60 'rebooting, as the plan has it'
	node_wait n1 60 'reboot: Restarting system'
	node_stop n1
}

@test "a device that is not empty is never formatted" {
	local sum
	node_dead n1 || node_stop n1
	state_profile lab-state-used "${lun_state/test:n/test:used}"
	[ -e "$LAB/iscsi/iqn.2026-01.test:used.target" ] || lab_iscsi_target iqn.2026-01.test:used 64M
	# Somebody's data, without any mark that a tool would know, in the middle of the first megabytes.
	printf 'my thesis' | dd of="$LAB/iscsi/iqn.2026-01.test:used.lun1" bs=1 seek=3000000 conv=notrunc 2>/dev/null
	sum=$(sha256sum <"$LAB/iscsi/iqn.2026-01.test:used.lun1")
	node_set n1 profile=lab-state-used
	node_start n1
	node_wait n1 100 'BOOT FAILED in state: .*/dev/sda is not empty and holds no ext4, but data of a kind that is not known: not touched'
	node_stop n1
	mkfs.xfs -q -f "$LAB/iscsi/iqn.2026-01.test:used.lun1" 2>/dev/null || mkswap -q "$LAB/iscsi/iqn.2026-01.test:used.lun1"
	node_start n1
	node_wait n1 100 'BOOT FAILED in state: .*/dev/sda is not empty and holds no ext4, but (xfs|swap): not touched'
	node_stop n1
	[ "$sum" != "" ]
}

@test "a damaged ext4 is repaired before it is mounted, one beyond repair is not mounted" {
	local file=$LAB/iscsi/$IQN.lun1
	n1_up
	node_run n1 'echo kept >/var/lib/lun/kept; sync'
	n1_off
	debugfs -w -R 'ssv free_blocks_count 17' "$file"
	debugfs -w -R 'ssv state 2' "$file"
	node_start n1
	node_up n1
	node_says n1 'state: /var/lib/lun: file system repaired'
	node_run n1 'grep kept /var/lib/lun/kept'
	n1_off
	cp --sparse=always "$file" "$LAB/kept"
	# A folder's block that is no folder's any more.
	debugfs -w -R 'clri <2>' "$file"
	debugfs -w -R 'ssv state 2' "$file"
	node_start n1
	node_wait n1 100 'BOOT FAILED in state: .*damaged beyond what can be repaired without risk'
	node_stop n1
	cp --sparse=always "$LAB/kept" "$file"
}

@test "CHAP: with the right password, with a wrong one, without one; a target that is not there" {
	local chap='chap: {user: node, password: a-long-secret}'
	node_dead n1 || node_stop n1
	lab_iscsi_target iqn.2026-01.test:chap 64M node a-long-secret
	state_profile lab-state-chap "${lun_state/test:n/test:chap}" 
	node_set n1 profile=lab-state-chap
	node_start n1
	node_wait n1 100 'BOOT FAILED in state: .*it wants a CHAP user and password'
	node_stop n1
	state_profile lab-state-chap "$(sed "s/test:n/test:chap/; s/}\$/, ${chap/secret/mistake}}/" <<<"$lun_state")"
	node_set n1 profile=lab-state-chap
	node_start n1
	node_wait n1 100 'BOOT FAILED in state: .*it refuses the CHAP user or password'
	node_stop n1
	state_profile lab-state-chap "$(sed "s/test:n/test:chap/; s/}\$/, $chap}/" <<<"$lun_state")"
	node_set n1 profile=lab-state-chap
	node_start n1
	node_up n1
	node_run n1 'grep " /var/lib/lun ext4" /proc/mounts'
	n1_off
	state_profile lab-state-none "${lun_state/test:n/test:none}"
	node_set n1 profile=lab-state-none
	node_start n1
	node_wait n1 100 'portal 10.77.0.1:3260 answers, but has no target iqn.2026-01.test:none for this node'
	node_stop n1
}

@test "a full device is said, and that it has room again" {
	n1_up
	node_run n1 'dd if=/dev/zero of=/var/lib/lun/big bs=1M 2>/dev/null; df /var/lib/lun | tail -1'
	node_wait n1 30 'state: /var/lib/lun: FULL'
	run node_run n1 nodectl status
	assert_output --partial "full: the file system is full"
	node_run n1 'rm /var/lib/lun/big'
	node_wait n1 30 'state: /var/lib/lun: has room again'
	node_run n1 'echo more >/var/lib/lun/more'
}

@test "two nodes on one LUN and on one image: the second does not get them" {
	n1_up
	state_profile lab-state-image "$(sed 's/${mac}/52-54-00-77-00-01/; s/}$/, one_node: true}/' <<<"$img_state")"
	state_profile lab-state-lun "$lun_state"
	[ -d "$LAB/node/n2" ] || node_new n2 profile=lab-state-lun boot=direct
	node_start n2
	node_wait n2 100 'BOOT FAILED in state: .*another node has this LUN'
	node_stop n2
	node_set n2 profile=lab-state-image
	node_start n2
	node_wait n2 100 'BOOT FAILED in state: .*another node has this image'
	node_stop n2
	node_run n1 'echo mine >/var/lib/lun/mine && echo mine >/var/lib/img/mine && sync && grep mine /var/lib/lun/mine'
	# When the first is gone properly, the LUN is free.
	n1_off
	node_set n2 profile=lab-state-lun
	node_start n2
	node_up n2
	node_run n2 'grep mine /var/lib/lun/mine; poweroff' </dev/null || true
	node_down n2 100
}
