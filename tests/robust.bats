#!/usr/bin/env bats
# PID 1 stays up whatever the rest of the machine does, and says what it did.
bats_require_minimum_version 1.5.0
load init

# SIGKILL to every process in there but PID 1 (and the one that does it).
kill_all() {
	nsenter -t "$(inner)" -U -p -m --preserve-credentials perl -e 'kill "KILL", -1'
}

@test "10 000 orphans" {
	cat >orphans.c <<-'END'
		#include <stdio.h>
		#include <sys/types.h>
		#include <unistd.h>
		/* In portions: a machine for tests may not allow so many at a time. */
		int main(void)
		{
			for (int i = 0; i < 10000; i++) {
				pid_t pid = fork();

				if (pid == 0) {
					if (fork() == 0)
						_exit(7);
					_exit(0);
				}
				if (pid < 0) {
					usleep(10000);
					i--;
				}
			}
			puts("made");
			fflush(stdout);
			pause();
		}
	END
	gcc -O1 -o orphans orphans.c
	plan "service orphans" "run $HERE/orphans" "service other" "run /bin/sleep 1000" "needs orphans"
	start
	until_seen console 'node up'
	until_seen run/mkdl/log/orphans.log made
	# The service's own dead children are its own affair; their children were handed to PID 1.
	for _ in $(seq 600); do
		left=$(grep -l "^PPid:	1$" /proc/"$(inner)"/root/proc/[0-9]*/status 2>/dev/null | wc -l)
		[ "$left" -le 2 ] && break
		sleep 0.1
	done
	[ "$left" -le 2 ]
	stop
	grep -q 'services *stopped' console
}

@test "a service that dies at once, again and again, costs nothing and is said now and then" {
	plan "service dies" "run /bin/false"
	for i in $(seq 40); do
		printf 'service d%s\nrun /bin/false\n' "$i" >>plan
	done
	start
	until_seen console 'service dies .*again in 8.0 s'
	used=$(awk '{print $14 + $15}' "/proc/$(inner)/stat")
	# Half a second of CPU at most for 41 of them in 15 seconds; a fifth on an idle host.
	[ "$used" -le 50 ]
	[ "$(grep -c 'service dies exited' console)" -le 8 ]
	stop
}

@test "a full /run: the service runs on, the end of its log is in memory, and the file goes on when there is room" {
	mkdir -p run
	script talks <<-END
		echo before
		touch $HERE/up
		until [ -e $HERE/full ]; do sleep 0.05; done
		head -c 20000 /dev/zero | tr '\0' y
		echo
		echo "the reason"
		touch $HERE/said
		until [ -e $HERE/free ]; do sleep 0.05; done
		echo after
		exec sleep 1000
	END
	plan "service talks" "run $HERE/talks" "ready file $HERE/up" "service dies" "run $HERE/dies" "exists $HERE/dies" "needs talks"
	script dies <<-END
		until [ -e $HERE/said ]; do sleep 0.05; done
		echo "why it died"
		exit 1
	END
	# shellcheck disable=SC2016 # the shell inside expands it
	unshare -Urpfm --kill-child --mount-proc sh -c '
		mount -t tmpfs -o size=256k t "$1" && mount --bind "$1" /run && exec "$2" --supervise "$3"' \
		sh "$HERE/run" "$INIT" "$HERE/plan" >console 2>&1 3>&- &
	# shellcheck disable=SC2034 # for init.bash
	PID=$!
	until_seen console 'service talks +ready'
	inside=/proc/$(inner)/root/run
	# Every page of it.
	head -c 300000 /dev/zero >"$inside/fill" 2>/dev/null || true
	touch full
	until_seen console '/run/mkdl/log/talks.log: the file system takes nothing more'
	# From memory, for its file could not be written.
	until_seen console 'mkdl:   \| why it died'
	rm "$inside/fill"
	touch free
	until_seen "$inside/mkdl/log/talks.log" after
	grep -qE '^mkdl: [0-9]+ bytes are missing here$' "$inside/mkdl/log/talks.log"
	stop
}

@test "no file descriptors left in PID 1: services are started all the same, with an input and an output" {
	script a <<-'END'
		echo "input $(readlink /proc/$$/fd/0)"
		exec sleep 1000
	END
	plan "service a" "run $HERE/a"
	start
	until_seen run/mkdl/log/a.log '^input /dev/null$'
	one=$(inner)
	# All below its limit are taken: there is no next one.
	prlimit --pid "$one" --nofile="$(($(find "/proc/$one/fd" -type l -printf '%f\n' | sort -n | tail -1) + 1)):"
	kill_all
	until_seen console 'service a was killed by signal 9'
	until_seen run/mkdl/log/a.log '^input /dev/null$' 2
	stop
}

@test "SIGKILL to every process but PID 1: everything comes back" {
	for name in a b c; do
		printf 'service %s\nrun /bin/sleep 1000\n' $name >>services
	done
	plan
	cat services >>plan
	start
	until_seen console 'node up'
	kill_all
	for name in a b c; do
		until_seen console "service $name was killed by signal 9 \(Killed\) after [0-9.]+ s; again in 0.5 s"
		until_seen console "service $name +ready" 2
	done
	stop
}
