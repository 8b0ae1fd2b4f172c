#!/usr/bin/env bats
# mkdl cluster init: what it makes of a cluster.yml, and what it says of bad ones word for word (tests/bad-cluster).
load helpers

setup() {
	export MKDL_HOME=${MKDL_HOME:-$ROOT}
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir c
	cp "$ROOT/examples/lab/cluster.yml" c/
}

# All files below a folder, with their modes and contents.
state_of() {
	(cd "$1" && find . -type f -printf '%m ' -exec sha256sum {} \; | sort -k 3)
}

# change PATTERN TEXT: in cluster.yml
change() {
	grep -q -- "$1" c/cluster.yml
	sed -i "s|$1|$2|" c/cluster.yml
}

# render NODE: what its agent makes of its configuration, below root-NODE; warnings and errors in $output
render() {
	printf '%s\n' 'mkdl-plan 1' 'name test' 'service join' 'run /usr/libexec/mkdl/agent join' 'service kubelet' \
		'run /usr/bin/kubelet' >plan
	mkdir -p "root-$1/etc/kubernetes"
	run "$(dirname "$MKDL")/mkdl-agent" render --root "root-$1" --plan plan "c/nodes/$1.yml"
}

@test "every bad cluster.yml fails with exactly the expected message, and nothing is made" {
	local count=0 file
	cd "$ROOT" || return 1
	for file in tests/bad-cluster/*.yml; do
		count=$((count + 1))
		status=0
		"$MKDL" cluster init "$BATS_TEST_TMPDIR/made" --file "$file" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
		[ "$status" -eq 1 ] || { echo "$file: exit status $status"; return 1; }
		[ ! -s "$BATS_TEST_TMPDIR/out" ] || { echo "$file: something on standard output"; return 1; }
		[ ! -e "$BATS_TEST_TMPDIR/made" ] || { echo "$file: something was made"; return 1; }
		diff -u "${file%.yml}.err" "$BATS_TEST_TMPDIR/err" || { echo "$file"; return 1; }
	done
	[ "$count" -ge 12 ]
}

@test "the example is a cluster, and init says what it made" {
	"$MKDL" cluster example >example
	cmp example c/cluster.yml
	run "$MKDL" cluster init c
	assert_success
	assert_line "made nodes/server-1.yml"
	assert_line "made profiles/worker.yml"
	assert_line "    mkdl build c/profiles/server.yml"
}

@test "twice: byte for byte the same, and nothing is said to be made" {
	"$MKDL" cluster init c >/dev/null
	state_of c >before
	run "$MKDL" cluster init c
	assert_success
	assert_output "c holds the cluster lab. It is secret: keep it, and a copy of it, to yourself."
	state_of c | diff before -
}

@test "whatever the umask, what is secret is its owner's alone; the profiles and what is served name no secret" {
	(umask 000 && "$MKDL" cluster init c >/dev/null)
	run find c/pki c/nodes c/serve c/tokens c/kubeconfig \( -type f -perm /077 -o -type d -perm /077 \) -not -name '*.conf'
	assert_output ""
	# What nodes keep to themselves: each line of their secrets, in none of the files that go elsewhere.
	local secrets=0
	while read -r secret; do
		secrets=$((secrets + 1))
		! grep -rlF -e "$secret" c/profiles c/serve c/source c/cluster.yml || return 1
	done < <({ cut -d' ' -f3 c/tokens; grep -rlZ 'PRIVATE KEY' c/pki | xargs -0 grep -hv -e '-----'; grep -o 'secret: .*' c/pki/encryption.yaml | cut -d' ' -f2; } |
		grep -E '.{12}')
	[ "$secrets" -ge 20 ]
	# A worker knows its own token and public keys; nothing of the authorities, nothing of other nodes.
	run grep -c 'PRIVATE KEY' c/nodes/worker-1.yml
	assert_output 0
	token=$(awk '$4 == "worker-2" {print $3}' c/tokens)
	[ -n "$token" ]
	run -1 grep "$token" c/nodes/worker-1.yml
	grep -q "$token" c/nodes/worker-2.yml
}

@test "the profiles pass mkdl check, say who the cluster is, and come from any folder" {
	"$MKDL" cluster init c --tftp boot >/dev/null
	cd / || return 1
	for role in server worker; do
		run --separate-stderr "$MKDL" check --json "$BATS_TEST_TMPDIR/c/profiles/$role.yml"
		assert_success
		assert_equal "$stderr" ""
		assert_equal "$(json_of "j['name']" <<<"$output")" "lab-$role"
		assert_equal "$(json_of "j['kubernetes']['server']" <<<"$output")" https://10.77.0.11:6443
		# shellcheck disable=SC2016 # the agent's variable
		assert_equal "$(json_of "j['config']['urls'][0]" <<<"$output")" 'https://10.77.0.1:8443/nodes/${mac}.yml'
		assert_equal "$(json_of "j['config']['ca']" <<<"$output")" "$BATS_TEST_TMPDIR/c/pki/provision-ca.crt"
		assert_equal "$(json_of "j['output']['tftp']" <<<"$output")" "$BATS_TEST_TMPDIR/boot"
	done
}

@test "nodes' configurations are what their agents understand, without a warning" {
	"$MKDL" cluster init c >/dev/null
	for node in server-1 worker-1; do
		render "$node"
		assert_success
		assert_output ""
		grep -qx "hostname $node" "root-$node/run/mkdl/plan"
	done
	grep -q "$(awk '$4 == "worker-1" {print $3}' c/tokens)" root-worker-1/run/mkdl/join
	assert_file_permission 600 root-server-1/etc/kubernetes/pki/ca.key
	cmp c/pki/ca.key root-server-1/etc/kubernetes/pki/ca.key
	cmp c/pki/etcd/ca.crt root-server-1/etc/kubernetes/pki/etcd/ca.crt
	# A server gets its files, and who the nodes are.
	grep -q 'path: /etc/kubernetes/addons/40-nodes.yaml' c/nodes/server-1.yml
	grep -q 'path: /etc/kubernetes/pki/ca.key' c/nodes/server-1.yml
	run -1 grep write_files c/nodes/worker-1.yml
}

@test "state of all kinds reaches the profile as it was written; its passwords reach the nodes alone" {
	cat >c/cluster.yml <<-'END'
		name: all
		subnet: 10.77.0.0/24
		provisioner: 10.77.0.1
		state:
		  server:
		    /var/lib/etcd: {kind: iscsi, portals: [10.77.0.1, "10.77.0.2:3261"], target: "iqn.2018-05.lab.mkdl:${hostname}", lun: 3,
		                    chap: {user: etcd, password: "very-secret-1"}}
		    /srv/a: nfs 10.77.0.1:/n/${mac}
		    /srv/b: {kind: loop, server: 10.77.0.1, export: /x, file: "${mac}.img", size: 1G, format: empty, away: reboot 5m}
		    /srv/c: disk LABEL=x
		    /srv/d: tmpfs 10%
		nodes:
		  s: {role: server, mac: "52:54:00:77:00:0b", address: 10.77.0.11}
	END
	"$MKDL" cluster init c >/dev/null
	run grep -rl very-secret-1 c
	assert_output --regexp '^(c/cluster.yml|c/nodes/s.yml).(c/cluster.yml|c/nodes/s.yml)$'
	"$MKDL" check --json c/profiles/server.yml >json
	assert_equal "$(json_of "j['state']['/var/lib/etcd']['portals'], j['state']['/var/lib/etcd']['lun']" <json)" "(['10.77.0.1', '10.77.0.2:3261'], 3)"
	assert_equal "$(json_of "j['state']['/srv/b']['away'], j['state']['/srv/b']['size']" <json)" "('reboot 300s', '1G')"
	assert_equal "$(json_of "j['state']['/srv/d']" <json)" "tmpfs 10%"
	render s
	assert_success
	grep -x 'chap etcd very-secret-1' root-s/run/mkdl/plan
}

@test "a node more, one less, another address: what follows changes, what was right stays" {
	"$MKDL" cluster init c >/dev/null
	cp -r c before
	change '^  worker-2:.*' '  worker-3: {role: worker, mac: "52:54:00:77:00:17", address: 10.77.0.23}'
	run "$MKDL" cluster init c
	assert_success
	assert_line "made nodes/worker-3.yml"
	assert_line "removed nodes/worker-2.yml"
	assert_line "changed nodes/worker-1.yml"
	assert_line "changed serve/nginx.conf"
	refute_line --partial "pki/"
	diff -r before/pki c/pki
	# The networks of the pods of those who stayed are the same, whatever stands before them.
	grep -q '10.244.21.0/24, via: 10.77.0.21' c/nodes/server-1.yml
	grep -q '10.244.23.0/24, via: 10.77.0.23' c/nodes/server-1.yml
	change 'address: 10.77.0.11' 'address: 10.77.0.12'
	run "$MKDL" cluster init c
	assert_success
	assert_line --partial "pki/servers/server-1/apiserver.pem"
	refute_line --partial "pki/ca.crt"
}

@test "three servers: names for etcd, and a word about an API at one of them" {
	sed -i 's/^  worker-1: {role: worker/  worker-1: {role: server/; s/^  worker-2: {role: worker/  worker-2: {role: server/' c/cluster.yml
	run --separate-stderr "$MKDL" cluster init c
	assert_success
	[[ $stderr == *"warning: the API is reached by the address of server server-1: without it nobody reaches the other 2"* ]]
	"$MKDL" check --json c/profiles/server.yml >json
	assert_equal "$(json_of "sorted(j['kubernetes']['etcd']['members'])" <json)" "['server-1', 'worker-1', 'worker-2']"
	sed -i '1i api: k8s.example.org:7443' c/cluster.yml
	run --separate-stderr "$MKDL" cluster init c
	assert_success
	assert_equal "$stderr" ""
	grep -q 'server: "https://k8s.example.org:7443"' c/profiles/worker.yml
}

@test "taints and labels: by role and version, one's own, none" {
	run grep -A3 taints: <("$MKDL" cluster init c >/dev/null; cat c/nodes/server-1.yml)
	assert_output --partial node-role.kubernetes.io/master
	change '^name:' 'version: "1.28"\nname:'
	change '{role: server' '{labels: {node.kubernetes.io/x: y, rack: r}, role: server'
	"$MKDL" cluster init c >/dev/null
	run cat c/nodes/server-1.yml
	assert_output --partial node-role.kubernetes.io/control-plane:NoSchedule
	refute_output --partial node-role.kubernetes.io/master
	# What a kubelet may not say of itself is in the Node alone.
	assert_line '    labels: {"rack": "r"}'
	assert_line --partial '"node.kubernetes.io/x": "y"'
	change '{labels' '{taints: [], labels'
	"$MKDL" cluster init c >/dev/null
	run grep taint c/nodes/server-1.yml
	assert_output ""
}

@test "--file and --tftp are remembered; a profile beside cluster.yml is found" {
	mv c/cluster.yml elsewhere.yml
	printf 'extends: server.yml\n' >mine.yml
	printf 'profiles: {server: mine.yml}\n' >>elsewhere.yml
	"$MKDL" cluster init c --file elsewhere.yml --tftp boot >/dev/null
	state_of c >before
	mkdir far && cd far || return 1
	run "$MKDL" cluster init ../c
	assert_success
	state_of ../c | diff ../before -
	run "$MKDL" check ../c/profiles/server.yml
	assert_success
	assert_output --partial mine.yml
}

@test "without a cluster.yml it says how to get one; other mistakes name the place" {
	run "$MKDL" cluster init nowhere
	assert_failure 1
	assert_output 'mkdl: nowhere/cluster.yml is not there: it says what the cluster is. "mkdl cluster example >nowhere/cluster.yml" begins one; --file names another'
	assert_not_exist nowhere
	run "$MKDL" cluster init c --file nowhere.yml
	assert_failure 1
	assert_output 'mkdl: nowhere.yml: No such file or directory'
	run "$MKDL" cluster init
	assert_failure 2
	run "$MKDL" cluster intt c
	assert_failure 2
	assert_output --partial 'unknown subcommand "intt", did you mean "init"?'
	mkdir 'a b' && cp c/cluster.yml 'a b'
	run "$MKDL" cluster init 'a b'
	assert_failure 1
	assert_output --partial "may have blanks"
	ln -s /tmp c/nodes
	run "$MKDL" cluster init c
	assert_failure 1
	assert_output --partial "c/nodes: it is not a folder"
}

@test "killed at any moment: the next run completes it, and no file is half of one" {
	"$MKDL" cluster init c >/dev/null
	for delay in 0.01 0.03 0.06 0.1 0.15 0.2 0.3 0.4; do
		rm -rf k && mkdir k && cp "$ROOT/examples/lab/cluster.yml" k/
		timeout -s KILL "$delay" "$MKDL" cluster init k >/dev/null 2>&1 || true
		run find k -type f -perm /077 -not -name cluster.yml -not -name 'source*' -not -path 'k/profiles/*' -not -name '*.conf*'
		assert_output ""
		"$MKDL" cluster init k >/dev/null
		diff <(cd c && find . | sort) <(cd k && find . | sort)
		run "$MKDL" cluster init k
		assert_output "k holds the cluster lab. It is secret: keep it, and a copy of it, to yourself."
	done
}

@test "two at once wait for each other" {
	for _ in 1 2 3 4; do
		"$MKDL" cluster init c >/dev/null &
	done
	wait
	run "$MKDL" cluster init c
	assert_output "c holds the cluster lab. It is secret: keep it, and a copy of it, to yourself."
	openssl verify -CAfile c/pki/ca.crt c/pki/servers/server-1/apiserver.pem
}

@test "docs/cluster.md has the current table of keys" {
	"$MKDL" cluster --keys >keys
	sed -n '/^<!-- keys -->$/,/^<!-- end of keys -->$/p' "$ROOT/docs/cluster.md" | sed '1d;$d' | diff -u - keys
}
