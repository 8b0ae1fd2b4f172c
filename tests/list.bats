#!/usr/bin/env bats
# mkdl list and mkdl why, on a project of local files only.
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

@test "list shows mode, owner, size, path and origin" {
	run --separate-stderr "$MKDL" list profiles/small.yml
	assert_success
	assert_line --regexp '^-rwxr-xr-x 0:0 +[0-9]+ /usr/bin/hello  \[path parts\]$'
	assert_line --regexp '^lrwxrwxrwx 0:0 +0 /lib64 -> usr/lib64  \[mkdl\]$'
	assert_line --regexp '^drwxrwxrwt 0:0 +0 /tmp  \[mkdl\]$'
	assert_line --regexp '^crw------- 0:0 +5,1 /dev/console  \[mkdl\]$'
	assert_line --regexp '^-rw-r--r-- 0:0 +8 /etc/motd  \[overlay site\]$'
	refute_line --partial /usr/share/doc
}

@test "list --json and --raw are what they say" {
	"$MKDL" --json list profiles/small.yml >list.json
	is_json <list.json
	[ "$(json_of '[f["size"] for f in j if f["path"] == "/etc/motd"][0]' <list.json)" = 8 ]
	[ "$(json_of '[f["layer"] for f in j if f["path"] == "/usr/bin/hello"][0]' <list.json)" = runtime ]
	"$MKDL" list --raw profiles/small.yml >raw
	grep -qx "f 0644 0 0 8 $(sha256sum <overlays/site/etc/motd | cut -d' ' -f1) /etc/motd" raw
	[ "$(awk '$1 == "l" {print $2; next} {print $NF}' raw | wc -l)" = "$(json_of 'len(j)' <list.json)" ]
}

@test "libraries come from RUNPATH with their links, and into the lowest layer that needs them" {
	"$MKDL" --json list profiles/small.yml >list.json
	for path in /opt/hello/libgreet.so.1 /opt/hello/libgreet.so.1.0 /usr/lib/x86_64-linux-gnu/libc.so.6; do
		[ "$(json_of "[f['layer'] for f in j if f['path'] == '$path'][0]" <list.json)" = runtime ]
	done
	cp -a parts parts2
	sed -i 's/^components:/&\n  base: {path: parts2, files: [\/usr\/bin\/hello], to: \/usr\/bin\/base}/' profiles/small.yml
	run "$MKDL" --json list profiles/small.yml
	assert_success
	[ "$(json_of "[f['layer'] for f in j if f['path'] == '/usr/lib/x86_64-linux-gnu/libc.so.6'][0]" <<<"$output")" = userland ]
}

@test "a library without the symbol version that a program wants is an error that names both" {
	library() {
		echo 'int greet(void); int greet(void) { return 0; }' | "${CC:-cc}" -x c -shared -fPIC -Wl,-soname,libgreet.so.1 \
			-Wl,--version-script=<(echo "$1 { greet; };") -o parts/opt/hello/libgreet.so.1.0 -
	}
	library GREET_2
	# shellcheck disable=SC2016 # the dynamic linker expands it
	echo 'int greet(void); int main(void) { return greet(); }' | "${CC:-cc}" -x c -o parts/usr/bin/hello - \
		-x none parts/opt/hello/libgreet.so.1.0 -Wl,-rpath,'$ORIGIN/../../opt/hello'
	run "$MKDL" list profiles/small.yml
	assert_success
	library GREET_1
	run "$MKDL" list profiles/small.yml
	assert_failure 1
	assert_output --regexp '/usr/bin/hello \[.*] needs GREET_2 of libgreet.so.1.0, which .* does not have; take both from the same repository'
}

@test "a library that is nowhere is an error that names who needs it" {
	rm parts/opt/hello/libgreet.so.1*
	run "$MKDL" list profiles/small.yml
	assert_failure 1
	assert_output --partial "/usr/bin/hello needs libgreet.so.1, which is neither in the image (looked in /opt/hello, "
	sed -i '/libc:/d' profiles/small.yml
	run "$MKDL" list profiles/small.yml
	assert_failure 1
	assert_output --partial "/usr/bin/hello needs the dynamic linker /lib64/ld-linux-x86-64.so.2"
}

@test "a library that is opened at run time is asked for like any other" {
	sed -i 's/files: \[\/usr\/bin\/hello\]/&, dlopen: [libplugin.so.2]/' profiles/small.yml
	run "$MKDL" list profiles/small.yml
	assert_failure 1
	assert_output --partial "component hello: dlopen: /usr/bin/hello needs libplugin.so.2"
	mkdir -p parts/usr/lib
	cp parts/opt/hello/libgreet.so.1.0 parts/usr/lib/libplugin.so.2
	run "$MKDL" list profiles/small.yml
	assert_success
	assert_line --partial " /usr/lib/libplugin.so.2  [path parts]"
	run "$MKDL" why profiles/small.yml /lib/libplugin.so.2
	assert_success
	assert_line --partial "opened at run time by component hello"
}

@test "why goes back to the profile, through links" {
	run --separate-stderr "$MKDL" why profiles/small.yml /lib/x86_64-linux-gnu/libc.so.6
	assert_success
	assert_line --index 0 "/lib/x86_64-linux-gnu/libc.so.6: leads to /usr/lib/x86_64-linux-gnu/libc.so.6"
	assert_line --partial "needed by "
	assert_line "/usr/bin/hello: component hello  [path parts]"
	run --separate-stderr "$MKDL" why profiles/small.yml /opt/hello
	assert_success
	assert_line --index 0 --partial "/opt/hello: "
	"$MKDL" --json why profiles/small.yml /etc/motd | is_json
}

@test "why says no, and what comes near" {
	run "$MKDL" why profiles/small.yml /usr/sbin/hello
	assert_failure 1
	assert_output 'mkdl: /usr/sbin/hello is not in the image of small; did you mean "/usr/bin/hello"?'
	run "$MKDL" why profiles/small.yml ../etc
	assert_failure 1
	run "$MKDL" why profiles/small.yml
	assert_failure 2
}

@test "a pattern that matches nothing names its place and what comes near" {
	sed -i 's/\[\/usr\/bin\/hello\]/[\/usr\/sbin\/hello]/' profiles/small.yml
	run "$MKDL" list profiles/small.yml
	assert_failure 1
	assert_output --regexp 'profiles/small.yml:6:[0-9]+: component hello: no file in parts matches "/usr/sbin/hello"; did you mean "/usr/bin/hello"\?$'
}

@test "to: renames one file, or moves files and folders into a folder" {
	cat >profiles/to.yml <<-'END'
		kernel: {path: kernel}
		components:
		  one: {path: parts, files: [/usr/share/doc/hello/README], to: /etc/readme, mode: 0600, owner: "7:8"}
		  all: {path: parts, files: [/usr/share/doc], to: /srv/}
		  deep: {path: parts, files: ["/usr/share/**"], to: /deep/}
	END
	run "$MKDL" list profiles/to.yml
	assert_success
	assert_line --regexp '^-rw------- 7:8 +7 /etc/readme  '
	assert_line --partial ' /srv/doc/hello/README  '
	assert_line --partial ' /deep/doc/hello/README  '
	sed -i 's|files: \[/usr/share/doc\], to: /srv/|to: /srv|' profiles/to.yml
	run "$MKDL" list profiles/to.yml
	assert_failure 1
	assert_output --partial 'component all: parts holds 4 files, but "to: /srv" names one file'
}

@test "two components with different files for one path are an error, with the same file they are not" {
	cp -a parts other
	sed -i 's/^components:/&\n  twin: {path: other, files: [\/usr\/share\/doc\/hello\/README]}\n  docs: {path: parts, files: [\/usr\/share\/doc]}/' profiles/small.yml
	run "$MKDL" list profiles/small.yml
	assert_success
	echo changed >>other/usr/share/doc/hello/README
	run "$MKDL" list profiles/small.yml
	assert_failure 1
	assert_output --partial "/usr/share/doc/hello/README comes from component twin (path other) and, with other content or mode, from component docs (path parts)"
}

@test "a later overlay replaces an earlier one and everything else, and why says so" {
	mkdir -p overlays/late/etc overlays/late/bin
	echo later >overlays/late/etc/motd
	printf '#!/bin/sh\n' >overlays/late/bin/hello
	chmod 700 overlays/late/bin/hello
	sed -i 's/overlays: \[site\]/overlays: [site, late]/' profiles/small.yml
	run "$MKDL" why profiles/small.yml /etc/motd
	assert_success
	assert_line --index 0 "/etc/motd: overlay late, in place of the one from overlay site  [overlay late]"
	run "$MKDL" list profiles/small.yml
	assert_line --regexp '^-rwxr-xr-x 0:0 +10 /usr/bin/hello  \[overlay late\]$'
	sed -i 's/late\]/lost]/' profiles/small.yml
	run "$MKDL" list profiles/small.yml
	assert_failure 1
	assert_output --partial lost
}

@test "an overlay with etc/ in it does not take /etc, and what is compressed with it, from others" {
	mkdir -p overlays/late/etc overlays/late/srv/empty
	echo x >overlays/late/etc/x
	sed -i 's/^overlays: \[site/&, late/' profiles/small.yml
	"$MKDL" --json list profiles/small.yml >list
	assert_equal "$(json_of '[n["origin"] for n in j if n["path"] == "/etc"]' <list)" "['mkdl']"
	run "$MKDL" list profiles/small.yml
	assert_line --regexp '^drwxr-xr-x 0:0 +0 /srv/empty  \[overlay late\]$'
}

@test "a folder goes below to: as it lies, however many files it holds" {
	mkdir -p tree/deep
	echo a >tree/deep/a
	cat >profiles/more.yml <<-END
		extends: small.yml
		components:
		  tree: {path: tree, to: /srv/}
		  one: {path: tree/deep/a, to: /opt/}
		  named: {path: tree, to: /named}
		  picked: {path: tree, files: ["/deep/*"], to: /picked/}
	END
	run "$MKDL" list profiles/more.yml
	assert_success
	assert_line --partial " /srv/deep/a  "
	assert_line --partial " /opt/a  "
	assert_line --partial " /named  "
	assert_line --partial " /picked/a  "
	echo b >tree/deep/b
	sed -i '/named:/d' profiles/more.yml
	run "$MKDL" list profiles/more.yml
	assert_line --partial " /srv/deep/a  "
	assert_line --partial " /srv/deep/b  "
}

@test "a long step says that it runs, without a terminal, too" {
	mkdir -p hooks/tree
	printf '#!/bin/sh\nsleep 4\n' >hooks/tree/slow
	chmod +x hooks/tree/slow
	echo 'tree_hooks: [slow]' >>profiles/small.yml
	run --separate-stderr "$MKDL" list profiles/small.yml
	assert_success
	assert_regex "$stderr" "hook      slow …
hook      slow  [0-9]+\.[0-9] s"
}

@test "an image hook finds its folder by its name" {
	mkdir -p hooks/image
	printf '#!/bin/sh\ncp "$MKDL_OUT/initramfs.img" copy\necho "$SOURCE_DATE_EPOCH" >"$MKDL_OUT/date"\n' >hooks/image/copy
	chmod +x hooks/image/copy
	echo 'image_hooks: [copy]' >>profiles/small.yml
	"$MKDL" build profiles/small.yml >/dev/null
	cmp out/small/copy out/small/initramfs.img
	assert_equal "$(cat out/small/date)" 0
}

@test "a tree hook adds files, and runs again only when something changed" {
	mkdir -p hooks/tree
	cat >hooks/tree/stamp <<-END
		#!/bin/sh
		grep -q ' /usr/bin/hello\$' || exit 3
		echo ran >>$BATS_TEST_TMPDIR/log
		mkdir -p "\$MKDL_ADD/etc"
		echo "\$MKDL_PROFILE \$MKDL_KERNEL" >"\$MKDL_ADD/etc/stamp"
	END
	chmod +x hooks/tree/stamp
	echo 'tree_hooks: [stamp]' >>profiles/small.yml
	run "$MKDL" list profiles/small.yml
	assert_success
	assert_line --regexp '^-rw-r--r-- 0:0 +17 /etc/stamp  \[hook stamp\]$'
	"$MKDL" list profiles/small.yml >/dev/null
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/log")" 1
	echo more >>overlays/site/etc/motd
	"$MKDL" list profiles/small.yml >/dev/null
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/log")" 2
	echo 'echo no luck >&2; exit 9' >>hooks/tree/stamp
	run "$MKDL" list profiles/small.yml
	assert_failure 1
	assert_output --partial "hooks/tree/stamp"
	assert_output --partial "no luck"
}

@test "modules: dependencies first, soft dependencies, parameters, firmware, indexes" {
	sed -i 's/^modules:.*/modules: [codec, built, "card debug=1 mode=x"]/' profiles/small.yml
	"$MKDL" list --raw profiles/small.yml >raw
	run cat raw
	assert_line --partial ' /usr/lib/modules/6.9.0-test/kernel/lib/mdio.ko'
	refute_line --partial '.ko.xz'
	refute_line --partial idle.ko
	assert_line --partial ' /usr/lib/firmware/card/one-1.0.bin'
	assert_line 'l /usr/lib/firmware/card/one.bin one-1.0.bin'
	content /etc/mkdl/modules <raw
	assert_output "load /usr/lib/modules/6.9.0-test/kernel/lib/codec.ko
load /usr/lib/modules/6.9.0-test/kernel/lib/mdio.ko
load /usr/lib/modules/6.9.0-test/kernel/drivers/net/card.ko debug=1 mode=x"
	run "$MKDL" -v list profiles/small.yml
	assert_output --partial "module card: firmware card/none.bin is in none of the profile's firmware packages"
}

@test "drivers: by name, alias, pattern; loaded by modalias" {
	local entry
	for entry in card '"pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00"' net-card '"kernel/drivers/**"' '"c[a]rd"'; do
		sed -i "s|^drivers:.*|drivers: [$entry]|" profiles/small.yml
		"$MKDL" list --raw profiles/small.yml >raw
		content /etc/mkdl/modalias <raw
		assert_output "pci:v00008086d0000100Esv*sd*bc*sc*i* /usr/lib/modules/6.9.0-test/kernel/lib/mdio.ko /usr/lib/modules/6.9.0-test/kernel/drivers/net/card.ko"
		content /usr/lib/modules/6.9.0-test/modules.dep <raw
		assert_line "kernel/drivers/net/card.ko: kernel/lib/mdio.ko kernel/lib/codec.ko"
		content /usr/lib/modules/6.9.0-test/modules.alias <raw
		assert_line "alias net-card card"
	done
}

@test "modules that do not exist are errors with what comes near" {
	sed -i 's/^modules:.*/modules: [codek]/' profiles/small.yml
	run "$MKDL" list profiles/small.yml
	assert_failure 1
	assert_output 'mkdl: profiles/small.yml:'"$(grep -n '^modules:' profiles/small.yml | cut -d: -f1)"':11: modules: "codek" is no module of kernel 6.9.0-test; did you mean "codec"?'
	sed -i 's/^modules:.*/modules: []/; s/^drivers:.*/drivers: ["kernel\/sound\/**"]/' profiles/small.yml
	run "$MKDL" list profiles/small.yml
	assert_failure 1
	assert_output --partial 'drivers: no module of kernel 6.9.0-test matches "kernel/sound/**"'
}

@test "overlays and hooks come from the project of the file that names them" {
	mkdir -p other/overlays/site/etc hooks/tree other/hooks/tree
	echo theirs >other/overlays/site/etc/motd
	printf '#!/bin/sh\necho ours >made\n' >hooks/tree/make
	printf '#!/bin/sh\necho theirs >made\n' >other/hooks/tree/make
	chmod +x hooks/tree/make other/hooks/tree/make
	echo 'tree_hooks: [make]' >>profiles/small.yml
	printf 'extends: ../profiles/small.yml\nname: top\n' >other/top.yml
	"$MKDL" list --raw other/top.yml >raw
	content /etc/motd <raw
	assert_output "$(cat overlays/site/etc/motd)"
	content /made <raw
	assert_output ours
}

@test "a bad listing of a hook in the cache is made again, without a word" {
	mkdir -p hooks/tree
	printf '#!/bin/sh\necho ours >made\n' >hooks/tree/make
	chmod +x hooks/tree/make
	echo 'tree_hooks: [make]' >>profiles/small.yml
	export MKDL_CACHE=$BATS_TEST_TMPDIR/cache
	"$MKDL" list --raw profiles/small.yml >before
	chmod u+w "$MKDL_CACHE"/hook/*
	for result in "$MKDL_CACHE"/hook/*; do echo 'nonsense' >"$result"; done
	run --separate-stderr "$MKDL" list --raw profiles/small.yml
	assert_success
	[ -z "$stderr" ]
	[ "$output" = "$(cat before)" ]
}

@test "no kernel, or two of them, are errors" {
	cp kernel/boot/vmlinuz-6.9.0-test kernel/boot/vmlinuz-7
	run "$MKDL" list profiles/small.yml
	assert_failure 1
	assert_output --regexp 'profiles/small.yml:1:[0-9]+: kernel holds 2 kernels \(6.9.0-test and 7 among them\)'
	rm kernel/boot/*
	run "$MKDL" list profiles/small.yml
	assert_failure 1
	assert_output --partial "no kernel in kernel: it holds no /boot/vmlinuz-VERSION"
}

# content PATH <LISTING: what the cache holds for a file of the image, as $output.
content() {
	local hash
	hash=$(awk -v path="$1" '$1 == "f" && $7 == path {print $6}')
	run cat "$MKDL_CACHE/blob/${hash:0:2}/${hash:2}"
	assert_success
}
