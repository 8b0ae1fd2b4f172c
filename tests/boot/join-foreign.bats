#!/usr/bin/env bats
# A worker without a disk joins a control plane that mkdl did not make (kubeadm's, with its own PKI), by address, token and hash
# in its configuration alone; it comes back by itself, and goes down in order.
load lab
load lab-kubeadm

setup_file() {
	lab_build lab-join worker.yml <<-'END'
		kubernetes: {server: config}
		images: {demo: {build: demo, name: "docker.io/library/mkdl-demo:1"}}
	END
	lab_open
	lab_dhcp
	lab_http
	lab_kubeadm_prepare
	hash=$(lab_ca_hash)
	export hash
	config "$TOKEN"
	node_new w1 profile=lab-join memory=1024 boot=http append='mkdl.config=http://10.77.0.1/w1.yml mkdl.hostname=w1'
	node_start w1
}

teardown_file() {
	lab_close
}

teardown() {
	lab_report 60
}

# config TOKEN: what the node is told.
config() {
	cat >"$LAB/http/w1.yml" <<-YAML
		#cloud-config
		mkdl:
		  kubernetes:
		    server: https://10.77.0.1:6443
		    token: $1
		    ca_cert_hash: $hash
		    labels: {example.org/disk: none}
	YAML
}

node_ready() {
	[ "$(kubectl_lab get node w1 -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ]
}

node_unready() {
	! node_ready
}

uncordoned() {
	[ -z "$(kubectl_lab get node w1 -o 'jsonpath={.spec.unschedulable}')" ]
}

pod_runs() {
	[ "$(kubectl_lab get pod polite -o 'jsonpath={.status.phase}')" = Running ]
}

polite() {
	kubectl_lab apply -f - <<-'YAML'
		apiVersion: v1
		kind: Pod
		metadata: {name: polite}
		spec:
		  enableServiceLinks: false
		  automountServiceAccountToken: false
		  terminationGracePeriodSeconds: 60
		  containers:
		    - name: main
		      image: docker.io/library/mkdl-demo:1
		      imagePullPolicy: Never
		      securityContext: {privileged: true, runAsUser: 0}
		      command: [/bin/sh, -c]
		      args:
		        - |
		          trap 'echo "polite: asked" >/host-console; sleep 2; echo "polite: ended" >/host-console; exit 0' TERM
		          echo "polite: runs" >/host-console
		          while :; do sleep 0.2; done
		      volumeMounts: [{name: console, mountPath: /host-console}]
		  volumes: [{name: console, hostPath: {path: /dev/console, type: CharDevice}}]
	YAML
}

@test "without its API server the node says what it waits for, on the console and to nodectl" {
	node_wait w1 400 'join: API server https://10.77.0.1:6443: refuses the connection: nothing listens there'
	wait_for 300 node_reachable w1
	run node_run w1 nodectl status
	assert_output --partial 'API server https://10.77.0.1:6443: refuses the connection'
	run node_run w1 nodectl --json services
	assert_equal "$(json_of '[s["name"] + " " + s["state"] for s in j if s["name"] in ("join", "kubelet")]' <<<"$output")" "['kubelet waiting', 'join starting']"
}

@test "when the control plane is there it joins, and is Ready" {
	lab_kubeadm_start
	node_wait w1 60 "join: API server https://10.77.0.1:6443 \\(v1.20.2\\), CA $hash, token abcdef"
	wait_for 300 node_ready
	kubectl_lab get nodes -o wide
	assert_equal "$(kubectl_lab get node w1 -o 'jsonpath={.metadata.labels.example\.org/disk} {.spec.podCIDR}')" "none 10.244.0.0/24"
	node_up w1 60
	# Allocatable is what is left of the RAM: the image, the services and a part of the file systems in RAM are not the pods'.
	run kubectl_lab get node w1 -o 'jsonpath={.status.capacity.memory} {.status.allocatable.memory}'
	echo "$output"
	read -r capacity allocatable <<<"${output//Ki/}"
	[ "$allocatable" -gt $((capacity * 40 / 100)) ]
	[ "$allocatable" -lt $((capacity * 70 / 100)) ]
	node_run w1 nodectl status
}

@test "the plug is pulled: the same Node is Ready again" {
	local uid
	uid=$(kubectl_lab get node w1 -o 'jsonpath={.metadata.uid}')
	node_reset w1
	node_wait w1 400 'join: API server .* token abcdef'
	node_up w1 400
	wait_for 240 node_ready
	assert_equal "$(kubectl_lab get node w1 -o 'jsonpath={.metadata.uid}')" "$uid"
}

@test "nodectl reboot: cordoned, the pod ends within its grace period, and the node takes pods again" {
	wait_for 300 kubectl_lab get serviceaccount default >/dev/null
	polite
	node_wait w1 120 'polite: runs'
	wait_for 300 pod_runs
	node_mark w1
	node_run w1 nodectl reboot || true
	node_wait w1 60 'polite: asked'
	node_wait w1 30 'polite: ended'
	assert_equal "$(kubectl_lab get node w1 -o 'jsonpath={.spec.unschedulable} {.metadata.annotations.mkdl/cordoned}')" "true shutdown"
	node_wait w1 60 'mkdl: rebooting$'
	node_wait w1 400 'uncordon: Node w1 takes pods again'
	wait_for 300 uncordoned
	node_wait w1 120 'polite: runs'
}

@test "kubectl drain: the pod ends within its grace period" {
	wait_for 300 pod_runs
	node_mark w1
	kubectl_lab drain w1 --force --ignore-daemonsets
	node_wait w1 1 'polite: asked'
	node_wait w1 1 'polite: ended'
	# A person's cordon outlives a reboot.
	kubectl_lab get node w1
	node_reboot w1 400
	wait_for 240 node_ready
	assert_equal "$(kubectl_lab get node w1 -o 'jsonpath={.spec.unschedulable}')" true
	kubectl_lab uncordon w1
}

@test "a token that was deleted: one line says so, until another is given" {
	kubeadm_lab token delete abcdef
	node_reset w1
	node_wait w1 400 "join: API server https://10.77.0.1:6443: (its cluster-info is not signed with token abcdef|token abcdef is unknown or expired)"
	wait_for 300 node_reachable w1
	kubeadm_lab token create ghijkl.0123456789abcdef
	node_run w1 "sed -i s/abcdef.0123456789abcdef/ghijkl.0123456789abcdef/ /run/mkdl/join"
	node_wait w1 90 'join: API server .* token ghijkl'
	wait_for 300 node_ready
}
