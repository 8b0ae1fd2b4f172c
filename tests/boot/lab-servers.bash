# The servers of the machine room that machines boot and are configured from: see lab.bash.

# lab_dhcp [LINE…]: (re)start dnsmasq with DHCP for 10.77.0.100-199, router advertisements (without them iPXE waits 16 s) and
# TFTP of $LAB/tftp. Lines of dnsmasq.conf may be added; LAB_LEASE is the lease's time (default 1h; dnsmasq's least is 2m).
lab_dhcp() {
	lab_stop dhcp
	touch "$LAB/dhcp/hosts" "$LAB/dhcp/options"
	# Every machine runs the script that is named for its address.
	# shellcheck disable=SC2016 # iPXE's
	printf '#!ipxe\nchain node-${netX/mac:hexhyp}.ipxe\n' >"$LAB/tftp/lab.ipxe"
	cat >"$LAB/dhcp/conf" <<-CONF
		port=0
		user=root
		interface=lan
		bind-interfaces
		log-dhcp
		log-facility=-
		pid-file=
		dhcp-authoritative
		dhcp-leasefile=$LAB/dhcp/leases
		dhcp-hostsfile=$LAB/dhcp/hosts
		dhcp-optsfile=$LAB/dhcp/options
		dhcp-range=10.77.0.100,10.77.0.199,255.255.255.0,${LAB_LEASE:-1h}
		enable-ra
		enable-tftp
		tftp-root=$LAB/tftp
		dhcp-boot=lab.ipxe
	CONF
	local line ra=dhcp-range=fd77::,ra-only,64
	for line; do
		case $line in
		# A range of the caller's for IPv6 is in place of ours.
		dhcp-range=*:*) ra= ;;
		esac
		echo "$line" >>"$LAB/dhcp/conf"
	done
	[ -z "$ra" ] || echo "$ra" >>"$LAB/dhcp/conf"
	lab_dhcp_start
}

# Again, as it was; lab_stop dhcp stops it. Leases are kept.
lab_dhcp_start() {
	lab_spawn dhcp dnsmasq --keep-in-foreground --conf-file="$LAB/dhcp/conf"
	wait_for 60 lab_dhcp_up
}

lab_dhcp_up() {
	[ -n "$(lab_exec ss -Huln 'sport = :67')" ]
}

# lab_dhcp_host MAC [WORD…]: what one machine is given, as in dnsmasq's dhcp-host (an address, a name, a lease's time,
# "ignore"); in place of what it was given before, from its next request on.
lab_dhcp_host() {
	local mac=$1 IFS=,
	touch "$LAB/dhcp/hosts"
	sed -i "/^$mac/d" "$LAB/dhcp/hosts"
	shift
	[ $# -eq 0 ] || echo "$mac,$*" >>"$LAB/dhcp/hosts"
	lab_dead dhcp || lab_signal dhcp HUP
}

# lab_dhcp_option OPTION,VALUE…: for every machine, as in dnsmasq's dhcp-option ("option:ntp-server,10.77.0.1"), from the next
# request on.
lab_dhcp_option() {
	printf '%s\n' "$@" >"$LAB/dhcp/options"
	lab_dead dhcp || lab_signal dhcp HUP
}

# Files in $LAB/http at http://10.77.0.1/ and http://[fd77::1]/. FILE.status holds a status to answer in place of FILE ("503",
# or "hang": never answer), FILE.delay seconds to wait first. Requests are lines "METHOD PATH STATUS ADDRESS" in $LAB/http.log.
lab_http() {
	lab_stop http
	lab_spawn http python3 "$ROOT/tests/lib/lab-http.py" "$LAB/http" "$LAB/http.log" 80
	wait_for 60 lab_listens 80
}

# How many requests were made for this path?
lab_http_requests() {
	awk -v path="$1" '$2 == path { n++ } END { print n + 0 }' "$LAB/http.log"
}

# lab_ntp [OFFSET]: an NTP server whose clock is OFFSET seconds ahead of the host's.
lab_ntp() {
	lab_stop ntp
	lab_spawn ntp python3 "$ROOT/tests/lib/lab-ntp.py" "${1:-0}"
	wait_for 60 lab_ntp_up
}

lab_ntp_up() {
	[ -n "$(lab_exec ss -Huln 'sport = :123')" ]
}

# What arrives at port 514 by UDP and TCP, as it came: $LAB/syslog.udp (datagrams end in a newline that is ours), $LAB/syslog.tcp.
lab_syslog() {
	lab_stop syslog-udp
	lab_stop syslog-tcp
	lab_spawn syslog-udp socat -u UDP6-RECVFROM:514,ipv6only=0,fork "SYSTEM:{ cat; echo; } >>$LAB/syslog.udp"
	lab_spawn syslog-tcp socat -u TCP6-LISTEN:514,ipv6only=0,fork,reuseaddr "OPEN:$LAB/syslog.tcp,creat,append"
	wait_for 60 lab_listens 514
	wait_for 60 lab_exec sh -c '[ -n "$(ss -Huln "sport = :514")" ]'
}
