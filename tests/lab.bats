#!/usr/bin/env bats
# mkdl lab, as far as it goes without machines: what is wrong is said before anything is started.
# shellcheck disable=SC2016 # variables of other shells
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	cat >cluster.yml <<-YML
		name: labtest
		subnet: 10.77.0.0/24
		provisioner: 10.77.0.1
		state: {server: {/var/lib/etcd: {kind: tmpfs, size: 256M}}}
		nodes:
		  s1: {role: server, mac: "52:54:00:77:00:0b", address: 10.77.0.11}
	YML
}

@test "usage" {
	run "$MKDL" lab
	assert_failure 2
	assert_line "mkdl: lab: give one cluster.yml, or a subcommand"
	run "$MKDL" lab statsu
	assert_failure
	run "$MKDL" lab a b
	assert_failure 2
	run "$MKDL" lab cluster.yml --until soon
	assert_failure 2
	assert_line "mkdl: lab: --until soon: up or ready"
	run "$MKDL" lab cluster.yml --timeout never
	assert_failure 2
	assert_line --partial "--timeout never: a number of seconds"
	run "$MKDL" lab reset
	assert_failure 2
	assert_line "mkdl: lab reset: which node?"
	run "$MKDL" lab reset a b
	assert_failure 2
	run "$MKDL" lab --lab ../x status
	assert_failure 2
}

@test "without a lab that runs" {
	for word in status watch down "exec s1 true" "console s1" "reset s1" "kubectl get nodes" "run true" logs; do
		# shellcheck disable=SC2086 # words
		run "$MKDL" lab $word
		assert_failure 1
		assert_output "mkdl: no lab runs below out/lab; start one: mkdl lab FILE"
	done
	run "$MKDL" lab status --lab other
	assert_failure 1
	assert_output --partial 'no lab "other" runs'
	run "$MKDL" lab push /nowhere name
	assert_failure 1
}

@test "a file that is not there, or not a cluster's" {
	run "$MKDL" lab nowhere.yml
	assert_failure 1
	assert_output --partial "nowhere.yml"
	sed -i 's/address: .*/address: 10.78.0.11}/' cluster.yml
	run "$MKDL" lab cluster.yml
	assert_failure 1
	assert_output --partial "cluster.yml:6"
	assert_not_exist out/lab/labtest/control
}

@test "programs that the host lacks are named with their packages" {
	mkdir bin
	for name in sh ssh ssh-keygen; do ln -s "$(command -v "$name")" "bin/$name"; done
	# Where administrators' programs are is looked at as well, so there must be nothing.
	run unshare -m sh -c 'mount -t tmpfs none /usr/sbin && mount -t tmpfs none /usr/local/sbin && PATH=$PWD/bin exec "$0" lab cluster.yml' "$MKDL"
	assert_failure 1
	assert_output --partial "this host lacks qemu-system-x86_64, dnsmasq, nginx, ip, docker-registry; on Debian: apt-get install"
	assert_output --partial " qemu-system-x86 ipxe-qemu dnsmasq-base nginx-light iproute2 docker-registry"
}

@test "a folder whose name servers could not be told" {
	mkdir "a b"
	cp cluster.yml "a b"
	cd "a b"
	run "$MKDL" lab cluster.yml
	assert_failure 1
	assert_output --partial "a lab's folder cannot be in one whose name has blanks"
}

@test "where namespaces are not to be had" {
	mkdir -p out/lab/labtest/images/labtest-server out/lab/labtest/tftp
	: >out/lab/labtest/images/labtest-server/vmlinuz
	# Root of a container: no capability to open them.
	run setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$MKDL" lab cluster.yml --no-build
	assert_failure 1
	assert_output --partial "this host does not let root open namespaces (Operation not permitted)"
	assert_not_exist out/lab/labtest/control
}
