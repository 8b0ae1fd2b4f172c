#!/usr/bin/env bats
# The node's network and its clock on machines with real servers: leases that are late and that change, cables that are
# pulled, several cards, VLANs, bonds, fixed addresses, IPv6, time servers.
load lab

setup_file() {
	lab_build lab-network base.yml <<-'END'
		drivers: [8021q, bonding]
		services:
		  teller:
		    run: [/bin/sh, -c, "echo I am $NODE; exec sleep 1000000"]
		    env: {NODE: "${node_ip}"}
	END
	lab_open
	lab_bridge other 10.78.0.1/24
}

teardown_file() {
	lab_close
}

teardown() {
	lab_report
	local name
	for name in "$LAB"/node/*/; do
		[ ! -d "$name" ] || node_stop "$(basename "$name")"
	done
	lab_stop ntp
}

# said NAME REGEX: on the console since it was switched on
said() {
	run node_says "$@"
	assert_success
}

@test "a clock that is decades wrong is right before anything asks for certificates" {
	lab_dhcp dhcp-option=option:ntp-server,10.77.0.1
	lab_ntp
	node_new clock profile=lab-network boot=direct qemu="-rtc base=2001-01-01T00:00:00"
	node_start clock
	node_up clock
	said clock 'time: the clock says 2001-01-01T00:0.*, before the image was made: set to 20[2-9]'
	said clock 'mkdl: time +20[2-9].*, by NTP, set by \+[0-9]+'
	run node_run clock 'date +%s; busybox hwclock -r -u; pidof ntpd || ps | grep -c "[n]tpd"'
	assert_success
	# Not decades off; how long the answer took is the host's affair.
	[ "$((${lines[0]} - $(date +%s)))" -lt 60 ] && [ "$(($(date +%s) - ${lines[0]}))" -lt 60 ]
	assert_line --partial "$(date -u +%Y)"
}

@test "time servers of the command line; they do not answer: the boot goes on and says so" {
	lab_dhcp
	node_new late profile=lab-network boot=direct append="mkdl.ntp=10.77.0.1"
	node_start late
	node_up late
	said late 'mkdl: time +.*, by its own clock: no time server answers \(10\.77\.0\.1, named by mkdl\.ntp=\)'
	# Once it does answer, the clock is set.
	lab_ntp 600
	node_wait late 300 'time: the clock was wrong by \+(59|60)'
}

@test "the server answers late; the cable is plugged in late" {
	lab_stop dhcp
	node_new slow profile=lab-network boot=direct number=21
	node_start slow
	node_wait slow 300 'network +no answer from a DHCP server on eth0 \(52:54:00:77:00:15\).*trying on'
	lab_dhcp
	node_up slow
	node_stop slow
	node_new cable profile=lab-network boot=direct number=22
	node_start cable
	node_link cable 0 down
	node_wait cable 300 'network +eth0 has no link: check cable and switch port; trying on'
	node_link cable 0 up
	node_up cable
	# And once more while it runs.
	node_link cable 0 down
	node_wait cable 60 'network: eth0: no link any more'
	node_link cable 0 up
	node_wait cable 60 'network: eth0: the link is back after'
	node_run cable true
}

@test "another address in the lease: facts, hosts and the services that were told follow" {
	LAB_LEASE=2m lab_dhcp
	node_new moving profile=lab-network boot=direct number=23
	node_start moving
	node_up moving
	run node_run moving 'cat /run/mkdl/log/teller.log; grep node- /etc/hosts'
	assert_line "I am 10.77.0.33"
	# Another address is kept for it now: at the next renewal the server takes the old one back.
	node_set moving address=10.77.0.133
	lab_dhcp_host 52:54:00:77:00:17 10.77.0.133
	node_wait moving 300 "network: the node's address changed from 10\.77\.0\.33 to 10\.77\.0\.133"
	node_wait moving 60 'service teller is started again with the node.s new address'
	wait_for 60 node_run moving "grep -qx 'I am 10.77.0.133' /run/mkdl/log/teller.log"
	run node_run moving 'grep node- /etc/hosts; cat /run/mkdl/facts; ip -4 -o address show dev eth0'
	assert_line --partial "10.77.0.133	node-"
	assert_line "node_ip 10.77.0.133"
	refute_output --partial "10.77.0.33/"
}

@test "two cards, each with DHCP: one is the node's, the other is used too" {
	lab_dhcp
	lab_exec ip address show other
	lab_spawn dhcp-other dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=other --bind-interfaces \
		--pid-file= --dhcp-leasefile="$LAB/other-leases" --dhcp-range=10.78.0.100,10.78.0.199 --user=root
	node_new two profile=lab-network boot=direct number=24 nics=2 bridge1=other append="ip=eth0:dhcp ip=eth1:dhcp"
	node_start two
	node_up two
	said two 'network +eth0 10\.77\.0\.34/24.*, node IP 10\.77\.0\.34'
	run node_run two 'ip -4 -o address; ip route'
	assert_output --partial "10.78.0.1"
	assert_line --regexp "default via 10.77.0.1 dev eth0 *$"
	assert_line --regexp "default via 10.78.0.1 dev eth1 .*metric 1[0-9][0-9]"
	node_stop two
	# The other way round, by one word; and by network.
	node_new chosen profile=lab-network boot=direct number=25 nics=2 bridge1=other \
		append="ip=eth0:dhcp ip=eth1:dhcp mkdl.node_ip=10.78.0.0/16"
	node_start chosen
	node_up chosen
	said chosen 'network +eth1 10\.78\.0\.[0-9]+/24.*, node IP 10\.78\.0\.'
	lab_stop dhcp-other
}

@test "an address that cannot be the node's: the candidates are named" {
	lab_dhcp
	node_new wrong profile=lab-network boot=direct number=26 append="mkdl.node_ip=192.168.0.0/16 mkdl.network_timeout=15"
	node_start wrong
	node_wait wrong 300 'BOOT FAILED in network: no address of the node fits mkdl.node_ip= 192\.168\.0\.0/16; it has: eth0 10\.77\.0\.36'
}

@test "fixed addresses on the command line, with a VLAN and a bond" {
	lab_dhcp
	node_new fixed profile=lab-network boot=direct number=27 \
		append="ip=10.77.0.37::10.77.0.1:255.255.255.0:n37:eth0:none:10.77.0.1 ip=10.99.0.7:::24::eth0.5:none vlan=eth0.5:eth0"
	node_start fixed
	node_up fixed
	said fixed 'network +eth0 10\.77\.0\.37/24 via 10\.77\.0\.1, node IP 10\.77\.0\.37'
	said fixed 'identity +n37,'
	run node_run fixed 'cat /proc/net/vlan/eth0.5 /etc/resolv.conf; ip -4 -o address show dev eth0.5; ps'
	assert_line --regexp "VID: 5"
	assert_line "nameserver 10.77.0.1"
	assert_output --partial "10.99.0.7/24"
	refute_output --partial udhcpc
	node_stop fixed
	node_new bonded profile=lab-network boot=direct number=28 nics=2 \
		append="bond=bond0:eth0,eth1:mode=active-backup,primary=eth0 ip=bond0:dhcp"
	node_start bonded
	node_up bonded
	said bonded 'network +bond0 10\.77\.0\.38/24'
	run node_run bonded cat /proc/net/bonding/bond0
	assert_line --partial "Currently Active Slave: eth0"
	assert_line --partial "Slave Interface: eth1"
	node_link bonded 0 down
	wait_for 60 node_run bonded 'grep "Currently Active Slave: eth1" /proc/net/bonding/bond0'
}

@test "IPv6: an address by a router's announcement, one by DHCPv6, and name servers of both" {
	lab_dhcp "dhcp-range=fd77::1000,fd77::1fff,64,10m" "dhcp-option=option6:dns-server,[fd77::53]"
	node_new six profile=lab-network boot=direct number=29 append="ip=eth0:dhcp6 mkdl.node_ip=fd77::/64"
	node_start six
	node_wait six 300 'mkdl: node up in'
	said six 'network +eth0 fd77::1[0-9a-f]{3}/128.*, node IP fd77::1'
}

@test "configuration from the network has other links: they come up, and what was up stays" {
	lab_dhcp
	lab_http
	cat >"$LAB/http/links.yml" <<-'END'
		#cloud-config
		network:
		  version: 2
		  ethernets:
		    eth0: {dhcp4: true}
		  vlans:
		    v6: {id: 6, link: eth0, addresses: [10.96.0.5/24], mtu: 1400}
	END
	node_new links profile=lab-network boot=direct number=30 append="mkdl.config=http://10.77.0.1/links.yml"
	node_start links
	node_up links
	node_wait links 60 'config: network: eth0 10\.77\.0\.40/24'
	run node_run links 'ip -4 -o address; ip link show v6; grep VmRSS /proc/$(pidof network)/status; tail -n 3 /run/mkdl/log/dhcp-eth0.log'
	assert_output --partial "10.96.0.5/24"
	assert_output --partial "mtu 1400"
	# One lease, one client: the second run of the program found it all as it should be.
	run node_run links 'grep -c "lease of" /run/mkdl/log/dhcp-eth0.log'
	assert_output 1
}

@test "the time is required, and nobody knows it: the boot ends with the reason" {
	lab_build lab-time base.yml <<-'END'
		time: {required: true, wait: 4s}
	END
	lab_dhcp
	node_new timeless profile=lab-time boot=direct number=31
	node_start timeless
	node_wait timeless 300 'BOOT FAILED in time: no time server is known, and the profile requires the time'
	node_stop timeless
	node_set timeless append="mkdl.ntp=10.77.0.1"
	node_start timeless
	node_wait timeless 300 'BOOT FAILED in time: no time server \(10\.77\.0\.1, named by mkdl\.ntp=\) answers within 4 s'
}
