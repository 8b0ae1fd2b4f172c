#!/usr/bin/env bats
# What `mkdl cluster init` makes, with the programs that it is for: etcd, the API server and the controller-manager run with it,
# kubectl uses the kubeconfigs, tokens open the door and shut it. Takes the user's cache.
load helpers
load lib/control-plane

setup_file() {
	export MKDL_HOME=$ROOT C=$BATS_FILE_TMPDIR/cluster SERVER=https://10.77.0.11:6443
	mkdir "$C"
	cp "$ROOT/examples/lab/cluster.yml" "$C/cluster.yml"
	"$MKDL" cluster init "$C" --tftp "$BATS_FILE_TMPDIR/tftp" >&2
	# The administrator's mistake, and the other way round: made before the API is there.
	"$MKDL" cluster token create "$C" --no-api --description 'made before' >"$BATS_FILE_TMPDIR/early"
	server_files "$C" server-1 "$BATS_FILE_TMPDIR/root"
	control_plane_programs
	control_plane_network 10.77.0.11
	start_etcd "$BATS_FILE_TMPDIR/root" server-1 10.77.0.11
	start_apiserver "$BATS_FILE_TMPDIR/root" 10.77.0.11 10.96.0.0/16
	export kubernetes network etcd apiserver
	admin="$BATS_FILE_TMPDIR/root/etc/kubernetes/admin.kubeconfig"
	wait_for_apiserver 240 "$admin"
	start_controllers "$BATS_FILE_TMPDIR/root"
	export controllers admin
}

teardown_file() {
	end "${controllers-}" "${apiserver-}" "${etcd-}" "${network-}"
}

kubectl() {
	inside "$kubernetes/kubectl" "$@"
}

# The status of a request with a token: 401 is "I do not know you", 403 "you may not".
status_with() {
	inside curl -s -o /dev/null -w '%{http_code}' --noproxy '*' --cacert "$C/pki/ca.crt" \
		-H "Authorization: Bearer $1" "$SERVER/api/v1/nodes"
}

# The API server remembers for 10 seconds what it thought of a token.
status_is() {
	[ "$(status_with "$1")" = "$2" ]
}

# The addons step of a server, from DIR as it is now: apply what is there, delete what was revoked.
addons() {
	local etc=$BATS_TEST_TMPDIR/root/etc/kubernetes id
	server_files "$C" server-1 "$BATS_TEST_TMPDIR/root"
	kubectl --kubeconfig "$admin" apply -f "$etc/addons/20-cluster-info.yaml" -f "$etc/addons/21-tokens.yaml"
	[ ! -f "$etc/addons/90-revoked" ] || while read -r id; do
		kubectl --kubeconfig "$admin" -n kube-system delete secret "bootstrap-token-$id" --ignore-not-found
	done <"$etc/addons/90-revoked"
}

@test "the server's own kubeconfig and the administrator's lead into the cluster" {
	run -0 kubectl --kubeconfig "$admin" auth can-i '*' '*'
	assert_output yes
	run -0 kubectl --kubeconfig "$C/kubeconfig" get namespaces -o name
	assert_line namespace/kube-system
	"$MKDL" cluster kubeconfig "$C" >"$BATS_TEST_TMPDIR/printed"
	cmp "$BATS_TEST_TMPDIR/printed" "$C/kubeconfig"
	run -0 kubectl --kubeconfig "$BATS_FILE_TMPDIR/root/etc/kubernetes/scheduler.kubeconfig" auth can-i list pods
	assert_output yes
}

@test "etcd takes nobody without a certificate of its authority" {
	local pki=$BATS_FILE_TMPDIR/root/etc/kubernetes/pki
	run inside curl -s --noproxy '*' --cacert "$pki/etcd/ca.crt" https://127.0.0.1:2379/health
	assert_failure
	run inside curl -s --noproxy '*' --cacert "$pki/etcd/ca.crt" --cert "$C/pki/admin.pem" --key "$C/pki/admin.pem" \
		https://127.0.0.1:2379/health
	assert_failure
	run -0 inside curl -s --noproxy '*' --cacert "$pki/etcd/ca.crt" --cert "$pki/apiserver-etcd-client.crt" \
		--key "$pki/apiserver-etcd-client.key" https://127.0.0.1:2379/health
	assert_output --partial '"health":"true"'
}

@test "Secrets are encrypted in etcd" {
	kubectl --kubeconfig "$admin" create secret generic hidden --from-literal=word=plainly-to-be-seen
	kubectl --kubeconfig "$admin" create configmap open --from-literal=word=plainly-to-be-seen-too
	run -0 kubectl --kubeconfig "$admin" get secret hidden -o 'jsonpath={.data.word}'
	assert_output "$(printf plainly-to-be-seen | base64)"
	grep -rqaF plainly-to-be-seen-too "$BATS_FILE_TMPDIR/etcd"
	grep -rqaF k8s:enc:secretbox:v1:key1: "$BATS_FILE_TMPDIR/etcd"
	run grep -rlaE "plainly-to-be-seen([^-]|\$)|$(printf plainly-to-be-seen | base64)" "$BATS_FILE_TMPDIR/etcd"
	assert_failure 1
}

@test "a user's kubeconfig: who it is, what it may" {
	"$MKDL" cluster kubeconfig "$C" --user jane --group readers --group writers --days 2 >"$BATS_TEST_TMPDIR/jane"
	run kubectl --kubeconfig "$BATS_TEST_TMPDIR/jane" get pods
	assert_failure
	assert_output --partial 'User "jane" cannot list resource "pods"'
	kubectl --kubeconfig "$admin" create clusterrolebinding readers --clusterrole view --group readers
	wait_for 90 kubectl --kubeconfig "$BATS_TEST_TMPDIR/jane" get pods
	"$MKDL" cluster kubeconfig "$C" --server https://127.0.0.1:6443/ >"$BATS_TEST_TMPDIR/near"
	run -0 kubectl --kubeconfig "$BATS_TEST_TMPDIR/near" config view -o 'jsonpath={.clusters[0].cluster.server}'
	assert_output https://127.0.0.1:6443/
	kubectl --kubeconfig "$BATS_TEST_TMPDIR/near" get namespaces
}

@test "nodes' tokens, and one that was made before there was a cluster, come with the server's files" {
	local token
	addons
	for token in "$(cat "$BATS_FILE_TMPDIR/early")" $("$MKDL" cluster token list "$C" --secrets | sed -n 's/^\([^ ]*\)  worker-1 .*/\1/p'); do
		wait_for 90 status_is "$token" 403
	done
	run -0 kubectl --kubeconfig "$admin" -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token -o name
	assert_equal "${#lines[@]}" 4
}

@test "anybody may read cluster-info, which the tokens sign and whose authority has the hash" {
	local id hash
	addons
	id=$("$MKDL" --json cluster token list "$C" | json_of 'j[0]["id"]')
	signed() {
		inside curl -s --noproxy '*' -k "$SERVER/api/v1/namespaces/kube-public/configmaps/cluster-info" | grep -q "jws-kubeconfig-$id"
	}
	wait_for 90 signed
	# kubeadm's own discovery: it gets as far as what only clusters of its own making have.
	hash=$("$MKDL" --json cluster token create "$C" --server https://127.0.0.1:1 2>/dev/null | json_of 'j["ca_cert_hash"]')
	token=$("$MKDL" cluster token list "$C" --secrets | sed -n 's/^\([^ ]*\)  worker-2 .*/\1/p')
	run inside "$kubernetes/kubeadm" join phase preflight 10.77.0.11:6443 --token "$token" --discovery-token-ca-cert-hash "$hash" \
		--ignore-preflight-errors=all -v 5
	assert_output --partial 'Cluster info signature and contents are valid and TLS certificate validates against pinned roots'
	run inside "$kubernetes/kubeadm" join phase preflight 10.77.0.11:6443 --token "$token" \
		--discovery-token-ca-cert-hash "sha256:$(printf %064d 0)" --ignore-preflight-errors=all -v 5
	assert_failure
	refute_output --partial 'TLS certificate validates against pinned roots'
}

@test "a token is good at once, and revoked within seconds" {
	local token
	token=$(inside "$MKDL" cluster token create "$C" --ttl 2h --description 'a "new" node')
	assert_regex "$token" '^[a-z0-9]{6}\.[a-z0-9]{16}$'
	wait_for 90 status_is "$token" 403
	run -0 kubectl --kubeconfig "$admin" -n kube-system get secret "bootstrap-token-${token%.*}" -o 'jsonpath={.data.description}'
	assert_equal "$(base64 -d <<<"$output")" 'a "new" node'
	status_is "${token%.*}.0000000000000000" 401
	run -0 --separate-stderr inside "$MKDL" cluster token revoke "$C" "${token%.*}"
	assert_output "${token%.*} revoked"
	wait_for 90 status_is "$token" 401
	# Again: nothing to do.
	inside "$MKDL" cluster token revoke "$C" "$token"
	addons
	status_is "$token" 401
}

@test "a token that is revoked while the API is away is deleted when a server boots" {
	local token
	token=$(inside "$MKDL" cluster token create "$C")
	wait_for 90 status_is "$token" 403
	run "$MKDL" cluster token revoke "$C" "${token%.*}" --server https://127.0.0.1:1
	assert_failure 1
	assert_output --partial 'mkdl: the API at https://127.0.0.1:1: '
	assert_output --partial "revoked in $C, but the cluster takes them until a server boots that reads that; the same command again tries again"
	status_is "$token" 403
	addons
	wait_for 90 status_is "$token" 401
}

@test "a token whose time is over is refused, and the cluster forgets it" {
	local token
	run -0 --separate-stderr inside "$MKDL" --json cluster token create "$C" --ttl 5s
	assert_equal "$(json_of 'j["stored"]' <<<"$output")" True
	token=$(json_of 'j["token"]' <<<"$output")
	wait_for 90 status_is "$token" 401
	run -0 "$MKDL" cluster token list "$C"
	refute_output --partial "${token%.*}"
	"$MKDL" cluster init "$C" >/dev/null
	run grep -F "${token%.*}" "$C/tokens"
	assert_failure 1
	gone() {
		! kubectl --kubeconfig "$admin" -n kube-system get secret "bootstrap-token-${token%.*}"
	}
	wait_for 90 gone
}

@test "a node that leaves cluster.yml loses its token" {
	local token
	addons
	token=$("$MKDL" cluster token list "$C" --secrets | sed -n 's/^\([^ ]*\)  worker-2 .*/\1/p')
	wait_for 90 status_is "$token" 403
	sed -i '/^  worker-2:/d' "$C/cluster.yml"
	run -0 "$MKDL" cluster init "$C"
	assert_line "revoked the token ${token%.*}: there is no node worker-2 any more"
	addons
	wait_for 90 status_is "$token" 401
}

@test "renewed certificates: the running servers and the former kubeconfig stay good, new ones too" {
	cp "$C/kubeconfig" "$BATS_TEST_TMPDIR/former"
	"$MKDL" cluster renew "$C" >/dev/null
	run cmp "$C/kubeconfig" "$BATS_TEST_TMPDIR/former"
	assert_failure 1
	kubectl --kubeconfig "$C/kubeconfig" get namespaces
	kubectl --kubeconfig "$BATS_TEST_TMPDIR/former" get namespaces
	# Another server with the new ones, on the same etcd.
	server_files "$C" server-1 "$BATS_TEST_TMPDIR/root"
	end "$apiserver"
	start_apiserver "$BATS_TEST_TMPDIR/root" 10.77.0.11 10.96.0.0/16
	wait_for_apiserver 240 "$BATS_TEST_TMPDIR/former"
	run -0 kubectl --kubeconfig "$C/kubeconfig" get secret hidden -o 'jsonpath={.data.word}'
	end "$apiserver"
}

# The procedure of docs/cluster.md.
@test "a new authority: what the former one signed is refused, what is in etcd can be read" {
	local former=$BATS_TEST_TMPDIR/former
	mkdir "$former"
	cp "$C/kubeconfig" "$former/"
	mv "$C/pki/ca.crt" "$C/pki/ca.key" "$former/"
	run -1 "$MKDL" cluster init "$C"
	assert_output --partial "pki/ca.crt: it is missing, but certificates that it signed are there: put it back, or see docs/cluster.md"
	mv "$C/pki/servers" "$C/pki/admin.pem" "$former/"
	"$MKDL" cluster init "$C"
	server_files "$C" server-1 "$BATS_TEST_TMPDIR/root"
	end "$apiserver"
	start_apiserver "$BATS_TEST_TMPDIR/root" 10.77.0.11 10.96.0.0/16
	wait_for_apiserver 240 "$C/kubeconfig"
	run -0 kubectl --kubeconfig "$C/kubeconfig" get secret hidden -o 'jsonpath={.data.word}'
	assert_output "$(printf plainly-to-be-seen | base64)"
	run kubectl --kubeconfig "$former/kubeconfig" get namespaces
	assert_failure
	assert_output --partial 'certificate signed by unknown authority'
	run -0 inside curl -s -o /dev/null -w '%{http_code}' -k --cert "$former/admin.pem" --key "$former/admin.pem" "$SERVER/api/v1/nodes"
	assert_output 401
	end "$apiserver"
}
