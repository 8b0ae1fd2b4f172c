#!/usr/bin/env bats
# mkdl init: the folder for a user's own profiles.
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export MKDL_HOME=$ROOT
}

@test "makes a folder whose profile is in order" {
	run "$MKDL" init 'my lab'
	assert_success
	assert_file_exist "my lab/README.md"
	assert_file_exist "my lab/.gitignore"
	assert_file_exist "my lab/overlays/site/etc/motd"
	assert_dir_exist "my lab/hooks/build"
	cd "my lab"
	run --separate-stderr "$MKDL" check profiles/my-worker.yml
	assert_success
	assert_line --index 0 "profiles/my-worker.yml: ok"
	assert_equal "$stderr" ""
	assert_line --regexp "name +my-worker"
}

@test "what its comments suggest is in order, too" {
	"$MKDL" init lab
	cd lab
	sed -i 's/^# \(users\|cmdline\|components\|state\):/\1:/; s/^#   /  /' profiles/my-worker.yml
	run --separate-stderr "$MKDL" check profiles/my-worker.yml
	echo "$stderr"
	assert_success
	assert_output --partial "ethtool"
}

@test "takes a folder that is there, and overwrites nothing in it" {
	mkdir lab
	echo mine >lab/notes
	run "$MKDL" init lab
	assert_success
	echo changed >lab/README.md
	rm lab/.gitignore
	run "$MKDL" init lab
	assert_failure 1
	assert_output "mkdl: init: lab/README.md is there already; nothing was changed"
	assert_file_not_exist lab/.gitignore
	assert_equal "$(cat lab/README.md lab/notes)" "$(printf 'changed\nmine')"
}

@test "says why it cannot" {
	echo x >file
	run "$MKDL" init file/lab
	assert_failure 1
	assert_output --partial "Not a directory"
	run "$MKDL" init
	assert_failure 2
	run "$MKDL" init a b
	assert_failure 2
}
