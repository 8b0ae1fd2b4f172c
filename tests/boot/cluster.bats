#!/usr/bin/env bats
# examples/lab/cluster.yml, as a newcomer starts it: a server and two workers without disks, and what a cluster is for.
# The tests build on each other: the cluster of one is the next one's.
load helpers

CLUSTER=$ROOT/tests/boot/cluster
REGISTRY=10.77.0.1:5000

setup_file() {
	export LAB_OUT=$BATS_FILE_TMPDIR/out
	mkdir -p "$BOOT"
	cd "$BOOT" || return 1
	"$MKDL" recipe demo --out "$BATS_FILE_TMPDIR/recipes"
}

teardown_file() {
	cd "$BOOT" || return 1
	"$MKDL" lab --out "$LAB_OUT" down
	wait_for 60 no_machines
}

setup() {
	cd "$BOOT" || return 1
}

teardown() {
	[ -z "$BATS_ERROR_STATUS" ] || [ "$BATS_ERROR_STATUS" = 0 ] || lab_report
}

# What the machines said last, shown by bats when a test failed.
lab_report() {
	local file
	"$MKDL" lab --out "$LAB_OUT" status
	kubectl get nodes,pods -A -o wide
	for file in "$LAB_OUT"/lab/*/console/*; do
		echo "== $file"
		tail -n 30 "$file" | tr -d '\r' | cut -c 1-300
	done
}

lab() {
	"$MKDL" lab --out "$LAB_OUT" "$@" </dev/null
}

kubectl() {
	lab kubectl "$@"
}

# Names of the Nodes that are Ready, sorted.
ready_nodes() {
	kubectl get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' |
		sed -n 's/ True$//p' | sort | paste -s -d ' '
}

all_ready() {
	[ "$(ready_nodes)" = "server-1 worker-1 worker-2" ]
}

boot_id() {
	lab exec "$1" cat /proc/sys/kernel/random/boot_id
}

node_condition() {
	kubectl get node "$1" -o "jsonpath={.status.nodeInfo.bootID}"
}

# Has the API heard from this boot of the node, and is it Ready?
ready_again() {
	local seen
	seen=$(node_condition "$1") || return 1
	[ "$seen" != "$2" ] && all_ready
}

schedulable() {
	[ -z "$(kubectl get node "$1" -o 'jsonpath={.spec.unschedulable}')" ]
}

answers() {
	lab run curl -sf --max-time 10 "$1" | grep -q 'mkdl demo'
}

@test "one command: three Nodes are Ready, no machine has a disk" {
	run lab "$ROOT/examples/lab/cluster.yml" --until ready --timeout 1200
	assert_success
	assert_equal "$(ready_nodes)" "server-1 worker-1 worker-2"
	run kubectl get nodes,pods -A -o wide
	assert_success
	assert_line --regexp '^node/worker-2 +Ready .* 10\.77\.0\.22 '
	for node in worker-1 worker-2; do
		run lab exec "$node" ls /sys/block
		assert_success
		refute_output --regexp '(sd|vd|nvme|hd)'
		assert_equal "$(kubectl get node "$node" -o 'jsonpath={.spec.podCIDR}')" "10.244.2${node#worker-}.0/24"
		assert_equal "$(kubectl get node "$node" -o 'jsonpath={.metadata.labels.disk}')" none
	done
}

@test "four replicas from the lab's registry; a Service by its address, its name and its port on every node" {
	lab push "$BATS_FILE_TMPDIR/recipes/demo/files/demo.tar" "$REGISTRY/library/web:1"
	kubectl apply -f "$CLUSTER/web.yaml" -f "$CLUSTER/client.yaml"
	kubectl rollout status deployment/web --timeout=300s
	assert_equal "$(kubectl get pods -l app=web -o 'jsonpath={range .items[*]}{.spec.nodeName}{"\n"}{end}' | sort -u | paste -s -d ' ')" \
		"worker-1 worker-2"
	kubectl wait --for=condition=Ready pod/client-1 pod/client-2 --timeout=300s
	local address pod
	address=$(kubectl get service web -o 'jsonpath={.spec.clusterIP}')
	# From a pod, to each of the four by itself: two are on the other node.
	for pod in $(kubectl get pods -l app=web -o 'jsonpath={.items[*].status.podIP}'); do
		kubectl exec client-1 -- wget -q -T 20 -O - "http://$pod:8080/" | grep -q 'mkdl demo'
	done
	for pod in client-1 client-2; do
		kubectl exec "$pod" -- wget -q -T 20 -O - "http://$address/" | grep -q 'mkdl demo'
		kubectl exec "$pod" -- wget -q -T 20 -O - "http://web.default.svc.cluster.local/" | grep -q 'mkdl demo'
	done
	lab exec worker-1 wget -q -T 20 -O - "http://$address/" | grep -q 'mkdl demo'
	# From outside, on nodes with and without a pod of it.
	for pod in 10.77.0.11 10.77.0.21 10.77.0.22; do
		wait_for 60 answers "http://$pod:30080/"
	done
}

@test "kubectl logs, exec and port-forward" {
	local pod forward
	pod=$(kubectl get pods -l app=web -o 'jsonpath={.items[0].metadata.name}')
	assert_equal "$(kubectl exec "$pod" -- cat /www/index.html | grep -c 'mkdl demo')" 2
	run kubectl logs client-1
	assert_line 'client-1 began'
	"$MKDL" lab --out "$LAB_OUT" kubectl port-forward "pod/$pod" 18080:8080 </dev/null >"$BATS_TEST_TMPDIR/forward" 2>&1 3>&- &
	forward=$!
	wait_for 60 grep -q 'Forwarding from' "$BATS_TEST_TMPDIR/forward"
	answers http://127.0.0.1:18080/
	kill "$forward"
}

# A node's plug is pulled as often as MKDL_RESETS says.
@test "a worker without power: after its boot its Node is Ready again and its pods run" {
	local i before uid
	uid=$(kubectl get node worker-1 -o 'jsonpath={.metadata.uid}')
	for ((i = 1; i <= ${MKDL_RESETS:-2}; i++)); do
		before=$(node_condition worker-1)
		lab reset worker-1
		wait_for 300 ready_again worker-1 "$before"
		echo "reset $i: Ready after $SECONDS s"
	done
	assert_equal "$(kubectl get node worker-1 -o 'jsonpath={.metadata.uid}')" "$uid"
	kubectl rollout status deployment/web --timeout=300s
	kubectl wait --for=condition=Ready pod/client-1 --timeout=300s
	wait_for 300 kubectl exec client-1 -- wget -q -T 20 -O /dev/null http://web.default.svc.cluster.local/
}

@test "the server without power: workers carry on, nothing of the cluster is lost" {
	local before objects
	kubectl create configmap kept "--from-literal=words=from before"
	kubectl create secret generic secret-kept "--from-literal=words=from before"
	objects=$(kubectl get deployments,services,configmaps,secrets,nodes -A -o name | sort)
	before=$(node_condition server-1)
	lab kill server-1
	# What runs there runs on, while there is no API.
	answers http://10.77.0.21:30080/
	answers http://10.77.0.22:30080/
	lab start server-1
	wait_for 600 ready_again server-1 "$before"
	assert_equal "$(kubectl get deployments,services,configmaps,secrets,nodes -A -o name | sort)" "$objects"
	assert_equal "$(kubectl get configmap kept -o 'jsonpath={.data.words}')" "from before"
	assert_equal "$(kubectl get secret secret-kept -o 'jsonpath={.data.words}' | base64 -d)" "from before"
	kubectl scale deployment web --replicas=5
	kubectl rollout status deployment/web --timeout=300s
}

# The pod says when it is asked to end, and when it has ended five seconds later.
@test "kubectl drain: pods end within their grace period, by their own log" {
	kubectl apply -f "$CLUSTER/slow.yaml"
	kubectl wait --for=condition=Ready pod/slow --timeout=300s
	"$MKDL" lab --out "$LAB_OUT" kubectl logs -f slow </dev/null >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	wait_for 60 grep -q began "$BATS_TEST_TMPDIR/log"
	kubectl drain worker-2 --ignore-daemonsets --delete-emptydir-data --force --timeout=300s
	wait_for 60 grep -q 'ended by itself' "$BATS_TEST_TMPDIR/log"
	kubectl uncordon worker-2
	wait_for 300 all_ready
}

@test "nodectl reboot: the node is cordoned, pods end within their grace period, and it comes back to work" {
	local before
	lab run sh -c 'echo $$; exec socat -u TCP-LISTEN:7777,fork,reuseaddr OPEN:'"$BATS_TEST_TMPDIR/said"',creat,append' \
		>"$BATS_TEST_TMPDIR/listener" 2>&1 3>&- &
	kubectl apply -f "$CLUSTER/slow.yaml"
	kubectl wait --for=condition=Ready pod/slow --timeout=300s
	before=$(node_condition worker-2)
	lab exec worker-2 nodectl reboot
	wait_for 300 grep -q 'slow: ended by itself' "$BATS_TEST_TMPDIR/said"
	wait_for 300 ready_again worker-2 "$before"
	# It said itself that it could not be scheduled to, and takes that back.
	wait_for 60 schedulable worker-2
}

# Everything that init made secret, looked for in everything that is served without asking who asks.
@test "nothing secret is in what the provisioner serves" {
	run "$ROOT/tests/lib/find-secrets" "$LAB_OUT"/lab/*/cluster "$LAB_OUT/tftp"
	assert_success
	run lab run curl -sk -o /dev/null -w '%{http_code}' "https://10.77.0.1:8443/nodes/52:54:00:77:00:0b.yml"
	assert_output 403
	run lab exec worker-1 wget -q -O - "http://10.77.0.1/nodes/server-1.yml"
	assert_failure
}
