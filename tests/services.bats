#!/usr/bin/env bats
# What a service can ask for, and how PID 1 keeps its promises: readiness by sd_notify, stop commands, logs.
bats_require_minimum_version 1.5.0
load init

@test "ready notify: READY=1 of a process of the service counts, and its status is kept" {
	script tells <<-'END'
		echo "garbage" | socat - UNIX-SENDTO:"$NOTIFY_SOCKET"
		head -c 3000 /dev/urandom | socat - UNIX-SENDTO:"$NOTIFY_SOCKET"
		printf 'READY=0\nSTATUS=warming up' | socat - UNIX-SENDTO:"$NOTIFY_SOCKET"
		sleep 0.5
		touch "$0.early"
		printf 'STATUS=serving\nREADY=1\n' | socat - UNIX-SENDTO:"$NOTIFY_SOCKET"
		exec sleep 1000
	END
	plan "service tells" "run $HERE/tells" "ready notify" "service after" "run /bin/sleep 1000" "needs tells"
	start
	until_seen console 'node up'
	[ -e tells.early ]
	grep -qE 'service tells +ready \(.*took ([5-9]..|[1-9][0-9]{3,}) ms' console
	[ "$(stat -c %a run/notify/tells)" = 600 ]
	stop
}

@test "ready notify: another process is not believed" {
	script victim <<-'END'
		exec sleep 1000
	END
	script liar <<-'END'
		# socat stays until it was heard.
		for i in $(seq 100); do
			(printf 'READY=1'; sleep 0.3) | socat - UNIX-SENDTO:/run/notify/victim
		done
		exec sleep 1000
	END
	plan "service victim" "run $HERE/victim" "ready notify" "ready-timeout 2" "service liar" "run $HERE/liar"
	start
	until_seen console 'service victim: a message of process [0-9]+, which is none of its own, is ignored'
	until_seen console 'service victim is not ready after 2 s: restarted'
	stop
}

@test "an unknown user is the failure of that service alone" {
	plan "service a" "run /bin/sleep 1000" "user nobody-of-that-name" "service b" "run /bin/sleep 1000"
	start
	until_seen console 'service a exited with status 127'
	until_seen console 'mkdl:   \| mkdl: nobody-of-that-name: no such user in /etc/passwd'
	until_seen console 'service b +ready'
	stop
}

@test "the stop command runs before SIGTERM, and not for a restart" {
	script works <<-END
		trap 'echo term >>$HERE/order; exit 0' TERM
		touch $HERE/up
		while :; do sleep 0.05; done
	END
	script drains <<-END
		echo "drain \$1 \$GREETING" >>$HERE/order
		sleep 0.5
		echo drained >>$HERE/order
	END
	plan "service works" "run $HERE/works" "ready file $HERE/up" "env GREETING hello" "stop $HERE/drains \${hostname}"
	start
	until_seen console 'node up'
	stop
	[ "$(tr '\n' , <order)" = "drain $(hostname) hello,drained,term," ]
}

@test "a stop command that hangs is killed, and SIGTERM still has its time" {
	script works <<-END
		trap 'echo term >>$HERE/order; exit 0' TERM
		touch $HERE/up
		while :; do sleep 0.05; done
	END
	plan "service works" "run $HERE/works" "ready file $HERE/up" "stop /bin/sleep 1000" "stop-timeout 8"
	start
	until_seen console 'node up'
	stop
	[ "$(cat order)" = term ]
	grep -qF 'service works: its stop command did not end within 6.0 s: killed' console
}

@test "a stop command that fails is said" {
	plan "service works" "run /bin/sleep 1000" "stop /bin/false"
	start
	until_seen console 'node up'
	stop
	grep -qF 'service works: its stop command exited with status 1' console
}

@test "log none keeps nothing, log console shows the lines, log SIZE bounds the file" {
	script talks <<-'END'
		# All at once: how many are shown is a matter of time.
		printf 'line %s \033[2J\n' $(seq 30)
		exec sleep 1000
	END
	script pages <<-'END'
		for i in $(seq 30); do head -c 10000 /dev/zero | tr '\0' x; echo; done
		echo the end
		exec sleep 1000
	END
	plan "service quiet" "run $HERE/talks" "log none" "service loud" "run $HERE/talks" "log console" \
		"service pages" "run $HERE/pages" "log 100K"
	start
	until_seen run/mkdl/log/pages.log 'the end'
	until_seen console 'loud: line 1 \?\[2J'
	until_seen run/mkdl/log/loud.log 'line 30'
	until_seen console 'loud: line 20'
	stop
	[ ! -e run/mkdl/log/quiet.log ]
	[ "$(wc -l <run/mkdl/log/loud.log)" -eq 30 ]
	# A slow console must not hold PID 1: twenty lines in a second.
	[ "$(grep -c '^loud: line' console)" -le 25 ]
	[ "$(stat -c %s run/mkdl/log/pages.log)" -le 102400 ]
	[ "$(stat -c %s run/mkdl/log/pages.log.1)" -le 102400 ]
}

@test "Ctrl-Alt-Del seven times ends the node at once" {
	script stubborn <<-END
		trap '' TERM
		touch $HERE/up
		while :; do sleep 0.1; done
	END
	plan "service stubborn" "run $HERE/stubborn" "ready file $HERE/up" "stop-timeout 100"
	start
	until_seen console 'node up'
	one=$(inner)
	# Signals of one kind do not queue: each has to be taken before the next, and seven within two seconds.
	for _ in $(seq 300); do
		kill -INT "$one" 2>/dev/null || break
		sleep 0.1
	done
	ended
	grep -qF 'forced by Ctrl-Alt-Del, seven times' console
	run ! grep -q 'did not end within 100 s' console
}

@test "a shutdown says its limit beforehand and each step with its time" {
	plan "service a" "run /bin/sleep 1000" "stop-timeout 7" "service b" "run /bin/sleep 1000" "needs a" "stop-timeout 20" \
		"service c" "run /bin/sleep 1000" "stop-timeout 15"
	start
	until_seen console 'node up'
	stop
	# 7 + 20 of those that wait for each other, 5 more each to be killed, and the steps that follow.
	grep -qE 'mkdl: rebooting: asked by SIGTERM; within 155 s' console
	grep -qE 'mkdl: services +stopped \([0-9.]+ s, took [0-9]+ ms\)' console
	grep -qE 'mkdl: processes +ended \([0-9.]+ s, took [0-9]+ ms\)' console
}
