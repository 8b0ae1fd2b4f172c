#!/usr/bin/env bats
# mkdl check: what it says of good profiles, and of bad ones word for word (tests/bad/NAME.yml and NAME.err).
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return 1
	MKDL=$(realpath "${MKDL:-out/build/release/mkdl}")
	export MKDL_HOME=$PWD
	tmp=$(realpath "$BATS_TEST_TMPDIR")
}

# A project of a user's own, apart from mkdl's sources.
make_project() {
	mkdir -p "$tmp/lab/profiles" "$tmp/lab/overlays"
	cd "$tmp/lab" || return 1
}

@test "every bad profile fails with exactly the expected message" {
	local count=0 file
	for file in tests/bad/*.yml; do
		count=$((count + 1))
		status=0
		"$MKDL" check "$file" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
		[ "$status" -eq 1 ] || { echo "$file: exit status $status"; return 1; }
		[ ! -s "$tmp/out" ] || { echo "$file: something on standard output"; return 1; }
		diff -a -u "${file%.yml}.err" "$tmp/err" || { echo "$file"; return 1; }
	done
	echo "$count files"
	[ "$count" -ge 55 ]
}

@test "every expected message has its profile" {
	for file in tests/bad/*.err; do
		[ -f "${file%.err}.yml" ] || { echo "$file"; return 1; }
	done
}

@test "the profiles that mkdl ships are without errors and warnings" {
	local count=0
	for file in profiles/*.yml; do
		run --separate-stderr "$MKDL" check "$file"
		[ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
		[ -z "$stderr" ]
		[ "${lines[0]}" = "$file: ok" ]
		count=$((count + 1))
	done
	[ "$count" -ge 5 ]
}

@test "the summary names what the profile comes to" {
	run "$MKDL" check profiles/demo.yml
	[ "$status" -eq 0 ]
	[[ "$output" == *"files       profiles/base.yml, profiles/worker.yml, profiles/demo.yml"* ]]
	[[ "$output" == *"services    ssh-key, ssh, containerd, kubelet"* ]]
	[[ "$output" == *"kubernetes  standalone"* ]]
}

@test "--json shows the merged profile with its defaults" {
	"$MKDL" check --json tests/golden/profile/site.yml >"$tmp/out"
	diff -u tests/golden/profile/site.json "$tmp/out"
}

@test "the JSON of a profile is a profile that comes to the same" {
	for name in base rescue worker member server demo worker-upstream redis; do
		"$MKDL" check --json "profiles/$name.yml" >"$tmp/$name.yml"
		"$MKDL" --json check "$tmp/$name.yml" >"$tmp/again"
		diff -u "$tmp/$name.yml" "$tmp/again"
	done
	"$MKDL" check --json tests/golden/profile/site.json >"$tmp/again"
	diff -u tests/golden/profile/site.json "$tmp/again"
}

@test "a profile of one's own extends an installed one of the same name" {
	make_project
	echo 'extends: worker.yml' >profiles/worker.yml
	echo 'sysctl: {kernel.panic: 5}' >>profiles/worker.yml
	run "$MKDL" check --json profiles/worker.yml
	[ "$status" -eq 0 ]
	[[ "$output" == *'"kernel.panic": "5"'* ]]
	[[ "$output" == *'"net.ipv4.ip_forward": "1"'* ]]
}

@test "mkdl's own profiles are found in an installation and in a checkout" {
	local sources=$PWD
	make_project
	unset MKDL_HOME
	echo 'extends: worker.yml' >profiles/mine.yml
	for place in prefix/share/mkdl checkout; do
		mkdir -p "$tmp/$place"
		cp -a "$sources/profiles" "$sources/overlays" "$sources/hooks" "$tmp/$place/"
	done
	install -D "$MKDL" "$tmp/prefix/bin/mkdl"
	install -D "$MKDL" "$tmp/checkout/out/build/release/mkdl"
	install -D "$MKDL" "$tmp/nowhere/bin/mkdl"
	run "$tmp/prefix/bin/mkdl" check profiles/mine.yml
	[ "$status" -eq 0 ]
	[[ "$output" == *"$tmp/prefix/share/mkdl/profiles/worker.yml"* ]]
	run "$tmp/checkout/out/build/release/mkdl" check profiles/mine.yml
	[ "$status" -eq 0 ]
	[[ "$output" == *"$tmp/checkout/profiles/worker.yml"* ]]
	run "$tmp/nowhere/bin/mkdl" check profiles/mine.yml
	[ "$status" -eq 1 ]
	[[ "$output" == *"set MKDL_HOME to the folder that holds profiles/base.yml" ]]
	MKDL_HOME=$tmp/none run "$tmp/prefix/bin/mkdl" check profiles/mine.yml
	[ "$status" -eq 1 ]
	[[ "$output" == *"MKDL_HOME=$tmp/none: No such file or directory" ]]
}

@test "a profile beside comes before an installed one" {
	make_project
	printf 'extends: rescue.yml\nhostname: mine\n' >profiles/base.yml
	printf 'extends: base.yml\n' >profiles/desk.yml
	run "$MKDL" check --json profiles/desk.yml
	[ "$status" -eq 0 ]
	[[ "$output" == *'"hostname": "mine"'* ]]
}

@test "two that extend the same base take it once" {
	make_project
	printf 'modules: [loop]\ncmdline: [quiet]\n' >profiles/common.yml
	printf 'extends: common.yml\nmodules: [dummy]\n' >profiles/one.yml
	printf 'extends: common.yml\nmodules: [loop, tun]\n' >profiles/two.yml
	printf 'extends: [one.yml, two.yml]\nkernel: {apt: linux-image-amd64}\n' >profiles/both.yml
	run "$MKDL" check profiles/both.yml
	[ "$status" -eq 0 ]
	[[ "$output" == *"modules     loop, dummy, tun"* ]]
	[[ "$output" == *"cmdline     quiet"$'\n'* ]]
}

@test "overlays, paths and pods are found in the project of the file that names them" {
	make_project
	mkdir -p overlays/site "$tmp/lab/files" "$tmp/other/profiles" "$tmp/other/overlays/rack"
	echo hello >files/hello
	printf 'overlays: [rack]\n' >"$tmp/other/profiles/rack.yml"
	cat >profiles/site.yml <<-END
		extends: [worker.yml, ../../other/profiles/rack.yml]
		overlays: [site]
		components: {hello: {path: files/hello, to: /etc/hello}}
	END
	run "$MKDL" check profiles/site.yml
	[ "$status" -eq 0 ]
	[[ "$output" == *"worker, rack, site"* ]]
	rmdir overlays/site
	run "$MKDL" check profiles/site.yml
	[ "$status" -eq 1 ]
	[[ "$output" == *"profiles/site.yml:2:12: error: there is no overlay overlays/site"* ]]
}

@test "a value that is wrong in a base is shown there" {
	make_project
	printf 'extends: base.yml\nfailure: never\n' >profiles/a.yml
	printf 'extends: a.yml\nname: b\n' >profiles/b.yml
	run "$MKDL" check profiles/b.yml
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = 'profiles/a.yml:2:10: error: "failure": expected "shell", or "reboot 30s" with any time' ]
}

@test "!replace and null take back what is inherited" {
	make_project
	cat >profiles/small.yml <<-END
		extends: base.yml
		services: {ssh: , ssh-key: }
		components: {dropbear: }
		drivers: !replace [virtio_net]
		kernel: !replace {apt: linux-image-cloud-amd64}
	END
	run --separate-stderr "$MKDL" check profiles/small.yml
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ "$output" == *"kernel      linux-image-cloud-amd64"* ]]
	[[ "$output" == *"components  busybox, agent"$'\n'* ]]
	[[ "$output" == *"drivers     virtio_net"$'\n'* ]]
	[[ "$output" != *"services"* ]]
}

@test "a service's user who is not in the profile is a warning" {
	make_project
	printf 'extends: base.yml\nservices: {a: {run: [/bin/a], user: nobody}, b: {run: [/bin/b], user: somebody}}\n' >profiles/x.yml
	run "$MKDL" check profiles/x.yml
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" == 'profiles/x.yml:2:46: warning: service "b" runs as user "somebody", who is not in "users": '* ]]
}

@test "baked configuration is read as the node will read it" {
	make_project
	printf '#cloud-config\nhostname: rack-1\npackages: [vim]\n' >site.yml
	printf '#cloud-config\nmkdl:\n  state: {/srv: nsf 10.0.0.1:/x}\n' >state.yml
	echo 'config: {files: [site.yml]}' | cat - <(echo 'extends: base.yml') >profiles/good.yml
	printf 'extends: good.yml\nconfig: {files: [state.yml]}\n' >profiles/bad.yml
	run "$MKDL" check profiles/good.yml
	[ "$status" -eq 0 ]
	[[ "$output" == *"$PWD/site.yml:3:1: warning: "*packages*"ignored"* ]]
	[[ "$output" == *"config      $PWD/site.yml"* ]]
	run "$MKDL" check profiles/bad.yml
	[ "$status" -eq 1 ]
	[[ "$output" == *"profiles/bad.yml:2:1: $PWD/state.yml:3:17: unknown kind of state \"nsf\""* ]]
}

@test "the key that configuration is signed with: digits, a public key's file, and nothing else" {
	make_project
	openssl genpkey -algorithm ed25519 -out key.pem
	openssl pkey -in key.pem -pubout -out public.pem
	openssl genrsa 2>/dev/null | openssl rsa -pubout -out rsa.pem 2>/dev/null
	hex=$(openssl pkey -in key.pem -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n')
	for key in public.pem "$hex"; do
		printf 'extends: base.yml\nconfig: {trust: %s}\n' "$key" >profiles/x.yml
		run "$MKDL" check --json profiles/x.yml
		[ "$status" -eq 0 ]
		[[ "$output" == *"\"trust\": \"$hex\""* ]]
	done
	for pair in "key.pem=this is a private key" "rsa.pem=no Ed25519 public key" "none.pem=neither a public key"; do
		printf 'extends: base.yml\nconfig: {trust: %s}\n' "${pair%%=*}" >profiles/x.yml
		run "$MKDL" check profiles/x.yml
		[ "$status" -eq 1 ]
		[[ "$output" == *"${pair#*=}"* ]]
	done
}

@test "a file that is not there, a folder, a file too large" {
	make_project
	run "$MKDL" check profiles/none.yml
	[ "$status" -eq 1 ]
	[ "$output" = "profiles/none.yml: error: No such file or directory" ]
	# What comes with mkdl is found by its bare name, wherever one is.
	run "$MKDL" check profiles/rescue.yml
	[ "$status" -eq 1 ]
	[ "$output" = 'profiles/rescue.yml: error: No such file or directory; mkdl'"'"'s own profile of that name is "rescue.yml" without a folder' ]
	run "$MKDL" check rescue.yml
	[ "$status" -eq 0 ]
	[[ "$output" == *"/profiles/rescue.yml"* ]]
	run "$MKDL" check profiles
	[ "$status" -eq 1 ]
	[ "$output" = "profiles: error: Is a directory" ]
	head -c 1048577 /dev/zero | tr '\0' '#' >profiles/large.yml
	run "$MKDL" check profiles/large.yml
	[ "$status" -eq 1 ]
	[ "$output" = "profiles/large.yml: error: larger than the limit of 1048576 bytes" ]
}

@test "hostile files are refused quickly" {
	make_project
	head -c 500000 /dev/zero | tr '\0' '[' >open.yml
	head -c 500000 /dev/zero | tr '\0' '{' >maps.yml
	{ printf 'x: '; head -c 500000 /dev/zero | tr '\0' '-'; } >dashes.yml
	for i in $(seq 20000); do echo "k$i: 1"; done >keys.yml
	for i in $(seq 5000); do echo "k$i: &a$i x"; done >anchors.yml
	head -c 300000 /dev/urandom >random.yml
	for file in *.yml; do
		run timeout 120 "$MKDL" check "$file"
		[ "$status" -eq 1 ] || { echo "$file: $status"; return 1; }
		[ "${#output}" -lt 40000 ] || { echo "$file: ${#output} characters"; return 1; }
	done
}

@test "more than 100 errors are counted, not shown" {
	make_project
	for i in $(seq 130); do echo "wrong$i: 1"; done >many.yml
	run "$MKDL" check many.yml
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "… and 31 more errors" ]
}

@test "color only on a terminal, and not when it is unwanted" {
	run script -qec "'$MKDL' check tests/bad/unknown-key.yml" /dev/null
	[[ "$output" == *$'\033[1;31merror'* ]]
	run script -qec "'$MKDL' --no-color check tests/bad/unknown-key.yml" /dev/null
	[[ "$output" != *$'\033'* ]]
	run env NO_COLOR=1 script -qec "'$MKDL' check tests/bad/unknown-key.yml" /dev/null
	[[ "$output" != *$'\033'* ]]
}

@test "wrong usage" {
	run "$MKDL" check
	[ "$status" -eq 2 ]
	run "$MKDL" check a b
	[ "$status" -eq 2 ]
	run "$MKDL" check --wrong
	[ "$status" -eq 2 ]
}

@test "mkdl-profile(5) has the current table of keys" {
	"$MKDL" check --keys >"$tmp/keys"
	sed -n '/^; keys begin/,/^; keys end/{/^; keys/d;p}' docs/mkdl-profile.5.scd >"$tmp/manual"
	[ -s "$tmp/manual" ]
	diff -u "$tmp/manual" "$tmp/keys"
}
