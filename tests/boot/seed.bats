#!/usr/bin/env bats
# NoCloud's seed on a web server, and a node that takes nothing but what is signed.
load lab

setup_file() {
	lab_build lab-bare base.yml </dev/null
	lab_open
	lab_dhcp
	lab_http
}

teardown() {
	lab_report 25
	node_stop n1
	rm -rf "$LAB/node/n1"
}

teardown_file() {
	lab_close
}

# configured PROFILE APPEND…: a node that boots with these words on the kernel's command line.
configured() {
	local profile=$1
	shift
	node_new n1 "profile=$profile" boot=direct "append=$*"
	node_start n1
}

@test "NoCloud: meta-data and user-data of a seed, where a MIME message and gzip hold what is meant" {
	mkdir -p "$LAB/http/seed"
	printf 'instance-id: i-1\nlocal-hostname: of-the-seed\n' >"$LAB/http/seed/meta-data"
	{
		printf 'Content-Type: multipart/mixed; boundary=xx\nMIME-Version: 1.0\n\n--xx\nContent-Type: text/cloud-config\n\n'
		printf '#cloud-config\nwrite_files: [{path: /etc/one, content: one}]\n--xx\nContent-Type: text/x-shellscript\n\n'
		printf '#!/bin/sh\necho script >/run/script\n--xx--\n'
	} | gzip >"$LAB/http/seed/user-data"
	configured lab-bare 'ds=nocloud-net;s=http://10.77.0.1/seed/'
	node_up n1
	run node_run n1 'hostname; cat /etc/one; n=0; while [ ! -s /run/script ] && [ $n -lt 60 ]; do sleep 1; n=$((n + 1)); done; cat /run/script'
	assert_output "of-the-seed
onescript"
	[ "$(lab_http_requests /seed/vendor-data)" -ge 1 ]
}

@test "a node that trusts a key takes what is signed with it, and nothing else" {
	local trust
	"$MKDL" sign --new-key "$BATS_FILE_TMPDIR/key.pem" --json >"$BATS_TEST_TMPDIR/key.json"
	trust=$(grep -oE '[0-9a-f]{64}' "$BATS_TEST_TMPDIR/key.json" | head -n 1)
	lab_build lab-trust base.yml <<<"config: {trust: \"$trust\"}"
	printf '#cloud-config\nhostname: signed\n' >"$LAB/http/signed.yml"
	"$MKDL" sign --key "$BATS_FILE_TMPDIR/key.pem" "$LAB/http/signed.yml"
	configured lab-trust 'mkdl.config=http://10.77.0.1/signed.yml'
	node_up n1
	run node_run n1 hostname
	assert_output signed
	# One byte more.
	echo '# harmless' >>"$LAB/http/signed.yml"
	node_reset n1
	node_wait n1 300 'BOOT FAILED in config: .*signed\.yml.*signature'
	refute node_says n1 'mkdl: node up'
}
