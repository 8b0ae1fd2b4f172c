#!/usr/bin/env bats
# PID 1 on a machine: what services are promised, what a hostile machine does to it, the watchdog, the end.
load helpers

setup_file() {
	mkdir -p "$BOOT/profiles"
	sed "s,PROJECT,$ROOT," "$ROOT/tests/boot/services/services.yml" >"$BOOT/profiles/services.yml"
	cd "$BOOT" || return 1
	"$MKDL" build "$BOOT/profiles/services.yml" --out "$BOOT/out" --tftp "$BOOT/out/tftp"
	export PROFILE=services
}

teardown() {
	[ -z "${MACHINE-}" ] || kill -KILL "$MACHINE" 2>/dev/null || [ $? -eq 1 ]
	wait_for 60 no_machines
}

boot_up() {
	by_hand -e "s,BOOTIF=,$* &," -e 's,-serial,-device i6300esb -action watchdog=reset &,' -e 's, -no-reboot,,'
	wait_for 300 console_has 'mkdl: node up'
	sleep 1
}

shell() {
	echo "$1" >&7
}

@test "user, limits, out of memory, kernel messages, memory of PID 1, the order of the end" {
	boot_up
	wait_for 60 console_has 'as-worker: 1000 1000 1000 77 /home worker blue'
	wait_for 60 console_has 'eats: limits 16777216 50000 100000 30'
	console_has 'mkdl: watchdog +i6300ESB timer, resets after 8 s'
	console_has 'early: lo 1 eth0 0 time good'
	said 'mkdl: ' | grep -aoE '^mkdl: (service early +ready|network +eth0)' | head -n 1 | grep -q early
	shell 'touch /tmp/eat'
	wait_for 60 console_has 'mkdl: service eats: out of memory: the kernel killed 1 of its processes; its limit is 16M'
	wait_for 60 console_has 'eats: tail ended with 137'
	shell 'grep -c "Linux version" /run/mkdl/log/kernel.log | sed "s/^/kernel.log /"'
	wait_for 60 console_has 'kernel.log 1'
	shell 'grep VmRSS /proc/1/status'
	wait_for 60 console_has 'VmRSS:[^0-9]*[0-9]{3} kB'
	# Fed: the watchdog's time passes, and the machine is still there.
	sleep 12
	run ! second_boot
	shell poweroff
	end_of_machine
	console_has 'mkdl: powering off: asked by SIGUSR2; within [0-9]+ s'
	console_has 'draining'
	# It started before the network and ends before it.
	console_has 'early: ends with eth0 1'
	console_has 'mkdl: services +stopped \('
	console_has 'mkdl: mounts +unmounted \('
	console_has 'mkdl: sync +done \('
	console_has 'reboot: Power down'
}

@test "nothing starts early where there is configuration to read" {
	by_hand -e 's,BOOTIF=,mkdl.config=http://10.0.2.2:1/node.yml &,'
	wait_for 150 console_has 'mkdl: network +eth0'
	console_has 'mkdl: early +no services: there is configuration to read'
	run ! console_has 'service early'
	kill "$MACHINE"
	end_of_machine
}

@test "10 000 orphans, a full /run, garbage on the control socket, SIGKILL to all: PID 1 stays up" {
	boot_up
	shell '/opt/stress orphans; /opt/stress full; /opt/stress garbage'
	wait_for 400 console_has '^alive after orphans'
	wait_for 60 console_has '^alive after a full /run'
	wait_for 60 console_has '^alive after garbage to the control socket'
	shell 'kill -9 -1'
	wait_for 60 console_has 'mkdl: service drains was killed by signal 9'
	# The shell is back at some time, without a word.
	wait_for 120 shell_answers
	shell poweroff
	end_of_machine
	console_has 'reboot: Power down'
}

@test "the watchdog resets a machine whose kernel hangs" {
	boot_up panic=0
	shell 'echo c >/proc/sysrq-trigger'
	wait_for 60 console_has 'Kernel panic'
	wait_for 300 second_boot
	# Its driver tells it that it was the watchdog.
	wait_for 60 console_has 'mkdl: watchdog: it has reset the machine'
	kill "$MACHINE"
	end_of_machine
}

@test "the watchdog resets a machine where no process can be started any more" {
	boot_up
	shell '/opt/stress processes'
	wait_for 60 console_has 'mkdl: watchdog: not fed: Resource temporarily unavailable'
	wait_for 300 second_boot
	kill "$MACHINE"
	end_of_machine
}

@test "a disk that does not answer any more: the end comes all the same, within its limits" {
	# Without the watchdog: PID 1 has to do it alone. From "break" on QEMU keeps the disk's requests to itself.
	truncate -s 64M "$BATS_TEST_TMPDIR/disk"
	mkfs.ext4 -q "$BATS_TEST_TMPDIR/disk"
	by_hand -e "s,-serial,-blockdev driver=file\,filename=$BATS_TEST_TMPDIR/disk\,node-name=file -blockdev driver=blkdebug\,image=file\,node-name=debug -blockdev driver=raw\,file=debug\,node-name=disk -device ide-hd\,drive=disk &," -e 's, -no-reboot,,'
	wait_for 300 console_has 'mkdl: node up'
	sleep 1
	# The kernel is to wait, as it does for iSCSI: a reset of the disk would wait for the requests in QEMU itself.
	shell 'echo 3600 >/sys/block/sda/device/timeout; mkdir /mnt/disk; mount -t ext4 /dev/sda /mnt/disk && echo "mounted $?"'
	wait_for 60 console_has '^mounted 0'
	monitor 'qemu-io disk "break write_aio w"'
	monitor 'qemu-io disk "break flush_to_disk f"'
	shell 'dd if=/dev/zero of=/mnt/disk/x bs=64k count=8; sync &'
	sleep 2
	# busybox's reboot would wait for a sync first.
	shell 'nodectl reboot'
	wait_for 60 console_has 'mkdl: rebooting: asked by nodectl; within [0-9]+ s'
	# The reset itself is beyond what QEMU can do with such a disk: it waits for the requests, too.
	wait_for 170 console_has 'sysrq: Resetting'
	console_has 'mkdl: processes +some do not die \(hung I/O\?\): left behind'
	console_has 'mkdl: /mnt/disk cannot be unmounted within 10 s: left as it is'
	console_has 'mkdl: sync +hangs: given up'
	console_has 'mkdl: the kernel hangs: forced'
	kill -KILL "$MACHINE"
	end_of_machine
}

shell_answers() {
	shell 'nodectl status >/dev/null && echo "alive after SIGKILL"'
	sleep 3
	console_has '^alive after SIGKILL'
}

# Linux has started a second time in the same machine.
second_boot() {
	[ "$(grep -acE ' 0\.0+\] Linux version' "$BATS_TEST_TMPDIR/console")" -ge 2 ]
}
