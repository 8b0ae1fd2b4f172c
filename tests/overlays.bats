#!/usr/bin/env bats
# Programs of the overlays, on this machine's busybox.
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	PATH=$ROOT/overlays/worker/usr/local/bin:$PATH
	mkdir -p "folder/sub folder"
	head -c 100000 /dev/zero >folder/data
	printf x >"folder/sub folder/two
lines"
}

@test "du: bytes for the kubelet, busybox's own for everybody else" {
	run du -x -s -B 1 folder
	assert_success
	assert_equal "$output" "$(/usr/bin/du -x -s -B 1 folder)"
	run du -x -s -B 1 nothing
	assert_failure
	run du -s -k folder
	assert_success
	assert_equal "$output" "$(busybox du -s -k folder)"
}

@test "find: a dot for each file for the kubelet, busybox's own for everybody else" {
	run find folder -xdev -printf .
	assert_success
	assert_output "...."
	run find nothing -xdev -printf .
	assert_failure
	run find folder -name data
	assert_success
	assert_output "folder/data"
}
