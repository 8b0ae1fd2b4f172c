#!/usr/bin/env bats
# A server's control plane as it is built: the programs of the image below PID 1 with the plan of the image and the keys that
# `mkdl cluster init` makes, in namespaces of its own with an address on the loopback. containerd and the kubelet need a machine.
load helpers
load project

NODE=server-1 ADDRESS=10.77.0.11
# What of the plan runs here.
SERVICES="control-plane etcd kube-apiserver kube-controller-manager kube-scheduler addons cluster-dns-records cluster-dns"

setup_file() {
	export MKDL_HOME=$ROOT IMAGE=$BATS_FILE_TMPDIR/image
	cd "$BATS_FILE_TMPDIR" || return 1
	cat >cluster.yml <<-END
		name: test
		subnet: 10.77.0.0/24
		provisioner: 10.77.0.1
		pods: 10.244.0.0/16
		services: 10.96.0.0/16
		state: {server: {/var/lib/etcd: {kind: tmpfs, size: 512M}}}
		nodes:
		  server-1: {role: server, mac: "52:54:00:77:00:0b", address: 10.77.0.11}
		  worker-1: {role: worker, mac: "52:54:00:77:00:15", address: 10.77.0.21}
	END
	"$MKDL_RELEASE" cluster init cluster --file cluster.yml --tftp "$PWD/tftp" >&2 || return 1
	"$MKDL_RELEASE" build cluster/profiles/server.yml --out "$PWD/out" >&2 || return 1
	mkdir "$IMAGE"
	zstd -dcq out/*/initramfs.img >cpio
	(cd "$IMAGE" && cpio -idum --quiet --nonmatching 'dev/*' <"$BATS_FILE_TMPDIR/cpio") || return 1
	rm cpio
	# What PID 1 has the agent do with the configuration of this node.
	printf '%s\n' "mac 52:54:00:77:00:0b" "hostname $NODE" "node_ip $ADDRESS" >facts
	"$IMAGE/usr/libexec/mkdl/agent" render --root "$IMAGE" --plan "$IMAGE/etc/mkdl/plan" --facts facts "cluster/nodes/$NODE.yml" >&2 ||
		return 1
	only_services "$SERVICES" <"$IMAGE/run/mkdl/plan" >"$IMAGE/plan"
	mkdir -p "$IMAGE/var/lib/etcd"
	start 300
}

teardown() {
	[ -n "$BATS_TEST_COMPLETED" ] || cat "$BATS_FILE_TMPDIR/console"
}

teardown_file() {
	end
}

# The plan on standard input without the services that are not named in $1. An address is found by the network program, which
# does not run here; in a user namespace there is but one user and group to be.
only_services() {
	awk -v keep="$1" '
		BEGIN { count = split(keep, names, " "); for (i = 1; i <= count; i++) wanted[names[i]] = 1; on = 1 }
		$1 == "link" || $1 == "state" { on = 0 }
		$1 == "service" { on = $2 in wanted }
		!on { next }
		$1 == "needs" {
			line = ""
			for (i = 2; i <= NF; i++)
				if ($i in wanted)
					line = line " " $i
			if (line != "")
				print "needs" line
			next
		}
		{ print }' | sed "s/\${node_ip}/$ADDRESS/g; s/--user=nobody --group=nogroup/--user= --group=/"
}

# Until the node is up, or "not ready" was asked for.
start() {
	# shellcheck disable=SC2016 # the shell inside expands it
	unshare -Urnmupf --kill-child --mount-proc sh -euc '
		cd "$1"
		hostname "$2"
		ip link set lo up
		ip address add "$3/32" dev lo
		mount --bind . .
		cd "$1"
		mkdir -p dev proc tmp run
		mount -t proc proc proc
		mount -t tmpfs tmpfs run
		mount -t tmpfs tmpfs tmp
		mount -t tmpfs tmpfs dev
		for name in null zero full random urandom tty; do
			touch dev/$name
			mount --bind /dev/$name dev/$name
		done
		mkdir run/mkdl
		exec chroot . /init --supervise /plan' sh "$IMAGE" "$NODE" "$ADDRESS" >"$BATS_FILE_TMPDIR/console" 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/pid"
	wait_for "$1" grep -q 'node up' "$BATS_FILE_TMPDIR/console" || {
		cat "$BATS_FILE_TMPDIR/console" >&2
		return 1
	}
}

# PID 1 of the namespace.
inner() {
	local pid
	pid=$(cat "$BATS_FILE_TMPDIR/pid")
	tr -d ' ' <"/proc/$pid/task/$pid/children"
}

end() {
	local pid
	pid=$(cat "$BATS_FILE_TMPDIR/pid") || return 0
	kill -TERM "$(inner)" 2>/dev/null || true
	wait_for 240 ended "$pid" || kill -KILL "$pid"
}

ended() {
	! kill -0 "$1" 2>/dev/null
}

# A command of the image, inside, as the administrator.
node() {
	local pid
	pid=$(inner)
	nsenter --preserve-credentials -t "$pid" -U -n -m -p -u --root="/proc/$pid/root" --wd="/proc/$pid/root" \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root KUBECONFIG="${as-/etc/kubernetes/admin.kubeconfig}" "$@"
}

said() {
	grep -qE -- "$1" "$BATS_FILE_TMPDIR/console"
}

# Line of the console where a service became ready.
ready_at() {
	grep -nE "service $1 +ready" "$BATS_FILE_TMPDIR/console" | head -n 1 | cut -d: -f1
}

answers() {
	node nslookup "$1" "$ADDRESS" | grep -q "Address.*$2\$"
}

@test "the parts start in the order in which they need each other, none of them twice" {
	local before=0 now name
	for name in control-plane etcd kube-apiserver addons; do
		now=$(ready_at "$name")
		assert [ "$now" -gt "$before" ]
		before=$now
	done
	for name in kube-controller-manager kube-scheduler cluster-dns; do
		assert [ "$(ready_at "$name")" -gt "$(ready_at kube-apiserver)" ]
	done
	refute said 'exited|killed|restarted'
	run node kubectl get --raw /readyz
	assert_output ok
}

@test "what the configuration brought is in the cluster: nodes with their networks, tokens, what nodes may do" {
	run node kubectl get nodes -o jsonpath='{range .items[*]}{.metadata.name} {.spec.podCIDR}{"\n"}{end}'
	assert_line "server-1 10.244.11.0/24"
	assert_line "worker-1 10.244.21.0/24"
	run node kubectl auth can-i create certificatesigningrequests.certificates.k8s.io --as=x --as-group=system:bootstrappers
	assert_line yes
	run node kubectl auth can-i list endpointslices.discovery.k8s.io --all-namespaces --as=system:node:worker-1 --as-group=system:nodes
	assert_line yes
	run node kubectl auth can-i get nodes/proxy --as=kube-apiserver-kubelet-client
	assert_line yes
	run node kubectl get secrets --namespace=kube-system --as=system:anonymous
	assert_failure
	assert_output --partial Forbidden
}

apply_all() {
	local file
	for file in "$IMAGE"/etc/kubernetes/addons/*.yaml; do
		sed "s/\${node_ip}/$ADDRESS/g" "$file" | node kubectl apply -f - || return 1
	done
}

@test "addons applied again change nothing" {
	run apply_all
	assert_success
	assert [ "${#lines[@]}" -ge 10 ]
	# The taints of a node are one value, of which the cluster has added its own meanwhile.
	refute_line --regexp '^([^n]|n[^o]).* (created|configured)$'
}

@test "anybody gets the signed cluster-info, and nothing else" {
	local url=https://127.0.0.1:6443/api/v1/namespaces/kube-public
	run wait_for 120 node sh -c "wget -q -O - --no-check-certificate $url/configmaps/cluster-info | grep -q jws-kubeconfig-"
	assert_success
	# What once crashed API servers was this request.
	for _ in 1 2 3 4 5; do
		node wget -q -O /dev/null --no-check-certificate "$url/configmaps/cluster-info"
	done
	run node wget -q -O /dev/null --no-check-certificate "$url/configmaps"
	assert_failure
	assert_output --partial 403
}

@test "a token is good for a certificate of a node, approved and signed without a hand" {
	local token
	token=$(sed -n 's/^ *token: "\(.*\)"$/\1/p' "$BATS_FILE_TMPDIR/cluster/nodes/worker-1.yml")
	cd "$BATS_TEST_TMPDIR"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -subj "/O=system:nodes/CN=system:node:worker-1" -out csr 2>/dev/null
	cat >"$IMAGE/tmp-csr.yaml" <<-END
		apiVersion: certificates.k8s.io/v1
		kind: CertificateSigningRequest
		metadata: {name: worker-1}
		spec:
		  request: $(base64 -w 0 csr)
		  signerName: kubernetes.io/kube-apiserver-client-kubelet
		  usages: [digital signature, key encipherment, client auth]
	END
	as='' run node kubectl --server=https://127.0.0.1:6443 --certificate-authority=/etc/kubernetes/pki/ca.crt --token="$token" \
		create -f /tmp-csr.yaml
	assert_success
	wait_for 120 test_certificate
	node kubectl get csr worker-1 -o jsonpath='{.status.certificate}' | base64 -d | openssl x509 -noout -subject >subject
	assert_file_contains subject "system:node:worker-1"
}

test_certificate() {
	[ -n "$(node kubectl get csr worker-1 -o jsonpath='{.status.certificate}')" ]
}

@test "cluster DNS: services, endpoints of a headless one, what is not there, addresses" {
	wait_for 120 answers kubernetes.default.svc.cluster.local 10.96.0.1
	wait_for 120 answers kube-dns.kube-system.svc.cluster.local 10.96.0.10
	node kubectl create service clusterip web --tcp=80:80 --clusterip=10.96.3.4
	cat >"$IMAGE/tmp-db.yaml" <<-END
		apiVersion: v1
		kind: Service
		metadata: {name: db}
		spec: {clusterIP: None, ports: [{port: 5432}]}
		---
		apiVersion: v1
		kind: Endpoints
		metadata: {name: db}
		subsets: [{addresses: [{ip: 10.244.21.3, hostname: db-0}, {ip: 10.244.21.4, hostname: db-1}], ports: [{port: 5432}]}]
	END
	node kubectl apply -f /tmp-db.yaml
	wait_for 120 answers db-1.db.default.svc.cluster.local 10.244.21.4
	wait_for 120 answers web.default.svc.cluster.local 10.96.3.4
	run node nslookup db.default.svc.cluster.local "$ADDRESS"
	assert_output --partial 10.244.21.3
	assert_output --partial 10.244.21.4
	run node nslookup 10.96.3.4 "$ADDRESS"
	assert_output --partial "name = web.default.svc.cluster.local"
	run node nslookup none.default.svc.cluster.local "$ADDRESS"
	assert_output --partial NXDOMAIN
	node kubectl delete service web
	wait_for 120 refute answers web.default.svc.cluster.local 10.96.3.4
}

@test "an API server that is killed comes back, and the others go on" {
	local inner old
	inner=$(inner)
	old=$(pgrep -P "$inner" -x kube-controller)
	kill -KILL "$(pgrep -P "$inner" -x kube-apiserver)"
	wait_for 120 said 'service kube-apiserver (was )?killed by'
	wait_for 240 node kubectl get --raw /readyz
	node kubectl create namespace after
	# The controller-manager is at work: it gives each namespace a service account.
	wait_for 240 node kubectl get serviceaccount default --namespace=after
	assert_equal "$(pgrep -P "$inner" -x kube-controller)" "$old"
}

@test "the node ends with etcd last, and its next boot has the cluster again" {
	end
	refute said 'service etcd did not end'
	start 300
	run node kubectl get namespaces -o name
	assert_line namespace/after
	refute said 'service (etcd|addons|kube-controller-manager|kube-scheduler) (exited|killed)'
}

@test "a server whose configuration brought no keys says which, and starts nothing" {
	end
	mv "$IMAGE/etc/kubernetes/pki/etcd/peer.key" "$IMAGE/away"
	run start 3
	assert_failure
	wait_for 120 said 'the configuration of this server brought no /etc/kubernetes/pki/etcd/peer.key'
	mv "$IMAGE/away" "$IMAGE/etc/kubernetes/pki/etcd/peer.key"
	refute said 'service etcd'
	# With it, it goes on by itself.
	wait_for 240 said 'node up'
}

@test "a server that is not the member that etcd knows says so" {
	run sh "$ROOT/overlays/server/usr/libexec/mkdl/control-plane" other 10.77.0.9 a=10.77.0.1
	assert_failure
	assert_output --partial "brought no /etc/kubernetes"
	run node /usr/libexec/mkdl/control-plane server-2 10.77.0.12 server-1=10.77.0.11 server-3=10.77.0.13
	assert_failure
	assert_output "this server is called server-2, but etcd's members are server-1=10.77.0.11 server-3=10.77.0.13"
	run node /usr/libexec/mkdl/control-plane server-1 10.77.0.12 server-1=10.77.0.11
	assert_failure
	assert_output "this server's address is 10.77.0.12, but etcd's members have 10.77.0.11 for server-1"
	run node /usr/libexec/mkdl/control-plane server-1 10.77.0.11 server-1=10.77.0.11
	assert_success
}

@test "a member of etcd that comes late, that lost its data, that is replaced" {
	cd "$BATS_TEST_TMPDIR"
	mkdir bin
	ln -s "$IMAGE/usr/bin/etcd" "$IMAGE/usr/bin/etcdctl" bin/
	PATH=$PWD/bin:$PATH run unshare -Urnpf --kill-child --mount-proc bash "$ROOT/tests/lib/etcd-members.bash" \
		"$ROOT/overlays/server/usr/libexec/mkdl/etcd-member"
	assert_success
	assert_line "first boot: 0 complaints"
	assert_line "lost: status 1"
	assert_line --regexp '^the data of this member are gone, but the cluster has it as [0-9a-f]+: on another server, etcdctl member remove [0-9a-f]+ and member add c --peer-urls=http://127.0.0.3:2380$'
	assert_line "the data of this member are gone: it has been replaced in the cluster, and gets them from the others"
	assert_line --regexp ', started, c, http://127.0.0.3:2380, http://127.0.0.3:2379,'
	assert_equal "$(grep -c ', started, ' <<<"$output")" 3
}
