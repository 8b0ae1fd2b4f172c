# Shared by the *.bats files. MKDL is the builder under test (tests/run sets it), ROOT the checkout.
bats_require_minimum_version 1.8.0
bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
MKDL=$(realpath "${MKDL:-$ROOT/out/build/release/mkdl}")
# Quick command tests may run on the sanitized build; machines and builds of whole images take the fast one.
MKDL_RELEASE=$(realpath "${MKDL_RELEASE:-$MKDL}")
export ROOT MKDL MKDL_RELEASE

# The processes whose command line matches a pattern, as "PID COMMAND" lines.
processes_with() {
	pgrep -af -- "$1" || [ $? -eq 1 ]
}

# Wait up to $1 seconds for a command to succeed. The limit is for what never happens: on a busy host an event may take many
# times what it takes on an idle one, so at least 60 for what processes do and 300 for machines.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# A port of 127.0.0.1 that nobody uses. It is none of those that the kernel gives to who asks for any, so nobody gets it by accident.
free_port() {
	local port
	while :; do
		port=$((10000 + ((RANDOM << 15 | RANDOM) % 20000)))
		[ -n "$(ss -Hantu "sport = :$port")" ] || break
	done
	echo "$port"
}

# Standard input is one JSON value and nothing else.
is_json() {
	python3 -c 'import json, sys; json.load(sys.stdin)'
}

# json_of EXPRESSION: of the value j on standard input.
json_of() {
	python3 -c 'import json, sys; j = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}
