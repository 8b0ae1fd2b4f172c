#!/usr/bin/env bats
# What is on a device before it is mounted, who may have it, and what becomes of a full one.
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

@test "a device that is not empty is never formatted" {
	local sum
	node_dead n1 || node_stop n1
	state_profile lab-state-used "${lun_state/test:n/test:used}"
	[ -e "$LAB/iscsi/iqn.2026-01.test:used.target" ] || lab_iscsi_target iqn.2026-01.test:used 400M
	# Somebody's data, without any mark that a tool would know, in the middle of the first megabytes.
	printf 'my thesis' | dd of="$LAB/iscsi/iqn.2026-01.test:used.lun1" bs=1 seek=3000000 conv=notrunc 2>/dev/null
	sum=$(sha256sum <"$LAB/iscsi/iqn.2026-01.test:used.lun1")
	node_set n1 profile=lab-state-used
	node_start n1
	node_wait n1 300 'BOOT FAILED in state: .*/dev/sda is not empty and holds no ext4, but data of a kind that is not known: not touched'
	node_stop n1
	mkfs.xfs -q -f "$LAB/iscsi/iqn.2026-01.test:used.lun1"
	node_start n1
	node_wait n1 300 'BOOT FAILED in state: .*/dev/sda is not empty and holds no ext4, but xfs: not touched'
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
	node_wait n1 300 'BOOT FAILED in state: .*damaged beyond what can be repaired without risk'
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
	node_wait n1 300 'BOOT FAILED in state: .*it wants a CHAP user and password'
	node_stop n1
	state_profile lab-state-chap "$(sed "s/test:n/test:chap/; s/}\$/, ${chap/secret/mistake}}/" <<<"$lun_state")"
	node_set n1 profile=lab-state-chap
	node_start n1
	node_wait n1 300 'BOOT FAILED in state: .*it refuses the CHAP user or password'
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
	node_wait n1 300 'portal 10.77.0.1:3260 answers, but has no target iqn.2026-01.test:none for this node'
	node_stop n1
}

@test "a full device is said, and that it has room again" {
	n1_up
	node_run n1 'dd if=/dev/zero of=/var/lib/lun/big bs=1M 2>/dev/null; df /var/lib/lun | tail -1'
	node_wait n1 60 'state: /var/lib/lun: FULL'
	run node_run n1 nodectl status
	assert_output --partial "full: the file system is full"
	node_run n1 'rm /var/lib/lun/big'
	node_wait n1 60 'state: /var/lib/lun: has room again'
	node_run n1 'echo more >/var/lib/lun/more'
}

@test "two nodes on one LUN and on one image: the second does not get them" {
	n1_up
	state_profile lab-state-image "$(sed 's/${mac}/52-54-00-77-00-01/; s/}$/, one_node: true}/' <<<"$img_state")"
	state_profile lab-state-lun "$lun_state"
	[ -d "$LAB/node/n2" ] || node_new n2 profile=lab-state-lun boot=direct
	node_start n2
	node_wait n2 300 'BOOT FAILED in state: .*another node has this LUN'
	node_stop n2
	node_set n2 profile=lab-state-image
	node_start n2
	node_wait n2 300 'BOOT FAILED in state: .*another node has this image'
	node_stop n2
	node_run n1 'echo mine >/var/lib/lun/mine && echo mine >/var/lib/img/mine && sync && grep mine /var/lib/lun/mine'
	# When the first is gone properly, the LUN is free.
	n1_off
	node_set n2 profile=lab-state-lun
	node_start n2
	node_up n2
	node_run n2 grep -q mine /var/lib/lun/mine
	node_run n2 poweroff </dev/null || true # the connection may end first
	node_down n2
}

@test "a disk by the serial number that it shows, by its label; a LUN through the second portal" {
	local disk='/var/lib/disk: {kind: disk, device: "ID=state-1", format: empty}'
	node_dead n1 || node_stop n1
	state_profile lab-state-disk "$disk" "${lun_state/10.77.0.1/10.77.0.1:3999, 10.77.0.1}"
	truncate -s 64M "$LAB/disk"
	[ -d "$LAB/node/n3" ] || node_new n3 boot=direct profile=lab-state-disk \
		qemu="-drive file=$LAB/disk,if=none,id=disk,format=raw -device virtio-blk-pci,drive=disk,serial=state-1"
	node_start n3
	node_up n3
	node_says n3 'state: /var/lib/disk: /dev/vda is empty: making an ext4 file system'
	node_says n3 'state: /var/lib/lun: iscsi .*, /dev/sda'
	node_run n3 'echo kept >/var/lib/disk/kept'
	node_run n3 poweroff </dev/null || true # the connection may end first
	node_down n3
	tune2fs -L state "$LAB/disk"
	state_profile lab-state-label "${disk/ID=state-1/LABEL=state}"
	node_set n3 profile=lab-state-label
	node_start n3
	node_up n3
	node_run n3 'grep kept /var/lib/disk/kept'
	node_stop n3
	state_profile lab-state-label "${disk/ID=state-1/LABEL=other}"
	node_set n3 profile=lab-state-label
	node_start n3
	node_wait n3 300 'this machine has no disk with LABEL=other; waiting for it'
	node_stop n3
}
