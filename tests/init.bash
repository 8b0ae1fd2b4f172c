# PID 1 as PID 1 of a user, PID and mount namespace, with /run of its own: what the tests of its supervision share.

load helpers

setup() {
	INIT=${MKDL_INIT:-$(dirname "$MKDL")/init/mkdl-init}
	[ -x "$INIT" ]
	cd "$BATS_TEST_TMPDIR" || return 1
	HERE=$PWD
	PID=
}

teardown() {
	if [ -n "$PID" ]; then
		kill -KILL "$PID" 2>/dev/null || true
	fi
}

# plan LINE…: the plan of the test, words with spaces written as \s
plan() {
	printf '%s\n' "mkdl-plan 1" "name test" "$@" >plan
}

# script NAME: a program from stdin, with $HERE as its first argument's place
script() {
	{ echo '#!/bin/bash'; cat; } >"$1"
	chmod 755 "$1"
}

# Start it in the background. PID is that of unshare: its end is the namespace's end. /run is the test's own, logs in log/.
start() {
	mkdir -p run
	# That of an earlier start is not to be taken for this one's.
	: >console
	# shellcheck disable=SC2016 # the shell inside expands it
	unshare -Urpfm --kill-child --mount-proc \
		sh -c 'mount --bind "$1" /run && exec "$2" --supervise "$3"' sh "$HERE/run" "$INIT" "$HERE/plan" >console 2>&1 3>&- &
	PID=$!
}

# The process that is PID 1 inside.
inner() {
	tr -d ' ' <"/proc/$PID/task/$PID/children"
}

# until_seen FILE PATTERN [TIMES]: for a minute at most; it may take long on a busy host.
until_seen() {
	local end=$((SECONDS + 60))
	while [ "$SECONDS" -lt "$end" ]; do
		if [ "$(grep -cE "$2" "$1" 2>/dev/null)" -ge "${3:-1}" ]; then
			return 0
		fi
		sleep 0.05
	done
	echo "not seen in $1: $2" >&2
	cat "$1" >&2
	return 1
}

# Ask it to end and wait for that.
stop() {
	kill "-${1:-TERM}" "$(inner)"
	ended
}

ended() {
	local end=$((SECONDS + 120))
	while [ "$SECONDS" -lt "$end" ]; do
		if ! kill -0 "$PID" 2>/dev/null; then
			wait "$PID"
			PID=
			return 0
		fi
		sleep 0.05
	done
	echo "still there" >&2
	cat console >&2
	return 1
}
