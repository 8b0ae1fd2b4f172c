# shellcheck disable=SC2016,SC2034 # ${mac} is the node's; what the tests use
# For the tests of state: a node n1 with state on NFS, on iSCSI and in an image on NFS, in a machine room with its servers.
load lab

IQN=iqn.2026-01.test:n

nfs_state='/var/lib/nfs: {kind: nfs, server: 10.77.0.1, export: "/nodes/${mac}/data", format: empty}'
lun_state='/var/lib/lun: {kind: iscsi, portals: [10.77.0.1], target: "iqn.2026-01.test:n", lun: 1, format: empty, one_node: true}'
img_state='/var/lib/img: {kind: loop, server: 10.77.0.1, export: /nodes, file: "img/${mac}", size: 400M, fs: xfs, format: empty}'

# state_profile NAME STATE…
state_profile() {
	local name=$1
	shift
	{
		echo "failure: reboot 5s"
		echo "state:"
		printf '  %s\n' "$@"
	} | lab_build "$name" base.yml
}

state_room() {
	state_profile lab-state "$nfs_state" "$lun_state" "$img_state"
	lab_open
	lab_dhcp
	lab_http
	lab_nfs /nodes
	lab_iscsi
	lab_iscsi_target "$IQN" 400M
	node_new n1 profile=lab-state boot=direct
}

state_servers() {
	lab_alive nfs || lab_nfs_start
	lab_alive iscsi || lab_iscsi_start
	node_set n1 profile=lab-state append=
}

# Machine n1, running its usual profile.
n1_up() {
	node_dead n1 || node_reachable n1 || node_stop n1
	if node_dead n1; then
		node_start n1
		node_up n1
	fi
}

n1_off() {
	node_dead n1 && return
	node_run n1 poweroff </dev/null || true
	node_down n1
}
