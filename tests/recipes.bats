#!/usr/bin/env bats
# Recipes: what they declare, how they run, and that their results are the same bytes everywhere.
load helpers

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return 1
	export MKDL_HOME=$PWD
	tmp=$(realpath "$BATS_TEST_TMPDIR")
	mkdir -p "$tmp/lab/hooks/build"
	cd "$tmp/lab" || return 1
}

# For recipes of the tests' own. The shipped ones share the cache of the user, which has their downloads.
own_cache() {
	export MKDL_CACHE=$tmp/cache
}

# recipe NAME <<'END': a shell script in hooks/build; its text is all but the first line.
recipe() {
	{ echo '#!/bin/sh'; cat; } >"hooks/build/$1"
	chmod +x "hooks/build/$1"
}

# fails_with TEXT COMMAND…: exit status 1, and exactly this on standard error.
fails_with() {
	local wanted=$1
	shift
	run --separate-stderr "$@"
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[ "$stderr" = "$wanted" ] || { echo "$stderr"; return 1; }
}

@test "a mistake in the declarations is named with its line" {
	own_cache
	recipe typo <<-'END'
		# recipe: something
		# apt-sorce: busybox
	END
	fails_with "mkdl: $PWD/hooks/build/typo:3: unknown declaration \"apt-sorce\", did you mean \"apt-source\"?" \
		"$MKDL" recipe typo
	recipe silent <<<'exit 0'
	fails_with "mkdl: $PWD/hooks/build/silent:2: the first declaration must be \"recipe: what it makes\"" "$MKDL" recipe silent
	recipe lost <<-'END'
		# recipe: something
		# file: lib/none.sh
	END
	fails_with "mkdl: $PWD/hooks/build/lost: its file \"lib/none.sh\" is not there (looked for from $PWD/hooks/build)" \
		"$MKDL" recipe lost
	chmod -x hooks/build/lost
	fails_with "mkdl: $PWD/hooks/build/lost: a recipe must be executable: chmod +x $PWD/hooks/build/lost" "$MKDL" recipe lost
	recipe circle <<-'END'
		# recipe: something
		# build: circle
	END
	fails_with "mkdl: recipe circle: recipes build on each other in a circle" "$MKDL" recipe circle
}

@test "a recipe that there is not, an option that it has not" {
	own_cache
	fails_with "mkdl: no recipe \"nosuch\": $PWD/hooks/build has none of that name, nor have mkdl's own" "$MKDL" recipe nosuch
	fails_with "mkdl: recipe pause has no option \"imge\", did you mean \"image\"?" "$MKDL" recipe pause imge=x
	fails_with "mkdl: recipe kubernetes: option docker: \"perhaps\" is none of its choices: no, yes" \
		"$MKDL" recipe kubernetes docker=perhaps
}

@test "a tool that is not installed is named with its package" {
	own_cache
	recipe needy <<-'END'
		# recipe: something
		# tool: frobnicate (frobnication-tools)
	END
	fails_with "mkdl: recipe needy: needs frobnicate (package frobnication-tools), which is not installed" "$MKDL" recipe needy
}

@test "a failing recipe shows the end of its log" {
	own_cache
	recipe broken <<-'END'
		# recipe: something
		#
		seq 1 100
		echo the reason >&2
		touch "$OUT/half"
		exit 3
	END
	run --separate-stderr "$MKDL" recipe broken
	[ "$status" -eq 1 ]
	[[ ${stderr_lines[0]} == "mkdl: recipe broken: failed with exit status 3; the log is $MKDL_CACHE/log/broken-"*".log, its last lines:" ]]
	[ "${#stderr_lines[@]}" -eq 21 ]
	[ "${stderr_lines[1]}" = "    82" ]
	[ "${stderr_lines[20]}" = "    the reason" ]
	[ "$(head -1 "$MKDL_CACHE"/log/broken-*.log)" = 1 ]
	[ ! -e out/recipes/broken/files ]
	# It is tried again, not remembered.
	run ! "$MKDL" recipe broken
}

@test "what cannot be part of an image is refused" {
	own_cache
	recipe empty <<<'# recipe: nothing'
	fails_with 'mkdl: recipe empty: delivers nothing: there is no file in $OUT after it ran' "$MKDL" recipe empty
	recipe pipe <<-'END'
		# recipe: a pipe
		#
		mkfifo "$OUT/pipe"
	END
	fails_with 'mkdl: recipe pipe: what it delivers: /pipe: neither file, folder nor symbolic link' "$MKDL" recipe pipe
}

@test "it runs once; another option is another result" {
	own_cache
	recipe count <<-END
		# recipe: leaves a mark outside, which only a test does
		# option: letters = a (some of: a b c)
		#
		echo ran >>"$tmp/marks"
		echo "\$OPTION_LETTERS" >"\$OUT/letters"
	END
	"$MKDL" recipe count
	"$MKDL" recipe count
	[ "$(wc -l <"$tmp/marks")" -eq 1 ]
	"$MKDL" recipe count letters=c,a
	[ "$(cat out/recipes/count/files/letters)" = a,c ]
	"$MKDL" recipe count letters='a c a'
	[ "$(wc -l <"$tmp/marks")" -eq 2 ]
	grep -q '^recipe count\\sletters=a,c ' out/recipes/count/lock
	# A comment is part of the script, and so of the key.
	echo '# no other result' >>hooks/build/count
	"$MKDL" recipe count
	[ "$(wc -l <"$tmp/marks")" -eq 3 ]
}

@test "two at once run it once" {
	own_cache
	recipe slow <<-END
		# recipe: takes a second
		#
		echo ran >>"$tmp/marks"
		sleep 1
		echo done >"\$OUT/done"
	END
	"$MKDL" recipe slow --out "$tmp/one" &
	local first=$!
	"$MKDL" recipe slow --out "$tmp/two"
	wait "$first"
	[ "$(wc -l <"$tmp/marks")" -eq 1 ]
	cmp "$tmp/one/slow/files/done" "$tmp/two/slow/files/done"
}

@test "a recipe knows nothing of who calls it" {
	own_cache
	recipe curious <<-'END'
		# recipe: shows its environment
		# option: some-thing = x
		#
		env | sed 's/=.*//' | sort >"$OUT/names"
		umask >"$OUT/umask"
		echo "$LC_ALL $TZ $SOURCE_DATE_EPOCH $OPTION_SOME_THING $PATH" >"$OUT/values"
		ls /proc/self/fd | wc -l >"$OUT/descriptors"
		sed -n 's/^ *\(.*\):.*/\1/p' /proc/net/dev >"$OUT/network"
	END
	exec 7<hooks/build/curious
	umask 077
	SECRET=1 LC_ALL=C TZ=Asia/Tokyo CFLAGS=-O0 run --separate-stderr "$MKDL" -v recipe curious
	[ "$status" -eq 0 ]
	[ "$(tr '\n' ' ' <out/recipes/curious/files/names)" = \
		"HOME INPUTS JOBS LC_ALL OPTION_SOME_THING OUT PARTS PATH PWD RECIPE SOURCE_DATE_EPOCH TMPDIR TOOLS TZ VERSION " ]
	[ "$(cat out/recipes/curious/files/umask)" = 0022 ]
	[ "$(cat out/recipes/curious/files/values)" = "C.UTF-8 UTC 0 x /usr/sbin:/usr/bin:/sbin:/bin" ]
	[ "$(cat out/recipes/curious/files/descriptors)" -eq 4 ]
	# Either there is no network, or it says so.
	[ "$(cat out/recipes/curious/files/network)" = lo ] || [[ $stderr == *"does not let us cut off its network"* ]]
}

@test "owners, odd modes and times stay behind" {
	own_cache
	recipe modes <<-'END'
		# recipe: odd modes
		#
		mkdir -m 700 "$OUT/folder"
		echo x >"$OUT/folder/program"
		chmod 4751 "$OUT/folder/program"
		echo y >"$OUT/folder/data"
		chmod 600 "$OUT/folder/data"
		ln -s program "$OUT/folder/link"
	END
	"$MKDL" recipe modes
	[ "$(sed 's/ [0-9]* [0-9a-f]\{64\} / /' "$MKDL_CACHE"/recipe/*)" = "$(printf '%s\n' 'd 0755 0 0 /folder' \
		'f 0644 0 0 /folder/data' 'l /folder/link program' 'f 0755 0 0 /folder/program')" ]
}

sleepers() {
	[ "$(pgrep -fc "^sleep 6[12][.]$$\$")" -eq 2 ]
}

no_sleepers() {
	! pgrep -f "^sleep 6[12][.]$$\$"
}

@test "a recipe dies with mkdl, with all that it started, and leaves nothing half-made" {
	own_cache
	recipe endless <<-END
		# recipe: never ends
		#
		touch "\$OUT/half"
		sleep 61.$$ &
		echo up >"$tmp/up"
		sleep 62.$$
	END
	local signal mkdl
	for signal in TERM KILL; do
		rm -f "$tmp/up"
		"$MKDL" recipe endless 3>&- &
		mkdl=$!
		wait_for 60 test -e "$tmp/up"
		wait_for 60 sleepers
		kill -"$signal" "$mkdl"
		run wait "$mkdl"
		wait_for 60 no_sleepers
		[ -z "$(ls -A "$MKDL_CACHE/recipe" 2>/dev/null)" ]
		[ ! -e out/recipes/endless/files ]
	done
	recipe endless <<-'END'
		# recipe: ends
		#
		touch "$OUT/whole"
	END
	"$MKDL" recipe endless
	[ -e out/recipes/endless/files/whole ]
	[ -z "$(ls -A "$MKDL_CACHE/tmp")" ]
}

@test "what a recipe leaves running is ended with it" {
	own_cache
	recipe daemon <<-END
		# recipe: leaves something running
		#
		touch "\$OUT/file"
		sleep 63.$$ &
	END
	"$MKDL" recipe daemon
	run ! pgrep -f "^sleep 63[.]$$\$"
}

@test "a lock that names another result" {
	own_cache
	recipe random <<-'END'
		# recipe: not reproducible
		#
		od -N 16 -t x1 /dev/urandom >"$OUT/bytes"
	END
	"$MKDL" recipe random
	"$MKDL" recipe random --locked
	MKDL_CACHE=$tmp/other run --separate-stderr "$MKDL" recipe random --locked
	[ "$status" -eq 1 ]
	[[ $stderr == "mkdl: recipe random: the lock names another result ("*": the same inputs gave other bytes, so the recipe is not reproducible;"* ]]
	sed -i 's/-N 16/-N 32/' hooks/build/random
	run --separate-stderr "$MKDL" recipe random --locked
	[ "$status" -eq 1 ]
	[[ ${stderr_lines[0]} == "mkdl: recipe random: changed since the lock was made; build without --locked to take it up" ]]
	[[ ${stderr_lines[1]} == "    in the lock: recipe random "* ]]
	"$MKDL" recipe random
}

@test "one recipe builds on another" {
	own_cache
	recipe inner <<-'END'
		# recipe: a part
		#
		mkdir "$OUT/usr"
		echo part >"$OUT/usr/part"
	END
	recipe outer <<-'END'
		# recipe: a whole
		# build: inner
		# file: lib/words.sh
		#
		. "$RECIPE/lib/words.sh"
		{ cat "$PARTS/inner/usr/part"; words; } >"$OUT/whole"
	END
	mkdir hooks/build/lib
	echo 'words() { echo some words; }' >hooks/build/lib/words.sh
	"$MKDL" recipe outer
	[ "$(cat out/recipes/outer/files/whole)" = "$(printf 'part\nsome words')" ]
	echo 'words() { echo other words; }' >hooks/build/lib/words.sh
	"$MKDL" recipe outer
	[ "$(tail -1 out/recipes/outer/files/whole)" = "other words" ]
	sed -i 's/echo part/echo piece/' hooks/build/inner
	"$MKDL" recipe outer
	[ "$(head -1 out/recipes/outer/files/whole)" = piece ]
}

# Built again in another folder, with other numbers of jobs, umask, locale and time zone, by the lock of the first.
@test "busybox, dropbear, pause, demo and containerd-clients are the same bytes anywhere" {
	local name
	for name in busybox dropbear pause demo containerd-clients; do
		"$MKDL" recipe "$name"
		mkdir -p "again/$name"
		cp "out/recipes/$name/lock" "again/$name/lock"
		(umask 077 && LC_ALL=C TZ=Asia/Tokyo MKDL_CACHE=$tmp/another/and/longer/place "$MKDL" recipe "$name" --locked --out again)
		diff -r --no-dereference "out/recipes/$name/files" "again/$name/files"
	done
}

@test "what is built is static, and names no folder of the machine that built it" {
	local name file
	for name in busybox dropbear containerd-clients; do
		"$MKDL" recipe "$name"
		while IFS= read -r -d '' file; do
			run -0 readelf --wide --program-headers "$file"
			[[ $output != *INTERP* ]]
			run ! grep -a -e "$tmp" -e /recipe/ -e "$HOME/.cache" "$file"
		done < <(find "out/recipes/$name/files" -type f -print0)
	done
}
