#!/usr/bin/env bats
# mkdl run without a machine: a QEMU of our own plays one on the console that it is given as descriptor 3.
# tests/boot/ has the real ones.
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p fake out/node out/tftp/node/1 out/tftp/pxelinux.cfg runtime/mkdl tmp
	export XDG_RUNTIME_DIR=$PWD/runtime TMPDIR=$PWD/tmp CALLED=$PWD/called
	# That KVM does not work was found out before.
	echo no >"runtime/mkdl/kvm-$(cat /proc/sys/kernel/random/boot_id)-7.2"
	PATH=$PWD/fake:$PATH
	echo kernel >out/node/vmlinuz
	echo initramfs >out/node/initramfs.img
	cp out/node/* out/tftp/node/1/
	echo pxelinux >out/tftp/pxelinux.0
	printf '#!ipxe\nkernel node/1/vmlinuz initrd=initramfs.img a=1 || goto retry\ninitrd node/1/initramfs.img\nboot\n' \
		>out/tftp/node.ipxe
	printf 'DEFAULT other\nLABEL other\n  KERNEL other/vmlinuz\n  APPEND b=2\n' >out/tftp/pxelinux.cfg/default
	qemu 'echo "Linux version 6.1" >&3; echo "mkdl: node up in 1.0 s" >&3; wait_for_quit'
}

# What the machine does, as shell commands.
qemu() {
	{
		printf '#!/bin/bash\n'
		printf '[ "$1" != --version ] || { echo "QEMU emulator version ${VERSION-7.2.0}"; exit; }\n'
		printf 'printf "%%s\\n" "$@" >"$CALLED"\n'
		# shellcheck disable=SC2016
		printf 'trap '"'"'kill $(jobs -p) 2>/dev/null'"'"' EXIT\n'
		printf 'wait_for_quit() { while read -r -u 4 line; do [[ $line != *%s* ]] || exit 0; done; }\n' '\"quit\"'
		printf '%s\n' "$1"
	} >fake/qemu-system-x86_64
	chmod +x fake/qemu-system-x86_64
}

mkdl_run() {
	run --separate-stderr timeout 300 "$MKDL" run "$@" </dev/null
}

@test "--until: the line is shown whole, the machine switched off, exit 0" {
	qemu 'printf "Linux version 6.1\nmkdl: node up" >&3; sleep 0.1; echo " in 1.0 s" >&3; wait_for_quit'
	mkdl_run node --until 'node up'
	assert_success
	assert_line --index 1 "mkdl: node up in 1.0 s"
	assert_regex "$stderr" "mkdl: a machine with 512 MB, 2 processors and no disk \(pxe, emulated\)"
	assert_regex "$stderr" "mkdl: seen after [0-9.]+ s"
	assert_equal "$(processes_with "$PWD/fake")" ""
}

@test "a prompt without newline is seen" {
	qemu 'printf "/ # " >&3; wait_for_quit'
	mkdl_run node --until '^/ # $'
	assert_success
}

@test "not seen within --timeout: exit 1" {
	qemu 'echo hello >&3; wait_for_quit'
	mkdl_run node --until 'node up' --timeout 5
	assert_failure 1
	assert_output hello
	assert_regex "$stderr" 'mkdl: run: no line matched "node up" within 5 seconds'
}

@test "a machine that ends before it was seen: exit 1; without --until that is fine" {
	qemu 'echo bye >&3'
	mkdl_run node --until 'node up'
	assert_failure 1
	assert_regex "$stderr" 'the machine ended before "node up" was seen'
	mkdl_run node
	assert_success
	assert_regex "$stderr" 'the machine switched itself off after'
}

@test "a kernel panic: exit 3, at once, whatever was waited for" {
	qemu 'echo "[ 1.0] Kernel panic - not syncing: Attempted to kill init!" >&3; echo more >&3; wait_for_quit'
	mkdl_run node --until 'never'
	assert_failure 3
	assert_line more
	assert_regex "$stderr" 'the kernel gave up: \[ 1.0\] Kernel panic - not syncing: Attempted to kill init!'
	mkdl_run node --until 'Kernel panic'
	assert_failure 3
	mkdl_run node
	assert_failure 3
}

@test "an init that stops the boot: exit 3; without --until the machine goes on" {
	qemu 'echo "mkdl: BOOT FAILED in image: it is cut off" >&3; wait_for_quit'
	mkdl_run node --until 'never'
	assert_failure 3
	assert_regex "$stderr" 'the init stopped the boot: mkdl: BOOT FAILED in image: it is cut off'
	qemu 'echo "mkdl: BOOT FAILED in image: it is cut off" >&3; sleep 2; echo later >&3'
	mkdl_run node
	assert_failure 3
	assert_line later
}

@test "a boot loader that finds nothing: exit 1" {
	qemu 'echo "No bootable device." >&3; wait_for_quit'
	mkdl_run node
	assert_failure 1
	assert_regex "$stderr" 'the machine found nothing to boot: No bootable device.'
}

@test "QEMU that fails: its own words, exit 1" {
	qemu 'echo "qemu: Could not set up host forwarding rule" >&2; exit 1'
	mkdl_run node --until x
	assert_failure 1
	assert_regex "$stderr" 'mkdl: QEMU failed: qemu: Could not set up host forwarding rule'
	qemu 'echo "failed to find romfile \"efi-virtio.rom\"" >&2; exit 1'
	mkdl_run node
	assert_regex "$stderr" 'apt-get install ipxe-qemu'
	qemu 'kill -SEGV $$'
	mkdl_run node
	assert_failure 1
	assert_regex "$stderr" 'QEMU was killed by signal 11'
}

@test "a port of the host that is in use is named, with what to do" {
	local port server
	python3 -c 'import socket, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
print(s.getsockname()[1], flush=True)
time.sleep(60)' >port 3>&- &
	server=$!
	wait_for 60 test -s port
	port=$(cat port)
	qemu 'echo "qemu: Could not set up host forwarding rule" >&2; exit 1'
	mkdl_run node --forward "$port:22" --until x
	kill "$server"
	assert_failure 1
	assert_regex "$stderr" "mkdl: port $port of this host \(127.0.0.1\) is in use; choose another HOSTPORT than in --forward $port:22"
}

@test "panics that mkdl knows come with advice; less RAM than the image needs is said at once" {
	qemu 'echo "[ 1.0] Kernel panic - not syncing: System is deadlocked on memory" >&3; wait_for_quit'
	echo '{"minimum_memory": 301989888}' >out/node/manifest.json
	mkdl_run node --memory 256M
	assert_failure 3
	assert_regex "$stderr" "warning: the image needs a machine with at least 288 MB"
	assert_regex "$stderr" "deadlocked on memory.*give the machine more with --memory"
	qemu 'echo "[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)" >&3; wait_for_quit'
	mkdl_run node --memory 288M
	assert_failure 3
	refute_regex "$stderr" "warning"
	assert_regex "$stderr" "Unable to mount root fs.*no initramfs that it could unpack"
	echo 'no json' >out/node/manifest.json
	mkdl_run node --memory 64M
	refute_regex "$stderr" "warning"
}

@test "a closed standard output is an error, and nothing else is taken for it" {
	run --separate-stderr bash -c '"$1" run node --until "node up" >&- </dev/null' bash "$MKDL"
	assert_failure 1
	assert_regex "$stderr" "the console: Bad file descriptor"
	run --separate-stderr bash -c '"$1" run node --until "node up" <&- 2>&-' bash "$MKDL"
	assert_success
	assert_line "mkdl: node up in 1.0 s"
}

@test "QEMU that does not listen any more is killed" {
	qemu 'echo "node up" >&3; trap "" TERM; while :; do sleep 0.1; done'
	mkdl_run node --until 'node up'
	assert_success
	assert_equal "$(processes_with "$PWD/fake")" ""
}

@test "--forward: every port is asked until it answers, and the answer is shown" {
	echo 'hello from the pod' >index.html
	local port
	port=$(free_port)
	qemu "echo 'node up' >&3; sleep 1; python3 -m http.server --bind 127.0.0.1 $port >/dev/null 2>&1 & wait_for_quit"
	mkdl_run node --until 'node up' --forward "$port:8080" --json
	assert_success
	is_json <<<"$output"
	assert_equal "$(json_of 'j["forwards"][0]["status"], j["forwards"][0]["body"], j["seen"], j["end"], j["exit"]' <<<"$output")" \
		"(200, 'hello from the pod\\n', True, 'seen', 0)"
	assert_regex "$stderr" "port 8080 of the machine answers on 127.0.0.1:$port: HTTP 200"
	assert_regex "$stderr" "    hello from the pod"
	assert_file_contains called "hostfwd=tcp:127.0.0.1:$port-:8080"
}

@test "--forward: what greets without HTTP answers, too" {
	local port
	port=$(free_port)
	qemu "echo 'node up' >&3; socat TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork SYSTEM:'echo SSH-2.0-x' & wait_for_quit"
	mkdl_run node --until 'node up' --forward "$port:22"
	assert_success
	assert_regex "$stderr" "port 22 of the machine answers on 127.0.0.1:$port"
	assert_regex "$stderr" "SSH-2.0-x"
}

@test "--forward: a port that never answers is named, exit 1" {
	local port
	port=$(free_port)
	mkdl_run node --until 'node up' --forward "$port:8080" --timeout 5
	assert_failure 1
	assert_regex "$stderr" "\"node up\" was seen after [0-9]+ seconds, but port 8080 \(127.0.0.1:$port\) did not answer within 5 seconds"
}

@test "--keep: stays after it was seen" {
	qemu 'echo "Linux version 6.1" >&3; echo "node up" >&3; sleep 7; echo "still here" >&3'
	mkdl_run node --until 'node up' --keep --timeout 5
	assert_success
	assert_line "still here"
	assert_regex "$stderr" "seen; the machine stays up"
}

@test "SIGINT presses the power button once Linux runs, and the second one switches off" {
	qemu 'echo "Linux version 6.1" >&3; while read -r -u 4 line; do [[ $line != *system_powerdown* ]] || { echo down >&3; exit; }; done'
	timeout 300 "$MKDL" run node >log 2>err </dev/null 3>&- &
	wait_for 60 grep -q Linux log
	pkill -INT -P $!
	wait $!
	assert_file_contains log down
	assert_file_contains err "power button pressed"

	qemu 'echo "Linux version 6.1" >&3; wait_for_quit'
	timeout 300 "$MKDL" run node >log 2>err </dev/null 3>&- &
	wait_for 60 grep -q Linux log
	pkill -INT -P $!
	wait_for 60 grep -q "power button" err
	pkill -INT -P $!
	wait $!
	assert_equal "$(processes_with "$PWD/fake")" ""
}

@test "the power button is pressed again for a kernel that did not notice" {
	qemu 'echo "Linux version 6.1" >&3; n=0
		while read -r -u 4 line; do
			[[ $line != *system_powerdown* ]] || n=$((n + 1))
			[ $n -lt 2 ] || { echo down >&3; exit; }
		done'
	timeout 300 "$MKDL" run node >log 2>err </dev/null 3>&- &
	wait_for 60 grep -q Linux log
	pkill -INT -P $!
	wait $!
	assert_file_contains log down
}

@test "a killed mkdl takes its machine with it" {
	qemu "echo 'Linux version 6.1' >&3; exec sleep 1000.$$"
	timeout 300 "$MKDL" run node >log 2>&1 </dev/null 3>&- &
	wait_for 60 grep -q Linux log
	pkill -KILL -P $!
	wait $! || [ $? -eq 137 ]
	no_machine() { [ -z "$(processes_with "sleep 1000[.]$$")" ]; }
	wait_for 60 no_machine
}

@test "keys go to the machine" {
	qemu 'echo "name?" >&3; read -r -u 3 name; echo "hello $name" >&3'
	run --separate-stderr timeout 300 "$MKDL" run node --until 'hello world' < <(sleep 0.5; echo world)
	assert_success
}

@test "on a terminal: raw keys while it runs, everything as before afterwards" {
	qemu 'echo "Linux version 6.1" >&3; read -r -n 1 -u 3 key; printf "got %q\n" "$key" >&3; wait_for_quit'
	run timeout 300 python3 "$ROOT/tests/terminal.py" "$MKDL" run node --until 'got a'
	echo "$output"
	assert_success
	assert_output --partial "got a"
	assert_output --partial "settings restored: True"
}

@test "each way of booting gets what it needs, and none gets a disk" {
	for way in pxe pxelinux uefi direct; do
		mkdl_run node --boot "$way" --until 'node up' --memory 384M --cpus 3 --append 'c=3'
		assert_success
		assert_file_contains called "^384M$"
		assert_file_contains called "^max,-cx16,-erms$"
		run grep -cE '^(-hd|-cdrom|-blockdev|.*(virtio-blk|scsi|nvme|ide-))' called
		assert_output 0
		cp called "called.$way"
	done
	assert_file_contains called.pxe "bootfile=node.ipxe"
	assert_file_contains called.pxelinux "bootfile=pxelinux.0"
	assert_file_contains called.uefi "snapshot=on"
	assert_file_contains called.direct "^a=1 BOOTIF=01-52-54-00-12-34-56 c=3 no_timer_check$"
	# The views of the TFTP root are gone.
	run ls tmp
	assert_output ""
}

@test "the processor hides cmpxchg16b from QEMU before 10 only" {
	VERSION=10.0.2 mkdl_run node --until 'node up'
	assert_file_contains called '^max,-erms$'
}

@test "--append and pxelinux of an earlier profile: a view of the TFTP root with only these files changed" {
	mkdl_run node --boot pxelinux --append c=3 --dry-run
	assert_success
	local view
	view=$(sed -n 's/.*,tftp=\([^,]*\),.*/\1/p' <<<"$output")
	assert_equal "$(cat "$view/pxelinux.cfg/default")" \
		"$(printf 'DEFAULT node\nLABEL node\n  KERNEL node/1/vmlinuz\n  INITRD node/1/initramfs.img\n  IPAPPEND 2\n  APPEND a=1 c=3 no_timer_check')"
	assert_equal "$(cat "$view/node/1/vmlinuz")" kernel
	mkdl_run node --append c=3 --dry-run
	view=$(sed -n 's/.*,tftp=\([^,]*\),.*/\1/p' <<<"$output")
	assert_file_contains "$view/node.ipxe" '^kernel node/1/vmlinuz initrd=initramfs.img a=1 c=3 no_timer_check || goto retry$'
	assert_file_contains out/tftp/node.ipxe ' a=1 || goto retry$'
}

@test "what is not built is named, with what to do" {
	mkdl_run nope
	assert_failure 1
	assert_equal "$stderr" "mkdl: $PWD/out/tftp/nope.ipxe is not there; build the profile whose name is nope first: mkdl build FILE"
	rm out/node/initramfs.img
	mkdl_run node --boot direct
	assert_equal "$stderr" "mkdl: out/node/initramfs.img is not there; build the profile whose name is node first: mkdl build FILE"
	mkdl_run node --tftp nowhere
	assert_equal "$stderr" "mkdl: nowhere is not there; build the profile whose name is node first: mkdl build FILE"
}

@test "a host without QEMU: which package has it" {
	run --separate-stderr env PATH="$PWD/empty" "$MKDL" run node
	assert_failure 1
	assert_equal "$stderr" "mkdl: qemu-system-x86_64 is not in PATH; on Debian: apt-get install qemu-system-x86"
}

@test "wrong values are refused with exit 2" {
	local words
	while read -r -a words; do
		mkdl_run node "${words[@]}"
		echo "${words[*]}: $status $stderr"
		assert_failure 2
	done <<-'END'
		--boot floppy
		--memory 1
		--memory lots
		--cpus 0
		--cpus x
		--forward 80
		--forward 0:80
		--forward 80:65536
		--forward a:b
		--forward 8080:80 --forward 8080:81
		--timeout 0
		--timeout -1
		--until (
		--keep
		--keep=1
		other
	END
}
