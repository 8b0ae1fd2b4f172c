#!/usr/bin/env bats
# The machine room itself: a node that boots by PXE from real servers, and is the same from outside after a reset.
load lab

setup_file() {
	lab_build lab-bare base.yml </dev/null
	lab_open
	lab_dhcp
	lab_http
	node_new n1 profile=lab-bare
	node_start n1
	node_up n1
}

teardown_file() {
	lab_close
}

teardown() {
	lab_report
}

@test "a node boots by PXE, has the address that the DHCP server keeps for it, and answers by SSH" {
	run node_console n1
	assert_line --partial "lab.ipxe"
	assert_line --regexp "mkdl: network +eth0 10\.77\.0\.11/24"
	run node_run n1 'cat /sys/class/net/eth0/address; exit 7'
	assert_failure 7
	assert_output "52:54:00:77:00:01"
}

@test "its SMBIOS data are the room's" {
	run node_run n1 cat /sys/class/dmi/id/product_uuid /sys/class/dmi/id/product_serial
	assert_output "4c4c4544-0077-4d6b-8000-000000000001
LAB-1"
}

@test "after a reset, after a reboot of its own, and with the plug pulled, it is up again" {
	node_reset n1
	node_up n1
	node_reboot n1
	node_stop n1
	node_set n1 boot=http append=quiet
	node_start n1
	node_up n1
	run node_run n1 cat /proc/cmdline
	assert_output --partial " quiet"
}

@test "two rooms at once do not see each other, and a closed one leaves nothing" {
	export LAB=$BATS_TEST_TMPDIR/other
	(
		lab_open
		lab_dhcp
		lab_http
		run lab_exec ip -brief link
		assert_output --partial lan
		refute_output --partial n1.0
		echo "$LAB_PID" >"$LAB/process"
		lab_close
	)
	run test -e "/proc/$(cat "$LAB/process")"
	assert_failure
	run processes_with "$LAB/"
	assert_output ""
}

@test "the storage servers keep their data when they are killed" {
	lab_nfs /nodes
	lab_iscsi
	lab_iscsi_target iqn.2024-01.org.example:one 16M user passwordpassword
	lab_exec sh -c "echo kept >$LAB_NFS/nodes/file"
	lab_signal nfs KILL
	lab_stop iscsi KILL
	lab_nfs_start
	lab_iscsi_start
	run lab_exec cat "$LAB_NFS/nodes/file"
	assert_output kept
	run lab_exec tgtadm --lld iscsi --mode target --op show
	assert_output --partial "iqn.2024-01.org.example:one"
	assert_output --partial "iqn.2024-01.org.example:one.lun1"
}

@test "the NTP server is ahead by what it is told, syslog arrives by UDP and TCP" {
	lab_ntp 3600
	lab_syslog
	lab_exec sh -c 'echo one | socat - UDP:10.77.0.1:514; echo two | socat - TCP:10.77.0.1:514'
	wait_for 60 grep -q one "$LAB/syslog.udp"
	wait_for 60 grep -q two "$LAB/syslog.tcp"
	run lab_exec python3 -c 'import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"\x23" + bytes(47), ("10.77.0.1", 123))
print(round((struct.unpack("!I", s.recv(48)[40:44])[0] - 2208988800 - time.time()) / 10))'
	assert_output 360
}
