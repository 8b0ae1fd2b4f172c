#!/usr/bin/env bats
# A pod's hostPath files, on NFS and on iSCSI state: there after every boot.
load lab

IQN=iqn.2026-01.test:pods

setup_file() {
	mkdir -p "$BOOT/pods"
	# It adds one line per start to a file on each; the first line is kept from the first boot.
	cat >"$BOOT/pods/keeper.yml" <<-'END'
		apiVersion: v1
		kind: Pod
		metadata: {name: keeper, namespace: default}
		spec:
		  enableServiceLinks: false
		  automountServiceAccountToken: false
		  terminationGracePeriodSeconds: 5
		  containers:
		    - name: main
		      image: docker.io/library/mkdl-demo:1
		      imagePullPolicy: Never
		      securityContext: {runAsUser: 0}
		      command: [/bin/sh, -c]
		      args:
		        - |
		          trap 'exit 0' TERM
		          for place in nfs lun; do cat /proc/sys/kernel/random/boot_id >>/$place/boots; done
		          busybox sync
		          while :; do busybox sleep 1; done
		      volumeMounts: [{name: nfs, mountPath: /nfs}, {name: lun, mountPath: /lun}]
		  volumes:
		    - {name: nfs, hostPath: {path: /var/lib/nfs, type: Directory}}
		    - {name: lun, hostPath: {path: /var/lib/lun, type: Directory}}
	END
	lab_build lab-pods demo.yml <<-END
		kubernetes: {pods: [pods/keeper.yml]}
		state:
		  /var/lib/nfs: {kind: nfs, server: 10.77.0.1, export: "/nodes/\${mac}", format: empty}
		  /var/lib/lun: {kind: iscsi, portals: [10.77.0.1], target: "$IQN", lun: 1, format: empty, one_node: true}
	END
	lab_open
	lab_dhcp
	lab_http
	lab_nfs /nodes
	lab_iscsi
	lab_iscsi_target "$IQN" 200M
	node_new n1 profile=lab-pods memory=768 boot=direct
	node_start n1
	node_up n1 400
}

teardown() {
	lab_report 25
}

teardown_file() {
	lab_close
}

# boots FOLDER: how many boots the pod has written down there.
boots() {
	node_run n1 "sort -u /var/lib/$1/boots" | wc -l
}

written() {
	[ "$(boots nfs)" -eq "$1" ] && [ "$(boots lun)" -eq "$1" ]
}

@test "what a pod wrote to NFS and to iSCSI is there after each of five reboots" {
	local first boot
	wait_for 180 written 1
	first=$(node_run n1 'head -n 1 /var/lib/nfs/boots; head -n 1 /var/lib/lun/boots')
	for boot in 1 2 3 4 5; do
		# Once as by accident: what was synced before has to be there all the same.
		if [ "$boot" -eq 4 ]; then node_reset n1 && node_up n1 400; else node_reboot n1 400; fi
		assert_equal "$(node_run n1 'head -n 1 /var/lib/nfs/boots; head -n 1 /var/lib/lun/boots')" "$first"
		wait_for 180 written $((boot + 1))
	done
}
