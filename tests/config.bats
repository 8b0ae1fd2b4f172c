#!/usr/bin/env bats
# shellcheck disable=SC2153 # ROOT comes from helpers.bash
# The agent's readers and what they bring about: each folder of tests/config is a configuration with its exact result. In it:
# the documents, in the order of their names; plan and cmdline where they are not the usual ones; root/, laid over the image;
# expected. MKDL_RENEW=1 writes the results anew, to be looked at in the diff.

setup() {
	load helpers
	cd "$BATS_TEST_DIRNAME/config" || return 1
	AGENT=$(dirname "$MKDL")/mkdl-agent
	[ -x "$AGENT" ]
	tmp=$(realpath "$BATS_TEST_TMPDIR")
}

# render NAME: exit status, messages and all changed files, as text.
render() {
	local case=$1 root=$tmp/root file plan=../plan status=0 arguments=() documents=()
	rm -rf "$root"
	cp -a image "$root"
	chmod 0755 "$root" "$root"/*/ && chmod 0700 "$root/root"
	cd "$case" || return 1
	[ ! -d root ] || cp -a root/. "$root"/
	# git keeps no owners.
	[ "$(id -u)" -ne 0 ] || chown -Rh 0:0 "$root"
	rm -rf "$tmp/image"
	cp -a "$root" "$tmp/image"
	[ ! -f plan ] || plan=plan
	[ ! -f cmdline ] || arguments=(--cmdline "$(cat cmdline)")
	for file in *; do
		case $file in
		plan | cmdline | root | expected) ;;
		*) documents+=("$file") ;;
		esac
	done
	"$AGENT" render --root "$root" --plan "$plan" --facts ../facts "${arguments[@]}" "${documents[@]}" >"$tmp/out" 2>"$tmp/err" </dev/null ||
		status=$?
	cd ..
	echo "exit status $status"
	cat "$tmp/out" "$tmp/err"
	# Nothing half-done: what fails while it is read changes no file.
	python3 "$ROOT/tests/lib/listing.py" "$root" "$tmp/image" >"$tmp/listing"
	sed "s|$tmp/root||g" "$tmp/listing"
}

# Owners are the tester's own where the tester is not root.
owners_as_here() {
	if [ "$(id -u)" -eq 0 ]; then
		cat
	else
		sed -E 's/^((file|folder|link) +[0-7]{0,4} ?)[0-9]+:[0-9]+ /\1-:- /'
	fi
}

@test "every configuration has exactly the expected result" {
	local name count=0
	for name in */; do
		name=${name%/}
		[ "$name" != image ] || continue
		count=$((count + 1))
		render "$name" >"$tmp/result"
		if [ -n "${MKDL_RENEW:-}" ]; then
			cp "$tmp/result" "$name/expected"
			continue
		fi
		owners_as_here <"$name/expected" | diff -a -u - "$tmp/result" || { echo "$name"; return 1; }
	done
	echo "$count configurations"
	[ "$count" -ge 60 ]
}

@test "what is refused leaves the image as it was" {
	local name
	for name in */; do
		name=${name%/}
		[ -f "$name/expected" ] && grep -q '^exit status 1' "$name/expected" || continue
		run grep -E '^(file|folder|link) ' "$name/expected"
		assert_output ''
	done
}

@test "the tables of docs/cloud-config.md are those of the readers" {
	"$AGENT" keys >"$tmp/keys"
	sed -n '/^<!-- keys -->$/,/^<!-- end of keys -->$/p' "$ROOT/docs/cloud-config.md" | sed '1d;$d' >"$tmp/documented"
	diff -u "$tmp/documented" "$tmp/keys"
}
