#!/usr/bin/env bats
# ./mkdl, the door: tried on a tiny project in its place, with a dpkg-query, apt-get, sudo and id of our own.
load helpers

setup() {
	DOOR=$BATS_TEST_TMPDIR/door
	FAKE=$BATS_TEST_TMPDIR/fake
	mkdir -p "$DOOR"/{base,builder,cluster,config,init,lab,node} "$DOOR/docs" "$FAKE"
	cp "$ROOT/mkdl" "$DOOR/mkdl"
	cp "$ROOT/CMakePresets.json" "$DOOR/"
	cat >"$DOOR/CMakeLists.txt" <<-'END'
		cmake_minimum_required(VERSION 3.25)
		project(door LANGUAGES C)
		file(GLOB SOURCES CONFIGURE_DEPENDS builder/*.c)
		add_executable(mkdl ${SOURCES})
	END
	cat >"$DOOR/builder/main.c" <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			char here[4096];
			for (int i = 1; i < argc; i++)
				printf("<%s>", argv[i]);
			if (argc > 1 && !strcmp(argv[1], "typed"))
				printf("%s", getenv("MKDL_COMMAND"));
			printf(" in %s\n", getcwd(here, sizeof(here)));
			return argc > 1 ? 7 : 0;
		}
	END
	# All packages are there, and nobody is to install any.
	fake dpkg-query 'shift 3; for p; do echo "$p installed"; done'
	fake apt-get 'echo "apt-get $*" >>"$LOG"; exit 1'
	fake qemu-system-x86_64 'exit 0'
	export LOG=$BATS_TEST_TMPDIR/log
	: >"$LOG"
	PATH=$FAKE:$PATH
}

fake() {
	printf '#!/bin/sh\n%s\n' "$2" >"$FAKE/$1"
	chmod +x "$FAKE/$1"
}

@test "builds, says so, and passes arguments, working directory and exit status on" {
	cd "$BATS_TEST_TMPDIR"
	run --separate-stderr "$DOOR/mkdl" build 'a b' ''
	assert_failure 7
	assert_output "<build><a b><> in $BATS_TEST_TMPDIR"
	assert_equal "$stderr" "mkdl: building the builder in $DOOR/out/build/release"
	run --separate-stderr "$DOOR/mkdl" again
	assert_output "<again> in $BATS_TEST_TMPDIR"
	assert_equal "$stderr" ""
}

@test "tells the builder how it was called, for what it tells the user to type" {
	cd "$DOOR"
	run --separate-stderr ./mkdl typed
	assert_output "<typed>./mkdl in $PWD"
}

@test "works through symbolic links, from anywhere" {
	ln -s "$DOOR/mkdl" "$BATS_TEST_TMPDIR/one"
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	ln -s ../one "$BATS_TEST_TMPDIR/bin/two"
	cd /
	run --separate-stderr "$BATS_TEST_TMPDIR/bin/two" x
	assert_output "<x> in /"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run --separate-stderr two y
	assert_output "<y> in /"
}

@test "a checkout with spaces in its name" {
	mv "$DOOR" "$BATS_TEST_TMPDIR/my door"
	run --separate-stderr "$BATS_TEST_TMPDIR/my door/mkdl" x
	assert_output "<x> in $PWD"
}

@test "builds again when a source changed, was added or removed, or the checkout moved" {
	"$DOOR/mkdl"
	sed -i 's/ in %s/ at %s/' "$DOOR/builder/main.c"
	run --separate-stderr "$DOOR/mkdl"
	assert_output " at $PWD"
	echo 'int extra(void); int extra(void) { return 1; }' >"$DOOR/builder/extra.c"
	run --separate-stderr "$DOOR/mkdl"
	assert_regex "$stderr" "building"
	rm "$DOOR/builder/extra.c"
	run --separate-stderr "$DOOR/mkdl"
	assert_regex "$stderr" "building"
	mv "$DOOR" "$DOOR.moved"
	run --separate-stderr "$DOOR.moved/mkdl"
	assert_regex "$stderr" "building the builder in $DOOR.moved"
	assert_output " at $PWD"
}

@test "nothing changed takes well under a tenth of a second" {
	"$DOOR/mkdl"
	# Of the processor: what others leave of it is not our affair.
	local TIMEFORMAT='%3U %3S' time least=1000 ms
	for _ in 1 2 3 4 5; do
		time=$({ time "$DOOR/mkdl" >"$BATS_TEST_TMPDIR/out"; } 2>&1)
		ms=$(awk '{ printf "%d", ($1 + $2) * 1000 }' <<<"$time")
		[ "$ms" -ge "$least" ] || least=$ms
	done
	echo "$least ms at least"
	[ "$least" -lt 100 ]
}

@test "a build that fails shows the compiler's output, and the next one works" {
	echo 'int broken(' >"$DOOR/builder/broken.c"
	run "$DOOR/mkdl"
	assert_failure 1
	assert_output --partial "broken.c"
	assert_output --partial "mkdl: cannot build the builder"
	rm "$DOOR/builder/broken.c"
	run --separate-stderr "$DOOR/mkdl"
	assert_success
}

@test "two at once build once" {
	"$DOOR/mkdl" a >"$BATS_TEST_TMPDIR/a" 2>"$BATS_TEST_TMPDIR/a.err" 3>&- &
	local first=$! status=0
	"$DOOR/mkdl" b >"$BATS_TEST_TMPDIR/b" 2>"$BATS_TEST_TMPDIR/b.err" || status=$?
	[ "$status" -eq 7 ]
	wait "$first" || status=$?
	[ "$status" -eq 7 ]
	run cat "$BATS_TEST_TMPDIR/a.err" "$BATS_TEST_TMPDIR/b.err"
	assert_equal "${#lines[@]}" 1
}

@test "what is missing is named and installed, as root" {
	fake id 'echo 0'
	fake dpkg-query 'shift 3; for p; do case $p in cmake | scdoc) ;; *) echo "$p installed" ;; esac; done; exit 1'
	fake apt-get 'echo "apt-get $*" >>"$LOG"'
	run --separate-stderr "$DOOR/mkdl" x
	assert_failure 7
	assert_regex "$stderr" "mkdl: needed to build the builder, and missing: cmake scdoc"
	run cat "$LOG"
	assert_line --index 0 "apt-get update -q"
	assert_line --index 1 "apt-get install -q -y --no-install-recommends cmake scdoc"
}

@test "a package that is removed but not purged is missing" {
	fake id 'echo 0'
	fake dpkg-query 'shift 3; for p; do case $p in cmake) echo "$p config-files" ;; *) echo "$p installed" ;; esac; done'
	fake apt-get 'echo "apt-get $*" >>"$LOG"'
	run "$DOOR/mkdl" x
	run cat "$LOG"
	assert_line --partial "--no-install-recommends cmake"
}

@test "sudo is used by others than root" {
	fake id 'echo 1000'
	fake dpkg-query 'exit 1'
	fake sudo 'echo "sudo $*" >>"$LOG"'
	run "$DOOR/mkdl" x
	run cat "$LOG"
	assert_line --index 0 "sudo apt-get update -q"
	assert_line --index 1 --partial "sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends gcc"
}

@test "without root and sudo, or when asked not to install, the command to type is shown" {
	fake id 'echo 1000'
	fake dpkg-query 'shift 3; for p; do [ "$p" = cmake ] || echo "$p installed"; done'
	# A PATH that has everything but sudo.
	local bin=$BATS_TEST_TMPDIR/bin tool
	mkdir "$bin"
	for tool in sh dirname readlink awk find; do ln -s "$(command -v "$tool")" "$bin/"; done
	PATH=$FAKE:$bin run "$DOOR/mkdl" x
	assert_failure 1
	assert_output --partial "apt-get update && apt-get install --no-install-recommends cmake"
	MKDL_INSTALL=no run "$DOOR/mkdl" x
	assert_failure 1
	assert_output --partial "apt-get install --no-install-recommends cmake"
	run cat "$LOG"
	assert_output ""
}

@test "a package that cannot be installed is an error" {
	fake id 'echo 0'
	fake dpkg-query 'exit 1'
	run "$DOOR/mkdl" x
	assert_failure 1
	assert_output --partial "apt-get could not install: gcc"
}

@test "QEMU is asked for by run alone" {
	"$DOOR/mkdl"
	fake id 'echo 0'
	fake dpkg-query 'exit 1'
	rm "$FAKE/qemu-system-x86_64"
	local bin=$BATS_TEST_TMPDIR/bin tool
	mkdir "$bin"
	for tool in sh dirname readlink awk find env; do ln -s "$(command -v "$tool")" "$bin/"; done
	PATH=$FAKE:$bin run "$DOOR/mkdl" build run
	assert_failure 7
	PATH=$FAKE:$bin run "$DOOR/mkdl" run --help
	assert_failure 7
	PATH=$FAKE:$bin run "$DOOR/mkdl" -v run x
	assert_failure 1
	assert_output --partial "needed to run a machine, and missing: qemu-system-x86 ovmf ipxe-qemu"
}
