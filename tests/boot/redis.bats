#!/usr/bin/env bats
# A node that runs something else than Kubernetes: Redis from Debian's packages, with a user, limits, readiness by sd_notify and a
# log of its own; and configuration that is baked into its image.
load lab

setup_file() {
	export CONFIG=$BOOT/profiles/redis-site.yml
	mkdir -p "$BOOT/profiles"
	printf '#cloud-config\nhostname: cache-1\nwrite_files: [{path: /etc/motd, content: baked}]\n' >"$CONFIG"
	echo "config: {files: [$CONFIG]}" | lab_build lab-redis redis.yml
	lab_open
	lab_dhcp
	lab_http
	node_new n1 profile=lab-redis boot=http memory=512
	node_start n1
	node_up n1
}

teardown_file() {
	lab_close
}

teardown() {
	lab_report
}

# ask WORD…: Redis, from another machine of the network.
ask() {
	# shellcheck disable=SC2016 # for the other shell
	lab_exec timeout 10 bash -c 'exec 3<>/dev/tcp/10.77.0.11/6379; echo "$*" >&3; head -n 1 <&3 | tr -d "\r"' ask "$@"
}

@test "the service is ready when it says so, and serves the network" {
	run node_console n1
	assert_line --regexp 'mkdl: service redis +ready'
	run ask PING
	assert_output "+PONG"
	run ask SET color blue
	assert_output "+OK"
	assert_equal "$(node_run n1 redis-cli get color)" blue
}

# shellcheck disable=SC2016 # for the node's shell
@test "it is not root's, and cannot take more than its limits" {
	run node_run n1 'awk "/^(Uid|NoNewPrivs)/" /proc/$(pidof redis-server)/status'
	assert_line --regexp '^Uid:\s+100\s+100\s+100\s+100$'
	run node_run n1 'cd /sys/fs/cgroup/$(cut -d: -f3 /proc/$(pidof redis-server)/cgroup); cat pids.max; echo $(($(cat memory.max) * 100 / 1024 / $(awk "/^MemTotal/ {print \$2}" /proc/meminfo)))'
	assert_line 64
	assert_line --regexp '^7[45]$'
}

@test "its output is its log" {
	run node_run n1 nodectl logs redis
	assert_success
	assert_line --partial "Ready to accept connections"
}

@test "when it dies it is started again; asked to stop, it runs what the profile says" {
	node_mark n1
	# shellcheck disable=SC2016 # for the node's shell
	node_run n1 'kill -KILL $(pidof redis-server)'
	node_wait n1 60 'mkdl: service redis +ready'
	node_run n1 nodectl stop redis
	run node_run n1 nodectl logs redis
	assert_line --partial "User requested shutdown"
	node_run n1 nodectl start redis
	wait_for 60 ask PING
}

@test "what is baked into the image is the node's configuration" {
	run node_run n1 'hostname; cat /etc/motd; echo; stat -c "%a %n" /etc/mkdl/config.d/*'
	assert_line --index 0 cache-1
	assert_line --index 1 baked
	assert_line --index 2 "600 /etc/mkdl/config.d/10-redis-site.yml"
	run node_run n1 nodectl config
	assert_line --regexp '^hostname +/etc/mkdl/config.d/10-redis-site.yml:2 +cache-1$'
}

@test "the clock is never before the newest part of the image" {
	built=$(node_run n1 awk "'/^built/ {print \$2}'" /etc/mkdl/plan)
	[ "$built" -gt 1600000000 ]
	[ "$(node_run n1 date +%s)" -ge "$built" ]
}
