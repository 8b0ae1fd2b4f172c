#!/usr/bin/env bats
# Where files come from: apt repositories, URLs, paths; the lock; the cache. Everything is made here, nothing is fetched.
load helpers
load lib/apt-repository

setup_file() {
	export KEYS=/tmp/mkdl-test-keys-$$
	make_key "$KEYS/good"
	make_key "$KEYS/other"
}

teardown_file() {
	rm -rf "$KEYS"
}

# A project whose kernel is made up, so that a build takes no time, and a cache of its own.
setup() {
	lab=$(realpath "$BATS_TEST_TMPDIR")/lab
	export MKDL_HOME=$ROOT MKDL_CACHE=$lab/cache no_proxy=127.0.0.1
	unset XDG_CACHE_HOME http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
	mkdir -p "$lab/profiles" "$lab/kernel/boot" "$lab/kernel/lib/modules/6.1-test"
	cd "$lab"
	echo kernel >kernel/boot/vmlinuz-6.1-test
	touch kernel/lib/modules/6.1-test/modules.{order,builtin}
	server=
}

teardown() {
	[ -z "$server" ] || kill "$server" || true
}

# The profile x: the lines on standard input after name and kernel.
profile() {
	{
		printf 'name: x\nkernel: {path: kernel}\n'
		cat
	} >profiles/x.yml
}

# A profile that takes package $1 from the repository in ./repo, signed by the good key unless $2 names another.
repository_profile() {
	profile <<-END
		repositories:
		  lab: {uri: "file:$lab/repo", suite: stable, components: [main], key: $KEYS/${2:-good}/key.gpg}
		components:
		  part: {apt: $1, repository: lab}
	END
}

# Serves ./web; sets $url. Its log is ./requests.
serve() {
	mkdir -p web
	python3 "$ROOT/tests/lib/lying-server.py" "$lab/web" >port 2>requests 3>&- &
	server=$!
	wait_for 60 test -s port
	url=http://127.0.0.1:$(cat port)
}

# A component from $url/$1 with the checksum of web/$2.
url_profile() {
	profile <<-END
		components:
		  part: {url: "$url/$1", sha256: "$(sha256sum <"web/$2" | cut -d' ' -f1)", to: /opt/part}
	END
}

mkdl() {
	"$MKDL" "$@" </dev/null
}

@test "a package of a signed repository, with what it depends on" {
	make_package repo app '2:1.0+x~1-1' 'Depends: libs (>= 1) | missing, awk'
	FILES=$(mktemp -d "$lab/files-XXXXXX")
	mkdir -p "$FILES/usr/share"
	echo data >"$FILES/usr/share/data"
	FILES=$FILES make_package repo libs 1
	make_package repo mawk 1 'Provides: awk'
	make_package repo unrelated 1
	make_repository repo "$KEYS/good"
	repository_profile app
	run -0 mkdl list profiles/x.yml
	assert_line --regexp '^-rwxr-xr-x 0:0 .* /usr/bin/app  \[app 2:1.0\+x~1-1\]$'
	run -0 mkdl lock profiles/x.yml
	run -0 cat out/x/lock
	assert_line --regexp "^package lab app 2:1.0\\+x~1-1 $ARCH [0-9]+ [0-9a-f]{64} file:$lab/repo/pool/app_1.0%2bx%7e1-1_$ARCH.deb direct"
	assert_line 'depends libs mawk'
	refute_output --partial unrelated
	run -0 mkdl build profiles/x.yml
	assert_file_exists out/x/initramfs.img
}

@test "a version can be asked for" {
	make_package repo app 1
	make_package repo app 2
	make_repository repo "$KEYS/good"
	repository_profile app=1
	run -0 mkdl list profiles/x.yml
	assert_output --partial '[app 1]'
	repository_profile app=3
	run -1 mkdl list profiles/x.yml
	assert_output --partial 'profiles/x.yml:6:10: repository "lab" has no package "app" in version 3'
}

@test "a repository that nobody signed is refused" {
	make_package repo app 1
	make_repository repo
	repository_profile app
	run -1 mkdl build profiles/x.yml
	assert_output --partial 'profiles/x.yml:4:3: repository "lab" is not signed by a key that mkdl was given: refused'
	assert_not_exists out
}

@test "a repository signed by another key is refused" {
	make_package repo app 1
	make_repository repo "$KEYS/good"
	repository_profile app other
	run -1 mkdl build profiles/x.yml
	assert_output --partial 'repository "lab" is not signed by a key that mkdl was given: refused'
	assert_not_exists out
}

@test "a package that does not exist is named with its place, all of them, and a near name" {
	make_package repo containerd 1
	make_repository repo "$KEYS/good"
	repository_profile contanierd
	echo '  more: {apt: nonsense, repository: lab}' >>profiles/x.yml
	run -1 mkdl build profiles/x.yml
	assert_output --partial 'profiles/x.yml:6:10: repository "lab" has no package "contanierd", did you mean "containerd"?'
	assert_output --partial 'profiles/x.yml:7:10: repository "lab" has no package "nonsense"'
}

@test "a virtual package is not a package" {
	make_package repo mawk 1 'Provides: awk'
	make_repository repo "$KEYS/good"
	repository_profile awk
	run -1 mkdl build profiles/x.yml
	assert_output --partial '"awk" is a virtual package: name the one that provides it'
}

@test "packages that cannot be together: apt says why" {
	make_package repo app 1 'Depends: missing'
	make_repository repo "$KEYS/good"
	repository_profile app
	run -1 mkdl build profiles/x.yml
	assert_output --partial 'apt cannot resolve the packages'
	assert_output --partial 'Depends: missing'
}

@test "a repository that is not there" {
	repository_profile app
	run -1 mkdl build profiles/x.yml
	assert_output --partial 'repository "lab" cannot be read. apt says:'
}

@test "a package that was changed after it was indexed" {
	make_package repo app 1
	make_repository repo "$KEYS/good"
	# Inverted, not set: a fixed value is what that byte of the compressed data has anyway in some of the runs.
	deb=$(echo repo/pool/app_*)
	before=$(sha256sum <"$deb")
	python3 -c 'import sys; f = open(sys.argv[1], "r+b"); f.seek(200); b = f.read(1)[0]; f.seek(200); f.write(bytes([b ^ 255]))' "$deb"
	[ "$before" != "$(sha256sum <"$deb")" ]
	repository_profile app
	run -1 mkdl build profiles/x.yml
	assert_output --partial 'wrong sha256'
	assert_output --partial 'expected '
	assert_not_exists out
}

@test "a hostile package: nothing is published, nothing escapes" {
	make_package repo app 1
	(
		cd "$BATS_TEST_TMPDIR"
		python3 - <<-'END'
			import io, tarfile
			with tarfile.open("data.tar.gz", "w:gz") as t:
			    m = tarfile.TarInfo("./usr/../../../../escaped")
			    m.size = 1
			    t.addfile(m, io.BytesIO(b"x"))
		END
		deb=$(echo "$lab"/repo/pool/app_*)
		ar x "$deb" control.tar.gz debian-binary
		rm "$deb"
		ar rc "$deb" debian-binary control.tar.gz data.tar.gz
	)
	make_repository repo "$KEYS/good"
	repository_profile app
	run -1 mkdl build profiles/x.yml
	assert_output --partial "app_1_$ARCH.deb: path with \"..\" in it: ./usr/../../../../escaped"
	assert_not_exists out
	assert_not_exists /escaped
	run find "$BATS_RUN_TMPDIR" -name escaped
	assert_output ''
}

@test "the host's repositories, in either style, with the sources beside the packages" {
	make_package repo app 1
	mkdir -p "$lab/etc/parts" "$lab/hooks/build" "$lab/srcpkg/debian"
	printf 'Source: thing\nMaintainer: T <t@example.org>\nStandards-Version: 4\n\nPackage: thing\nArchitecture: all\nDescription: x\n' \
		>"$lab/srcpkg/debian/control"
	printf 'thing (1:3.0) stable; urgency=low\n\n  * x\n\n -- T <t@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n' \
		>"$lab/srcpkg/debian/changelog"
	(cd "$lab/repo/pool" && dpkg-source --format='3.0 (native)' -b "$lab/srcpkg") >/dev/null 2>&1
	make_repository repo "$KEYS/good"
	printf '%s\n' '#!/bin/sh' '# recipe: unpacks a source package' '# apt-source: thing' '# version: apt-source thing' '#' \
		'set -eu' 'mkdir -p "$OUT/opt"' 'cp "$INPUTS"/thing_3.0.dsc "$OUT/opt/thing"' >hooks/build/thing
	chmod +x hooks/build/thing
	profile <<-END
		components:
		  app: {apt: app}
		  thing: {build: thing}
	END
	export APT_CONFIG=$lab/etc/apt.conf
	printf 'Dir::Etc::sourcelist "%s";\nDir::Etc::sourceparts "%s";\n' "$lab/etc/sources.list" "$lab/etc/parts" >"$APT_CONFIG"
	echo "deb [signed-by=$KEYS/good/key.gpg] file:$lab/repo stable main" >etc/sources.list
	run -0 mkdl list profiles/x.yml
	assert_output --partial '/opt/thing'
	run -0 mkdl lock profiles/x.yml
	assert_output --partial 'thing 1:3.0 (source)'
	rm etc/sources.list
	printf 'Types: deb\nURIs: file:%s\nSuites: stable\nComponents: main\nSigned-By: %s\n' "$lab/repo" "$KEYS/good/key.gpg" \
		>etc/parts/lab.sources
	run -0 mkdl lock profiles/x.yml
	assert_output --partial '1 packages, 1 source packages'
	rm etc/parts/lab.sources
	run -1 mkdl lock profiles/x.yml
	assert_output --partial 'this machine has no apt sources'
}

@test "the lock holds versions until mkdl lock" {
	make_package repo app 1
	make_repository repo "$KEYS/good"
	repository_profile app
	run -0 mkdl build profiles/x.yml
	cp out/x/lock before
	make_package repo app 2
	make_repository repo "$KEYS/good"
	run -0 mkdl list profiles/x.yml
	assert_output --partial '[app 1]'
	run -0 mkdl build profiles/x.yml
	assert_files_equal out/x/lock before
	run -0 mkdl lock profiles/x.yml
	assert_output --partial 'app 1 -> 2'
	run -0 mkdl build profiles/x.yml --locked
	run -0 mkdl list profiles/x.yml
	assert_output --partial '[app 2]'
	mkdl lock --json profiles/x.yml | json_of 'j["packages"][0]["version"]' | grep -x 2
}

@test "the manifest of the first build, which resolves, is that of the second, which reads the lock" {
	local name
	for name in zeta beta libs alpha; do
		make_package repo $name 1
	done
	make_package repo omega 1 'Depends: libs, alpha'
	make_repository repo "$KEYS/good"
	profile <<-END
		repositories:
		  lab: {uri: "file:$lab/repo", suite: stable, components: [main], key: $KEYS/good/key.gpg}
		components:
		  one: {apt: zeta, repository: lab}
		  two: {apt: omega, repository: lab}
		  three: {apt: alpha, repository: lab}
		  four: {apt: libs, repository: lab}
		  five: {apt: beta, repository: lab}
	END
	run -0 mkdl build profiles/x.yml
	cp -r out first
	run -0 mkdl build profiles/x.yml
	assert_output --partial 'unchanged: '
	diff -r first out
}

@test "--locked wants a lock that answers the profile" {
	make_package repo app 1
	make_package repo other 1
	make_repository repo "$KEYS/good"
	repository_profile app
	run -1 mkdl build profiles/x.yml --locked
	assert_output --partial '--locked, but out/x/lock does not exist; write one with "mkdl lock profiles/x.yml"'
	run -0 mkdl lock profiles/x.yml
	run -0 mkdl build profiles/x.yml --locked
	echo '  more: {apt: other, repository: lab}' >>profiles/x.yml
	run -1 mkdl build profiles/x.yml --locked
	assert_output --partial 'was written for another profile'
	run -0 mkdl build profiles/x.yml
}

@test "a damaged lock is an error that says what to do" {
	make_package repo app 1
	make_repository repo "$KEYS/good"
	repository_profile app
	run -0 mkdl lock profiles/x.yml
	echo nonsense >>out/x/lock
	run -1 mkdl build profiles/x.yml
	assert_output --regexp 'out/x/lock:[0-9]+: unknown record "nonsense"'
	assert_output --partial 'Write a new one with "mkdl lock profiles/x.yml"'
	run -0 mkdl lock profiles/x.yml
	run -0 mkdl build profiles/x.yml
}

@test "the same lock builds offline, and offline names all that is missing" {
	make_package repo app 1
	make_package repo other 1
	make_repository repo "$KEYS/good"
	repository_profile app
	echo '  more: {apt: other, repository: lab}' >>profiles/x.yml
	run -1 mkdl build profiles/x.yml --offline
	assert_output --partial '--offline, but out/x/lock does not exist'
	run -0 mkdl lock profiles/x.yml
	run -1 mkdl build profiles/x.yml --offline
	assert_output --partial 'the cache lacks 2 files'
	assert_output --partial "  app_1_$ARCH.deb (file:$lab/repo/pool/app_1_$ARCH.deb)"
	assert_output --partial "  other_1_$ARCH.deb"
	run -0 mkdl build profiles/x.yml
	mv repo gone
	run -0 mkdl build profiles/x.yml --offline --locked
}

@test "a file and an archive from a URL" {
	serve
	mkdir -p in/bin
	printf '\177ELF' >in/bin/tool
	chmod 4755 in/bin/tool
	tar -C in --owner=7 --group=8 -czf web/in.tar.gz .
	echo '#!/bin/sh' >web/script
	profile <<-END
		components:
		  archive: {url: "$url/in.tar.gz?x=1", sha256: "$(sha256sum <web/in.tar.gz | cut -d' ' -f1)"}
		  script: {url: "$url/script", sha256: "$(sha256sum <web/script | cut -d' ' -f1)", to: /usr/bin/}
	END
	run -0 mkdl list profiles/x.yml
	assert_line --regexp '^-rwsr-xr-x 7:8 .* /usr/bin/tool  '
	assert_line --regexp '^-rwxr-xr-x 0:0 .* /usr/bin/script  '
	run -0 mkdl list profiles/x.yml
	[ "$(grep -c GET requests)" -eq 2 ]
}

@test "a URL whose content is another, longer, broken or not there" {
	serve
	head -c 100000 /dev/urandom >web/file
	for mood in other more error; do
		url_profile "$mood/file" file
		run -1 mkdl build profiles/x.yml
		assert_output --partial "$url/$mood/file: "
		assert_not_exists out
	done
	url_profile nowhere file
	run -1 mkdl build profiles/x.yml
	assert_output --partial "$url/nowhere: The requested URL returned error: 404"
	url_profile other/file file
	run -1 mkdl build profiles/x.yml
	assert_output --partial "wrong sha256"
	assert_output --partial "expected $(sha256sum <web/file | cut -d' ' -f1)"
}

@test "killed in the middle of a download, the next build goes on from there" {
	serve
	head -c 300000 /dev/urandom >web/file
	url_profile slow/file file
	"$MKDL" build profiles/x.yml </dev/null >log 2>&1 3>&- &
	pid=$!
	wait_for 60 sh -c '[ "$(cat cache/partial/* 2>/dev/null | wc -c)" -eq 16384 ]'
	kill -9 "$pid"
	wait "$pid" || [ $? -eq 137 ]
	assert_not_exists out
	sed -i "s|/slow/|/|" profiles/x.yml
	run -0 mkdl build profiles/x.yml
	grep -x 'GET /file bytes=16384-' requests
	assert_file_exists out/x/initramfs.img
	[ -z "$(ls cache/partial cache/tmp | grep -v :)" ]
}

@test "two builds at once share the cache" {
	serve
	head -c 3000000 /dev/urandom >web/file
	url_profile file file
	mkdl build profiles/x.yml --out one >log1 2>&1 &
	first=$!
	mkdl build profiles/x.yml --out two >log2 2>&1 || { cat log2; false; }
	wait "$first" || { cat log1; false; }
	assert_files_equal one/x/initramfs.img two/x/initramfs.img
	[ "$(grep -c GET requests)" -eq 1 ]
}

@test "a full disk is a clear error, and publishes nothing" {
	serve
	head -c 5000000 /dev/urandom >web/file
	url_profile file file
	mkdir small
	run -1 unshare -Urm sh -c 'mount -t tmpfs -o size=2m none small && MKDL_CACHE=small exec "$1" build profiles/x.yml' sh "$MKDL"
	assert_output --partial "cannot write to the cache $lab/small: No space left on device; free some space"
	assert_not_exists out
}

@test "paths: folders, archives, links and modes, whatever the umask" {
	mkdir -p folder/sub in
	echo a >folder/sub/file
	chmod 0600 folder/sub/file
	chmod 0700 folder/sub
	echo '#!/bin/sh' >folder/program
	chmod 0711 folder/program
	ln -s ../nowhere folder/link
	echo data >in/data
	bsdtar -C in --format zip -cf in.zip data
	profile <<-END
		components:
		  folder: {path: folder, layer: userland}
		  archive: {path: in.zip, to: /opt/}
	END
	run -0 mkdl list profiles/x.yml
	assert_line --regexp '^-rw-r--r-- 0:0 .* /sub/file  \[path folder\]$'
	assert_line --regexp '^drwxr-xr-x 0:0 .* /sub  '
	assert_line --regexp '^-rwxr-xr-x 0:0 .* /program  \[path folder\]$'
	assert_line --regexp '/link -> ../nowhere'
	assert_line --regexp '/opt/data'
	mkfifo folder/pipe
	run -1 mkdl list profiles/x.yml
	assert_output --partial '/pipe is neither file, folder nor link'
}

@test "--locked notices a path that changed" {
	mkdir folder
	echo a >folder/file
	profile <<<'components: {f: {path: folder}}'
	run -0 mkdl build profiles/x.yml
	run -0 mkdl build profiles/x.yml --locked
	echo b >folder/file
	run -1 mkdl build profiles/x.yml --locked
	assert_output --partial 'folder is not what it was when the lock was written'
	run -0 mkdl build profiles/x.yml
}

@test "mkdl cache: where, how much, and less of it" {
	mkdir folder
	echo a >folder/file
	profile <<<'components: {f: {path: folder}}'
	run -0 mkdl build profiles/x.yml
	run -0 mkdl cache path
	assert_output "$lab/cache"
	run -0 mkdl cache
	assert_line --regexp '^  blob +[0-9]+ '
	assert_line --regexp '^  segment +[0-9]+ '
	mkdl cache --json | json_of 'sum(k["entries"] for k in j["kinds"]) > 3' | grep -x True
	run -0 mkdl cache prune
	assert_output 'removed 0 entries, 0 B'
	run -0 mkdl cache prune --older-than 0
	assert_output --regexp '^removed [0-9]+ entries, '
	[ -z "$(find cache/blob -type f)" ]
	run -0 mkdl build profiles/x.yml
	run -2 mkdl cache prune --older-than soon
	run -2 mkdl cache rinse
	run -2 mkdl cache size --older-than 3
	exec 8>>cache/in-use
	flock -s 8
	run -1 mkdl cache prune --older-than 0
	assert_output --partial 'a build is using the cache'
}
