# PID 1 as PID 1 of a user, PID and mount namespace: the same supervision, reaping and shutdown as on a machine, without one.
bats_require_minimum_version 1.5.0

load init

@test "outside of a namespace it refuses to be anything but process 1" {
	run -2 "$INIT"
	[[ $output == "mkdl-init: runs as process 1"* ]]
}

@test "200 orphans are reaped" {
	script orphans <<-'END'
		for i in $(seq 200); do
			(sleep 0.2 & exit) &
		done
		wait
		# PID 1, the service, ls and wc at most: the sleepers end, and none is left as a zombie.
		until [ $(ls -d /proc/[0-9]* | wc -l) -le 6 ]; do sleep 0.1; done
		echo zombies $(cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z ')
		exec sleep 1000
	END
	plan "service orphans" "run $HERE/orphans"
	start
	until_seen run/mkdl/log/orphans.log '^zombies 0$'
	stop
}

@test "a service that dies at once is started again, later and later" {
	script dies <<-'END'
		date +%s%N
		echo "what went wrong" >&2
		exit 3
	END
	plan "service dies" "run $HERE/dies"
	start
	until_seen console 'again in 4.0 s'
	stop
	grep -qE 'mkdl: service dies exited with status 3 after [0-9.]+ s; again in 0\.5 s' console
	grep -qF 'mkdl:   | what went wrong' console
	[ "$(grep -oE 'again in [0-9.]+ s' console | head -n 4 | tr '\n' ,)" = 'again in 0.5 s,again in 1.0 s,again in 2.0 s,again in 4.0 s,' ]
	# The pauses were real: from the second start to the third at least a second.
	grep -E '^[0-9]+$' run/mkdl/log/dies.log >times
	[ $(($(sed -n 3p times) - $(sed -n 2p times))) -ge 1000000000 ]
}

@test "of a service that prints pages after its reason, the reason is shown, and where the rest is" {
	script kubelet <<-'END'
		seq -f 'usage, line %g' 300
		echo "F1122 17:31:58.885767     120 server.go:156] unknown flag: --no-such-flag"
		seq -f 'goroutine %g [running]' 1500
		exit 255
	END
	plan "service kubelet" "run $HERE/kubelet"
	start
	until_seen console 'again in 4.0 s'
	stop
	[ "$(grep -cF 'mkdl:   | F1122 17:31:58.885767     120 server.go:156] unknown flag: --no-such-flag' console)" -eq 3 ]
	run grep -E 'usage, line|goroutine' console
	[ "$status" -eq 1 ]
	[ "$(grep -c 'service kubelet: all of its output is in /run/mkdl/log/kubelet.log' console)" -eq 1 ]
}

@test "services start when those that they need are ready, and stop in reverse" {
	for name in a b c; do
		script $name <<-END
			trap 'echo stop $name >>$HERE/order; exit 0' TERM
			echo start $name >>$HERE/order
			sleep 0.3
			touch $HERE/ready-$name
			while :; do sleep 0.05; done
		END
	done
	plan "service c" "run $HERE/c" "needs b a" "ready file $HERE/ready-c" \
		"service b" "run $HERE/b" "needs a" "ready file $HERE/ready-b" \
		"service a" "run $HERE/a" "ready file $HERE/ready-a"
	start
	until_seen console '^mkdl: node up in [0-9]+\.[0-9] s$'
	stop
	[ "$(tr '\n' , <order)" = 'start a,start b,start c,stop c,stop b,stop a,' ]
	[ "$(grep -oE '^mkdl: service [abc] ' console | tr -d '\n')" = 'mkdl: service a mkdl: service b mkdl: service c ' ]
}

@test "readiness by socket, port and command" {
	script socket <<-END
		sleep 0.3
		exec socat UNIX-LISTEN:$HERE/s,fork /dev/null
	END
	port=$(free_port)
	script port <<-END
		sleep 0.3
		exec socat TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr /dev/null
	END
	script check <<-END
		echo "\$1" >>$HERE/checks
		[ \$(wc -l <$HERE/checks) -ge 3 ]
	END
	plan "service socket" "run $HERE/socket" "ready socket $HERE/s" \
		"service port" "run $HERE/port" "ready port $port" \
		"service command" "run /bin/sleep 1000" "ready command $HERE/check \${hostname}"
	start
	until_seen console 'node up'
	[ "$(wc -l <checks)" -eq 3 ]
	[ "$(head -1 checks)" = "$(hostname)" ]
	stop
}

@test "a service that is not ready in time is started again" {
	plan "service slow" "run /bin/sleep 1000" "ready file $HERE/never" "ready-timeout 1"
	start
	until_seen console 'service slow is not ready after 1 s: restarted'
	touch never
	until_seen console 'node up'
	stop
}

@test "a oneshot is ready when it succeeded; what needs it waits while it fails" {
	script once <<-END
		echo run >>$HERE/runs
		[ \$(wc -l <$HERE/runs) -ge 3 ]
	END
	plan "service once" "run $HERE/once" "oneshot" "service after" "run /bin/sleep 1000" "needs once"
	start
	until_seen console 'service after +ready'
	[ "$(wc -l <runs)" -eq 3 ]
	stop
}

@test "a oneshot that fails for good keeps the node from being up" {
	plan "service once" "run /bin/false" "oneshot" "restart never" "service after" "run /bin/sleep 1000" "needs once"
	start
	until_seen console 'service once exited with status 1 after [0-9.]+ s and is not started again'
	sleep 1
	run ! grep -qE 'node up|service after' console
	stop
}

@test "a service whose path does not exist is not started and counts as ready" {
	plan "service sometimes" "run /bin/false" "exists $HERE" "exists $HERE/nothing" \
		"service after" "run /bin/sleep 1000" "needs sometimes"
	start
	until_seen console 'node up'
	run ! grep -q 'service sometimes' console
	stop
}

@test "a program that is not there says so" {
	plan "service none" "run /nowhere/program"
	start
	until_seen console 'mkdl: /nowhere/program: No such file'
	until_seen console 'service none exited with status 127'
	stop
}

@test "a service that ignores SIGTERM is killed after its stop-timeout" {
	script stubborn <<-END
		trap '' TERM
		touch $HERE/up
		while :; do sleep 0.1; done
	END
	plan "service stubborn" "run $HERE/stubborn" "ready file $HERE/up" "stop-timeout 1"
	start
	until_seen console 'node up'
	began=$(date +%s%N)
	stop
	took=$((($(date +%s%N) - began) / 1000000))
	# Not at once; the message is the other limit.
	grep -qF 'service stubborn did not end within 1 s: killed' console
	[ $took -ge 900 ]
}

@test "a second signal does not break a shutdown" {
	script stubborn <<-END
		trap '' TERM INT
		touch $HERE/up
		while :; do sleep 0.1; done
	END
	plan "service stubborn" "run $HERE/stubborn" "ready file $HERE/up" "stop-timeout 5"
	start
	until_seen console 'node up'
	one=$(inner)
	kill -USR2 "$one"
	until_seen console 'asked by SIGUSR2'
	kill -TERM "$one"
	kill -INT "$one"
	ended
	grep -qF 'mkdl: powering off: asked by SIGUSR2' console
	[ "$(grep -c 'asked by' console)" -eq 1 ]
}

@test "every signal has its meaning" {
	for pair in TERM:rebooting INT:rebooting USR2:powering USR1:halting PWR:powering; do
		plan "service s" "run /bin/sleep 1000"
		start
		until_seen console 'node up'
		stop "${pair%:*}"
		grep -q "mkdl: ${pair#*:}.*: asked by" console
	done
}

@test "orphans left at shutdown get SIGTERM, then SIGKILL" {
	script leaves <<-END
		setsid bash -c 'trap "echo asked >>$HERE/orphan" TERM; touch $HERE/up; while :; do sleep 0.1; done' </dev/null >/dev/null 2>&1 &
		exec sleep 1000
	END
	plan "service leaves" "run $HERE/leaves" "ready file $HERE/up"
	start
	until_seen console 'node up'
	stop
	grep -qx asked orphan
	grep -q 'did not end within 5 s: killed' console
}

@test "a log is bounded, and its start is kept as one old file" {
	script chatty <<-'END'
		for i in $(seq 40); do head -c 100000 /dev/zero | tr '\0' x; echo; done
		echo the end
		exec sleep 1000
	END
	plan "service chatty" "run $HERE/chatty"
	start
	until_seen run/mkdl/log/chatty.log 'the end'
	[ "$(stat -c %s run/mkdl/log/chatty.log)" -le 1048576 ]
	[ "$(stat -c %s run/mkdl/log/chatty.log.1)" -le 1048576 ]
	[ "$(ls run/mkdl/log | grep -c chatty)" -eq 2 ]
	stop
}

@test "services have an environment, a session and no input of their own" {
	script show <<-'END'
		env | grep -E '^(PATH|HOME|TERM|NAME|EMPTY)=' | sort
		echo "session $(ps -o sid= -p $$ | tr -d ' ') process $$"
		if read -r -t 1 line; then echo "input"; else echo "no input"; fi
		grep -E '^Sig(Blk|Ign)' /proc/self/status
		ls -l /proc/$$/fd | grep -cE '/plan|anon_inode|netlink'
		exit 0
	END
	plan "service show" "run $HERE/show" "env HOME /tmp" "env NAME x\\sy\\s\${hostname}" "env EMPTY \\e" "oneshot"
	start
	until_seen console 'node up'
	stop
	cat run/mkdl/log/show.log
	grep -qx 'HOME=/tmp' run/mkdl/log/show.log
	grep -qx "NAME=x y $(hostname)" run/mkdl/log/show.log
	grep -qx 'EMPTY=' run/mkdl/log/show.log
	grep -q '^PATH=/usr/local/sbin:' run/mkdl/log/show.log
	read -r _ session _ process < <(grep ^session run/mkdl/log/show.log)
	[ "$session" = "$process" ]
	grep -qx 'no input' run/mkdl/log/show.log
	grep -qE '^SigBlk:\s0+$' run/mkdl/log/show.log
	[ "$(tail -1 run/mkdl/log/show.log)" = 0 ]
}

@test "a bad plan is refused with its line" {
	plan "service a" "run /bin/true" "wat"
	start
	ended || [ $? -eq 1 ]
	grep -qF "mkdl: $HERE/plan:5: unknown record \"wat\"" console
}
