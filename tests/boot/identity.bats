#!/usr/bin/env bats
# A machine without a disk is the same machine after every boot, and another one than its neighbour.
load lab

setup_file() {
	lab_build lab-bare base.yml </dev/null
	lab_open
	lab_dhcp
}

teardown() {
	lab_report 25
}

teardown_file() {
	lab_close
}

# Everything by which others know a node.
identity_of() {
	node_run "$1" 'hostname; cat /etc/machine-id /etc/iscsi/initiatorname.iscsi; sed -n "s/^\(uuid\|serial\|machine_id\) //p" /run/mkdl/facts'
	node_host_key "$1"
}

@test "five reboots in a row: the same host name, machine-id, initiator name and SSH host key" {
	local first now i
	node_new n1 profile=lab-bare boot=direct
	node_start n1
	node_up n1
	first=$(identity_of n1)
	echo "$first"
	[ "$(wc -l <<<"$first")" -ge 4 ]
	grep -q '^InitiatorName=iqn\.' <<<"$first"
	grep -qE '^[0-9a-f]{32}$' <<<"$first"
	grep -q '^ssh-ed25519 ' <<<"$first"
	for i in 1 2 3 4 5; do
		if [ "$i" = 3 ]; then node_reset n1 && node_up n1; else node_reboot n1; fi
		now=$(identity_of n1)
		assert_equal "$now" "$first"
	done
	echo "$first" >"$BATS_FILE_TMPDIR/first"
}

@test "another machine differs in all of it" {
	local line
	node_stop n1
	node_new n2 profile=lab-bare boot=direct
	node_start n2
	node_up n2
	run identity_of n2
	assert_success
	while IFS= read -r line; do
		run ! grep -xF -- "$line" "$BATS_FILE_TMPDIR/first"
	done <<<"$output"
	node_stop n2
}
