#!/usr/bin/env bats
# A node that is asked and steered from outside: nodectl over SSH, its logs on a server, and why its last boot failed.
load lab

setup_file() {
	lab_build lab-control base.yml <<-'END'
		failure: reboot 3s
		syslog: tcp://10.77.0.1:514
		modules:
		  - ramoops mem_address=0x8000000 mem_size=0x40000 record_size=0x8000 max_reason=4
		cmdline: ["memmap=256K$0x8000000"]
		services:
		  chatter: {run: [/bin/sh, -c, 'while :; do echo "tick $((n++)) end"; sleep 2; done']}
	END
	lab_open
	lab_dhcp
	lab_http
	lab_syslog
	node_new n1 profile=lab-control memory=384 boot=http
	node_start n1
	node_up n1
}

teardown_file() {
	lab_close
}

teardown() {
	lab_report
}

at_server() {
	grep -aqE -- "$1" "$LAB/syslog.tcp"
}

@test "status, services, timeline and logs by SSH" {
	run node_run n1 nodectl status
	assert_success
	assert_line --regexp '^node-52-54-00-77-00-01 \(lab-control\), started .* ago, up after '
	assert_line --regexp '^  address +10\.77\.0\.11 on eth0, 52:54:00:77:00:01$'
	assert_line --regexp '^  memory .*; PID 1 has [0-9]{2,3} KB$'
	refute_line --regexp '^  last boot'
	run node_run n1 nodectl services
	assert_line --regexp '^chatter +ready +[0-9]+ .* [0-9]+ KB'
	assert_line --regexp '^syslog +ready '
	run node_run n1 nodectl timeline
	assert_line --regexp '^phase network .*=+$'
	assert_line --regexp '^service ssh .*=+$'
	run node_run n1 nodectl logs -n 3 chatter
	assert_line --regexp '^tick [0-9]+ end$'
	run node_run n1 nodectl logs kernel
	assert_line --partial 'Linux version 6.'
	run node_run n1 nodectl --json config
	assert_success
	is_json <<<"$output"
}

@test "services, PID 1 and the kernel are heard at the syslog server, from the boot's first line on" {
	wait_for 60 at_server 'chatter - - - tick 1 end'
	wait_for 60 at_server '<[0-9]+>1 [-0-9]+T[0-9:.]+Z node-52-54-00-77-00-01 mkdl-init - - - mkdl: node up in'
	wait_for 60 at_server 'kernel - - - Linux version 6\.'
	wait_for 60 at_server 'mkdl-init - - - mkdl: (mounts|console) '
}

@test "a syslog server that was away gets what it missed" {
	# The process that has the connection, and the one that takes new ones.
	lab_exec pkill -KILL -P "$(cat "$LAB/pid/syslog-tcp")"
	lab_stop syslog-tcp KILL
	sleep 8
	missed=$(node_run n1 nodectl logs -n 1 chatter)
	[[ $missed == tick* ]]
	run ! at_server "chatter - - - $missed"
	lab_syslog
	wait_for 60 at_server "chatter - - - $missed"
}

@test "why a boot failed is said at the next" {
	node_set n1 append="mkdl.interface=nosuch mkdl.network_timeout=5"
	node_reset n1
	node_wait n1 300 'BOOT FAILED in network: '
	node_set n1 append=
	node_mark n1
	node_up n1
	node_wait n1 60 'mkdl: last boot failed: network: .*nosuch'
	run node_run n1 nodectl status
	assert_line --regexp '^  last boot +failed: network: .*nosuch'
	run node_run n1 'cat /run/mkdl/pstore/dmesg*; ls /sys/fs/pstore'
	assert_output --partial 'mkdl: boot failed: network: '
	refute_line --regexp "^dmesg-ramoops"
}

@test "so is a panic, and after a boot that did not fail nothing" {
	node_set n1 append=panic=1
	node_reboot n1
	run node_run n1 nodectl status
	refute_line --regexp '^  last boot'
	node_run n1 'echo c >/proc/sysrq-trigger' </dev/null &
	sleep 1
	wait_for 300 node_says n1 'Kernel panic'
	sleep 2
	node_mark n1
	node_up n1
	node_wait n1 60 'mkdl: last boot failed: kernel panic: sysrq triggered crash'
	kill %1 || true
}
