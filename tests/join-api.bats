#!/usr/bin/env bats
# Joining what API servers really are: the agent against etcd, kube-apiserver and kube-controller-manager, with a cluster's own
# secrets. Takes the user's cache.
load helpers
load join
load lib/control-plane

setup_file() {
	export MKDL_HOME=$ROOT C=$BATS_FILE_TMPDIR/cluster SERVER=https://10.77.0.11:6443
	AGENT=$(dirname "$MKDL")/mkdl-agent
	mkdir "$C"
	cp "$ROOT/examples/lab/cluster.yml" "$C/cluster.yml"
	"$MKDL" cluster init "$C" --tftp "$BATS_FILE_TMPDIR/tftp" >&2
	server_files "$C" server-1 "$BATS_FILE_TMPDIR/root"
	control_plane_programs
	control_plane_network 10.77.0.11
	start_etcd "$BATS_FILE_TMPDIR/root" server-1 10.77.0.11
	start_apiserver "$BATS_FILE_TMPDIR/root" 10.77.0.11 10.96.0.0/16
	export kubernetes network etcd apiserver AGENT
	admin="$BATS_FILE_TMPDIR/root/etc/kubernetes/admin.kubeconfig"
	wait_for_apiserver 180 "$admin"
	start_controllers "$BATS_FILE_TMPDIR/root"
	export controllers admin
	kubectl apply -f "$BATS_FILE_TMPDIR/root/etc/kubernetes/addons/20-cluster-info.yaml" \
		-f "$BATS_FILE_TMPDIR/root/etc/kubernetes/addons/21-tokens.yaml" >&2
	hash=$(ca_hash "$C/pki/ca")
	export hash
}

teardown_file() {
	end "${controllers-}" "${apiserver-}" "${etcd-}" "${network-}"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p root/run/mkdl
	echo 'hostname worker-1' >root/run/mkdl/facts
	token=$("$MKDL" cluster token list "$C" --secrets | sed -n 's/^\([^ ]*\)  worker-1 .*/\1/p')
	id=${token%.*}
}

kubectl() {
	inside "$kubernetes/kubectl" --kubeconfig "$admin" "$@"
}

# join_with RECORD…
join_with() {
	printf '%s\n' "$@" >root/run/mkdl/join
	run inside timeout 60 "$AGENT" join --root root --once
}

signed() {
	kubectl -n kube-public get configmap cluster-info -o yaml | grep -q "jws-kubeconfig-$id"
}

# joins_as_far_as TEXT: what the API server does not know yet it learns within seconds.
joins_as_far_as() {
	join_with "server $SERVER" "token $token" "pin $hash"
	[[ "$output" == *"$1"* ]]
}

@test "a token that may not, and one that may" {
	wait_for 60 signed
	local bound
	for bound in $(kubectl get clusterrolebindings -o \
		'jsonpath={range .items[?(@.roleRef.name=="system:node-bootstrapper")]}{.metadata.name} {end}'); do
		kubectl delete clusterrolebinding "$bound"
	done
	wait_for 30 joins_as_far_as "token $id may not ask for a node's certificate"
	kubectl create clusterrolebinding bootstrap --clusterrole system:node-bootstrapper --group system:bootstrappers
	wait_for 30 joins_as_far_as "API server $SERVER (v1.20.2), CA $hash, token $id"
}

@test "tokens that are wrong, by cluster-info and by the authority" {
	wait_for 60 signed
	join_with "server $SERVER" "token $id.0000000000000000" "pin $hash"
	assert_failure 1
	assert_output --partial "its signature is not one by this token ($id)"
	join_with "server $SERVER" "token zzzzzz.0000000000000000" "pin $hash"
	assert_failure 1
	assert_output --partial "its cluster-info is not signed with token zzzzzz"
	mkdir -p root/etc/kubernetes/pki
	cp "$C/pki/ca.crt" root/etc/kubernetes/pki/
	join_with "server $SERVER" "token $id.0000000000000000"
	assert_failure 1
	assert_output "API server $SERVER: token $id is unknown or expired (HTTP 401): make a new one (kubeadm token create, mkdl cluster token create)"
}

@test "a kubelet's certificate needs no token; its Node is cordoned and taken back" {
	mkdir -p root/var/lib/kubelet/pki root/etc/kubernetes/pki
	cp "$C/pki/ca.crt" root/etc/kubernetes/pki/
	cp "$C/pki/ca.crt" "$C/pki/ca.key" .
	issue kubelet ca /O=system:nodes/CN=system:node:worker-1 now year ''
	cp kubelet.pem root/var/lib/kubelet/pki/kubelet-client-current.pem
	join_with "server $SERVER"
	assert_success
	assert_output --regexp "^API server $SERVER \(v1.20.2\), CA $hash, this node's certificate \(until .* UTC\)$"
	kubectl apply -f - <<<'{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "worker-1"}}'
	run inside "$AGENT" cordon --root root
	assert_success
	assert_output "cordon: Node worker-1 takes no new pods"
	assert_equal "$(kubectl get node worker-1 -o 'jsonpath={.spec.unschedulable} {.metadata.annotations.mkdl/cordoned}')" "true shutdown"
	run inside "$AGENT" uncordon --root root --once
	assert_success
	assert_output "Node worker-1 takes pods again"
	assert_equal "$(kubectl get node worker-1 -o 'jsonpath={.spec.unschedulable}{.metadata.annotations.mkdl/cordoned}')" ""
}

@test "a certificate of the API server that expired" {
	cp "$C/pki/ca.crt" "$C/pki/ca.key" .
	issue expired ca /CN=kube-apiserver 20190101000000Z 20200101000000Z IP:10.77.0.11
	cp expired.crt "$BATS_FILE_TMPDIR/root/etc/kubernetes/pki/apiserver.crt"
	cp expired.key "$BATS_FILE_TMPDIR/root/etc/kubernetes/pki/apiserver.key"
	# It reads them anew within a minute.
	wait_for 120 joins_as_far_as "API server $SERVER: its certificate expired on 2020-01-01 00:00:00 UTC: renew it"
}
