#!/usr/bin/env bats
# The worker and the demo on machines without a disk: real containerd, runc and kubelet.
load helpers

setup_file() {
	build_for_boot worker demo
}

teardown() {
	wait_for 60 no_machines
}

demo_answers() {
	machine demo --forward "$(free_port):8080" --until 'mkdl: node up in [0-9.]+ s' --timeout 800 --json "$@"
	assert_success
	assert_equal "$(json_of 'j["forwards"][0]["status"], "mkdl demo" in j["forwards"][0]["body"]' <<<"$output")" "(200, True)"
	# The service is ready when the kubelet's own /healthz says ok.
	assert_regex "$stderr" "mkdl: service kubelet +ready"
}

@test "demo: the pod answers over HTTP, 512 MB, PXE" {
	demo_answers --memory 512M
}

@test "demo: the pod answers over HTTP, 384 MB" {
	demo_answers --memory 384M
}

@test "demo: the pod answers over HTTP, UEFI" {
	demo_answers --memory 512M --boot uefi
}

@test "demo: the pod answers over HTTP, pxelinux" {
	demo_answers --memory 512M --boot pxelinux
}

@test "worker: the kubelet is up, by pxelinux though demo was built last" {
	machine worker --memory 512M --boot pxelinux --until 'mkdl: service kubelet +ready' --timeout 800
	assert_success
	assert_output --regexp "mkdl: service containerd +ready"
}

@test "worker: kernel and initramfs are at most 50 MB together" {
	local size
	size=$(($(stat -c %s "$BOOT/out/worker/vmlinuz") + $(stat -c %s "$BOOT/out/worker/initramfs.img")))
	echo "$size bytes"
	[ "$size" -le 50000000 ]
}
