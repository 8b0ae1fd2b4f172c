# For the tests with real machines: what a test file boots is built once, into a folder that is kept from run to run, and
# mostly out of the cache.
load ../helpers

BOOT=$ROOT/out/test-boot

# build_for_boot PROFILE…
build_for_boot() {
	local profile
	mkdir -p "$BOOT"
	cd "$BOOT" || return 1
	for profile; do
		"$MKDL" build "$ROOT/profiles/$profile.yml" --out "$BOOT/out" --tftp "$BOOT/out/tftp" || return 1
	done
}

# A machine, to its end. The console is long: what failed is near its end.
machine() {
	cd "$BOOT" || return 1
	run --separate-stderr timeout -k 10 900 "$MKDL" run --out "$BOOT/out" --timeout 800 "$@" </dev/null
	tail -n 30 <<<"$output"
	tail -n 30 <<<"$stderr"
}

# None that this run of bats started: its machines have its environment. Other test files may run machines at the same time.
no_machines() {
	local pid
	for pid in $(pgrep -f '^[^ ]*qemu-system-x86_64 '); do
		! grep -qzxF "BATS_RUN_TMPDIR=$BATS_RUN_TMPDIR" "/proc/$pid/environ" 2>/dev/null || return 1
	done
}

# In the background, its keys from a FIFO (descriptor 7), its console in the file console.
start_machine() {
	cd "$BOOT" || return 1
	rm -f "$BATS_TEST_TMPDIR/keys"
	mkfifo "$BATS_TEST_TMPDIR/keys"
	# That of an earlier machine is not to be taken for this one's.
	: >"$BATS_TEST_TMPDIR/console"
	"$MKDL" run --out "$BOOT/out" "$@" <"$BATS_TEST_TMPDIR/keys" >"$BATS_TEST_TMPDIR/console" 2>"$BATS_TEST_TMPDIR/messages" 3>&- &
	MACHINE=$!
	exec 7>"$BATS_TEST_TMPDIR/keys"
}

console_has() {
	grep -qaE -- "$1" "$BATS_TEST_TMPDIR/console"
}

# The exit status of the machine in the background, in $ended.
end_of_machine() {
	ended=0
	wait "$MACHINE" || ended=$?
	exec 7>&-
	tail -n 20 "$BATS_TEST_TMPDIR/console" "$BATS_TEST_TMPDIR/messages"
}

# by_hand SED…: a machine ($PROFILE, else rescue) that mkdl run has no words for: its command line, changed by sed,
# in the background; console in the file console, keys by descriptor 7, the monitor is the socket monitor.
by_hand() {
	cd "$BOOT" || return 1
	"$MKDL" run --out "$BOOT/out" "${PROFILE:-rescue}" --boot direct --memory 256M --dry-run |
		sed "s,mon:stdio,stdio -monitor unix:$BATS_TEST_TMPDIR/monitor\\,server=on\\,wait=off," | sed "$@" >"$BATS_TEST_TMPDIR/machine"
	mkfifo "$BATS_TEST_TMPDIR/keys"
	: >"$BATS_TEST_TMPDIR/console"
	# exec: the process is QEMU itself, so that no_machines and the kill of teardown know it.
	bash -c "exec $(cat "$BATS_TEST_TMPDIR/machine")" <"$BATS_TEST_TMPDIR/keys" >"$BATS_TEST_TMPDIR/console" 2>"$BATS_TEST_TMPDIR/messages" 3>&- &
	MACHINE=$!
	exec 7>"$BATS_TEST_TMPDIR/keys"
}

monitor() {
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n")
time.sleep(1)' "$BATS_TEST_TMPDIR/monitor" "$1"
}

# The console's lines of PID 1, without times.
said() {
	tr -d '\r' <"$BATS_TEST_TMPDIR/console" | grep -aF "$1"
}
