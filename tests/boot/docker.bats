#!/usr/bin/env bats
# A worker whose pods run in Docker: preloaded images, a registry's mirror, and pods that end within their grace periods.
load lab
load lab-registry
load pods

setup_file() {
	web_pod docker.io/library/web:1
	pod_polite 60
	pod_stubborn 15
	lab_build lab-docker docker.yml <<-'END'
		images: {demo: {build: demo, name: "docker.io/library/mkdl-demo:1"}}
		kubernetes: {role: standalone, pods: [pods/web.yml, pods/polite.yml, pods/stubborn.yml]}
		registries: {docker.io: ["http://10.77.0.1:5000"]}
		compression: fast
	END
	lab_open
	lab_dhcp
	lab_http
	recipe_archive demo "$BOOT/demo.tar"
	lab_registry origin 5001
	lab_registry proxy 5000 http://10.77.0.1:5001
	lab_push 5001 "$BOOT/demo.tar" library/web:1
	node_new n1 profile=lab-docker memory=1024 boot=http
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

@test "pods run from preloaded images, which are loaded into dockerd and then gone from the root" {
	pods_run 500
	run node_console n1
	assert_line --regexp 'mkdl: service docker +ready'
	run node_run n1 find /usr/share/mkdl/images/blobs -type f
	assert_output ""
}

@test "a pod's image comes through the registry's mirror, and the pod answers HTTP" {
	wait_for 500 web_answers
	lab_registry_has proxy library/web 1
}

@test "dockerd and the kubelet have the same cgroup driver, and nothing else drives containers" {
	run node_run n1 'cat /etc/docker/daemon.json /etc/kubernetes/kubelet.yaml'
	assert_line --partial '"native.cgroupdriver=cgroupfs"'
	assert_line 'cgroupDriver: cgroupfs'
	# Pods' cgroups are below the kubelet's, where cgroupfs puts them, and none is systemd's.
	run node_run n1 'find /sys/fs/cgroup -type d -name "*.slice" | head -n 3; ls -d /sys/fs/cgroup/kubepods'
	assert_output /sys/fs/cgroup/kubepods
}

@test "drain ends pods within their grace periods, and the kubelet brings them back" {
	pods_run
	node_mark n1
	run node_run n1 nodectl drain --timeout 90
	assert_success
	drained 3
	node_wait n1 300 'polite: asked'
	node_wait n1 300 'polite: ended'
	node_mark n1
	node_run n1 nodectl start kubelet
	pods_run 500
}

@test "pods outlive a dockerd that ends unexpectedly" {
	node_mark n1
	# shellcheck disable=SC2016 # the node's
	node_run n1 'kill -KILL $(pidof dockerd)'
	node_wait n1 300 'mkdl: service docker +ready'
	wait_for 300 web_answers
	run node_says n1 'polite: (asked|runs)'
	assert_output ""
}

@test "at a reboot the pods end in the same way, before dockerd does" {
	node_mark n1
	node_run n1 nodectl reboot || true
	node_wait n1 300 'polite: asked'
	node_wait n1 300 'polite: ended'
	node_wait n1 300 'mkdl: rebooting$'
}
