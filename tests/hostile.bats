#!/usr/bin/env bats
# mkdl build against damaged, hostile and colliding inputs: each is a clear error, and nothing is published.
load helpers
load project

setup_file() {
	export MKDL_HOME=$ROOT
	MKDL_CACHE=$BATS_FILE_TMPDIR/cache make_project "$BATS_FILE_TMPDIR/lab"
}

setup() {
	cp -a "$BATS_FILE_TMPDIR/lab" "$BATS_TEST_TMPDIR/lab"
	cd "$BATS_TEST_TMPDIR/lab" || return 1
	export MKDL_CACHE=$BATS_TEST_TMPDIR/cache
}

# refused TEXT [ARGUMENT…]: the build fails, says so, and publishes nothing.
refused() {
	local text=$1
	shift
	run "$MKDL" build profiles/small.yml "$@"
	assert_failure 1
	assert_output --partial "$text"
	[ ! -e out ] || assert_equal "$(find out -type f)" ""
}

# archive NAME: with members as Python's tarfile makes them: "file NAME", "link NAME TARGET", "hard NAME TARGET" on standard input.
archive() {
	python3 -c 'import io, sys, tarfile
t = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
for line in sys.stdin:
    kind, name, *target = eval(line)
    m = tarfile.TarInfo(name)
    m.type = {"file": tarfile.REGTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE}[kind]
    m.linkname = target[0] if target else ""
    m.size = 2 if kind == "file" else 0
    t.addfile(m, io.BytesIO(b"x\n"))
t.close()' "$1"
}

flip_byte() { # FILE OFFSET
	chmod u+w "$1"
	printf '\377' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

@test "a profile cannot take the name of what mkdl keeps beside its images" {
	local name
	for name in boot grub tftp build recipes pxelinux.cfg pxelinux.0 ldlinux.c32 worker.ipxe; do
		{ echo "name: $name"; cat "$BATS_FILE_TMPDIR/lab/profiles/small.yml"; } >profiles/small.yml
		refused "profiles/small.yml:1:7: error: a profile cannot be named \"$name\""
	done
	cp "$BATS_FILE_TMPDIR/lab/profiles/small.yml" profiles/boot.yml
	run "$MKDL" check profiles/boot.yml
	assert_failure 1
	assert_output --partial 'a profile cannot be named "boot"'
}

@test "the TFTP root can neither be the output folder nor lie in what is replaced" {
	mkdir o
	ln -s o link
	run "$MKDL" build profiles/small.yml --out o --tftp link
	assert_failure 1
	assert_output --partial 'both keep a folder "small" there'
	run "$MKDL" build profiles/small.yml --out o --tftp o/small/tftp
	assert_failure 1
	assert_output --partial "the TFTP root o/small/tftp lies in o/small, which every build replaces"
	assert_not_exist o/small/vmlinuz
	"$MKDL" build profiles/small.yml --out o --tftp o/srv >/dev/null
	cmp o/small/vmlinuz o/srv/small/*/vmlinuz
}

@test "a damaged segment in the cache is noticed, and made anew" {
	"$MKDL" build profiles/small.yml >/dev/null
	cp -a out saved
	local largest
	largest=$(find "$MKDL_CACHE/segment" -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
	flip_byte "$largest" 1000
	rm -rf out
	refused "the runtime segment in the cache $MKDL_CACHE was damaged, and is removed from there; build again"
	"$MKDL" build profiles/small.yml >/dev/null
	diff -r saved out
	truncate -s 500 "$largest"
	rm -rf out
	refused "the runtime segment in the cache"
	"$MKDL" build profiles/small.yml >/dev/null
	diff -r saved out
}

@test "a damaged kernel in the cache is noticed" {
	"$MKDL" build profiles/small.yml >/dev/null
	local hash
	hash=$(sha256sum <out/small/vmlinuz | cut -d' ' -f1)
	flip_byte "$MKDL_CACHE/blob/${hash:0:2}/${hash:2}" 2
	rm -rf out
	run "$MKDL" build profiles/small.yml
	assert_failure 1
	assert_output --partial "vmlinuz: the cache holds damaged contents for it: remove $MKDL_CACHE/blob/${hash:0:2}/${hash:2}"
	assert_not_exist out/small
}

@test "a boot loader of another version is published, though its size is the same" {
	mkdir -p loaders/lib/bios
	echo one >loaders/lib/pxelinux.0
	echo bios >loaders/lib/bios/ldlinux.c32
	echo 'bootloaders: [{path: loaders}]' >>profiles/small.yml
	"$MKDL" build profiles/small.yml >/dev/null
	echo two >loaders/lib/pxelinux.0
	"$MKDL" build profiles/small.yml >/dev/null
	assert_equal "$(cat out/tftp/pxelinux.0)" two
}

@test "hostile archives" {
	sed -i 's|^  libc:|  bad: {path: bad.tar}\n&|' profiles/small.yml
	archive bad.tar <<<'("hard", "a", "a")'
	refused "bad.tar: /a is a hard link to /a, which is one itself and leads to no file"
	archive bad.tar <<-'END'
		("hard", "a", "b")
		("hard", "b", "a")
	END
	refused "which is one itself and leads to no file"
	archive bad.tar <<-'END'
		("file", "TRAILER!!!")
		("file", "after")
	END
	refused "bad.tar: /TRAILER!!!: an initramfs cannot hold a file of this name"
	archive bad.tar <<<'("file", "usr/" + "n" * 256)'
	refused "bad.tar: path with a name longer than 255 bytes: nnnn"
	archive bad.tar <<<'("link", "l", "a\nb")'
	refused "bad.tar: /l: symbolic link whose target has a control character in it"
	archive bad.tar <<<'("file", "usr/" + "n" * 255)'
	"$MKDL" build profiles/small.yml >/dev/null
}

@test "an overlay cannot replace what PID 1 reads, nor hold an archive's end" {
	mkdir overlays/site/etc/mkdl
	echo garbage >overlays/site/etc/mkdl/plan
	refused "/etc/mkdl/plan comes from overlay site, but /etc/mkdl is mkdl's own"
	rm -r overlays/site/etc/mkdl
	echo x >'overlays/site/TRAILER!!!'
	refused "/TRAILER!!! (overlay site): an initramfs cannot hold a file of this name"
	rm 'overlays/site/TRAILER!!!'
	echo x >overlays/site/dev
	refused "/dev/console (mkdl) lies below /dev (overlay site), which is not a folder"
}

@test "a module that cannot be read is an error, though none but another one names it" {
	local module=kernel/lib/modules/6.9.0-test/kernel/lib/mdio.ko.xz
	truncate -s 100 $module
	refused "a module that cannot be read, is the package whole? /lib/modules/6.9.0-test/kernel/lib/mdio.ko.xz"
	: >$module
	refused "a module that cannot be read"
	head -c 5000 /dev/zero | xz >$module
	refused "a module that cannot be read"
}

@test "a kernel and a program that were cut short" {
	truncate -s 200 parts/usr/bin/hello
	refused "/usr/bin/hello: broken ELF file: its program headers lie outside of it; is it whole?"
	: >kernel/boot/vmlinuz-6.9.0-test
	refused "profiles/small.yml:1:10: kernel: /boot/vmlinuz-6.9.0-test is empty"
}

@test "what a recipe leaves running is ended, though it left the process group" {
	mkdir -p hooks/build
	cat >hooks/build/stray <<-END
		#!/bin/sh
		# recipe: starts what outlives it
		#
		echo x >"\$OUT/x"
		setsid sh -c 'exec sleep 4321.$$' &
		(trap '' TERM INT HUP; setsid setsid sleep 4321.$$) &
		sleep 0.2
		[ ! -e "$PWD/wait" ] || { : >"$PWD/ready"; sleep 60; }
	END
	chmod +x hooks/build/stray
	sed -i 's|^  libc:|  stray: {build: stray}\n&|' profiles/small.yml
	"$MKDL" build profiles/small.yml >/dev/null
	assert_equal "$(processes_with "sleep 4321.$$")" ""
	rm -rf "$MKDL_CACHE"
	touch wait
	"$MKDL" build profiles/small.yml >/dev/null 2>&1 3>&- &
	local pid=$!
	wait_for 60 test -e ready
	kill -9 "$pid"
	wait "$pid" || :
	gone() { [ -z "$(processes_with "sleep 4321.$$")" ]; }
	wait_for 60 gone
}

@test "two profiles at once into one TFTP root, from two output folders" {
	sed 's/console=ttyS0/quiet/' profiles/small.yml >profiles/other.yml
	local n pid
	for n in 1 2 3 4 5 6; do
		echo "$n" >overlays/site/etc/motd
		"$MKDL" build profiles/small.yml --out a --tftp srv >/dev/null 2>&1 &
		pid=$!
		"$MKDL" build profiles/other.yml --out b --tftp srv >/dev/null
		wait "$pid"
		cmp srv/boot.ipxe srv/small.ipxe || cmp srv/boot.ipxe srv/other.ipxe
		cmp a/small/initramfs.img srv/small/"$(json_of 'j["image"]' <a/small/manifest.json)"/initramfs.img
		cmp b/other/initramfs.img srv/other/"$(json_of 'j["image"]' <b/other/manifest.json)"/initramfs.img
	done
	assert_equal "$(find srv a b -name '.*' | wc -l)" 0
}
