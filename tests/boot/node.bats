#!/usr/bin/env bats
# What a node does when the machine, its network or its image are not as they should be: rescue on machines that mkdl run
# has no words for, through its --dry-run.
load helpers

setup_file() {
	build_for_boot rescue
}

teardown() {
	[ -z "${MACHINE-}" ] || kill -KILL "$MACHINE" 2>/dev/null || [ $? -eq 1 ]
	wait_for 60 no_machines
}

@test "cards of other makers: e1000, e1000e, vmxnet3" {
	local card
	for card in e1000 e1000e vmxnet3; do
		rm -f "$BATS_TEST_TMPDIR/keys"
		by_hand "s,virtio-net-pci,$card,"
		wait_for 300 console_has 'mkdl: node up'
		said "eth0 10.0.2.15/24 via 10.0.2.2"
		kill "$MACHINE"
		end_of_machine
	done
}

@test "a card without a driver is named" {
	by_hand 's,virtio-net-pci,rtl8139,;s,BOOTIF=,mkdl.network_timeout=1 mkdl.failure=reboot &,'
	wait_for 300 console_has 'BOOT FAILED in network'
	wait_for 60 console_has "the network card \(PCI 10ec:8139\) has no driver in the image that works: add its kernel module to the profile's drivers"
	# The profile would offer a shell; rebooting without one leaves time to read why.
	wait_for 60 console_has 'rebooting in 30 s'
	kill "$MACHINE"
	end_of_machine
}

@test "two cards: the node's address is that of the one that it booted from" {
	by_hand 's,-netdev user,-netdev user\,id=n1\,net=10.9.9.0/24 -device virtio-net-pci\,netdev=n1\,mac=52:54:00:aa:aa:aa\,romfile= &,;s,BOOTIF=[-0-9a-f]*,BOOTIF=01-52-54-00-aa-aa-aa,'
	wait_for 300 console_has 'mkdl: node up'
	said "10.9.9.15/24 via 10.9.9.2"
	said "node-52-54-00-aa-aa-aa"
	sleep 1
	# shellcheck disable=SC2016
	echo 'ip -4 -o addr | grep -c 10.0.2; echo "default $(ip route | grep -c "^default")"' >&7
	wait_for 60 console_has '^default 1'
	kill "$MACHINE"
	end_of_machine
}

@test "no DHCP server: the boot waits, says so, and a key combination ends it" {
	by_hand 's,-netdev user[^ ]*,-netdev socket\,id=n0\,udp=127.0.0.1:9\,localaddr=127.0.0.1:0,'
	wait_for 300 console_has 'no answer from a DHCP server on eth0'
	wait_for 60 console_has "trying on"
	monitor "sendkey ctrl-alt-delete"
	end_of_machine
	said "rebooting: asked by Ctrl-Alt-Del"
	console_has 'reboot: Restarting system'
}

@test "the power button, by ACPI" {
	by_hand ''
	wait_for 300 console_has 'mkdl: node up'
	monitor system_powerdown
	end_of_machine
	[ "$ended" -eq 0 ]
	said "powering off: asked by the power button"
	console_has 'reboot: Power down'
}

@test "a damaged image: the message has the kernel's reason" {
	cp -a "$BOOT/out" "$BATS_TEST_TMPDIR/out"
	truncate -s -1024 "$BATS_TEST_TMPDIR/out/rescue/initramfs.img"
	machine rescue --boot direct --out "$BATS_TEST_TMPDIR/out" --memory 256M --until 'mkdl: node up'
	assert_failure 3
	assert_regex "$stderr" "the kernel could not unpack it \(ZSTD-compressed data is truncated\): a truncated or damaged download"
}
