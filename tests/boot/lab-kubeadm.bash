# A control plane that is kubeadm's, in the machine room: its certificates, kubeconfigs, tokens, RBAC and cluster-info; the
# programs that its static pods would run are processes here. API server: https://10.77.0.1:6443.
#
#	lab_kubeadm_prepare     the programs (out of the cache), all files; nothing runs yet
#	lab_kubeadm_start       etcd, API server, controller-manager, scheduler; then what kubeadm puts into the cluster
#	kubectl_lab …           kubectl as the administrator
TOKEN=abcdef.0123456789abcdef

lab_kubeadm_prepare() {
	cd "$BOOT" || return 1
	"$MKDL" recipe kubernetes binaries=kube-apiserver,kube-controller-manager,kube-scheduler,kube-proxy,kubeadm,kubectl --out "$BOOT/kube" || return 1
	export KUBE_BIN=$BOOT/kube/kubernetes/files/usr/bin
	# kubeadm knows one folder. In the room /etc is the host's with another's changes.
	lab_exec mkdir -p /run/etc/upper /run/etc/work /run/etcd
	lab_exec mount -t overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work overlay /etc
	cat >"$LAB/kubeadm.yml" <<-CONF
		apiVersion: kubeadm.k8s.io/v1beta2
		kind: InitConfiguration
		localAPIEndpoint: {advertiseAddress: 10.77.0.1, bindPort: 6443}
		nodeRegistration: {name: foreign, criSocket: /run/none.sock}
		bootstrapTokens:
		  - token: $TOKEN
		    ttl: 24h
		    usages: [signing, authentication]
		    groups: [system:bootstrappers:kubeadm:default-node-token]
		---
		apiVersion: kubeadm.k8s.io/v1beta2
		kind: ClusterConfiguration
		kubernetesVersion: v1.20.2
		networking: {podSubnet: 10.244.0.0/16}
		etcd: {local: {dataDir: /run/etcd}}
	CONF
	local phase
	for phase in "certs all" "kubeconfig all" "control-plane all" "etcd local"; do
		# shellcheck disable=SC2086 # words
		kubeadm_lab init phase $phase --config "$LAB/kubeadm.yml" || return 1
	done
}

kubeadm_lab() {
	lab_exec "$KUBE_BIN/kubeadm" "$@" 2>>"$LAB/log/kubeadm"
}

kubectl_lab() {
	lab_exec "$KUBE_BIN/kubectl" --kubeconfig /etc/kubernetes/admin.conf "$@"
}

# lab_pod NAME [FLAG…]: the command of a static pod, with more flags, as a process of the room.
lab_pod() {
	local name=$1 words
	shift
	mapfile -t words < <(lab_exec sed -n '/^  - command:/,/^    image:/s/^    - //p' "/etc/kubernetes/manifests/$name.yaml")
	lab_spawn "$name" env PATH="$KUBE_BIN:$PATH" "${words[@]}" "$@"
}

lab_kubeadm_start() {
	lab_pod etcd
	lab_pod kube-apiserver
	wait_for 180 kubectl_lab get --raw /readyz >/dev/null 2>&1 || return 1
	# Who loses an election ends, for its kubelet to start it again; here there is neither another candidate nor a kubelet.
	lab_pod kube-controller-manager --leader-elect=false
	lab_pod kube-scheduler --leader-elect=false
	kubeadm_lab init phase upload-config kubeadm --config "$LAB/kubeadm.yml" || return 1
	kubeadm_lab init phase bootstrap-token --config "$LAB/kubeadm.yml" || return 1
}

# The hash that "kubeadm token create --print-join-command" shows.
lab_ca_hash() {
	lab_exec openssl x509 -in /etc/kubernetes/pki/ca.crt -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | sed 's/^\([0-9a-f]*\).*/sha256:\1/'
}
