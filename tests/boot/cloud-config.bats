#!/usr/bin/env bats
# What a cloud-config says, done on a machine: accounts, files, commands, names, state, and how it ends. The exact results of
# many configurations are in tests/config.
load helpers

setup_file() {
	mkdir -p "$BOOT/profiles"
	cat >"$BOOT/profiles/site.cloud-config" <<-'END'
		#cloud-config
		fqdn: Rack7-Node3.example.org
		users:
		  - {name: ada, uid: 2000, groups: [storage], ssh_authorized_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGq0 ada@desk"]}
		write_files:
		  - {path: /etc/site/secret, permissions: "0600", owner: "ada:storage", content: "hidden\n"}
		  - {path: /srv/kept/note, content: "below state\n"}
		bootcmd:
		  - echo "bootcmd says $((6 * 7))"
		runcmd:
		  - cat /srv/kept/note /etc/localtime >/run/commands-ran
		  - [sh, -c, 'echo "by sh $1" >>/run/commands-ran', sh, "it's"]
		timezone: CET-1CEST,M3.5.0,M10.5.0/3
		packages: [vim]
		final_message: the site's node is up
	END
	cat >"$BOOT/profiles/site.sh" <<-'END'
		#!/bin/sh
		echo "script ran" >>/run/commands-ran
	END
	cat >"$BOOT/profiles/site.ign" <<-'END'
		{"ignition": {"version": "3.3.0"},
		 "storage": {"files": [{"path": "/etc/site/ignited", "mode": 292, "contents": {"source": "data:,from%20Ignition%0A"}}]}}
	END
	cat >"$BOOT/profiles/site.yml" <<-'END'
		extends: rescue.yml
		state: {/srv/kept: tmpfs 1M}
		config: {files: [profiles/site.cloud-config, profiles/site.sh, profiles/site.ign]}
	END
	cd "$BOOT" || return 1
	"$MKDL" build "$BOOT/profiles/site.yml" --out "$BOOT/out" --tftp "$BOOT/out/tftp"
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 60 "$BATS_TEST_TMPDIR/console" || true
	[ -z "${MACHINE-}" ] || kill -KILL "$MACHINE" 2>/dev/null || [ $? -eq 1 ]
	wait_for 60 no_machines
}

# on_node COMMAND EXPECTED: typed into the console's shell, until the console has the answer.
on_node() {
	echo "$1" >&7
	wait_for 60 console_has "$2"
}

@test "a machine is what its configuration says" {
	start_machine site --boot direct --memory 384M --timeout 900
	wait_for 300 console_has 'mkdl: node up'
	wait_for 60 console_has 'bootcmd says 42'
	wait_for 60 console_has 'site\.cloud-config:[0-9]+:1: warning: "packages" is ignored'
	wait_for 60 console_has "the site's node is up"
	sleep 2
	# shellcheck disable=SC2016
	on_node 'echo "name: $(hostname)"' '^name: rack7-node3'
	on_node 'id ada' 'uid=2000\(ada\) gid=2000\(ada\) groups=2000\(ada\),[0-9]+\(storage\)'
	on_node 'stat -c "%a %U:%G %n" /home/ada/.ssh/authorized_keys /etc/site/*' '600 ada:storage /etc/site/secret'
	wait_for 60 console_has '600 ada:ada /home/ada/\.ssh/authorized_keys'
	wait_for 60 console_has '444 root:root /etc/site/ignited'
	# shellcheck disable=SC2016
	on_node 'echo "shadow: $(grep -c ":[*]:" /etc/shadow) of $(grep -c . /etc/shadow)"' '^shadow: ([0-9]+) of \1'
	on_node 'df /srv/kept | tail -n 1; cat /srv/kept/note' '^below state'
	on_node 'grep -a . /run/commands-ran' '^script ran'
	wait_for 60 console_has "^by sh it's"
	on_node 'date +%Z' '^CES?T'
	on_node 'nodectl config' 'site\.cloud-config:[0-9]+'
	echo 'nodectl config | grep -c hidden; echo counted' >&7
	wait_for 60 console_has '^counted'
	console_has '^0'
	echo poweroff >&7
	end_of_machine
	# shellcheck disable=SC2154 # end_of_machine sets it
	[ "$ended" -eq 0 ]
}

@test "a configuration with a mistake stops the boot, and the console says where it is" {
	sed 's/uid: 2000/uid: 65534/' "$BOOT/profiles/site.cloud-config" >"$BOOT/profiles/broken.cloud-config"
	cat >"$BOOT/profiles/broken.yml" <<-'END'
		extends: rescue.yml
		config: {files: [profiles/broken.cloud-config]}
		failure: reboot 5s
	END
	cd "$BOOT" || return 1
	"$MKDL" build "$BOOT/profiles/broken.yml" --out "$BOOT/out" --tftp "$BOOT/out/tftp"
	machine broken --boot direct --memory 384M --timeout 900 --until "user ada: the number 65534 is another user's"
	assert_success
	refute_output --partial 'node up'
}
