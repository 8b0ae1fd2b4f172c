#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031 # each test has a URL of its own
# Joining a cluster: what "agent join", "cordon" and "uncordon" make of API servers that are right, wrong, away, late and lying.
load helpers
load join

TOKEN=abcdef.0123456789abcdef

setup_file() {
	AGENT=$(dirname "$MKDL")/mkdl-agent
	[ -x "$AGENT" ]
	pki=$BATS_FILE_TMPDIR/pki
	mkdir "$pki"
	cd "$pki" || return 1
	authority kubernetes
	authority other
	issue server kubernetes /CN=kube-apiserver now year IP:127.0.0.1,DNS:localhost
	export AGENT pki
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p root/run/mkdl
	printf 'mac 52:54:00:00:00:01\nhostname n1\n' >root/run/mkdl/facts
	info=$(cluster_info "$pki/kubernetes.crt" "$TOKEN")
	hash=$(ca_hash "$pki/kubernetes")
}

teardown() {
	[ ! -s server.pid ] || kill "$(cat server.pid)"
}

# state JSON: what the server is like; FIELD=JSON words are added.
state() {
	local word
	printf '%s' "{\"info\": $info, \"tokens\": {\"$TOKEN\": true}}" >state
	for word; do
		python3 -c 'import json, sys; s = json.load(open("state")); k, v = sys.argv[1].split("=", 1); s[k] = json.loads(v); json.dump(s, open("state", "w"))' "$word"
	done
}

# serve [SERVER [CA]]: SERVER.pem of $pki.
serve() {
	[ ! -s server.pid ] || kill "$(cat server.pid)"
	rm -f port
	[ -e state ] || state
	python3 "$ROOT/tests/lib/api-server.py" "$pki/${1:-server}.pem" "$pki/${2:-kubernetes}.crt" state port 2>>requests 3>&- &
	echo $! >server.pid
	wait_for 10 test -s port
	URL=https://127.0.0.1:$(cat port)
}

# input RECORD…: what the node was told; by default the right things.
input() {
	[ $# -gt 0 ] || set -- "server $URL" "token $TOKEN" "pin $hash"
	printf '%s\n' "$@" >root/run/mkdl/join
}

join_once() {
	run timeout 60 "$AGENT" join --root root --once
}

# refused TEXT: the one line that it says.
refused() {
	join_once
	assert_failure 1
	assert_output "$1"
	assert_equal "${#lines[@]}" 1
	assert [ ! -e root/etc/kubernetes/bootstrap-kubeconfig ]
	assert [ ! -e root/etc/kubernetes/pki/ca.crt ]
}

@test "server, token and hash are enough: authority and kubeconfig are what the kubelet needs" {
	serve
	input
	join_once
	assert_success
	assert_output "API server $URL (v1.20.2), CA $hash, token abcdef"
	diff "$pki/kubernetes.crt" root/etc/kubernetes/pki/ca.crt
	assert_equal "$(stat -c %a root/etc/kubernetes/bootstrap-kubeconfig)" 600
	# The server is the one that was named, not the one that cluster-info names.
	assert_equal "$(json_of 'j["clusters"][0]["cluster"], j["users"][0]["user"]' <root/etc/kubernetes/bootstrap-kubeconfig)" \
		"({'server': '$URL', 'certificate-authority': '/etc/kubernetes/pki/ca.crt'}, {'token': '$TOKEN'})"
	# Without verification nothing secret was sent.
	assert_equal "$(head -n 1 requests)" "GET /api/v1/namespaces/kube-public/configmaps/cluster-info 200 anonymous"
}

@test "an authority that is given needs no cluster-info, with any token" {
	state 'info=null' 'tokens={"any-token": true}'
	serve
	printf 'server %s\ntoken any-token\nca %s\n' "$URL" "$(sed 's/ /\\s/g' "$pki/kubernetes.crt" | sed ':a;N;$!ba;s/\n/\\n/g')\\n" >root/run/mkdl/join
	join_once
	assert_success
	assert_output "API server $URL (v1.20.2), CA $hash, token any-token"
}

@test "what the image has counts when the configuration says nothing: an overlay's bootstrap-kubeconfig and authority" {
	serve
	mkdir -p root/etc/kubernetes/pki root/etc/mkdl
	echo "server $URL" >root/etc/mkdl/join
	cp "$pki/kubernetes.crt" root/etc/kubernetes/pki/ca.crt
	printf 'apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: "%s"}}]\nusers: [{name: u, user: {token: %s}}]\n' \
		https://127.0.0.1:1 "$TOKEN" >root/etc/kubernetes/bootstrap-kubeconfig
	cp root/etc/kubernetes/bootstrap-kubeconfig before
	join_once
	assert_success
	assert_output "API server $URL (v1.20.2), CA $hash, token abcdef"
	diff before root/etc/kubernetes/bootstrap-kubeconfig
}

@test "without authority and hash it does not join, unless that is allowed outright" {
	serve
	input "server $URL" "token $TOKEN"
	refused "the cluster's certificate authority is not known: give ca_cert_hash (kubeadm token create --print-join-command shows it) or ca; without, whoever answers as $URL would own this node (ca_cert_hash: unsafe allows it)"
	input "server $URL" "token $TOKEN" unsafe
	join_once
	assert_success
	rm -r root/etc
	input
	sed -i /server/d root/run/mkdl/join
	refused "no API server is named: give the node's configuration mkdl: {kubernetes: {server: https://…}}"
	input "server $URL" "pin $hash"
	refused "the cluster's authority is found by a bootstrap token, and none is given: give mkdl: {kubernetes: {token: …}}, or ca"
}

@test "a wrong hash, and another cluster's server" {
	serve
	local wrong=sha256:0000000000000000000000000000000000000000000000000000000000000000
	input "server $URL" "token $TOKEN" "pin $wrong"
	refused "the cluster's certificate authority is $hash, not $wrong: is ca_cert_hash wrong, or another cluster's, or does another server answer at $URL?"
	# One of several is enough.
	input "server $URL" "token $TOKEN" "pin $wrong" "pin $hash"
	join_once
	assert_success
	rm -r root/etc
	# It shows the right cluster's cluster-info, but its own certificate is another's.
	(cd "$pki" && issue impostor other /CN=kube-apiserver now year IP:127.0.0.1)
	serve impostor
	input
	refused "API server $URL: its certificate is by \"CN=other\", not by the cluster's authority $hash: is ca (or ca_cert_hash) another cluster's, or does another server answer there?"
}

@test "beside an authority that is pinned, none is trusted that is not" {
	cat "$pki/other.crt" "$pki/kubernetes.crt" >both.crt
	info=$(cluster_info both.crt "$TOKEN")
	(cd "$pki" && issue impostor other /CN=kube-apiserver now year IP:127.0.0.1)
	serve
	input
	join_once
	assert_success
	diff "$pki/kubernetes.crt" root/etc/kubernetes/pki/ca.crt
	rm -r root/etc
	serve impostor
	input
	refused "API server $URL: its certificate is by \"CN=other\", not by the cluster's authority $hash: is ca (or ca_cert_hash) another cluster's, or does another server answer there?"
}

@test "tokens: unknown to cluster-info, half wrong, unknown or expired, not allowed" {
	serve
	input "server $URL" "token zzzzzz.0123456789abcdef" "pin $hash"
	refused "API server $URL: its cluster-info is not signed with token zzzzzz: the token is unknown or expired, is not for signing, or the controller-manager's bootstrapsigner does not run (kubeadm token list)"
	input "server $URL" "token abcdef.ffffffffffffffff" "pin $hash"
	refused "API server $URL: its signature is not one by this token (abcdef): the token's second half is wrong, or another server answers there"
	input "server $URL" "token Abc" "pin $hash"
	refused 'token: this is no bootstrap token, as in "abcdef.0123456789abcdef"'
	input
	state 'tokens={}'
	refused "API server $URL: token abcdef is unknown or expired (HTTP 401): make a new one (kubeadm token create, mkdl cluster token create)"
	state "tokens={\"$TOKEN\": false}"
	refused "API server $URL: token abcdef may not ask for a node's certificate: bind its group to the ClusterRole system:node-bootstrapper (kubeadm init phase bootstrap-token)"
}

@test "cluster-info that is missing or hidden, and servers that are not ready" {
	local path=/api/v1/namespaces/kube-public/configmaps/cluster-info
	serve
	input
	state 'info=null'
	refused "API server $URL: has no cluster-info to find the authority by: make it (kubeadm init phase bootstrap-token), or give the authority itself (ca)"
	state "status={\"$path\": 403}"
	refused "API server $URL: does not show cluster-info to everybody (HTTP 403): allow it (kubeadm init phase bootstrap-token), or give the authority itself (ca)"
	state "status={\"$path\": 503}"
	refused "API server $URL: is not ready yet (HTTP 503)"
	state 'status={"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": 500}'
	refused "API server $URL: is not ready yet (HTTP 500)"
}

@test "a server that cannot be reached: refused, no route, no name, silent, not TLS" {
	URL=https://127.0.0.1:1
	input
	refused "API server $URL: refuses the connection: nothing listens there; is kube-apiserver up, is the port right?"
	URL=https://none.invalid:6443
	input
	join_once
	assert_failure 1
	assert_output --regexp "^API server $URL: cannot be reached: its name is not known: .*; does the node have a DNS server\?$"
	python3 -m http.server --bind 127.0.0.1 0 >plain 2>&1 3>&- &
	echo $! >server.pid
	wait_for 10 grep -q port plain
	URL=https://127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' plain)
	input
	join_once
	assert_failure 1
	assert_output --regexp "^API server $URL: speaks no TLS: .*; is the port an API server's\?$"
	# In a network of its own there is no route.
	URL=https://192.0.2.1:6443
	input
	run unshare --user --map-root-user --net timeout 60 "$AGENT" join --root root --once
	assert_failure 1
	assert_output "API server $URL: cannot be reached: Network is unreachable; is the machine on, is there a route to it?"
	cat >silent.py <<-'PYTHON'
		import socket, time
		s = socket.create_server(("127.0.0.1", 0))
		print(s.getsockname()[1], flush=True)
		time.sleep(60)
	PYTHON
	kill "$(cat server.pid)"
	python3 silent.py >silent 3>&- &
	echo $! >server.pid
	wait_for 10 test -s silent
	URL=https://127.0.0.1:$(cat silent)
	input
	join_once
	assert_failure 1
	assert_output --regexp "^API server $URL: does not answer within [0-9]+ s: is the machine on, does a firewall drop the port\?$"
}

@test "certificates that expired, and for other names" {
	cd "$pki"
	issue expired kubernetes /CN=kube-apiserver 20190101000000Z 20200101000000Z IP:127.0.0.1
	issue elsewhere kubernetes /CN=kube-apiserver now year "IP:10.0.0.1,DNS:api.example.org"
	cd "$BATS_TEST_TMPDIR"
	serve expired
	input
	refused "API server $URL: its certificate expired on 2020-01-01 00:00:00 UTC: renew it (mkdl cluster renew, kubeadm certs renew)"
	serve elsewhere
	input
	refused "API server $URL: its certificate is not for this name but for 10.0.0.1, api.example.org: name the server by one of these, or add the name to the certificate"
}

@test "a clock that is years off is told from a certificate that expired by the server's own clock" {
	cd "$pki"
	issue past kubernetes /CN=kube-apiserver 20190101000000Z 20200101000000Z IP:127.0.0.1
	issue future kubernetes /CN=kube-apiserver 20400101000000Z 20410101000000Z IP:127.0.0.1
	cd "$BATS_TEST_TMPDIR"
	state "date=$(($(date -d '2019-06-01 12:00 UTC' +%s) - $(date +%s)))"
	serve past
	input
	join_once
	assert_failure 1
	assert_output --regexp "^this node's clock says 2[0-9: -]* UTC, the API server's 2019-06-01 12:00:[0-9]* UTC: here its certificate is out of date \(valid from 2019-01-01 00:00:00 UTC to 2020-01-01 00:00:00 UTC\); set the clock \(time: \{ntp: \[…\]\}\)$"
	state "date=$(($(date -d '2040-06-01 12:00 UTC' +%s) - $(date +%s)))"
	serve future
	input
	join_once
	assert_failure 1
	assert_output --regexp "^this node's clock says 2[0-9: -]* UTC, the API server's 2040-06-01 12:00:[0-9]* UTC: here its certificate is not valid yet \(valid from 2040-01-01 00:00:00 UTC to 2041-01-01 00:00:00 UTC\); set the clock"
	# Certificates that fit both, but the one that the cluster would make would not be valid here yet.
	state date=600
	serve
	input
	join_once
	assert_failure 1
	assert_output --regexp "^this node's clock says .* UTC, the API server's .* UTC: the certificate that the cluster makes for it would not be valid here yet; set the clock"
	state date=200
	join_once
	assert_success
}

@test "a server that lies: giant, garbage, nothing, cut short, elsewhere, hung up; a signature by no algorithm" {
	serve
	input
	state 'lie="giant"'
	refused "API server $URL: answers with more than 1024 KiB: this is no API server"
	state 'lie="redirect"'
	refused "API server $URL: answers a request for cluster-info with HTTP 302: is it one?"
	state 'lie="garbage"'
	join_once
	assert_failure 1
	assert_output --regexp "^API server $URL: cluster-info: .*: is it one\?$"
	state 'lie="empty"'
	join_once
	assert_failure 1
	assert_output --regexp "^API server $URL: cluster-info: .*: is it one\?$"
	for how in truncate close; do
		state "lie=\"$how\""
		join_once
		assert_failure 1
		assert_output --regexp "^API server $URL: broke the connection off: "
	done
	info=$(cluster_info "$pki/kubernetes.crt" "$TOKEN" none)
	state
	refused "API server $URL: its signature is made by none, not by HS256 (abcdef): the token's second half is wrong, or another server answers there"
	assert_equal "$(grep -c -v anonymous requests)" 0
}

# kubelet_certificate CA NAME [FROM UNTIL]: what a kubelet of before left.
kubelet_certificate() {
	local folder=root/var/lib/kubelet/pki
	mkdir -p "$folder"
	(cd "$pki" && issue "kubelet-$2" "$1" "/O=system:nodes/CN=system:node:$2" "${3-now}" "${4-year}" '')
	cp "$pki/kubelet-$2.pem" "$folder/kubelet-client-2026.pem"
	ln -sf /var/lib/kubelet/pki/kubelet-client-2026.pem "$folder/kubelet-client-current.pem"
	touch "$folder/kubelet.crt"
}

@test "a certificate of before is kept, needs no token, and leads to the server that is named now" {
	state 'tokens={}' 'nodes={}' 'info=null'
	serve
	kubelet_certificate kubernetes n1
	input "server $URL"
	mkdir -p root/etc/kubernetes/pki
	cp "$pki/kubernetes.crt" root/etc/kubernetes/pki/ca.crt
	join_once
	assert_success
	assert_output --regexp "^API server $URL \(v1.20.2\), CA $hash, this node's certificate \(until 20.* UTC\)$"
	assert_equal "$(json_of 'j["clusters"][0]["cluster"]["server"], j["users"][0]["user"]["client-certificate"]' <root/var/lib/kubelet/kubeconfig)" \
		"('$URL', '/var/lib/kubelet/pki/kubelet-client-current.pem')"
	grep -q '^GET /api/v1/nodes/n1 404 system:node:n1$' requests
}

@test "a certificate that expired, is another cluster's or another node's is thrown away, and the kubelet's serving key is not" {
	local folder=root/var/lib/kubelet/pki
	serve
	input
	kubelet_certificate kubernetes n1 20190101000000Z 20200101000000Z
	echo old >root/var/lib/kubelet/kubeconfig
	join_once
	assert_success
	assert_line "threw away the kubelet's certificate in /var/lib/kubelet/pki: it expired on 2020-01-01 00:00:00 UTC"
	assert_line "API server $URL (v1.20.2), CA $hash, token abcdef"
	assert_equal "$(ls "$folder")" kubelet.crt
	assert [ ! -e root/var/lib/kubelet/kubeconfig ]
	kubelet_certificate other n1
	join_once
	assert_success
	assert_line "threw away the kubelet's certificate in /var/lib/kubelet/pki: it is by \"CN=other\", not by this cluster's authority"
	kubelet_certificate kubernetes n2
	join_once
	assert_success
	assert_line "threw away the kubelet's certificate in /var/lib/kubelet/pki: it is system:node:n2's, and this node is system:node:n1"
	kubelet_certificate kubernetes n1
	openssl genpkey -algorithm ED25519 >key.pem
	cat "$pki/kubelet-n1.crt" key.pem >"$folder/kubelet-client-2026.pem"
	join_once
	assert_success
	assert_line "threw away the kubelet's certificate in /var/lib/kubelet/pki: its key is missing, or another's"
}

@test "a certificate that the server does not take is thrown away where a token can get another" {
	state 'status={"/api/v1/nodes/n1": 401}'
	serve
	kubelet_certificate kubernetes n1
	input
	join_once
	assert_success
	assert_line "threw away the kubelet's certificate in /var/lib/kubelet/pki: the API server does not take it (HTTP 401)"
	kubelet_certificate kubernetes n1
	rm root/etc/kubernetes/bootstrap-kubeconfig
	input "server $URL"
	join_once
	assert_failure 1
	assert_output "API server $URL: does not take the kubelet's certificate (HTTP 401), and there is no token to get another by: give mkdl: {kubernetes: {token: …}}"
	assert [ -L root/var/lib/kubelet/pki/kubelet-client-current.pem ]
}

@test "it keeps trying, says a problem once, says what changed, and tells nodectl what it waits for" {
	state 'tokens={}'
	serve
	input
	"$AGENT" join --root root >said 2>&1 3>&- &
	local join=$!
	wait_for 10 grep -q 'token abcdef is unknown' said
	wait_for 10 grep -q 'token abcdef is unknown' root/run/mkdl/waits
	sleep 4
	assert_equal "$(wc -l <said)" 1
	state "tokens={\"$TOKEN\": false}"
	wait_for 20 grep -q 'token abcdef may not' said
	state
	wait "$join"
	assert_equal "$(wc -l <said)" 3
	assert_equal "$(tail -n 1 said)" "API server $URL (v1.20.2), CA $hash, token abcdef"
	assert [ ! -e root/run/mkdl/waits ]
}

@test "cordon and uncordon: only what was the node's own doing is undone" {
	state 'nodes={"n1": {"metadata": {"name": "n1", "annotations": {"a": "b"}}, "spec": {"podCIDR": "10.0.0.0/24"}}}'
	serve
	kubelet_certificate kubernetes n1
	input
	join_once
	assert_success
	run "$AGENT" cordon --root root
	assert_success
	assert_output "cordon: Node n1 takes no new pods"
	assert_equal "$(json_of 'j["nodes"]["n1"]["spec"], j["nodes"]["n1"]["metadata"]["annotations"]' <state)" \
		"({'podCIDR': '10.0.0.0/24', 'unschedulable': True}, {'a': 'b', 'mkdl/cordoned': 'shutdown'})"
	run "$AGENT" cordon --root root
	assert_output "cordon: Node n1 is cordoned already"
	run "$AGENT" uncordon --root root --once
	assert_success
	assert_output "Node n1 takes pods again"
	assert_equal "$(json_of 'j["nodes"]["n1"]' <state)" "{'metadata': {'name': 'n1', 'annotations': {'a': 'b'}}, 'spec': {'podCIDR': '10.0.0.0/24'}}"
	# A person's cordon stays.
	state 'nodes={"n1": {"metadata": {"name": "n1"}, "spec": {"unschedulable": true}}}'
	"$AGENT" cordon --root root
	"$AGENT" uncordon --root root --once
	assert_equal "$(json_of 'j["nodes"]["n1"]' <state)" "{'metadata': {'name': 'n1'}, 'spec': {'unschedulable': True}}"
}

@test "a dead API server holds neither cordon nor a shutdown up" {
	serve
	kubelet_certificate kubernetes n1
	input
	mkdir -p root/etc/kubernetes/pki
	cp "$pki/kubernetes.crt" root/etc/kubernetes/pki/ca.crt
	kill -STOP "$(cat server.pid)"
	local began=$SECONDS
	run timeout 30 "$AGENT" cordon --root root
	assert_failure 1
	assert_output --partial "cordon: API server $URL: does not answer within 3 s"
	[ $((SECONDS - began)) -le 6 ]
	kill -CONT "$(cat server.pid)"
}

@test "uncordon waits for the Node, and says what is missing" {
	input "server https://127.0.0.1:1"
	run "$AGENT" uncordon --root root --once
	assert_failure 1
	assert_output "uncordon: this node has not joined a cluster yet"
	state 'nodes={}'
	serve
	input
	join_once
	assert_success
	run "$AGENT" uncordon --root root --once
	assert_failure 1
	assert_output "uncordon: the kubelet has no certificate"
	kubelet_certificate kubernetes n1
	run "$AGENT" uncordon --root root --once
	assert_failure 1
	assert_output "uncordon: API server $URL: has no Node n1 yet"
}

@test "wrong usage" {
	for words in "join now" "cordon --wrong" "uncordon --root"; do
		# shellcheck disable=SC2086 # words
		run "$AGENT" $words
		assert_failure 2
	done
	run "$AGENT" join --root none --once
	assert_failure 1
	assert_output "none: No such file or directory"
}
