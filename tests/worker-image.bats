#!/usr/bin/env bats
# The worker's real image, unpacked: every program in it starts, and all tools list what mkdl lists. Takes the user's cache.
load helpers
load project

setup_file() {
	export MKDL_HOME=$ROOT OUT=$BATS_FILE_TMPDIR/out IMAGE=$BATS_FILE_TMPDIR/image
	cd "$ROOT" || return 1
	"$MKDL_RELEASE" build profiles/worker.yml --out "$OUT" >&2
	mkdir "$IMAGE"
	zstd -dcq "$OUT/worker/initramfs.img" >"$BATS_FILE_TMPDIR/cpio"
	(cd "$IMAGE" && cpio -idum --quiet --nonmatching 'dev/*' <"$BATS_FILE_TMPDIR/cpio")
}

# Runs a command of the image, in a root of its own, for at most a minute; $input is its input.
in_image() {
	unshare -rmpf --mount-proc="$IMAGE/proc" timeout -k 1 60 chroot "$IMAGE" "$@" <"${input:-/dev/null}"
}

# Programs of the image: with an interpreter ($1 is dynamic), or of type EXEC without one (static).
programs() {
	(cd "$IMAGE" && find . -type f -perm /111 -printf '/%P\n') | LC_ALL=C sort | while IFS= read -r path; do
		[ "$(head -c 4 "$IMAGE$path")" = $'\177ELF' ] || continue
		if readelf -lW "$IMAGE$path" | grep -q ' INTERP '; then
			[ "$1" = static ] || echo "$path"
		elif [ "$(readelf -hW "$IMAGE$path" | sed -n 's/ *Type: *\([A-Z]*\).*/\1/p')" = EXEC ]; then
			[ "$1" = dynamic ] || echo "$path"
		fi
	done
}

@test "every dynamic program starts: its interpreter and all libraries are there" {
	local path loader count=0
	while IFS= read -r path; do
		loader=$(readelf -lW "$IMAGE$path" | sed -n 's/.*interpreter: \(.*\)]/\1/p')
		# All relocations at once, as --version might not call what is missing.
		run in_image "$loader" --list "$path"
		assert_success
		refute_output --partial "not found"
		run in_image /bin/env LD_BIND_NOW=1 "$path" --version
		# Whatever it thinks of --version: 126 and 127 are "does not start", above 128 a signal.
		assert [ "$status" -lt 126 ]
		refute_output --partial "error while loading shared libraries"
		refute_output --partial "symbol lookup error"
		count=$((count + 1))
	done < <(programs dynamic)
	assert [ "$count" -ge 5 ]
}

@test "libraries that are opened at run time find what they need" {
	local path count=0
	while IFS= read -r path; do
		run in_image /lib64/ld-linux-x86-64.so.2 --list "$path"
		refute_output --partial "not found"
		assert_success
		count=$((count + 1))
	done < <(cd "$IMAGE" && find . -type f -regextype posix-extended -regex '.*\.so(\.[0-9.]+)?' -printf '/%P\n')
	assert [ "$count" -ge 10 ]
}

@test "every static program starts" {
	local path count=0
	while IFS= read -r path; do
		case $path in
		/init) continue ;; # has to be PID 1 of a machine; booted by tests/boot
		esac
		run in_image "$path" --help
		assert [ "$status" -lt 126 ]
		count=$((count + 1))
	done < <(programs static)
	assert [ "$count" -ge 3 ]
}

@test "the versions are those of the manifest" {
	run in_image /usr/bin/containerd --version
	assert_output --partial "$(json_of '[c["version"].split("~")[0] for c in j["components"] if c["name"] == "containerd"][0]' <"$OUT/worker/manifest.json")"
	run in_image /usr/bin/kubelet --version
	assert_output "Kubernetes v$(json_of '[c["version"] for c in j["components"] if c["name"] == "kubelet"][0]' <"$OUT/worker/manifest.json")"
	run in_image /usr/sbin/xtables-nft-multi iptables --version
	assert_output --partial "nf_tables"
}

@test "cpio, bsdtar and lsinitramfs list what mkdl list lists" {
	local list
	cd "$ROOT"
	"$MKDL_RELEASE" --json list profiles/worker.yml --out "$OUT" --locked --offline | paths_of >"$BATS_TEST_TMPDIR/expected"
	cd "$BATS_TEST_TMPDIR"
	cpio -it --quiet <"$BATS_FILE_TMPDIR/cpio" >by-cpio
	bsdtar -tf "$OUT/worker/initramfs.img" | sed 's|/$||' >by-bsdtar
	lsinitramfs "$OUT/worker/initramfs.img" >by-lsinitramfs
	for list in cpio bsdtar lsinitramfs; do
		grep -vx etc/mkdl/manifest "by-$list" | LC_ALL=C sort -u | diff -u expected -
	done
}

@test "kernel and image are small enough together" {
	local together
	together=$(($(stat -c %s "$OUT/worker/vmlinuz") + $(stat -c %s "$OUT/worker/initramfs.img")))
	assert [ "$together" -le 50000000 ]
}
