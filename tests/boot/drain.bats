#!/usr/bin/env bats
# Pods end within their own grace periods: when nodectl drain asks for it, and when the node goes down.
load lab
load pods

setup_file() {
	pod_polite 60
	pod_stubborn 15
	lab_build lab-drain demo.yml <<-'END'
		kubernetes: {pods: [pods/polite.yml, pods/stubborn.yml]}
	END
	lab_open
	lab_dhcp
	lab_http
	node_new n1 profile=lab-drain memory=640 boot=http
	node_start n1
	node_up n1
}

teardown_file() {
	lab_close
}

teardown() {
	lab_report
}

@test "drain ends pods within their grace periods, says which had to be killed, and the kubelet brings them back" {
	pods_run
	node_mark n1
	run node_run n1 nodectl drain --timeout 60
	assert_success
	drained '[23]'
	node_wait n1 60 'polite: asked'
	node_wait n1 60 'polite: ended'
	run node_run n1 nodectl --json services
	assert_equal "$(json_of '[s["state"] for s in j if s["name"] == "kubelet"]' <<<"$output")" "['stopped']"
	node_mark n1
	node_run n1 nodectl start kubelet
	pods_run
}

@test "a limit shorter than the grace periods holds" {
	run node_run n1 nodectl drain --timeout 5
	assert_success
	assert_line --regexp '^pod default/stubborn-[^ ]*: container main did not end within [1-5] s: killed$'
	node_mark n1
	node_run n1 nodectl start kubelet
	pods_run
}

@test "at a reboot the pods end in the same way, before containerd does" {
	node_mark n1
	node_run n1 nodectl reboot || true
	node_wait n1 60 'polite: asked'
	node_wait n1 60 'polite: ended'
	node_wait n1 60 'mkdl: rebooting$'
}
