#!/usr/bin/env bats
# The rescue profile on machines without a disk: every way of booting, how a machine ends, and what goes wrong.
load helpers

setup_file() {
	build_for_boot rescue
}

teardown() {
	[ -z "${MACHINE-}" ] || kill -KILL "$MACHINE" 2>/dev/null || [ $? -eq 1 ]
	wait_for 60 no_machines
}

@test "boots by PXE" {
	machine rescue --memory 256M --until 'mkdl: node up in [0-9.]+ s'
	assert_success
	assert_output --partial "rescue.ipxe... ok"
}

@test "boots by pxelinux" {
	machine rescue --boot pxelinux --memory 256M --until 'mkdl: node up in [0-9.]+ s'
	assert_success
	assert_output --partial "PXELINUX"
}

@test "boots by UEFI" {
	machine rescue --boot uefi --memory 384M --until 'mkdl: node up in [0-9.]+ s'
	assert_success
	assert_output --partial "EFI stub"
}

@test "boots with as little memory as the manifest says" {
	local least
	least=$(($(json_of 'j["minimum_memory"]' <"$BOOT/out/rescue/manifest.json") / 1024 / 1024))
	machine rescue --boot direct --memory "${least}M" --until 'mkdl: node up in [0-9.]+ s'
	assert_success
}

@test "takes the address of the interface that it booted from, and says so" {
	machine rescue --boot direct --until 'mkdl: node up' --json
	assert_success
	is_json <<<"$output"
	assert_equal "$(json_of 'j["boot"], j["end"], j["failure"]' <<<"$output")" "('direct', 'seen', None)"
	assert_regex "$stderr" "mkdl: network +eth0 10\.0\.2\.15/24 via 10\.0\.2\.2"
	assert_regex "$stderr" "mkdl: identity +node-52-54-00-12-34-56"
}

@test "the shell on the console works, there is no disk, and poweroff ends the machine in order" {
	start_machine rescue --boot direct --memory 256M --timeout 900
	wait_for 300 console_has 'mkdl: node up'
	sleep 2
	# shellcheck disable=SC2016
	echo 'echo $((6 * 7)) disks: $(ls /sys/block | grep -c .)' >&7
	wait_for 60 console_has '^42 disks: 0'
	echo poweroff >&7
	end_of_machine
	[ "$ended" -eq 0 ]
	grep -q 'the machine switched itself off' "$BATS_TEST_TMPDIR/messages"
	console_has 'reboot: Power down'
}

@test "reboot from the shell" {
	start_machine rescue --boot direct --memory 256M --timeout 900
	wait_for 300 console_has 'mkdl: node up'
	sleep 2
	echo reboot >&7
	end_of_machine
	[ "$ended" -eq 0 ]
	console_has 'reboot: Restarting system'
}

@test "Ctrl-C shuts the machine down by its power button and leaves nothing behind" {
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
	start_machine rescue --memory 256M --timeout 900 --append test=1
	wait_for 300 console_has 'mkdl: node up'
	sleep 1
	kill -INT "$MACHINE"
	end_of_machine
	[ "$ended" -eq 0 ]
	console_has 'reboot: Power down'
	no_machines
	run ls "$TMPDIR"
	assert_output ""
}

@test "a killed mkdl leaves no machine" {
	start_machine rescue --memory 256M
	wait_for 60 console_has iPXE
	run no_machines
	assert_failure
	kill -KILL "$MACHINE"
	end_of_machine
	[ "$ended" -eq 137 ]
	wait_for 60 no_machines
}

# A copy of the published outputs, for damage.
copy_outputs() {
	cp -a "$BOOT/out" "$BATS_TEST_TMPDIR/out"
	IMAGE=$BATS_TEST_TMPDIR/out/rescue/initramfs.img
}

@test "an image that was cut off before its last segment stops with a message, exit 3" {
	copy_outputs
	# The manifest is the last segment, a zstd frame of its own; 28 b5 2f fd is how one begins.
	local cut
	cut=$(python3 -c 'import sys; print(open(sys.argv[1], "rb").read().rindex(b"\x28\xb5\x2f\xfd"))' "$IMAGE")
	truncate -s "$cut" "$IMAGE"
	machine rescue --boot direct --out "$BATS_TEST_TMPDIR/out" --until 'mkdl: node up'
	assert_failure 3
	assert_regex "$stderr" "the init stopped the boot: mkdl: BOOT FAILED in image: "
}

@test "an image that was cut off inside the modules stops, exit 3" {
	copy_outputs
	truncate -s "$(($(stat -c %s "$IMAGE") * 2 / 3))" "$IMAGE"
	machine rescue --boot direct --out "$BATS_TEST_TMPDIR/out" --until 'mkdl: node up'
	assert_failure 3
	assert_regex "$stderr" "BOOT FAILED in image|the kernel gave up"
}

@test "a kernel panic is exit 3" {
	machine rescue --boot direct --append 'rdinit=/nothing init=/nothing' --until 'mkdl: node up'
	assert_failure 3
	assert_regex "$stderr" "the kernel gave up: .*Kernel panic - not syncing"
}

@test "an image that is missing on the server is exit 1, by PXE" {
	copy_outputs
	sed -i 's/^initrd [^ ]*/initrd rescue\/nothing/' "$BATS_TEST_TMPDIR/out/tftp/rescue.ipxe"
	machine rescue --out "$BATS_TEST_TMPDIR/out" --until 'mkdl: node up' --timeout 600
	assert_failure 1
	assert_regex "$stderr" "the machine found nothing to boot"
}
