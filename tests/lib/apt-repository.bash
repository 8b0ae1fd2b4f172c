# Debian packages and repositories made by the tests, so that no network is needed.

ARCH=$(dpkg --print-architecture)

# A key to sign with, in $1 (a short path: the agent's socket lies below it). Its keyring is $1/key.gpg.
make_key() {
	mkdir -p -m 700 "$1"
	GNUPGHOME=$1 gpg --batch --quiet --passphrase '' --quick-generate-key test@example.org ed25519 sign never
	GNUPGHOME=$1 gpg --batch --quiet --export >"$1/key.gpg"
	GNUPGHOME=$1 gpgconf --kill gpg-agent
}

# make_package REPO NAME VERSION [FIELD…]: a package with /usr/bin/NAME, which prints its version, or with the files below the
# folder $FILES. Fields are lines such as "Depends: x".
make_package() {
	local repo=$1 name=$2 version=$3 dir
	shift 3
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/package-XXXXXX")
	mkdir -p "$dir/DEBIAN" "$repo/pool"
	if [ -n "${FILES:-}" ]; then
		cp -a "$FILES/." "$dir/"
	else
		mkdir -p "$dir/usr/bin"
		printf '#!/bin/sh\necho %s\n' "$version" >"$dir/usr/bin/$name"
		chmod 0755 "$dir/usr/bin/$name"
	fi
	printf '%s\n' "Package: $name" "Version: $version" "Architecture: $ARCH" "Maintainer: Test <test@example.org>" \
		"Description: made by a test" "$@" >"$dir/DEBIAN/control"
	dpkg-deb --root-owner-group -Zgzip -b "$dir" "$repo/pool/" >/dev/null
}

# make_repository REPO [KEY]: index what lies in REPO/pool as suite "stable", component "main"; signed when a key is given.
make_repository() {
	local repo=$1 key=${2:-} dist=$1/dists/stable file
	rm -rf "$dist"
	mkdir -p "$dist/main/binary-$ARCH" "$dist/main/source"
	(cd "$repo" && dpkg-scanpackages -m pool) >"$dist/main/binary-$ARCH/Packages" 2>/dev/null
	(cd "$repo" && dpkg-scansources pool) >"$dist/main/source/Sources" 2>/dev/null
	{
		printf '%s\n' "Origin: test" "Suite: stable" "Codename: stable" "Architectures: $ARCH" "Components: main" \
			"Date: $(date -Ru)" "SHA256:"
		(cd "$dist" && for file in main/*/*; do
			echo " $(sha256sum <"$file" | cut -d' ' -f1) $(stat -c %s "$file") $file"
		done)
	} >"$dist/Release"
	[ -z "$key" ] || {
		GNUPGHOME=$key gpg --batch --quiet --yes --clearsign -o "$dist/InRelease" "$dist/Release"
		GNUPGHOME=$key gpgconf --kill gpg-agent
	}
}
