#!/usr/bin/env bats
# What holds for every subcommand: help, exit codes, suggestions, JSON.
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# The names in the list of `mkdl --help`.
commands() {
	"$MKDL" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

@test "--help lists the commands, on standard output, exit 0" {
	run --separate-stderr "$MKDL" --help
	assert_success
	assert_output --partial "usage: mkdl"
	[ -z "$stderr" ]
	run commands
	for name in check run init version; do assert_line "$name"; done
}

@test "without a command: help on standard error, exit 2" {
	run --separate-stderr "$MKDL"
	assert_failure 2
	assert_output ""
	assert_regex "$stderr" "usage: mkdl"
}

@test "every command explains itself, by --help anywhere and by help" {
	local count=0 name
	for name in $(commands); do
		run --separate-stderr "$MKDL" "$name" --help
		assert_success
		assert_line --index 0 --partial "usage: mkdl $name"
		[ -z "$stderr" ]
		local text=$output
		run "$MKDL" help "$name"
		assert_output "$text"
		run "$MKDL" --help "$name"
		assert_output "$text"
		count=$((count + 1))
	done
	[ "$count" -ge 4 ]
}

@test "every command is in the man page" {
	for name in $(commands); do
		grep -q "^\*$name\*" "$ROOT/docs/mkdl.1.scd" || { echo "mkdl.1.scd: nothing on $name"; return 1; }
	done
}

@test "help fits a terminal of 80 columns" {
	local name
	{
		"$MKDL" --help
		for name in $(commands); do "$MKDL" "$name" --help; done
	} >help
	run python3 -c 'import sys; print(*(l for l in open("help") if len(l.rstrip("\n")) > 80), end="")'
	assert_output ""
}

@test "the commands' help and mkdl(1) agree" {
	"$MKDL" help --manual >made
	sed -n '/^; commands begin/,/^; commands end/{/^; commands/d;p}' "$ROOT/docs/mkdl.1.scd" >manual
	diff made manual
}

@test "a reader that has seen enough ends it without a word" {
	run bash -c '"$MKDL" help --manual | true; echo "${PIPESTATUS[0]}"'
	# It may have been done before the reader left.
	assert_output --regexp '^(0|141)$'
	run bash -c 'exec 3> >(exec true); wait $!; "$MKDL" --help >&3; echo "$?"'
	assert_output 141
}

@test "every command refuses an unknown option with exit 2, its usage and nothing on standard output" {
	for name in $(commands); do
		run --separate-stderr "$MKDL" "$name" --no-such-option
		echo "$name: $status $stderr"
		assert_failure 2
		assert_output ""
		assert_regex "$stderr" "no-such-option|takes no arguments"
		assert_regex "$stderr" "usage: mkdl $name"
	done
}

@test "a word too many is refused with exit 2" {
	for name in $(commands); do
		[[ "$name" != config && "$name" != sign ]] || continue # take any number of files
		run --separate-stderr "$MKDL" "$name" a b c d e f
		echo "$name: $status $stderr"
		assert_failure 2
		assert_output ""
	done
}

@test "an unknown command is refused with a suggestion" {
	run --separate-stderr "$MKDL" chekc x
	assert_failure 2
	assert_output ""
	assert_equal "${stderr_lines[0]}" 'mkdl: unknown command "chekc", did you mean "check"?'
	run --separate-stderr "$MKDL" frobnicate
	assert_failure 2
	assert_equal "${stderr_lines[0]}" 'mkdl: unknown command "frobnicate"'
}

@test "an unknown option is refused with a suggestion" {
	run --separate-stderr "$MKDL" run x --memroy 1G
	assert_failure 2
	assert_equal "${stderr_lines[0]}" 'mkdl: run: unknown option "--memroy", did you mean "--memory"?'
}

@test "an option that lacks its value is refused" {
	run --separate-stderr "$MKDL" run x --memory
	assert_failure 2
	assert_equal "${stderr_lines[0]}" 'mkdl: run: option "--memory" needs a value'
}

@test "version: by itself, as an option and as JSON" {
	run "$MKDL" version
	assert_success
	assert_output --regexp '^mkdl [0-9]+\.[0-9]+\.[0-9]+$'
	local text=$output
	run "$MKDL" --version
	assert_output "$text"
	run "$MKDL" --json version
	assert_success
	is_json <<<"$output"
	assert_equal "mkdl $(json_of 'j["version"]' <<<"$output")" "$text"
}

@test "options may stand before and after the command" {
	run "$MKDL" -v --no-color version --json
	assert_success
	is_json <<<"$output"
}

@test "output that cannot be written is a failure" {
	run bash -c '"$MKDL" --help >/dev/full'
	assert_failure
	run bash -c '"$MKDL" version >/dev/full'
	assert_failure 1
	assert_output --partial "cannot write to standard output"
}
