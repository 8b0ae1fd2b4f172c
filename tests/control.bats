# The control socket of PID 1 and nodectl: PID 1 as PID 1 of a user, PID and mount namespace, as in init.bats.
load helpers

setup() {
	PROGRAMS=$(dirname "$MKDL")/init
	INIT=$PROGRAMS/mkdl-init
	[ -x "$INIT" ]
	cd "$BATS_TEST_TMPDIR"
	PID= SERVER=
}

teardown() {
	[ -z "$PID" ] || kill -KILL "$PID" 2>/dev/null || true
	[ -z "$SERVER" ] || kill -KILL "$SERVER"
	[ ! -s console ] || tail -n 40 console
}

plan() {
	printf '%s\n' "mkdl-plan 1" "name test" "$@" >plan
}

start() {
	mkdir -p run
	unshare -Urpfm --kill-child --mount-proc \
		sh -c 'mount --bind "$1" /run && exec "$2" --supervise "$3"' sh "$PWD/run" "$INIT" "$PWD/plan" >console 2>&1 3>&- &
	PID=$!
	wait_for 60 test -S run/mkdl/control
	INNER=$(tr -d ' ' <"/proc/$PID/task/$PID/children")
	# The socket has its name before it listens.
	wait_for 60 nodectl status >/dev/null 2>&1
}

said() {
	grep -qE -- "$1" console
}

nodectl() {
	"$PROGRAMS/nodectl" --root "/proc/$INNER/root" "$@"
}

client() {
	timeout 300 python3 "$ROOT/tests/lib/control-client.py" run/mkdl/control "$@"
}

# sleeping PID NAME: the process has that file open and waits for something.
sleeping() {
	[ -n "$(find "/proc/$1/fd" -lname "*/$2")" ] && grep -q '^State:.S' "/proc/$1/status"
}

gone() {
	! kill -0 "$PID" 2>/dev/null
}

service_is() {
	[ "$(nodectl --json services | json_of "[s['state'] for s in j if s['name'] == '$1'][0]")" = "$2" ]
}

few_sockets() {
	[ "$(find "/proc/$INNER/fd" -lname 'socket:*' | wc -l)" -le 2 ]
}

memory_of_init() {
	awk '/^VmRSS/ { print $2 }' "/proc/$INNER/status"
}

@test "status, services and timeline, for people and as JSON" {
	plan "service up" "run /bin/sleep 1000" "service once" "run /bin/true" "oneshot" "service bad" "run /bin/false" "needs up"
	start
	# Its second end: it was started again once.
	wait_for 60 said 'service bad exited .*; again in 1\.0 s'
	wait_for 60 said 'service once '
	run -0 nodectl status
	assert_line --regexp '^.* \(test\), started .* ago, '
	assert_line --regexp '^  services +[23] of 3 are up$'
	run -0 nodectl services
	assert_line --regexp '^up +ready +[0-9]+ '
	assert_line --regexp '^once +done +- .* exited with status 0$'
	assert_line --regexp '^bad +(backoff|starting|waiting|ready) .*exited with status 1$'
	run -0 nodectl timeline
	assert_line --regexp '^service once +.* =+$'
	nodectl --json status | is_json
	nodectl --json timeline | is_json
	[ "$(nodectl status --json | json_of 'j["services"]["all"], j["failed"] if "failed" in j else None')" = "(3, None)" ]
	# The machine's, not the process's own.
	[ "$(nodectl --json services | json_of '[s["restarts"] > 0 for s in j if s["name"] == "bad"]')" = "[True]" ]
}

@test "services are stopped, started and restarted on request" {
	plan "service one" "run /bin/sleep 1000" "service two" "run /bin/sleep 1000" "needs one"
	start
	wait_for 60 said 'node up'
	run -0 nodectl stop one
	assert_output "service one is stopped"
	service_is one stopped
	service_is two ready
	run -0 nodectl start one
	assert_output "service one is ready"
	before=$(nodectl --json services | json_of '[s["pid"] for s in j if s["name"] == "one"][0]')
	run -0 nodectl restart one
	assert_output "service one is ready"
	[ "$(nodectl --json services | json_of '[s["pid"] for s in j if s["name"] == "one"][0]')" != "$before" ]
	run -1 --separate-stderr nodectl restart three
	[ "$stderr" = 'nodectl: there is no service "three"' ]
	said 'service one: restart asked by nodectl'
}

@test "a service that fails when it is started: nodectl says so" {
	printf '#!/bin/sh\n[ -e "%s/good" ] && exec sleep 1000\necho because >&2\nexit 4\n' "$PWD" >service
	chmod 755 service
	touch good
	plan "service s" "run $PWD/service" "ready file $PWD/good"
	start
	wait_for 60 said 'node up'
	nodectl stop s
	rm good
	run -1 --separate-stderr nodectl start s
	[ "$stderr" = "nodectl: service s exited with status 4; see nodectl logs s" ]
	run -0 nodectl logs s
	assert_output --partial because
}

@test "garbage, giant lines, NULs: the client is dropped, one line is said, and others are answered" {
	plan "service s" "run /bin/sleep 1000"
	start
	wait_for 60 said 'node up'
	client garbage
	run -0 client giant
	[ -z "$output" ] || assert_output --partial "error a\\srequest\\sis\\sone\\sline"
	run -0 client nul
	assert_output --partial 'error control\scharacter'
	run -0 client pieces
	assert_line --regexp '^services 1 1$'
	assert_line end
	# What follows the first request counts for nothing.
	run -0 client two
	assert_line end
	run ! said rebooting
	client leave
	run -0 nodectl status
	[ "$(grep -c 'control socket: a client sent what is no request' console)" -eq 1 ]
	[ "$(grep -c 'control socket' console)" -le 4 ]
}

@test "a client that stops in the middle of its request is dropped" {
	plan "service s" "run /bin/sleep 1000"
	start
	run -0 client half
	# Within 5 s, it says; how late this machine lets it is not its affair.
	assert_output --regexp '^dropped after ([5-9]|[1-9][0-9]) s$'
	wait_for 60 said 'a client that asks nothing was dropped'
}

@test "a client that takes no answer is dropped, and others are answered meanwhile" {
	{
		printf '%s\n' "mkdl-plan 1" "name test"
		for i in $(seq 400); do
			printf '%s\n' "service s$i" "run /bin/true" "exists /nowhere"
		done
		for i in $(seq 400); do
			printf '%s\n' "service a-service-with-a-longer-name-than-most-have-$i" "run /bin/true" "exists /nowhere"
		done
	} >plan
	start
	wait_for 60 said 'node up'
	client slow "$PWD/go" >slow &
	sleep 1
	for _ in 1 2 3; do
		[ "$(nodectl --json services | json_of 'len(j)')" -eq 800 ]
	done
	wait_for 60 said 'a client that takes no answer was dropped'
	touch go
	wait $!
	cat slow
	grep -q '^cut off' slow
}

@test "thousands of connects: PID 1 takes no more memory, and answers at once" {
	plan "service s" "run /bin/sleep 1000"
	start
	wait_for 60 said 'node up'
	before=$(memory_of_init)
	client many 3 &
	sleep 1
	for _ in $(seq 20); do
		nodectl status >/dev/null
	done
	wait $!
	echo "$before KB before, $(memory_of_init) KB after"
	[ "$(memory_of_init)" -le $((before + 100)) ]
	[ "$(memory_of_init)" -lt 1024 ]
	# None is left behind.
	wait_for 60 few_sockets
	[ "$(grep -c 'control socket' console)" -le 4 ]
}

@test "only root is served, even where the socket's mode would let others in" {
	[ "$(id -u)" -eq 0 ]
	plan "service s" "run /bin/sleep 1000"
	start
	wait_for 60 said 'node up'
	[ "$(stat -c %a run/mkdl run/mkdl/control | tr '\n' ' ')" = "700 600 " ]
	chmod 711 run run/mkdl
	chmod 666 run/mkdl/control
	# The folders above it are the test's own, and closed: the descriptor of this one is passed on.
	run -0 setpriv --reuid 12345 --regid 12345 --clear-groups /usr/bin/python3 - 7<run/mkdl <<-'END'
		import socket
		s = socket.socket(socket.AF_UNIX)
		s.connect("/proc/self/fd/7/control")
		try:
		    s.sendall(b"status\n")
		    print(s.recv(1000))
		except (BrokenPipeError, ConnectionResetError):
		    print(b"")
	END
	assert_output "b''"
	wait_for 60 said 'a client that is not root was turned away'
	run -0 nodectl status
}

@test "reboot and poweroff end services in order; twice is said; --force does not wait" {
	printf '#!/bin/bash\ntrap "" TERM\ntouch "%s/up"\nwhile :; do sleep 0.1; done\n' "$PWD" >stubborn
	chmod 755 stubborn
	plan "service stubborn" "run $PWD/stubborn" "ready file $PWD/up" "stop-timeout 200"
	start
	wait_for 60 said 'node up'
	run -2 nodectl reboot now
	nodectl poweroff
	wait_for 60 said 'powering off: asked by nodectl'
	run -1 --separate-stderr nodectl reboot
	[ "$stderr" = "nodectl: the node is powering-off already" ]
	run -0 nodectl status
	assert_line --regexp '^  going down +powering-off, asked by nodectl$'
	nodectl poweroff --force
	wait_for 60 gone
	PID=
}

@test "verbose: more on the console, until it is off again" {
	plan "service s" "run /bin/sleep 1000"
	start
	wait_for 60 said 'node up'
	nodectl verbose on
	nodectl restart s
	wait_for 60 said 'service s started as process'
	run -2 nodectl verbose maybe
}

@test "logs: all of one, its last lines, of all; followed through a rotation" {
	plan "service s" "run /bin/sleep 1000"
	start
	wait_for 60 said 'node up'
	folder=run/mkdl/log
	seq 1 1000 >$folder/x.log.1
	seq 1001 1500 >$folder/x.log
	[ "$(nodectl logs x | sha256sum)" = "$(seq 1500 | sha256sum)" ]
	[ "$(nodectl logs -n 3 x | tr '\n' ,)" = 1498,1499,1500, ]
	[ "$(nodectl logs -n 700 x | head -1)" = 801 ]
	[ -z "$(nodectl logs -n 0 x)" ]
	printf 'no newline' >>$folder/x.log
	[ "$(nodectl logs -n 1 x)" = 'no newline' ]
	run -0 nodectl logs
	assert_line '==> x <=='
	assert_line 1500
	refute_line 1400
	[ "$(nodectl --json logs -n 1 x | json_of 'j["log"], j["text"]')" = "('x', 'no newline')" ]
	run -1 nodectl logs ../x
	run -1 nodectl logs nothing
	run -2 nodectl logs -n many x
	: >$folder/x.log
	"$PROGRAMS/nodectl" --root "/proc/$INNER/root" logs -f -n 0 x >followed 3>&- &
	follower=$!
	# It has found the end of the file and waits.
	wait_for 60 sleeping "$follower" x.log
	echo one >>$folder/x.log
	wait_for 60 grep -qx one followed
	echo two >>$folder/x.log
	mv $folder/x.log $folder/x.log.1
	echo three >$folder/x.log
	wait_for 60 grep -qx three followed
	kill "$follower"
	[ "$(tr '\n' , <followed)" = one,two,three, ]
}

@test "config: what the agent wrote, secrets only when asked; without an agent the plan of the image" {
	SERVER= INNER=none
	mkdir -p root/run/mkdl root/etc/mkdl
	printf '%s\n' 'mkdl-plan 1' 'name worker' 'sysctl net.ipv4.ip_forward 1' 'state /var/lib/x iscsi' 'chap user pass\sword' \
		'service s' 'run /bin/sleep 1' 'env KEY some\svalue' >root/etc/mkdl/plan
	run -0 "$PROGRAMS/nodectl" --root root config
	assert_line --regexp '^name +profile +worker$'
	assert_line --regexp '^sysctl net.ipv4.ip_forward +profile +1$'
	assert_line --regexp '^state /var/lib/x chap +profile +\(secret: see --secrets\)$'
	assert_line --regexp '^service s env KEY +profile +some value$'
	printf '%s\n' 'hostname node-1 cmdline plain' 'kubernetes.token abc.def http://10.0.0.1/x secret' >root/run/mkdl/config
	# The configuration has changed the service and taken the sysctl away; the rest is the profile's still.
	printf '%s\n' 'mkdl-plan 1' 'name worker' 'hostname node-1' 'state /var/lib/x iscsi' 'chap user pass\sword' \
		'service s' 'run /bin/sleep 2' 'env KEY some\svalue' >root/run/mkdl/plan
	run -0 "$PROGRAMS/nodectl" --root root config
	diff -u "$ROOT/tests/golden/nodectl/config" <(echo "$output")
	run -0 "$PROGRAMS/nodectl" --root root config --secrets
	assert_line --regexp '^kubernetes.token +http://10.0.0.1/x +abc.def$'
	assert_line --regexp '^state /var/lib/x chap +profile +user pass word$'
	run -0 "$PROGRAMS/nodectl" --root root --json config
	refute_output --partial abc.def
	refute_output --partial 'pass word'
	[ "$(json_of 'j[1]["secret"], j[1]["value"]' <<<"$output")" = "(True, None)" ]
	echo 'not  flat' >root/run/mkdl/config
	run -1 "$PROGRAMS/nodectl" --root root config
	rm -r root/run/mkdl/config root/etc
	run -1 --separate-stderr "$PROGRAMS/nodectl" --root root config
	[[ $stderr == *"is this a node of mkdl, and are you root?" ]]
}

# What people see, to the letter: tests/golden/nodectl/root is a node whose PID 1 answers from files.
@test "what people see" {
	cp -r "$ROOT/tests/golden/nodectl/root" root
	python3 "$ROOT/tests/lib/control-server.py" root 3>&- &
	SERVER=$!
	wait_for 60 test -S root/run/mkdl/control
	for command in status services timeline; do
		"$PROGRAMS/nodectl" --root root "$command" >"$command"
		diff -u "$ROOT/tests/golden/nodectl/$command" "$command"
		"$PROGRAMS/nodectl" --root root --json "$command" >"$command.json"
		is_json <"$command.json"
		diff -u "$ROOT/tests/golden/nodectl/$command.json" "$command.json"
	done
}

@test "wrong usage ends with 2, help with 0" {
	for words in "" frobnicate "status now" --what "restart" "restart a b" "drain --what"; do
		# shellcheck disable=SC2086 # words
		run "$PROGRAMS/nodectl" --root /nowhere $words
		[ "$status" -eq 2 ] || [ "$words" = "drain --what" ]
	done
	run -0 "$PROGRAMS/nodectl" --help
	for command in status services start stop restart logs config timeline drain uncordon reboot poweroff halt verbose; do
		assert_line --regexp "^  $command "
		run -0 "$PROGRAMS/nodectl" "$command" --help
		assert_line --regexp "^usage: nodectl $command"
		run -0 "$PROGRAMS/nodectl" --help
	done
	run -1 --separate-stderr "$PROGRAMS/nodectl" --root /nowhere status
	[ "$stderr" = "nodectl: /nowhere/run/mkdl does not exist: is this a node of mkdl?" ]
}
