# The storage servers of the machine room (see lab.bash): nfs-ganesha and tgt. Both keep their data when they are stopped or
# killed and started again.

# lab_nfs EXPORT…: NFS 4 (nfs-ganesha); EXPORT is the path that clients mount, "/nodes"; its files are below $LAB_NFS/nodes, in
# RAM, to be looked at by lab_exec. lab_stop nfs, lab_signal nfs KILL, and lab_nfs_start, with the same exports.
lab_nfs() {
	local id=0 path
	export LAB_NFS=/run/nfs
	lab_stop nfs
	# VFS wants a filesystem that opens files by handle; the one below $LAB may be an overlay.
	lab_exec sh -c 'mkdir -p "$0" && { grep -q " $0 " /proc/mounts || mount -t tmpfs -o mode=755 nfs "$0"; }' "$LAB_NFS"
	cat >"$LAB/nfs.conf" <<-CONF
		NFS_CORE_PARAM { Protocols = 4; NFS_Port = 2049; Bind_addr = 0.0.0.0; Enable_NLM = false; Enable_RQUOTA = false; }
		NFSv4 { Graceless = true; RecoveryBackend = fs; RecoveryRoot = /run/ganesha; Lease_Lifetime = 20; Grace_Period = 20; }
		NFS_KRB5 { Active_krb5 = false; }
		EXPORT_DEFAULTS { Access_Type = RW; Squash = No_Root_Squash; SecType = sys; Transports = TCP; Protocols = 4; }
		LOG { Default_Log_Level = EVENT; }
	CONF
	for path; do
		id=$((id + 1))
		lab_exec mkdir -p "$LAB_NFS$path"
		echo "EXPORT { Export_Id = $id; Filesystem_Id = 77.$id; Path = \"$LAB_NFS$path\"; Pseudo = \"$path\"; FSAL { Name = VFS; } }" \
			>>"$LAB/nfs.conf"
	done
	lab_nfs_start
}

lab_nfs_start() {
	lab_exec mkdir -p /run/ganesha
	lab_spawn nfs ganesha.nfsd -F -f "$LAB/nfs.conf" -L STDOUT -p /run/ganesha.pid
	wait_for 60 lab_listens 2049
}

# lab_iscsi: an iSCSI target server (tgt) at 10.77.0.1:3260 and at the ports that are given besides.
lab_iscsi() {
	local port portals=(--iscsi portal=0.0.0.0:3260)
	for port; do
		portals+=(--iscsi "portal=0.0.0.0:$port")
	done
	lab_stop iscsi KILL # tgtd ignores SIGTERM
	printf '%s\n' "${portals[@]}" >"$LAB/iscsi/portals"
	lab_iscsi_start
}

# Again, with the targets that it had; lab_stop iscsi KILL stops it.
lab_iscsi_start() {
	local portals target
	mapfile -t portals <"$LAB/iscsi/portals"
	lab_exec rm -rf /run/tgtd
	lab_exec mkdir -p /run/tgtd
	lab_spawn iscsi tgtd -f "${portals[@]}"
	wait_for 60 lab_tgtadm --mode system --op show
	for target in "$LAB"/iscsi/*.target; do
		[ ! -e "$target" ] || lab_iscsi_make "$target"
	done
}

lab_tgtadm() {
	lab_exec tgtadm --lld iscsi "$@" >>"$LAB/log/tgtadm" 2>&1
}

# lab_iscsi_target IQN SIZE [USER PASSWORD]: a target with one LUN (number 1) of SIZE ("64M"), its file is
# $LAB/iscsi/IQN.lun1; with CHAP when a user is given. More LUNs: lab_iscsi_lun IQN NUMBER SIZE.
lab_iscsi_target() {
	local id
	id=$(find "$LAB/iscsi" -name '*.target' | wc -l)
	truncate -s "$2" "$LAB/iscsi/$1.lun1"
	printf '%s\n' "$((id + 1))" "$1" "${3-}" "${4-}" >"$LAB/iscsi/$1.target"
	lab_iscsi_make "$LAB/iscsi/$1.target"
}

lab_iscsi_lun() {
	local id
	id=$(head -n 1 "$LAB/iscsi/$1.target")
	truncate -s "$3" "$LAB/iscsi/$1.lun$2"
	lab_tgtadm --mode logicalunit --op new --tid "$id" --lun "$2" --backing-store "$LAB/iscsi/$1.lun$2"
}

# Its file has four lines: number, IQN, user, password. An account belongs to the server.
lab_iscsi_make() {
	local words number file
	mapfile -t words <"$1"
	lab_tgtadm --mode target --op new --tid "${words[0]}" --targetname "${words[1]}"
	for file in "$LAB/iscsi/${words[1]}".lun*; do
		number=${file##*.lun}
		lab_tgtadm --mode logicalunit --op new --tid "${words[0]}" --lun "$number" --backing-store "$file"
	done
	if [ -n "${words[2]}" ]; then
		lab_tgtadm --mode account --op new --user "${words[2]}" --password "${words[3]}" || true # it is there already
		lab_tgtadm --mode account --op bind --tid "${words[0]}" --user "${words[2]}"
	fi
	lab_tgtadm --mode target --op bind --tid "${words[0]}" --initiator-address ALL
}

# The initiators that are logged in to a target, one name per line.
lab_iscsi_initiators() {
	lab_exec tgtadm --lld iscsi --mode target --op show |
		awk -v iqn="$1" '/^Target/ { here = $3 == iqn } here && $1 == "Initiator:" { print $2 }'
}
