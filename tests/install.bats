#!/usr/bin/env bats
# cmake --install: what is on the PATH then works without the checkout.
load helpers

setup() {
	unset MKDL_HOME MKDL_HELPERS
	cd "$BATS_TEST_TMPDIR" || return 1
	BUILD=$(dirname "$MKDL_RELEASE")
}

@test "installed below a prefix, mkdl finds what belongs to it" {
	cmake --install "$BUILD" --prefix "$PWD/prefix" >log
	PATH=$PWD/prefix/bin:$PATH
	assert_file_exist prefix/share/man/man1/mkdl.1
	assert_file_exist prefix/share/man/man5/mkdl-profile.5
	run find prefix/share/doc -name 'troubleshooting.md' -o -name CHANGELOG.md -o -name LICENSE
	assert_equal "${#lines[@]}" 3
	mkdl init lab
	cd lab
	run mkdl check profiles/my-worker.yml --json
	assert_success
	refute_output --partial "$ROOT/"
	run mkdl check rescue.yml
	assert_success
	assert_line --partial "prefix/share/mkdl/profiles/base.yml"
	# Recipes are as executable as in the checkout, and find their files at the same distance.
	cmp "$ROOT/hooks/build/busybox" ../prefix/share/mkdl/hooks/build/busybox
	[ -x ../prefix/share/mkdl/hooks/build/busybox ]
	[ -e ../prefix/share/mkdl/node/images/image-import.c ]
	[ -x ../prefix/libexec/mkdl/mkdl-init ]
	[ -x ../prefix/libexec/mkdl/nodectl ]
	[ -e ../prefix/share/mkdl/node/drain/drain.c ]
}

@test "installed into DESTDIR, for a package" {
	DESTDIR=$PWD/package cmake --install "$BUILD" --prefix /usr >log
	[ -x package/usr/bin/mkdl ]
	run package/usr/bin/mkdl check demo.yml
	assert_success
	assert_line --partial "package/usr/share/mkdl/profiles/demo.yml"
}
