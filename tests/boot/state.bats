#!/usr/bin/env bats
# State on NFS, on iSCSI and in an image on NFS, with real servers that stop, come back, or do not.
# MKDL_OUTAGE is how many seconds the servers are away in the test of that (default 30; 300 takes its time).
# shellcheck disable=SC2016,SC2154 # ${mac} is the node's; states are in lab-state.bash
load lab-state

setup_file() {
	state_room
}

teardown_file() {
	lab_close
}

setup() {
	state_servers
}

teardown() {
	lab_report
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

# All three have written more files than $during.
all_go_on() {
	after=$(counts)
	awk -v a="$during" -v b="$after" 'BEGIN { split(a, x); split(b, y); exit !(y[1] > x[1] && y[2] > x[2] && y[3] > x[3]) }'
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
	node_wait n1 60 'state: /var/lib/lun: iSCSI target .* does not answer'
	node_wait n1 60 'state: /var/lib/nfs: nfs server 10.77.0.1 does not answer'
	run node_run n1 nodectl status
	assert_output --partial "away: nfs server 10.77.0.1 does not answer"
	lab_iscsi_start
	lab_nfs_start
	node_wait n1 300 'state: /var/lib/lun: iSCSI target .* answers again after [0-9]+ s'
	node_wait n1 300 'state: /var/lib/nfs: nfs server .* answers again after [0-9]+ s'
	node_wait n1 300 'state: /var/lib/img: nfs server .* answers again after [0-9]+ s'
	node_says n1 'answers again' | sed 's/^/# /' >&3
	wait_for 300 all_go_on
	echo "# files written when they were back: $after" >&3
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
	node_wait n1 300 'reboot: Restarting system'
	echo "# the reboot took $((SECONDS - began)) s" >&3
	node_says n1 '^mkdl: (services|processes|state|mounts|sync) ' | sed 's/^/# /' >&3
	node_says n1 'state: /var/lib/lun: its target .* is away: given up'
	node_stop n1
}

@test "away at boot: the node says what it waits for, and goes on when it is there" {
	node_dead n1 || node_stop n1
	lab_stop iscsi KILL
	node_start n1
	node_wait n1 300 'state: /var/lib/lun: iSCSI portal: 10.77.0.1 port 3260: .*; waiting for it, for 0 s so far'
	node_wait n1 60 'waiting for it, for [1-9][0-9]+ s so far'
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
	node_wait n1 300 'rebooting after 12 s'
	node_wait n1 60 'rebooting, as the plan has it'
	node_wait n1 60 'reboot: Restarting system'
	node_stop n1
}
