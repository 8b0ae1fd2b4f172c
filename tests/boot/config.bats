#!/usr/bin/env bats
# Nodes that are configured by the network: what they read, what they say when they cannot, and that they are the same machine
# after every boot.
load lab

setup_file() {
	mkdir -p "$BOOT"
	echo '0123456789abcdef0123456789abcdef' >"$BOOT/cluster.secret"
	printf '#cloud-config\nfinal_message: from the image\ntimezone: UTC\n' >"$BOOT/site.yml"
	lab_build config-required base.yml <<-'END'
		config: {files: [site.yml], timeout: 15s}
		identity: {secret: cluster.secret}
		failure: reboot 5s
	END
	"$MKDL" sign --new-key "$BATS_FILE_TMPDIR/key.pem" >"$BATS_FILE_TMPDIR/trust"
	lab_build config-degraded base.yml <<-END
		config: {required: false, timeout: 3s, trust: $(sed -n 's/^public key: //p' "$BATS_FILE_TMPDIR/trust")}
	END
	lab_open
	lab_dhcp
	lab_http
	printf '#cloud-config\nhostname: named-by-mac\nwrite_files: [{path: /etc/motd, content: "hello\\n"}]\n' >"$LAB/http/52:54:00:77:00:01.yml"
	printf '#cloud-config\ntimezone: CET-1\n' | gzip >"$LAB/tftp/zone.gz"
	# shellcheck disable=SC2016 # the agent's variable
	node_new n1 profile=config-required boot=direct \
		append='mkdl.config=http://10.77.0.1/${mac}.yml mkdl.config=tftp://10.77.0.1/zone.gz'
}

teardown_file() {
	lab_close
}

# Whatever the test before left behind.
setup() {
	lab_alive http || lab_http
}

teardown() {
	lab_report
}

# What a machine is known by, one a line.
identity_of() {
	node_run "$1" 'cat /etc/hostname /etc/machine-id /etc/iscsi/initiatorname.iscsi'
	node_host_key "$1"
}

@test "image, http by MAC and tftp with gzip: each has its part, and nodectl names it" {
	node_start n1
	node_up n1
	run node_run n1 'hostname; cat /etc/motd; nodectl config'
	assert_success
	assert_line named-by-mac
	assert_line hello
	assert_line --regexp '^hostname +http://10.77.0.1/52:54:00:77:00:01.yml:2 +named-by-mac$'
	assert_line --regexp '^timezone +tftp://10.77.0.1/zone.gz:2 +CET-1$'
	assert_line --regexp '^final_message +/etc/mkdl/config.d/10-site.yml:2 +from the image$'
	node_says n1 'mkdl: config +read 3 sources: /etc/mkdl/config\.d/10-site\.yml, http://10\.77\.0\.1/52:54:00:77:00:01\.yml, tftp://10\.77\.0\.1/zone\.gz'
	node_wait n1 60 'from the image'
}

@test "after each of three reboots it is the same machine, to SSH, iSCSI and itself" {
	local first
	first=$(identity_of n1)
	assert_equal "$(wc -l <<<"$first")" 4
	for _ in 1 2 3; do
		node_reboot n1
		assert_equal "$(identity_of n1)" "$first"
	done
	echo "$first" >"$BATS_FILE_TMPDIR/first"
	node_stop n1
}

@test "two machines with the UUID that their maker left in all boards are two machines" {
	local name
	for name in a b; do
		node_new "$name" profile=config-required boot=direct uuid=03000200-0400-0500-0006-000700080009
		node_start "$name"
		node_up "$name"
		identity_of "$name" >"$BATS_TEST_TMPDIR/$name"
		node_run "$name" cat /run/mkdl/facts >"$BATS_TEST_TMPDIR/facts"
		grep -qx 'seed mac:52:54:00:77:00:..' "$BATS_TEST_TMPDIR/facts"
		run ! grep '^uuid ' "$BATS_TEST_TMPDIR/facts"
		node_stop "$name"
	done
	# No line of one is a line of the other, nor of the machine before.
	assert_equal "$(cat "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b" "$BATS_FILE_TMPDIR/first" | sort | uniq -d)" ""
}

@test "a server that comes late is waited for" {
	node_new late profile=config-required boot=direct append='mkdl.config=http://10.77.0.1/late.yml'
	lab_stop http
	node_start late
	node_wait late 300 'config: http://10.77.0.1/late.yml: .*; trying again, for [0-9]+ s at most'
	printf '#cloud-config\nhostname: late\n' >"$LAB/http/late.yml"
	lab_http
	node_up late
	assert_equal "$(node_run late hostname)" late
	node_stop late
}

@test "what cannot be read ends the boot with the reason, and the machine tries again" {
	node_new lost profile=config-required boot=direct append='mkdl.config=http://10.77.0.1/lost.yml'
	node_start lost
	node_wait lost 300 'BOOT FAILED in config: .*kernel command line \(mkdl.config=\): http://10.77.0.1/lost.yml: the server answers 404 \(not found\)'
	run ! node_says lost 'node up in'
	node_mark lost
	printf '#cloud-config\nhostname: found\n' >"$LAB/http/lost.yml"
	node_up lost
	assert_equal "$(node_run lost hostname)" found
	node_stop lost
}

@test "required: false: it comes up without what it cannot read or trust, and says so" {
	printf '#cloud-config\nhostname: signed\n' >"$LAB/http/signed.yml"
	printf '#cloud-config\nhostname: unsigned\n' >"$LAB/http/unsigned.yml"
	"$MKDL" sign --key "$BATS_FILE_TMPDIR/key.pem" "$LAB/http/signed.yml"
	node_new part profile=config-degraded boot=direct \
		append='mkdl.config=http://10.77.0.1/signed.yml mkdl.config=http://10.77.0.1/unsigned.yml mkdl.config=tftp://10.77.0.1/none'
	node_start part
	node_up part
	node_says part 'config: left out, as the profile allows: .*unsigned.yml: refused, as it is not signed .*'
	node_says part 'config: left out, as the profile allows: .*tftp://10.77.0.1/none: .*'
	node_says part 'mkdl: config +DEGRADED'
	assert_equal "$(node_run part hostname)" signed
	node_stop part
}
