#!/usr/bin/env bats
# A cluster's images without the internet: registries of one's own, as origin and as a proxy that keeps copies.
load lab
load lab-registry
load pods

setup_file() {
	web_pod docker.io/library/web:1
	lab_build lab-registry worker.yml <<-'END'
		kubernetes: {role: standalone, pods: [pods/web.yml]}
		registries:
		  docker.io: ["http://10.77.0.1:5009", "http://10.77.0.1:5000"]    # nobody listens at the first
		compression: fast
	END
	lab_open
	lab_dhcp
	lab_http
	recipe_archive demo "$BOOT/demo.tar"
	lab_registry origin 5001
	lab_registry proxy 5000 http://10.77.0.1:5001
	lab_push 5001 "$BOOT/demo.tar" library/web:1
	node_new n1 profile=lab-registry memory=640 boot=http
	node_start n1
	node_up n1 600
}

teardown_file() {
	lab_close
}

teardown() {
	lab_report
}

web_answers() {
	lab_exec curl -s -m 2 http://10.77.0.11:8080/ | grep -q 'mkdl demo'
}

@test "a pod's image comes through the mirror that answers, which keeps a copy" {
	wait_for 400 web_answers
	lab_registry_has proxy library/web 1
}

@test "the mirror has it when the origin is gone: the node starts again, and its pod" {
	lab_stop registry-origin
	node_mark n1
	node_run n1 nodectl reboot || true
	node_wait n1 400 'mkdl: node up in '
	wait_for 400 web_answers
}

@test "preloaded images do not lie in RAM twice" {
	run node_run n1 find /usr/share/mkdl/images/blobs -type f
	assert_output ""
}
