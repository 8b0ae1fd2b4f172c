#!/usr/bin/env bats
# mkdl build from the outside, on a project of local files only: what the image holds, that the same inputs give the same
# bytes, and that outputs are always whole.
load helpers
load project

setup_file() {
	export MKDL_HOME=$ROOT MKDL_CACHE=$BATS_FILE_TMPDIR/cache
	make_project "$BATS_FILE_TMPDIR/lab"
}

setup() {
	cp -a "$BATS_FILE_TMPDIR/lab" "$BATS_TEST_TMPDIR/lab"
	cd "$BATS_TEST_TMPDIR/lab" || return 1
}

# All that a build leaves, as one text.
fingerprint() {
	(cd "$1" && find . -type f -printf '%P %m ' -exec sha256sum {} \; | sed 's/ [^ ]*$//' | LC_ALL=C sort)
}

# Nothing but finished outputs, which fit together.
assert_whole() {
	local id
	zstd -tq "$1/small/initramfs.img"
	id=$(json_of 'j["image"]' <"$1/small/manifest.json")
	zstd -dcq "$1/small/initramfs.img" | cpio -i --to-stdout --quiet etc/mkdl/manifest >"$BATS_TEST_TMPDIR/manifest"
	grep -qx "image small $id" "$BATS_TEST_TMPDIR/manifest"
	if [ -e "$1/tftp/boot.ipxe" ]; then
		local booted
		booted=$(sed -n 's/^initrd \([^ ]*\) .*/\1/p' "$1/tftp/boot.ipxe")
		zstd -tq "$1/tftp/$booted"
		[ -s "$1/tftp/$(dirname "$booted")/vmlinuz" ]
	fi
}

@test "outputs are all there, and name each other" {
	run --separate-stderr "$MKDL" build profiles/small.yml
	assert_success
	assert_line --regexp '^small [0-9a-f]{16}, kernel 6.9.0-test$'
	assert_line --regexp '^  runtime +[0-9.]+ MB -> '
	assert_line --regexp '^  needs a machine with at least [0-9]+ MB of RAM$'
	assert_line "written to out/small/ and out/tftp/ (boot.ipxe, small.ipxe)"
	assert_line "try it: mkdl run profiles/small.yml"
	assert_whole out
	cmp out/small/vmlinuz kernel/boot/vmlinuz-6.9.0-test
	local id
	id=$(json_of 'j["image"]' <out/small/manifest.json)
	cmp out/small/initramfs.img "out/tftp/small/$id/initramfs.img"
	cmp out/small/vmlinuz "out/tftp/small/$id/vmlinuz"
	cmp out/tftp/boot.ipxe out/tftp/small.ipxe
	grep -qF "kernel small/$id/vmlinuz initrd=initramfs.img BOOTIF=01-\${netX/mac:hexhyp} console=ttyS0 ||" out/tftp/boot.ipxe
	grep -qF "linux /small/$id/vmlinuz BOOTIF=01-\$net_default_mac console=ttyS0" out/tftp/grub/grub.cfg
	assert_equal "$(find out -name '.*' | wc -l)" 0
}

@test "what the summary tells to type is what works here" {
	MKDL_COMMAND=./mkdl run --separate-stderr "$MKDL" build profiles/small.yml --out elsewhere
	assert_line "written to elsewhere/small/ and elsewhere/tftp/ (boot.ipxe, small.ipxe)"
	assert_line "try it: ./mkdl run profiles/small.yml --out elsewhere"
	# run finds the TFTP root where build put it.
	run "$MKDL" run profiles/small.yml --out elsewhere --dry-run
	assert_success
	assert_output --partial "/elsewhere/tftp,"
}

@test "cpio, bsdtar and lsinitramfs list what mkdl list lists" {
	"$MKDL" build profiles/small.yml >/dev/null
	"$MKDL" --json list profiles/small.yml | paths_of >expected
	# A folder is in every segment that has something in it; the manifest is added last.
	zstd -dcq out/small/initramfs.img | cpio -it --quiet >cpio
	tail -n 1 cpio | grep -qx etc/mkdl/manifest
	bsdtar -tf out/small/initramfs.img | sed 's|/$||' >bsdtar
	lsinitramfs out/small/initramfs.img >lsinitramfs
	for list in cpio bsdtar lsinitramfs; do
		grep -vx etc/mkdl/manifest "$list" | LC_ALL=C sort -u | diff -u expected -
	done
	paths_of <out/small/manifest.json | grep -vx etc/mkdl/manifest | diff -u expected -
}

@test "an image of LZ4 lists the same, and comes out the same again" {
	sed '/^compression:/d' profiles/small.yml >profiles/lz4.yml
	sed -i 's/^name: .*/name: lz4/' profiles/lz4.yml
	echo 'compression: lz4' >>profiles/lz4.yml
	"$MKDL" build profiles/lz4.yml >/dev/null
	"$MKDL" --json list profiles/lz4.yml | paths_of >expected
	[ "$(head -c 4 out/lz4/initramfs.img | od -An -tx1)" = " 02 21 4c 18" ]
	bsdtar -tf out/lz4/initramfs.img | sed 's|/$||' | grep -vx etc/mkdl/manifest | LC_ALL=C sort -u | diff -u expected -
	cp out/lz4/initramfs.img before
	MKDL_CACHE=$PWD/cache "$MKDL" build profiles/lz4.yml --jobs 7 >/dev/null
	cmp before out/lz4/initramfs.img
}

@test "unpacked, the files are those of manifest.json, and the programs run" {
	"$MKDL" build profiles/small.yml >/dev/null
	mkdir root
	zstd -dcq out/small/initramfs.img >image.cpio
	# An ordinary user may not make device nodes: those two are left out.
	(cd root && cpio -idum --quiet --nonmatching dev/console dev/null <../image.cpio)
	python3 - <<-'END'
		import hashlib, json, os
		for f in json.load(open("out/small/manifest.json"))["files"]:
		    path = "root" + f["path"]
		    if f["type"] == "file":
		        data = open(path, "rb").read()
		        assert len(data) == f["size"] and hashlib.sha256(data).hexdigest() == f["sha256"], path
		    elif f["type"] == "link":
		        assert os.readlink(path) == f["target"], path
		    if f["type"] in ("file", "folder"):
		        assert "%04o" % (os.stat(path).st_mode & 0o7777) == f["mode"], path
		    assert f["type"] == "device" or os.stat(path, follow_symlinks=False).st_mtime == 0 or f["type"] != "file", path
	END
	# The dynamic linker learns $ORIGIN from /proc.
	run unshare -rmpf --mount-proc="$PWD/root/proc" chroot root /bin/hello
	assert_success
}

@test "a second build with nothing changed publishes nothing" {
	"$MKDL" build profiles/small.yml >/dev/null
	find out -printf '%P %i %T@\n' | sort >before
	run --separate-stderr "$MKDL" build profiles/small.yml
	assert_success
	assert_line "unchanged: out/small/ and out/tftp/ (boot.ipxe, small.ipxe)"
	find out -printf '%P %i %T@\n' | sort | diff before -
	"$MKDL" --json build profiles/small.yml >json
	[ "$(json_of 'j["changed"], any(l["compressed_now"] for l in j["layers"])' <json)" = "(False, False)" ]
}

@test "an edit in an overlay compresses the site segment and the manifest only" {
	"$MKDL" build profiles/small.yml >/dev/null
	echo 'other words' >overlays/site/etc/motd
	"$MKDL" --json build profiles/small.yml >json
	[ "$(json_of '[l["name"] for l in j["layers"] if l["compressed_now"]]' <json)" = "['site', 'manifest']" ]
	[ "$(json_of 'j["changed"]' <json)" = True ]
	assert_whole out
	zstd -dcq out/small/initramfs.img | cpio -i --to-stdout --quiet etc/motd | grep -qx 'other words'
}

@test "what was deleted or cut short is put back" {
	"$MKDL" build profiles/small.yml >/dev/null
	fingerprint out >before
	: >out/small/initramfs.img
	rm out/tftp/small.ipxe out/tftp/small/*/vmlinuz
	echo broken >out/tftp/grub/grub.cfg
	run "$MKDL" build profiles/small.yml
	assert_success
	assert_output --partial "written to out/small/"
	fingerprint out | diff before -
}

@test "the image before stays for those who are loading it, older ones go" {
	local first second third n
	for n in first second third; do
		echo "$n" >overlays/site/etc/motd
		"$MKDL" build profiles/small.yml >/dev/null
		printf -v "$n" %s "$(json_of 'j["image"]' <out/small/manifest.json)"
	done
	assert_dir_not_exist "out/tftp/small/$first"
	assert_file_exist "out/tftp/small/$second/initramfs.img"
	assert_file_exist "out/tftp/small/$third/initramfs.img"
	"$MKDL" build profiles/small.yml >/dev/null
	assert_file_exist "out/tftp/small/$second/initramfs.img"
}

@test "boot.ipxe boots the profile that was built last" {
	sed 's/console=ttyS0/quiet/' profiles/small.yml >profiles/other.yml
	"$MKDL" build profiles/small.yml >/dev/null
	"$MKDL" build profiles/other.yml >/dev/null
	cmp out/tftp/boot.ipxe out/tftp/other.ipxe
	run "$MKDL" build profiles/small.yml
	assert_output --partial "written to"
	cmp out/tftp/boot.ipxe out/tftp/small.ipxe
	assert_dir_exist out/other
}

@test "the same bytes from another folder, user, umask, locale, time zone and number of threads" {
	"$MKDL" build profiles/small.yml --out "$BATS_TEST_TMPDIR/one" -j 1 >/dev/null
	fingerprint "$BATS_TEST_TMPDIR/one" >one
	local far
	far=$(mktemp -d "${TMPDIR:-/tmp}/mkdl-far-XXXXXX")
	(
		umask 077
		cp -r --no-preserve=mode,timestamps . "$far/somewhere else"
		find "$far" -name hello -type f -path '*bin*' -exec chmod 700 {} +
		find "$far" -name '*.so*' -type f -exec chmod 700 {} +
		mkdir "$far/home" "$far/mkdl"
		# The other user may have no way to this checkout.
		cp -r --no-preserve=mode,timestamps "$MKDL_HOME"/{profiles,overlays,hooks} "$far/mkdl/"
		cp -r "$MKDL" "$(dirname "$MKDL")/init" "$far/mkdl/"
	)
	chmod 755 "$far"
	local as=()
	if [ "$(id -u)" -eq 0 ]; then
		chown -R 12345:12345 "$far"
		as=(setpriv --reuid 12345 --regid 12345 --clear-groups)
	else
		as=(unshare -r)
	fi
	(
		cd "$far/somewhere else"
		umask 007
		"${as[@]}" env -i PATH="$PATH" HOME="$far/home" TZ=Asia/Kathmandu LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 MKDL_HOME="$far/mkdl" \
			MKDL_HELPERS="$far/mkdl/init" "$far/mkdl/mkdl" build profiles/small.yml --out "$far/two" -j 7 >/dev/null
	)
	fingerprint "$far/two" >two
	rm -rf "$far"
	diff one two
}

@test "the cpio does not depend on when or in which order files were made" {
	"$MKDL" build profiles/small.yml --out one >/dev/null
	mv overlays/site overlays/old
	mkdir -p overlays/site/etc
	touch overlays/site/etc/zz overlays/site/etc/aa
	cp overlays/old/etc/motd overlays/site/etc/
	rm overlays/site/etc/zz overlays/site/etc/aa
	touch -d 2001-01-01 overlays/site/etc/motd
	MKDL_CACHE=$BATS_TEST_TMPDIR/fresh "$MKDL" build profiles/small.yml --out two >/dev/null
	cmp one/small/initramfs.img two/small/initramfs.img
}

@test "killed at any moment, the outputs before stay whole and the next build works" {
	local n pid
	"$MKDL" build profiles/small.yml >/dev/null
	for n in $(seq 1 25); do
		echo "round $n" >overlays/site/etc/motd
		# Every other round has everything to do again, the others only little.
		[ $((n % 2)) -eq 0 ] || rm -rf "$BATS_TEST_TMPDIR/cold"
		MKDL_CACHE=$BATS_TEST_TMPDIR/cold "$MKDL" build profiles/small.yml >/dev/null 2>&1 &
		pid=$!
		sleep "0.0$((n * 37 % 90 + 10))"
		kill -9 "$pid" 2>/dev/null || :
		wait "$pid" || :
		assert_whole out
	done
	MKDL_CACHE=$BATS_TEST_TMPDIR/cold "$MKDL" build profiles/small.yml >/dev/null
	assert_whole out
	grep -qx "round 25" <(zstd -dcq out/small/initramfs.img | cpio -i --to-stdout --quiet etc/motd)
	assert_equal "$(find out -name '.*' | wc -l)" 0
	assert_equal "$(find "$BATS_TEST_TMPDIR/cold/tmp" -mindepth 1 | wc -l)" 0
}

@test "a full disk is an error, and the outputs before stay whole" {
	"$MKDL" build profiles/small.yml >/dev/null
	cp -a out saved
	cat >full <<-'END'
		set -e
		size=$1; where=$2; shift 2
		mount -t tmpfs -o "size=$size" tmpfs "$where"
		cp -a saved/. out/ 2>/dev/null || :
		exec "$@"
	END
	echo 'other words' >overlays/site/etc/motd
	# The outputs' disk: room for what is there, not for a second image.
	local room=$(($(du -sk saved | cut -f1) + 300))
	run unshare -rm sh full "${room}k" out sh -c '"$MKDL" build profiles/small.yml; code=$?; cp -a out after; exit $code'
	assert_failure 1
	assert_output --partial "No space left on device"
	assert_output --partial "publishing (what was there before is unchanged)"
	assert_whole after
	diff -r saved after
	# The cache's disk.
	mkdir little
	run unshare -rm sh full 600k little env MKDL_CACHE="$PWD/little" "$MKDL" build profiles/small.yml
	assert_failure 1
	assert_output --partial "No space left on device"
	diff -r saved out
	"$MKDL" build profiles/small.yml >/dev/null
	assert_whole out
}

@test "two builds at once end well" {
	"$MKDL" build profiles/small.yml >/dev/null 2>one &
	local pid=$!
	"$MKDL" build profiles/small.yml >/dev/null
	wait "$pid"
	assert_whole out
}

@test "a damaged cache is noticed" {
	"$MKDL" build profiles/small.yml >/dev/null
	cp -a "$MKDL_CACHE" "$BATS_TEST_TMPDIR/bad"
	export MKDL_CACHE=$BATS_TEST_TMPDIR/bad
	local hash
	hash=$(sha256sum <overlays/site/etc/motd | cut -d' ' -f1)
	chmod u+w "$MKDL_CACHE/blob/${hash:0:2}/${hash:2}"
	echo WELCOME >"$MKDL_CACHE/blob/${hash:0:2}/${hash:2}"
	rm -rf "$MKDL_CACHE/segment"
	cp -a out saved
	run "$MKDL" build profiles/small.yml
	assert_failure 1
	assert_output --partial "/etc/motd: the cache holds damaged contents for it"
	diff -r saved out
}

@test "image hooks see the outputs, may add to them, and may refuse" {
	mkdir -p hooks/image
	cat >hooks/image/sums <<-'END'
		#!/bin/sh
		sha256sum vmlinuz initramfs.img >SHA256SUMS
	END
	chmod +x hooks/image/sums
	echo 'image_hooks: [sums]' >>profiles/small.yml
	"$MKDL" build profiles/small.yml >/dev/null
	(cd out/small && sha256sum -c --quiet SHA256SUMS)
	run "$MKDL" build profiles/small.yml
	assert_output --partial "unchanged: "
	cp -a out saved
	echo 'echo not today; exit 1' >>hooks/image/sums
	run "$MKDL" build profiles/small.yml
	assert_failure 1
	assert_output --partial "not today"
	diff -r saved out
}

@test "microcode comes first, uncompressed, as the kernel wants it" {
	mkdir -p ucode/lib/firmware/intel-ucode ucode/lib/firmware/amd-ucode
	printf one >ucode/lib/firmware/intel-ucode/06-01-01
	printf two >ucode/lib/firmware/intel-ucode/06-02-01
	printf amd >ucode/lib/firmware/amd-ucode/microcode_amd.bin
	echo 'microcode: [{path: ucode}]' >>profiles/small.yml
	"$MKDL" build profiles/small.yml >/dev/null
	assert_equal "$(head -c 6 out/small/initramfs.img)" 070701
	cpio -it --quiet <out/small/initramfs.img >early
	assert_equal "$(tail -n 2 early)" "kernel/x86/microcode/AuthenticAMD.bin
kernel/x86/microcode/GenuineIntel.bin"
	assert_equal "$(cpio -i --to-stdout --quiet kernel/x86/microcode/GenuineIntel.bin <out/small/initramfs.img)" onetwo
	run lsinitramfs out/small/initramfs.img
	assert_line kernel/x86/microcode/AuthenticAMD.bin
	assert_line etc/mkdl/manifest
}

@test "pxelinux is published from the profile's bootloaders" {
	mkdir -p loaders/usr/lib/PXELINUX loaders/usr/lib/syslinux/modules/bios loaders/usr/lib/syslinux/modules/efi64
	echo pxelinux >loaders/usr/lib/PXELINUX/pxelinux.0
	echo efi >loaders/usr/lib/syslinux/modules/efi64/ldlinux.c32
	echo 'bootloaders: [{path: loaders}]' >>profiles/small.yml
	run "$MKDL" build profiles/small.yml
	assert_failure 1
	assert_output --partial "pxelinux.0 and ldlinux.c32 are both needed"
	echo bios >loaders/usr/lib/syslinux/modules/bios/ldlinux.c32
	"$MKDL" build profiles/small.yml >/dev/null
	assert_equal "$(cat out/tftp/ldlinux.c32 out/tftp/pxelinux.0)" "bios
pxelinux"
	run cat out/tftp/pxelinux.cfg/default
	assert_line --regexp '^  KERNEL small/[0-9a-f]{16}/vmlinuz$'
	assert_line '  IPAPPEND 2'
	assert_line '  APPEND console=ttyS0'
}

@test "iPXE for firmware that is none is published from the profile's bootloaders" {
	mkdir -p loaders/usr/lib/ipxe
	echo bios >loaders/usr/lib/ipxe/undionly.kpxe
	echo efi >loaders/usr/lib/ipxe/snponly.efi
	echo 'bootloaders: [{path: loaders}]' >>profiles/small.yml
	"$MKDL" build profiles/small.yml >/dev/null
	assert_equal "$(cat out/tftp/undionly.kpxe out/tftp/snponly.efi)" "bios
efi"
	assert_not_exist out/tftp/pxelinux.0
}

@test "--out moves the TFTP root with it, --tftp puts it elsewhere" {
	"$MKDL" build profiles/small.yml --out "$BATS_TEST_TMPDIR/a" >/dev/null
	assert_file_exist "$BATS_TEST_TMPDIR/a/tftp/boot.ipxe"
	assert_not_exist out
	"$MKDL" build profiles/small.yml --out "$BATS_TEST_TMPDIR/b" --tftp "$BATS_TEST_TMPDIR/srv/tftp" >/dev/null
	assert_file_exist "$BATS_TEST_TMPDIR/srv/tftp/boot.ipxe"
	assert_not_exist "$BATS_TEST_TMPDIR/b/tftp"
	sed -i '/^output:/d' profiles/small.yml
	run "$MKDL" build profiles/small.yml
	assert_success
	assert_line "written to out/small/"
}

@test "wrong usage" {
	local arguments
	for arguments in "" "a b" "-j 0 a" "-j x a" "--fast a" "--out"; do
		# shellcheck disable=SC2086 # split on purpose
		run "$MKDL" build $arguments
		assert_failure 2
		assert_output --partial "usage: mkdl build "
	done
}
