# Static pods that say on the machine's console what happens to them: see drain.bats and docker.bats.

# pod NAME GRACE WORDS: runs the words, then for ever.
pod() {
	mkdir -p "$BOOT/pods"
	cat >"$BOOT/pods/$1.yml" <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: $1, namespace: default}
		spec:
		  enableServiceLinks: false
		  automountServiceAccountToken: false
		  terminationGracePeriodSeconds: $2
		  containers:
		    - name: main
		      image: docker.io/library/mkdl-demo:1
		      imagePullPolicy: Never
		      securityContext: {privileged: true, runAsUser: 0}
		      command: [/bin/sh, -c]
		      args:
		        - |
		          $3
		          echo "$1: runs" >/host-console
		          while :; do sleep 0.2; done
		      volumeMounts: [{name: console, mountPath: /host-console}]
		  volumes: [{name: console, hostPath: {path: /dev/console, type: CharDevice}}]
	END
}

# One that ends when it is asked to, and one that does not.
pod_polite() {
	pod polite "$1" "trap 'echo \"polite: asked\" >/host-console; sleep 2; echo \"polite: ended\" >/host-console; exit 0' TERM"
}

pod_stubborn() {
	pod stubborn "$1" "trap '' TERM"
}

# web_pod IMAGE [POLICY]: a web server on port 8080 of the node.
web_pod() {
	mkdir -p "$BOOT/pods"
	sed -e "s|image: .*|image: $1|" -e "s|imagePullPolicy: .*|imagePullPolicy: ${2:-IfNotPresent}|" "$ROOT/profiles/pods/web.yml" \
		>"$BOOT/pods/web.yml"
}

pods_run() {
	node_wait n1 "${1:-120}" 'polite: runs'
	node_wait n1 "${1:-120}" 'stubborn: runs'
}

# drained TOTAL: what nodectl drain said, with TOTAL pods on the node. Busybox's httpd, as process 1 of the web pod, does not hear
# SIGTERM.
drained() {
	assert_line --regexp '^service kubelet is stopped$'
	assert_line --regexp '^pod default/polite-[^ ]*: container main ended after [0-9.]+ s, exit code 0$'
	assert_line --regexp '^pod default/stubborn-[^ ]*: container main did not end within 15 s: killed$'
	assert_line --regexp "^containers: [0-9]+ ended, [12] killed; pods: $1 of $1 down; took [0-9.]+ s\$"
}
