#!/usr/bin/env bats
# The keys and certificates of a cluster, seen by the openssl command; what stays, what is made anew, what is refused.
load helpers

setup() {
	export MKDL_HOME=$ROOT
	cd "$(realpath "$BATS_TEST_TMPDIR")" || return 1
	mkdir c
	cp "$ROOT/examples/lab/cluster.yml" c/cluster.yml
}

init() {
	"$MKDL" cluster init c --tftp "$PWD/tftp"
}

# names, modes, sizes, times and contents of everything below c
snapshot() {
	find c -printf '%p %m %s %i %T@\n' | LC_ALL=C sort
	find c -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
}

serial() {
	openssl x509 -noout -serial -in "$1"
}

# What `openssl ca`, which alone takes any time, wants to have.
openssl_ca() {
	mkdir db
	touch db/index
	cat >conf <<-END
		[ca]
		default_ca=d
		[d]
		database=db/index
		new_certs_dir=db
		rand_serial=yes
		unique_subject=no
		default_md=sha256
		policy=p
		[p]
		organizationName=optional
		commonName=supplied
	END
}

# What x509 says of a certificate.
says() {
	openssl x509 -noout -in "$1" "${@:2}"
}

@test "every certificate is verified by openssl, for its purpose and no other" {
	init
	local s=c/pki/servers/server-1 count=0 file ca purposes found purpose
	while read -r file ca purposes; do
		found=
		for purpose in client server; do
			run openssl verify -x509_strict -purpose "ssl$purpose" -CAfile "c/pki/$ca.crt" "$file"
			[ "$status" -ne 0 ] || found="$found $purpose"
		done
		assert_equal "$file:$found" "$file: $purposes"
		# The key is its own.
		cmp <(openssl x509 -noout -pubkey -in "$file") <(openssl pkey -pubout -in "$file")
		count=$((count + 1))
	done <<-END
		c/pki/admin.pem ca client
		c/pki/provisioner.pem provision-ca server
		$s/apiserver.pem ca server
		$s/apiserver-kubelet-client.pem ca client
		$s/apiserver-etcd-client.pem etcd/ca client
		$s/front-proxy-client.pem front-proxy-ca client
		$s/etcd/server.pem etcd/ca client server
		$s/etcd/peer.pem etcd/ca client server
		$s/admin.pem ca client
		$s/controller-manager.pem ca client
		$s/scheduler.pem ca client
	END
	assert_equal "$count" "$(find c/pki -name '*.pem' | wc -l)"
}

@test "subjects and names are kubeadm's" {
	init
	local s=c/pki/servers/server-1
	assert_equal "$(says c/pki/admin.pem -subject)" "subject=O = system:masters, CN = kubernetes-admin"
	assert_equal "$(says $s/controller-manager.pem -subject)" "subject=CN = system:kube-controller-manager"
	assert_equal "$(says c/pki/ca.crt -subject)" "subject=CN = kubernetes"
	run -0 says $s/apiserver.pem -ext subjectAltName
	assert_line --index 1 "    DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc, DNS:kubernetes.default.svc.cluster.local, DNS:server-1, IP Address:10.77.0.11, IP Address:10.96.0.1, IP Address:127.0.0.1"
	run -0 says $s/etcd/server.pem -ext subjectAltName
	assert_line --index 1 "    DNS:server-1, DNS:localhost, IP Address:10.77.0.11, IP Address:127.0.0.1"
	run -0 says c/pki/provisioner.pem -ext subjectAltName
	assert_line --index 1 "    IP Address:10.77.0.1"
}

@test "the hash of the authority is what openssl computes" {
	init
	hash=$(openssl x509 -noout -pubkey -in c/pki/ca.crt | openssl pkey -pubin -outform der | openssl dgst -sha256 -r)
	run -0 --separate-stderr "$MKDL" --json cluster token create c --no-api
	assert_equal "$(json_of 'j["ca_cert_hash"]' <<<"$output")" "sha256:${hash%% *}"
}

@test "what is right stays, byte for byte; nothing of it is for others" {
	umask 0
	init
	snapshot >before
	init >said
	snapshot >after
	diff before after
	assert_equal "$(wc -l <said)" 1
	run -0 find c/pki c/nodes c/tokens c/kubeconfig -perm /077
	assert_output ''
	run -0 find c/pki -type f ! -perm 0600
	assert_output ''
}

@test "a new address of the API: the API servers' certificates alone are issued again" {
	init
	admin=$(serial c/pki/admin.pem) etcd=$(serial c/pki/servers/server-1/etcd/server.pem)
	sed -i 's/^name: lab$/&\napi: api.lab.example/' c/cluster.yml
	run -0 init
	assert_line --partial 'issued again: pki/servers/server-1/apiserver.pem, valid until '
	assert_line --partial '(its names and addresses changed)'
	run -0 says c/pki/servers/server-1/apiserver.pem -checkhost api.lab.example
	assert_output --partial 'does match'
	assert_equal "$(serial c/pki/admin.pem)" "$admin"
	assert_equal "$(serial c/pki/servers/server-1/etcd/server.pem)" "$etcd"
	run -0 grep -c 'https://api.lab.example:6443' c/kubeconfig
	assert_output 1
}

@test "renew: new serials, the same authorities; --if-less-than; authorities are refused" {
	init
	sha256sum c/pki/*.crt c/pki/*.key c/pki/etcd/ca.* c/pki/sa.pub c/pki/encryption.yaml c/tokens >same
	find c/pki -name '*.pem' | while read -r file; do echo "$file $(serial "$file")"; done | sort >before
	run -0 "$MKDL" cluster renew c --if-less-than 300
	assert_output 'nothing to renew'
	run -0 "$MKDL" cluster renew c
	assert_equal "$(grep -c '^issued again: pki/.*, valid until 20' <<<"$output")" 11
	assert_line --partial 'changed nodes/server-1.yml'
	find c/pki -name '*.pem' | while read -r file; do echo "$file $(serial "$file")"; done | sort >after
	assert_equal "$(comm -12 before after)" ''
	sha256sum --quiet -c same
	run -0 "$MKDL" --json cluster renew c --if-less-than 366
	assert_equal "$(json_of 'sum(s.startswith("issued again: ") for s in j["done"])' <<<"$output")" 11
	run -2 "$MKDL" cluster renew c --authorities
	assert_output --partial 'authorities are not renewed by a command'
	run -2 "$MKDL" cluster renew c --if-less-than soon
	assert_output --partial 'expected a number of days, not "soon"'
	run -1 "$MKDL" cluster renew nosuch
}

@test "a certificate of the right authority that ended is issued again" {
	init
	openssl_ca
	printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n' >ext
	old() {
		openssl req -new -key c/pki/admin.pem -subj '/O=system:masters/CN=kubernetes-admin' -out csr
		openssl ca -batch -config conf -cert c/pki/ca.crt -keyfile c/pki/ca.key -in csr -out old.crt -notext -extfile ext \
			-preserveDN -startdate "$1" -enddate "$2"
		{
			openssl pkey -in c/pki/admin.pem
			cat old.crt
		} >old.pem
		cp old.pem c/pki/admin.pem
	}
	old 20200101000000Z 20210101000000Z
	run -0 init
	assert_line --partial 'issued again: pki/admin.pem, valid until '
	assert_line --partial '(the former one ended on 2021-01-01 00:00 UTC)'
	openssl verify -CAfile c/pki/ca.crt c/pki/admin.pem
	# The same with time left: it may stay.
	old 20200101000000Z "$(date -u -d '+40 days' +%Y%m%d%H%M%SZ)"
	before=$(serial c/pki/admin.pem)
	init
	assert_equal "$(serial c/pki/admin.pem)" "$before"
	run -0 "$MKDL" cluster renew c --if-less-than 50
	assert_line --partial 'issued again: pki/admin.pem, valid until '
	refute_line --partial 'provisioner.pem'
}

@test "an authority of one's own is taken; half of one, or one that ended, is not" {
	mkdir -m 700 c/pki
	openssl req -x509 -newkey rsa:2048 -nodes -keyout c/pki/ca.key -out c/pki/ca.crt -subj /CN=house -days 900 \
		-addext keyUsage=critical,keyCertSign,cRLSign
	chmod 0644 c/pki/ca.key
	run -0 init
	assert_line 'shut pki/ca.key: others could read it; it is 0600 now'
	openssl verify -CAfile c/pki/ca.crt c/pki/admin.pem
	assert_equal "$(says c/pki/admin.pem -issuer)" "issuer=CN = house"
	mv c/pki/ca.key kept
	run -1 init
	assert_output --partial "c/pki/ca.crt: its key "
	assert_output --partial "c/pki/ca.key is missing: put it there"
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out c/pki/ca.key
	run -1 init
	assert_output --partial "c/pki/ca.key: it is not the key of "
	openssl genpkey -algorithm ED25519 -out c/pki/ca.key
	openssl req -x509 -key c/pki/ca.key -out c/pki/ca.crt -subj /CN=house -days 900
	run -1 init
	assert_output --partial "c/pki/ca.crt: its key is of a kind that Kubernetes does not take"
	rm -r c/pki
	mkdir -m 700 c/pki
	openssl_ca
	openssl req -newkey rsa:2048 -nodes -keyout c/pki/ca.key -out csr -subj /CN=house
	openssl ca -batch -config conf -selfsign -keyfile c/pki/ca.key -in csr -out c/pki/ca.crt -notext \
		-extfile <(printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n') \
		-startdate 20200101000000Z -enddate 20210101000000Z
	run -1 init
	assert_output --partial "c/pki/ca.crt: it ended on 2021-01-01 00:00 UTC"
	assert_output --partial 'docs/cluster.md, "A new authority"'
}

@test "an authority between a root and the cluster's certificates is taken" {
	mkdir -m 700 c/pki
	openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.crt -subj /CN=root -days 900
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout c/pki/ca.key -out csr -subj /CN=between
	openssl x509 -req -in csr -CA root.crt -CAkey root.key -out c/pki/ca.crt -days 800 \
		-extfile <(printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n')
	init
	openssl verify -partial_chain -CAfile c/pki/ca.crt c/pki/admin.pem
	openssl verify -CAfile root.crt -untrusted c/pki/ca.crt c/pki/admin.pem
	run -0 init
	refute_output --partial 'issued again'
	# One that is for other names than the API's.
	rm -r c/pki
	mkdir -m 700 c/pki
	openssl req -x509 -newkey rsa:2048 -nodes -keyout c/pki/ca.key -out c/pki/ca.crt -subj /CN=narrow -days 900 \
		-addext keyUsage=critical,keyCertSign -addext 'nameConstraints=critical,permitted;DNS:example.org'
	run -1 init
	assert_output --partial 'pki/ca.crt does not allow the certificate of kube-apiserver: permitted subtree violation'
}

@test "killed at any time, it leaves whole files, and the next run makes it good" {
	local n=0 delay
	for delay in 0.01 0.03 0.06 0.1 0.2 0.4; do
		rm -rf c/pki c/tokens c/kubeconfig c/nodes
		run timeout -s KILL "$delay" "$MKDL" cluster init c --tftp "$PWD/tftp"
		[ "$status" -eq 0 ] || n=$((n + 1))
		while read -r file; do
			cmp <(openssl x509 -noout -pubkey -in "$file") <(openssl pkey -pubout -in "$file")
		done < <([ ! -d c/pki ] || find c/pki -name '*.pem')
		init
		run -0 init
		assert_equal "${#lines[@]}" 1
		openssl verify -CAfile c/pki/ca.crt c/pki/admin.pem
		run -0 find c -name '*.tmp.*'
		assert_output ''
	done
	[ "$n" -ge 1 ]
	# And in the middle of renewing.
	for delay in 0.03 0.1; do
		run timeout -s KILL "$delay" "$MKDL" cluster renew c
		while read -r file; do
			cmp <(openssl x509 -noout -pubkey -in "$file") <(openssl pkey -pubout -in "$file")
		done < <(find c/pki -name '*.pem')
		init
	done
}

@test "two at once: one cluster" {
	"$MKDL" cluster init c --tftp "$PWD/tftp" >one 3>&- &
	first=$!
	"$MKDL" cluster init c --tftp "$PWD/tftp" >two
	wait "$first"
	assert_equal "$(cat one two | grep -c '^made pki/ca.crt')" 1
	assert_equal "$(grep -c '^token ' c/tokens)" 3
	run -0 init
	assert_equal "${#lines[@]}" 1
}

@test "tokens: made, listed without secrets, revoked; a node gets another" {
	init
	run -0 --separate-stderr "$MKDL" cluster token create c --no-api --ttl 7d --description 'for the guest'
	assert_regex "$output" '^[a-z0-9]{6}\.[a-z0-9]{16}$'
	token=$output
	run -0 "$MKDL" cluster token list c
	refute_output --partial "${token#*.}"
	assert_line --regexp "^${token%.*}  - .* $(date -u -d '+7 days' +%Y-%m-%d) ..:.. UTC  for the guest\$"
	assert_line --regexp '^[a-z0-9]{6}  worker-1  .* never '
	run -0 "$MKDL" cluster token list c --secrets
	assert_line --partial "$token"
	run -0 "$MKDL" --json cluster token list c
	assert_equal "$(json_of '[t["node"] for t in j]' <<<"$output")" "['server-1', 'worker-1', 'worker-2', None]"
	refute_output --partial "${token#*.}"
	run -0 "$MKDL" --json cluster token list c --secrets
	assert_equal "$(json_of 'j[3]["token"]' <<<"$output")" "$token"
	grep -qF "bootstrap-token-${token%.*}" c/nodes/server-1.yml
	former=$(sed -n 's/^token \([^ ]*\) [^ ]* worker-1 .*/\1/p' c/tokens)
	grep -qF "token: \"$former." c/nodes/worker-1.yml
	run -0 --separate-stderr "$MKDL" cluster token revoke c "${token%.*}" "$former" --no-api
	assert_line --partial "$former revoked"
	run grep -qF "bootstrap-token-${token%.*}" c/nodes/server-1.yml
	assert_failure 1
	grep -qxF "      ${token%.*}" c/nodes/server-1.yml # in addons/90-revoked
	now=$(sed -n 's/^token \([^ ]*\) [^ ]* worker-1 .*/\1/p' c/tokens)
	assert_not_equal "$now" "$former"
	grep -qF "token: \"$now." c/nodes/worker-1.yml
}

@test "tokens: what is asked wrongly" {
	init
	run -1 "$MKDL" cluster token revoke c abcdef --no-api
	assert_output --partial 'abcdef: there is no such token in c/tokens; "mkdl cluster token list c" shows which there are'
	run -1 "$MKDL" cluster token revoke c ../../x --no-api
	assert_output --partial 'there is no such token'
	run -2 "$MKDL" cluster token revoke c
	run -2 "$MKDL" cluster token create c --ttl 5
	assert_output --partial '--ttl: expected a time as 90m, 24h or 7d, at most 3650 days, or 0; not "5"'
	run -2 "$MKDL" cluster token create c --ttl 3651d
	run -2 "$MKDL" cluster token list c --ttl 5d
	assert_output --partial 'cluster token list: unknown option "--ttl"'
	run -2 "$MKDL" cluster token
	assert_output --partial 'cluster token: expected create, list or revoke'
	run -1 "$MKDL" cluster token list nosuch
	assert_output --partial 'nosuch: there is no such folder: "mkdl cluster init" makes it'
	run -2 "$MKDL" cluster token create c --server http://127.0.0.1:1
	assert_output --partial 'cluster token create: --server: expected https://HOST:PORT'
	cp c/tokens kept
	sed -i '2s/ [^ ]* server-1/ short server-1/' c/tokens
	run -1 init
	assert_output --partial '/tokens:2: a token has an ID of 6 and a secret of 16 characters of a-z and 0-9'
}

@test "kubeconfig: the administrator's, another address, a user of one's own" {
	init
	run -0 "$MKDL" cluster kubeconfig c
	assert_equal "$output" "$(cat c/kubeconfig)"
	run -0 "$MKDL" cluster kubeconfig c --server https://127.0.0.1:16443
	assert_line '    server: "https://127.0.0.1:16443"'
	"$MKDL" cluster kubeconfig c --user 'jane "j" doe' --group a --group 'b: c' --days 3 >jane
	sed -n 's/^    client-certificate-data: //p' jane | base64 -d >jane.crt
	sed -n 's/^    client-key-data: //p' jane | base64 -d >jane.key
	assert_equal "$(says jane.crt -subject -nameopt RFC2253,-esc_msb,-esc_2253)" 'subject=CN=jane "j" doe,O=b: c,O=a'
	openssl verify -purpose sslclient -CAfile c/pki/ca.crt jane.crt
	cmp <(openssl x509 -noout -pubkey -in jane.crt) <(openssl pkey -pubout -in jane.key)
	says jane.crt -checkend $((3 * 86400 - 60))
	run -1 says jane.crt -checkend $((3 * 86400 + 60))
	# Kept nowhere.
	run grep -rlF "$(sed -n 2p jane.key)" c
	assert_failure 1
	run -2 "$MKDL" cluster kubeconfig c --group a
	assert_output --partial '--group and --days go with --user'
	run -2 "$MKDL" cluster kubeconfig c --user "$(printf 'a\nb')"
	assert_output --partial '--user: there is a control character in it'
	run -2 "$MKDL" cluster kubeconfig c --user "$(printf '%065d' 0)"
	run -2 "$MKDL" cluster kubeconfig c --user x --days 0
	run -2 "$MKDL" cluster kubeconfig c --server 10.0.0.1
}
