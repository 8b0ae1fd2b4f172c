# A control plane of plain processes: etcd and the API server of a cluster that `mkdl cluster init` made, in a network of
# their own whose loopback has the server's address. No root: user and network namespaces. Each is disowned, or the shell would
# report how it ended.

# control_plane_programs: builds (or takes from the user's cache) Kubernetes' programs; sets $kubernetes.
control_plane_programs() {
	"$MKDL_RELEASE" recipe kubernetes binaries=kube-apiserver,kube-controller-manager,kube-scheduler,kube-proxy,kubeadm,kubectl \
		--out "$BATS_FILE_TMPDIR/recipes" >&2
	kubernetes=$BATS_FILE_TMPDIR/recipes/kubernetes/files/usr/bin
}

# control_plane_network ADDRESS…: sets $network, the process that holds it.
control_plane_network() {
	# shellcheck disable=SC2016 # sh expands it
	unshare -rn sh -c 'ip link set lo up; for a; do ip address add "$a/32" dev lo; done; echo up; exec sleep 86400' sh "$@" \
		>"$BATS_FILE_TMPDIR/network" 3>&- &
	network=$!
	disown
	wait_for 10 grep -q up "$BATS_FILE_TMPDIR/network"
}

# Runs a command in that network. (Not for the background: $! would be the shell of this function, not the command.)
inside() {
	nsenter --preserve-credentials -U -n -t "$network" "$@"
}

# server_files DIR NODE ROOT: what the node's agent would write from its configuration, below ROOT.
server_files() {
	{
		echo '#cloud-config'
		sed -n '/^write_files:/,$p' "$1/nodes/$2.yml"
	} >"$BATS_FILE_TMPDIR/files.yml"
	"$MKDL" config "$BATS_FILE_TMPDIR/files.yml" --root "$3" >/dev/null
}

# start_etcd ROOT NAME ADDRESS: sets $etcd.
start_etcd() {
	local pki=$1/etc/kubernetes/pki/etcd
	nsenter --preserve-credentials -U -n -t "$network" etcd --name "$2" --data-dir "$BATS_FILE_TMPDIR/etcd" --unsafe-no-fsync \
		--listen-client-urls "https://127.0.0.1:2379,https://$3:2379" --advertise-client-urls "https://$3:2379" \
		--listen-peer-urls "https://$3:2380" --initial-advertise-peer-urls "https://$3:2380" \
		--initial-cluster "$2=https://$3:2380" --client-cert-auth --trusted-ca-file "$pki/ca.crt" \
		--cert-file "$pki/server.crt" --key-file "$pki/server.key" --peer-client-cert-auth --peer-trusted-ca-file "$pki/ca.crt" \
		--peer-cert-file "$pki/peer.crt" --peer-key-file "$pki/peer.key" >"$BATS_FILE_TMPDIR/etcd.log" 2>&1 3>&- &
	export etcd=$!
	disown
}

# start_apiserver ROOT ADDRESS SERVICES: sets $apiserver.
start_apiserver() {
	local etc=$1/etc/kubernetes pki=$1/etc/kubernetes/pki
	nsenter --preserve-credentials -U -n -t "$network" "$kubernetes/kube-apiserver" --etcd-servers=https://127.0.0.1:2379 --etcd-cafile="$pki/etcd/ca.crt" \
		--etcd-certfile="$pki/apiserver-etcd-client.crt" --etcd-keyfile="$pki/apiserver-etcd-client.key" \
		--advertise-address="$2" --secure-port=6443 --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
		--client-ca-file="$pki/ca.crt" --cert-dir="$BATS_FILE_TMPDIR" --service-cluster-ip-range="$3" \
		--authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --enable-bootstrap-token-auth \
		--service-account-issuer=https://kubernetes.default.svc --service-account-signing-key-file="$pki/sa.key" \
		--service-account-key-file="$pki/sa.pub" --encryption-provider-config="$etc/encryption.yaml" \
		--kubelet-client-certificate="$pki/apiserver-kubelet-client.crt" --kubelet-client-key="$pki/apiserver-kubelet-client.key" \
		--requestheader-client-ca-file="$pki/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy-client \
		--requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
		--requestheader-extra-headers-prefix=X-Remote-Extra- --proxy-client-cert-file="$pki/front-proxy-client.crt" \
		--proxy-client-key-file="$pki/front-proxy-client.key" >"$BATS_FILE_TMPDIR/apiserver.log" 2>&1 3>&- &
	export apiserver=$!
	disown
}

api_is_ready() {
	inside "$kubernetes/kubectl" --kubeconfig "$1" --request-timeout 20s get --raw /readyz >/dev/null 2>&1
}

# wait_for_apiserver SECONDS KUBECONFIG; its log tells why it did not come.
wait_for_apiserver() {
	wait_for "$1" api_is_ready "$2" || {
		tail -n 5 "$BATS_FILE_TMPDIR/apiserver.log" "$BATS_FILE_TMPDIR/etcd.log" >&2
		return 1
	}
}

# start_controllers ROOT: those that tokens need; sets $controllers.
start_controllers() {
	local etc=$1/etc/kubernetes pki=$1/etc/kubernetes/pki
	nsenter --preserve-credentials -U -n -t "$network" "$kubernetes/kube-controller-manager" --kubeconfig="$etc/controller-manager.kubeconfig" \
		--authentication-kubeconfig="$etc/controller-manager.kubeconfig" \
		--authorization-kubeconfig="$etc/controller-manager.kubeconfig" --cert-dir="$BATS_FILE_TMPDIR/controllers" \
		--controllers='*,bootstrapsigner,tokencleaner' --root-ca-file="$pki/ca.crt" --leader-elect=false \
		--service-account-private-key-file="$pki/sa.key" --use-service-account-credentials \
		--cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
		>"$BATS_FILE_TMPDIR/controllers.log" 2>&1 3>&- &
	export controllers=$!
	disown
}

# Ends processes, which may have ended, at once: what they would save or say on the way out is for nobody.
end() {
	local pid
	for pid; do
		[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
	done
	for pid; do
		[ -z "$pid" ] || wait_for 10 is_gone "$pid"
	done
}

# Ended, though perhaps nobody asked for its status yet.
is_gone() {
	[ ! -e "/proc/$1/exe" ]
}
