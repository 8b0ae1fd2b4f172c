#!/usr/bin/env bats
# The node's agent: what it reads of servers that answer, lie, stall and refuse, and what it says. It runs as on a node, but on a
# folder in place of the root.
load helpers

setup_file() {
	AGENT=$(dirname "$MKDL")/mkdl-agent
	[ -x "$AGENT" ]
	lab=$BATS_FILE_TMPDIR/lab
	mkdir -p "$lab/web/seed"
	cd "$lab" || return 1
	printf '#cloud-config\nhostname: one\n' >web/one.yml
	printf '#cloud-config\nhostname: two\n' >web/two.yml
	printf '#cloud-config\ntimezone: UTC\nhostname: n\n' >web/52:54:00:00:00:01.yml
	printf 'instance-id: i\nlocal-hostname: from-meta\n' >web/seed/meta-data
	printf '#cloud-config\nfinal_message: from user-data\n' >web/seed/user-data
	: >web/empty
	head -c 5000000 /dev/zero >web/large
	gzip -kn web/one.yml
	head -c 50000000 /dev/zero | gzip -n >web/bomb.gz
	python3 "$ROOT/tests/lib/lying-server.py" web >port 2>requests 3>&- &
	echo $! >server.pid
	wait_for 60 test -s port
	WEB=http://127.0.0.1:$(cat port)
	"$MKDL" sign --new-key good.pem >trust
	"$MKDL" sign --new-key other.pem >/dev/null
	export AGENT WEB lab
}

teardown_file() {
	kill "$(cat "$lab/server.pid")"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	printf 'mac 52:54:00:00:00:01\nserial A/1\nhostname h\n' >facts
	plan 'config require 10'
}

# plan RECORD…: the image's plan.
plan() {
	printf '%s\n' 'mkdl-plan 1' 'name test' "$@" >plan
}

# agent CMDLINE [FILE…]
agent() {
	local line=$1
	shift
	run timeout 300 "$AGENT" render --root root --plan plan --facts facts --fetch --cmdline "$line" "$@"
}

# The value of KEY in the effective configuration, and its source.
effective() {
	awk -v key="$1" '$1 == key {print $2, $3}' root/run/mkdl/config
}

@test "each source overrides those before it, and the effective configuration names the one that won" {
	printf '#cloud-config\nhostname: desk\nfinal_message: desk\n' >desk.yml
	agent "mkdl.hostname=line mkdl.config=$WEB/one.yml cloud-config-url=$WEB/two.yml" desk.yml
	assert_success
	assert_equal "$(effective hostname)" "two $WEB/two.yml:2"
	assert_equal "$(effective final_message)" "desk desk.yml:3"
	assert_file_contains root/run/mkdl/plan '^hostname two$'
	assert_equal "$(cat root/run/mkdl/sources)" "4 sources: desk.yml, kernel command line, $WEB/one.yml, $WEB/two.yml"
	agent "mkdl.config=$WEB/one.yml mkdl.hostname=line" desk.yml
	assert_equal "$(effective hostname)" "one $WEB/one.yml:2"
	agent "mkdl.hostname=line" desk.yml
	assert_equal "$(effective hostname)" "line kernel\\scommand\\sline:2"
}

@test "a URL is filled in with the node's own values; one that it does not have is an error" {
	agent "mkdl.config=$WEB/\${mac}.yml"
	assert_success
	assert_equal "$(effective timezone)" "UTC $WEB/52:54:00:00:00:01.yml:2"
	agent "mkdl.config=$WEB/\${serial}.yml"
	assert_failure 1
	assert_output --partial "$WEB/A%2F1.yml: the server answers 404 (not found)"
	agent "mkdl.config=$WEB/\${uuid}.yml"
	assert_failure 1
	assert_output "kernel command line (mkdl.config=): $WEB/\${uuid}.yml: this machine has no \${uuid} of its own"
	agent "mkdl.config=$WEB/\${ip}.yml"
	assert_failure 1
	# shellcheck disable=SC2016 # the message's own text
	assert_output --partial 'unknown variable ${ip}; there are ${mac} ${uuid} ${serial} ${hostname} ${machine_id}'
}

@test "a server that is busy is asked again; one that has no such file, three times" {
	agent "mkdl.config=$WEB/busy/one.yml"
	assert_success
	assert_equal "$(effective hostname)" "one $WEB/busy/one.yml:2"
	assert_line --regexp "busy/one.yml: the server answers 503 .*; trying again, for [0-9]+ s at most"
	: >"$lab/requests"
	agent "mkdl.config=$WEB/nothing.yml"
	assert_failure 1
	assert_equal "${lines[-1]}" "kernel command line (mkdl.config=): $WEB/nothing.yml: the server answers 404 (not found) (tried 3 times)"
	assert_equal "$(grep -c nothing.yml "$lab/requests")" 3
}

@test "a server that is away is asked until the time is up, and the reason is the last line" {
	plan 'config require 3'
	local began=$SECONDS
	agent "mkdl.config=http://127.0.0.1:1/x.yml"
	assert_failure 1
	[ $((SECONDS - began)) -lt 60 ]
	assert_regex "${lines[-1]}" "^kernel command line \(mkdl.config=\): http://127.0.0.1:1/x.yml: .*onnect.* \(tried [0-9]+ times\)$"
	assert_file_not_exists root/run/mkdl/plan
}

@test "a server that stalls does not stop the boot for ever" {
	head -c 100000 /dev/zero >"$lab/web/stalled"
	plan 'config require 2'
	agent "mkdl.config=$WEB/slow/stalled"
	assert_failure 1
	assert_output --regexp "slow/stalled: Operation timed out"
}

@test "what is cut off, empty, too large or without end is refused" {
	plan 'config require 5'
	agent "mkdl.config=$WEB/cut/one.yml"
	assert_failure 1
	assert_line --partial "cut/one.yml: transfer closed with"
	agent "mkdl.config=$WEB/empty"
	assert_failure 1
	assert_output "kernel command line (mkdl.config=): $WEB/empty: it is empty"
	for url in "$WEB/large" "$WEB/endless/"; do
		agent "mkdl.config=$url"
		assert_failure 1
		assert_output "kernel command line (mkdl.config=): $url: larger than is allowed: 4 MB for one document, 8 MB for all"
	done
	agent "mkdl.config=$WEB/bomb.gz"
	assert_failure 1
	assert_output "kernel command line (mkdl.config=): $WEB/bomb.gz: gzip: it unpacks to more than is allowed"
}

@test "redirects are followed over http, but not to files, to tftp, or for ever" {
	plan 'config require 5'
	agent "mkdl.config=$WEB/to//one.yml"
	assert_success
	printf '#cloud-config\nhostname: stolen\n' >secret.yml
	for target in "file://$PWD/secret.yml" "tftp://127.0.0.1/one.yml"; do
		agent "mkdl.config=$WEB/to/$target"
		assert_failure 1
		refute_output --partial stolen
		assert_line --partial "not supported"
	done
	agent "mkdl.config=$WEB/to/$(printf '/to/%.0s' 1 2 3 4 5 6 7 8)/one.yml"
	assert_failure 1
	assert_line --partial "Maximum (5) redirects followed"
}

@test "a NoCloud seed: meta-data and user-data have to be there, vendor-data and network-config may" {
	agent "ds=nocloud-net;s=$WEB/seed/"
	assert_success
	assert_equal "$(effective meta-data.local-hostname)" "from-meta $WEB/seed/meta-data:2"
	assert_file_contains root/run/mkdl/plan "^hostname from-meta\$"
	assert_equal "$(effective final_message)" "from\\suser-data $WEB/seed/user-data:2"
	printf '#cloud-config\nfinal_message: vendor\ntimezone: UTC\n' >"$lab/web/seed/vendor-data"
	agent "ds=nocloud;s=$WEB/seed"
	rm "$lab/web/seed/vendor-data"
	assert_success
	assert_equal "$(effective final_message)" "from\\suser-data $WEB/seed/user-data:2"
	assert_equal "$(effective timezone)" "UTC $WEB/seed/vendor-data:3"
	plan 'config require 5'
	agent "ds=nocloud;s=$WEB/nowhere/"
	assert_failure 1
	assert_line --partial "kernel command line (ds=): $WEB/nowhere/meta-data: the server answers 404"
	agent "ds=nocloud;s=$WEB/error/seed/"
	assert_failure 1
	assert_line --partial "$WEB/error/seed/meta-data: the server answers 500"
	agent "ds=ec2"
	assert_failure 1
	assert_output "kernel command line: ds=ec2: the only data source is nocloud: ds=nocloud;s=URL"
}

@test "gzip, MIME and included URLs end in the same documents" {
	agent "mkdl.config=$WEB/one.yml.gz"
	assert_success
	assert_equal "$(effective hostname)" "one $WEB/one.yml.gz:2"
	{
		printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/cloud-config\n\ntimezone: UTC\n--b\n'
		printf 'Content-Disposition: attachment; filename="x.gz"\nContent-Transfer-Encoding: base64\n\n'
		base64 "$lab/web/one.yml.gz"
		printf -- '--b\nContent-Type: text/x-include-url\n\n%s\n--b--\n' "$WEB/two.yml"
	} >"$lab/web/message"
	agent "mkdl.config=$WEB/message"
	assert_success
	assert_equal "$(effective timezone)" "UTC $WEB/message\\spart\\s1:6"
	assert_equal "$(effective hostname)" "two $WEB/two.yml:2"
	printf '#include\n%s\n' "$WEB/again" >"$lab/web/again"
	agent "mkdl.config=$WEB/again"
	assert_success
	assert_output "$WEB/again: named twice, read once"
	printf '#include\nfile:///etc/passwd\n' >"$lab/web/file"
	agent "mkdl.config=$WEB/file"
	assert_failure 1
	assert_output --partial "file:///etc/passwd: what comes over the network cannot include files of this machine"
	for i in 1 2 3 4 5; do
		printf '#include\n%s\n' "$WEB/deep$((i + 1))" >"$lab/web/deep$i"
	done
	agent "mkdl.config=$WEB/deep1"
	assert_failure 1
	assert_output --partial "included more than 3 deep"
}

@test "with config: required: false what fails is said and left out" {
	plan 'config degraded 5'
	agent "mkdl.config=http://127.0.0.1:1/x mkdl.config=$WEB/one.yml mkdl.config=$WEB/empty"
	assert_failure 3
	assert_line --regexp "^left out, as the profile allows: kernel command line .*127.0.0.1:1/x: "
	assert_line "left out, as the profile allows: kernel command line (mkdl.config=): $WEB/empty: it is empty"
	assert_equal "$(effective hostname)" "one $WEB/one.yml:2"
}

@test "passwords in URLs are neither said nor kept" {
	agent "mkdl.config=http://me:s3cret@${WEB#http://}/one.yml"
	assert_success
	run ! grep -r s3cret root
	plan 'config require 5'
	agent "mkdl.config=http://me:s3cret@127.0.0.1:1/x"
	assert_failure 1
	refute_output --partial s3cret
}

@test "with trust, only what the key has signed is taken, by mkdl sign or by openssl" {
	local key
	key=$(sed -n 's/^public key: //p' "$lab/trust")
	plan 'config require 5' "trust $key"
	printf '#cloud-config\nhostname: signed\n' >"$lab/web/signed.yml"
	agent "mkdl.config=$WEB/signed.yml"
	assert_failure 1
	assert_output "kernel command line (mkdl.config=): $WEB/signed.yml: refused, as it is not signed and the image trusts signed configuration only: \"mkdl sign\" makes $WEB/signed.yml.sig"
	"$MKDL" sign --key "$lab/good.pem" "$lab/web/signed.yml"
	agent "mkdl.config=$WEB/signed.yml?node=1"
	assert_success
	openssl pkeyutl -sign -inkey "$lab/good.pem" -rawin -in "$lab/web/signed.yml" | base64 >"$lab/web/signed.yml.sig"
	agent "mkdl.config=$WEB/signed.yml"
	assert_success
	"$MKDL" sign --key "$lab/other.pem" "$lab/web/signed.yml"
	agent "mkdl.config=$WEB/signed.yml"
	assert_failure 1
	assert_output "kernel command line (mkdl.config=): $WEB/signed.yml: refused: its signature is not one by the trusted key"
	"$MKDL" sign --key "$lab/good.pem" "$lab/web/signed.yml"
	echo '# one more line' >>"$lab/web/signed.yml"
	agent "mkdl.config=$WEB/signed.yml"
	assert_failure 1
	assert_output --partial "refused: its signature"
	echo nonsense >"$lab/web/signed.yml.sig"
	agent "mkdl.config=$WEB/signed.yml"
	assert_failure 1
	assert_output --partial "what should be its signature is neither 64 bytes nor base64 of them"
	# What a signed document includes has to be signed as well; a file of the image not.
	printf '#include\n%s\n' "$WEB/one.yml" >"$lab/web/index"
	"$MKDL" sign --key "$lab/good.pem" "$lab/web/index"
	agent "mkdl.config=$WEB/index"
	assert_failure 1
	assert_output --partial "$WEB/one.yml: refused, as it is not signed"
	mkdir -p root/etc && cp "$lab/web/one.yml" root/etc/one.yml
	agent "mkdl.config=file:///etc/one.yml"
	assert_success
}

@test "mkdl sign makes keys that openssl reads, and signatures that it verifies" {
	run "$MKDL" sign --new-key key.pem
	assert_success
	assert_equal "$(stat -c %a key.pem)" 600
	local hex=${lines[0]#public key: }
	assert_equal "$(openssl pkey -in key.pem -pubout -outform DER | tail -c 32 | od -An -tx1 | tr -d ' \n')" "$hex"
	echo text >a
	echo other >b
	run "$MKDL" sign --key key.pem a b
	assert_success
	assert_output $'a.sig\nb.sig'
	openssl pkey -in key.pem -pubout -out key.pub
	openssl pkeyutl -verify -pubin -inkey key.pub -rawin -in b -sigfile b.sig
	"$MKDL" --json sign --key key.pem | is_json
	run "$MKDL" sign --new-key key.pem
	assert_failure 1
	assert_output "mkdl: key.pem is there already: a key is never overwritten"
	run "$MKDL" sign a
	assert_failure 1
	assert_output 'mkdl: mkdl-key.pem: there is no such key: "mkdl sign --new-key mkdl-key.pem" makes one'
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
	run "$MKDL" sign --key rsa.pem a
	assert_failure 1
	assert_output "mkdl: rsa.pem: it is no Ed25519 private key in PEM"
	openssl pkey -in key.pem -aes128 -passout pass:x -out locked.pem
	run "$MKDL" sign --key locked.pem a
	assert_failure 1
	assert_output 'mkdl: locked.pem: it has a passphrase; "openssl pkey" takes it off'
	run "$MKDL" sign
	assert_failure 2
}

@test "mkdl config shows what a node would make of files, and keeps it with --root" {
	printf '#cloud-config\nhostname: desk\nusers: [{name: me, ssh_authorized_keys: [ssh-ed25519 AAAA me]}]\n' >desk.yml
	printf '#cloud-config\nwrite_files: [{path: /etc/motd, content: "hi"}]\n' >more.yml
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir tmp
	run "$MKDL" config desk.yml more.yml --cmdline mkdl.hostname=line
	assert_success
	assert_line --regexp '^hostname +kernel command line:2 +line$'
	assert_line --regexp '^write_files./etc/motd.content +more.yml:2 +hi$'
	assert_equal "$(ls tmp)" ""
	"$MKDL" --json config desk.yml | is_json
	run "$MKDL" config --root node more.yml
	assert_success
	assert_equal "$(cat node/etc/motd)" hi
	printf '#cloud-config\nhostname: [a]\n' >bad.yml
	run "$MKDL" config bad.yml
	assert_failure 1
	assert_output --partial "bad.yml:2:"
	run "$MKDL" config --cmdline "mkdl.config=$WEB/one.yml"
	assert_failure 1
	assert_output --partial "$WEB/one.yml: not read, as nothing is fetched here"
	run "$MKDL" config
	assert_failure 2
}

@test "tftp: read, refused when it is not there, and asked again while the server is away" {
	mkdir tftp && cp "$lab/web/one.yml" tftp/
	head -c 300000 /dev/zero | tr '\0' '#' | sed '1s/^.*$/#cloud-config\nhostname: long\n&/' >tftp/long.yml
	plan 'config require 3'
	cat >inside <<-'END'
		ip link set lo up
		dnsmasq --no-daemon --conf-file=/dev/null --port=0 --user=root --enable-tftp --tftp-root="$PWD/tftp" \
			--listen-address=127.0.0.1 --bind-interfaces --pid-file= >dnsmasq.log 2>&1 &
		server=$!
		until [ -n "$(ss -Hnlu 'sport = :69')" ]; do sleep 0.1; done
		for name in one long none; do
			"$AGENT" render --root "root-$name" --plan plan --facts facts --fetch --cmdline "mkdl.config=tftp://127.0.0.1/$name.yml" \
				>"$name.out" 2>&1
			echo $? >"$name.status"
		done
		kill $server
		"$AGENT" render --root root-away --plan plan --facts facts --fetch --cmdline mkdl.config=tftp://127.0.0.1/one.yml >away.out 2>&1
		echo $? >away.status
	END
	unshare --user --map-root-user --net sh inside
	assert_equal "$(cat one.status long.status none.status away.status | tr '\n' ' ')" "0 0 1 1 "
	grep -q '^hostname one tftp://127.0.0.1/one.yml:2 ' root-one/run/mkdl/config
	grep -q '^hostname long ' root-long/run/mkdl/config
	grep -q 'tftp://127.0.0.1/none.yml: the server has no such file; trying again' none.out
	grep -q '^kernel command line (mkdl.config=): tftp://127.0.0.1/one.yml: ' away.out
}

# authority NAME: NAME.crt and NAME.key, who sign for themselves.
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.crt" -days 2 \
		-subj "/CN=$1" 2>/dev/null
}

@test "config: ca: servers with https are known by the image's own authority, and by nobody else's" {
	authority good
	authority other
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=server 2>/dev/null
	printf 'subjectAltName=IP:127.0.0.1\n' >names
	openssl x509 -req -in server.csr -CA good.crt -CAkey good.key -CAcreateserial -days 2 -extfile names -out server.crt 2>/dev/null
	cat server.key server.crt >server.pem
	mkdir web
	printf '#cloud-config\nhostname: sealed\n' >web/one.yml
	python3 "$ROOT/tests/lib/https-server.py" web server.pem >port 2>requests 3>&- &
	echo $! >server.pid
	wait_for 10 test -s port
	URL=https://127.0.0.1:$(cat port)/one.yml
	mkdir -p root/etc/mkdl

	cp good.crt root/etc/mkdl/config-ca.crt
	plan 'config require 4' 'config-ca /etc/mkdl/config-ca.crt'
	agent "mkdl.config=$URL"
	assert_success
	assert_equal "$(effective hostname)" "sealed $URL:2"
	# Another's, this machine's own, and none that could be read.
	cp other.crt root/etc/mkdl/config-ca.crt
	agent "mkdl.config=$URL"
	assert_failure 1
	assert_output --partial "the server's certificate is not good"
	assert_output --partial "an authority that config: ca: of the profile lacks?"
	plan 'config require 4'
	agent "mkdl.config=$URL"
	assert_failure 1
	plan 'config require 4' 'config-ca /etc/mkdl/config-ca.crt'
	rm root/etc/mkdl/config-ca.crt
	agent "mkdl.config=$URL"
	assert_failure 1
	assert_output --partial "config: ca: etc/mkdl/config-ca.crt: No such file or directory"
	kill "$(cat server.pid)"
}
