#!/usr/bin/env bats
# Pods end within their own grace periods: when nodectl drain asks for it, and when the node goes down.
load lab

setup_file() {
	mkdir -p "$BOOT/pods"
	pod polite 60 "trap 'echo \"polite: asked\" >/host-console; sleep 2; echo \"polite: ended\" >/host-console; exit 0' TERM"
	pod stubborn 15 "trap '' TERM"
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

# pod NAME GRACE WORDS: runs the words, then for ever.
pod() {
	cat >"$BOOT/pods/$1.yml" <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: $1, namespace: default}
		spec:
		  enableServiceLinks: false
		  automountServiceAccountToken: false
		  terminationGracePeriodSeconds: $2
		  containers:
		    - name: main
		      image: docker.io/library/mkdl-demo:1
		      imagePullPolicy: Never
		      securityContext: {privileged: true, runAsUser: 0}
		      command: [/bin/sh, -c]
		      args:
		        - |
		          $3
		          echo "$1: runs" >/host-console
		          while :; do sleep 0.2; done
		      volumeMounts: [{name: console, mountPath: /host-console}]
		  volumes: [{name: console, hostPath: {path: /dev/console, type: CharDevice}}]
	END
}

pods_run() {
	node_wait n1 300 'polite: runs'
	node_wait n1 300 'stubborn: runs'
}

@test "drain ends pods within their grace periods, says which had to be killed, and the kubelet brings them back" {
	pods_run
	node_mark n1
	run node_run n1 nodectl drain --timeout 60
	assert_success
	assert_line --regexp '^service kubelet is stopped$'
	assert_line --regexp '^pod default/polite-[^ ]*: container main ended after [0-9.]+ s, exit code 0$'
	assert_line --regexp '^pod default/stubborn-[^ ]*: container main did not end within 15 s: killed$'
	assert_line --regexp '^containers: [12] ended, 1 killed; pods: (2 of 2|3 of 3) down; took [0-9.]+ s$'
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
