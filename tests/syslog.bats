# The program that sends logs to a syslog server, beside a server that takes RFC 5424 literally.
load helpers

setup() {
	SYSLOG=$(dirname "$MKDL")/init/syslog
	[ -x "$SYSLOG" ]
	cd "$BATS_TEST_TMPDIR"
	mkdir log
	# The kernel's messages are those of the test: a FIFO would block, a file ends at once.
	: >kmsg
	PORT=$(free_port)
	RECEIVER= PID=
}

teardown() {
	receiver_stop
	sender_stop KILL
}

receiver() {
	python3 "$ROOT/tests/lib/syslog-receiver.py" "$1" "$PORT" received 3>&- &
	RECEIVER=$!
	if [ "$1" = tcp ]; then
		wait_for 60 listens tl
	else
		wait_for 60 listens ul
	fi
}

listens() {
	[ -n "$(ss -Hn"$1" "sport = :$PORT")" ]
}

receiver_stop() {
	[ -z "$RECEIVER" ] || kill -KILL "$RECEIVER"
	[ -z "$RECEIVER" ] || wait "$RECEIVER" || true
	RECEIVER=
}

sender() {
	"$SYSLOG" --folder log --kmsg kmsg --state state "$@" 127.0.0.1 "$PORT" >messages 2>&1 3>&- &
	PID=$!
}

sender_stop() {
	[ -z "$PID" ] || kill "-${1:-TERM}" "$PID"
	[ -z "$PID" ] || wait "$PID" || true
	PID=
}

received() {
	grep -qE -- "$1" received
}

arrives() {
	wait_for 60 received "$1"
}

# The sender has read as many bytes as that file has.
read_all() {
	[ "$(sed -n 's/^rchar: //p' "/proc/$PID/io")" -ge "$(stat -c %s "$1")" ]
}

# Of 20000 lines each has arrived, or was said to be left out.
all_accounted() {
	left=$(grep -oE '[0-9]+ lines of chatty' received | awk '{ n += $1 } END { print n + 0 }')
	count ' chatty [0-9]*$' $((20000 - left))
}

count() {
	[ "$(grep -c "$1" received)" -eq "$2" ]
}

@test "UDP: each line is a message of RFC 5424, as grave as it says" {
	printf '%s\n' 'I1122 17:30:01.123456  7 server.go:1] hello' 'E1122 17:30:01.123456  7 server.go:1] not found' >log/kubelet.log
	printf '%s\n' 'time="…" level=warning msg="plain"' $'control\x01and\xffbytes' >log/containerd.log
	echo 'mkdl: node up in 3.2 s' >log/mkdl.log
	echo 'no' >log/kernel.log
	echo 'no' >log/syslog.log
	printf '6,1,1500000,-;eth0: link up\n SUBSYSTEM=net\n' >kmsg
	receiver udp
	sender udp
	time='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z'
	host=$(hostname)
	arrives "^<30>1 $time $host kubelet - - - I1122 17:30:01.123456  7 server.go:1\] hello\$"
	arrives "^<27>1 $time $host kubelet - - - E1122 .*not found\$"
	arrives "^<28>1 $time $host containerd - - - time="
	arrives "^<30>1 $time $host containerd - - - control\?and\?bytes\$"
	arrives "^<30>1 $time $host mkdl-init - - - mkdl: node up in 3.2 s\$"
	arrives "^<6>1 $time $host kernel - - - eth0: link up\$"
	run ! received ' no$'
}

@test "TCP: lines go on arriving through rotations; a line comes when it is whole" {
	receiver tcp
	sender tcp
	echo one >log/a.log
	wait_for 60 received ' a - - - one$'
	echo two >>log/a.log
	mv log/a.log log/a.log.1
	printf 'thr' >log/a.log
	wait_for 60 received ' two$'
	sleep 1.2
	run ! received ' thr$'
	printf 'ee\n' >>log/a.log
	wait_for 60 received ' three$'
	run ! received 'NO OCTET COUNT'
}

@test "TCP: what was written while the server was away arrives when it is back, once" {
	receiver tcp
	sender tcp
	seq -f 'before %g' 100 >log/a.log
	wait_for 60 received 'before 100$'
	# Acknowledged, so that it is not sent again; the sender looks at that five times a second.
	sleep 4
	receiver_stop
	seq -f 'meanwhile %g' 500 >>log/a.log
	wait_for 60 grep -q '127.0.0.1: .*; trying on' messages
	receiver tcp
	wait_for 60 received 'meanwhile 500$'
	grep -q '127.0.0.1: back after' messages
	count 'before ' 100
	count 'meanwhile ' 500
}

@test "a server that is away for long: the backlog is bounded, and how much was lost is said, in its place" {
	sender tcp
	line=$(printf 'x%.0s' $(seq 500))
	seq -f "line %g $line" 3000 >log/a.log
	wait_for 60 read_all log/a.log
	# Its memory too.
	[ "$(awk '/^VmRSS/ { print $2 }' "/proc/$PID/status")" -lt 2048 ]
	receiver tcp
	wait_for 60 received 'lines were lost'
	lost=$(grep -oE '[0-9]+ lines were lost' received | grep -oE '^[0-9]+')
	echo after >>log/a.log
	wait_for 60 received ' after$'
	echo "lost $lost, received $(grep -c ' line ' received)"
	count ' line ' $((3000 - lost))
	[ "$(grep -nE 'lines were lost' received | cut -d: -f1)" -gt "$(grep -n ' line ' received | tail -1 | cut -d: -f1)" ]
}

@test "a log that says too much is cut, and how much was left out is said; others are not" {
	receiver tcp
	sender tcp
	seq -f 'chatty %g' 20000 >log/chatty.log
	echo quiet >log/quiet.log
	wait_for 60 received ' quiet$'
	wait_for 60 all_accounted
	[ "$left" -gt 1000 ]
}

@test "one that is started anew goes on where it was, even when a file was rotated meanwhile" {
	receiver udp
	echo one >log/a.log
	sender udp
	wait_for 60 received ' one$'
	sender_stop
	echo two >>log/a.log
	mv log/a.log log/a.log.1
	echo three >log/a.log
	sender udp
	wait_for 60 received ' three$'
	count ' one$' 1
	count ' two$' 1
	count ' three$' 1
}

@test "no server at all, or none by that name: it goes on, and ends when asked" {
	"$SYSLOG" --folder log --kmsg kmsg --state state tcp no-such-host.invalid 514 >messages 2>&1 3>&- &
	PID=$!
	echo one >log/a.log
	wait_for 60 grep -q 'no-such-host.invalid: .*; trying on' messages
	sender_stop
	run -2 "$SYSLOG" tls 127.0.0.1 514
}
