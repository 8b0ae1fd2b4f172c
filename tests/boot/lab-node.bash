# The machines of the machine room (see lab.bash): without a disk, with a console that is kept in a file, a monitor, and SSH.

# lab_build NAME EXTENDS…: build a profile NAME that extends these (names of mkdl's or of files) and has the room's SSH key, and the
# YAML on standard input besides (none: </dev/null). What is built is kept from run to run.
lab_build() {
	local name=$1 profiles=$BOOT/profiles IFS=,
	shift
	mkdir -p "$profiles"
	# Test files that run at the same time share all this.
	(
		flock 8
		[ -s "$BOOT/lab-key" ] || ssh-keygen -q -t ed25519 -N '' -C lab -f "$BOOT/lab-key"
		echo "users: {root: {ssh_keys: [\"$(cat "$BOOT/lab-key.pub")\"]}}" | lab_put "$profiles/lab-ssh.yml"
	) 8>"$BOOT/lab-key.lock"
	{
		echo "extends: [$*, lab-ssh.yml]"
		cat
	} | lab_put "$profiles/$name.yml"
	cd "$BOOT" || return 1
	"$MKDL" build "$profiles/$name.yml" --out "$BOOT/out" --tftp "$BOOT/out/tftp"
}

# lab_put FILE: in one step, from standard input.
lab_put() {
	local new=$1.$BASHPID
	cat >"$new" && mv "$new" "$1"
}

# node_new NAME KEY=VALUE…: a machine, switched off. Keys:
#	profile   what it boots (required)
#	boot      pxe (iPXE by TFTP; default), http (iPXE by HTTP, faster; needs lab_http), direct (QEMU loads the kernel)
#	number    1…89, by default one after the other: gives MAC 52:54:00:77:00:NUMBER (hex) and address 10.77.0.(10+NUMBER)
#	mac, address    others than these; address=none: DHCP gives one of its range
#	uuid, serial    of SMBIOS; default: 4c4c4544-0077-4d6b-8000-NUMBER (12 digits), LAB-NUMBER
#	memory    MiB, default 384     cpus   default 2
#	append    words for the kernel's command line, after the profile's
#	nics      cards, default 1: card 0 is on "lan"; bridge1, bridge2 … name the others' bridge (default: lan)
#	qemu      further words for QEMU's command line, without quoting
# node_set NAME KEY=VALUE…: change it; takes effect at the next node_start, append also at the next boot by PXE.
node_new() {
	local name=$1 number
	number=$(($(find "$LAB/node" -mindepth 1 -maxdepth 1 | wc -l) + 1))
	mkdir -p "$LAB/node/$name"
	: >"$LAB/node/$name/settings"
	shift
	node_set "$name" boot=pxe number="$number" memory=384 cpus=2 nics=1 "$@"
}

node_set() {
	local name=$1 word
	shift
	for word; do
		printf '%s=%q\n' "${word%%=*}" "${word#*=}" >>"$LAB/node/$name/settings"
	done
	node_boot_files "$name"
}

# The settings of machine $1, as local variables of the caller (who declares them with $NODE_KEYS).
NODE_KEYS="profile boot number mac address uuid serial memory cpus append nics bridge1 bridge2 bridge3 qemu"
node_settings() {
	node=$LAB/node/$1
	# shellcheck source=/dev/null
	source "$node/settings"
	mac=${mac:-$(printf '52:54:00:77:00:%02x' "$number")}
	address=${address:-10.77.0.$((10 + number))}
	uuid=${uuid:-$(printf '4c4c4544-0077-4d6b-8000-%012d' "$number")}
	serial=${serial:-LAB-$number}
	# As mkdl run has it for emulated machines.
	append="no_timer_check ${append-}"
}

# What DHCP and TFTP have for it. The script "lab.ipxe" runs the one that is named for the machine's address.
node_boot_files() {
	# shellcheck disable=SC2086,SC2034 # a list of names
	local node script $NODE_KEYS
	node_settings "$1"
	[ "$address" = none ] || lab_dhcp_host "$mac" "$address"
	[ -n "${profile-}" ] || return 0
	ln -sfn "$BOOT/out/tftp/$profile" "$LAB/tftp/$profile"
	# For boot=http, too: the names in a script are relative to where it came from.
	ln -sfn "$LAB/tftp" "$LAB/http/boot"
	script=node-${mac//:/-}
	# In iPXE's scripts "${" begins a variable of iPXE; what the kernel is to see is kept in one that holds it.
	APPEND=${append-} awk '
		BEGIN { append = ENVIRON["APPEND"]; gsub(/\$\{/, "${d:string}{", append) }
		/^:start/ { print "set d:hex 24" }
		/^kernel / { i = index($0, " ||"); $0 = substr($0, 1, i - 1) " " append substr($0, i) }
		1' "$BOOT/out/tftp/$profile.ipxe" >"$LAB/tftp/$script-boot.ipxe"
	if [ "$boot" = http ]; then
		printf '#!ipxe\nchain http://10.77.0.1/boot/%s-boot.ipxe\n' "$script" >"$LAB/tftp/$script.ipxe"
	else
		printf '#!ipxe\nchain %s-boot.ipxe\n' "$script" >"$LAB/tftp/$script.ipxe"
	fi
}

# How this host runs a machine (KVM or not, which CPU): mkdl run knows.
node_qemu() {
	local line
	line=$(cd "$BOOT" && "$MKDL" run --out "$BOOT/out" "$1" --boot direct --dry-run) || return 1
	echo "${line%% -smp *}"
}

# Network cards: node_cards NAME fills the array "cards". A card's tap is NAME.NUMBER (15 characters at most).
node_cards() {
	local i bridge tap card_mac
	cards=()
	for ((i = 0; i < nics; i++)); do
		tap=$1.$i bridge=lan card_mac=$mac
		if [ "$i" -gt 0 ]; then
			bridge=bridge$i
			bridge=${!bridge:-lan}
			card_mac=52:54:00:77:$(printf '%02x:%02x' "$i" "$number")
		fi
		if ! lab_exec ip link show "$tap" >/dev/null 2>&1; then
			lab_exec ip tuntap add dev "$tap" mode tap
			lab_exec ip link set "$tap" master "$bridge" up
		fi
		cards+=(-netdev "tap,id=n$i,ifname=$tap,script=no,downscript=no")
		# Only the first boots.
		cards+=(-device "virtio-net-pci,netdev=n$i,id=card$i,mac=$card_mac$([ "$i" -eq 0 ] && [ "$boot" != direct ] || echo ,romfile=)")
	done
}

# Switch on.
node_start() {
	# shellcheck disable=SC2086 # a list of names
	local node how=() cards cmdline $NODE_KEYS
	node_settings "$1"
	node_dead "$1" || {
		echo "machine $1 is on already"
		return 1
	}
	node_cards "$1"
	if [ "$boot" = direct ]; then
		cmdline=$(sed -n 's/^kernel [^ ]* initrd=[^ ]* BOOTIF=[^ ]* \(.*\) ||.*/\1/p' "$BOOT/out/tftp/$profile.ipxe")
		how=(-kernel "$BOOT/out/$profile/vmlinuz" -initrd "$BOOT/out/$profile/initramfs.img"
			-append "$cmdline BOOTIF=01-${mac//:/-} ${append-}")
	else
		how=(-boot n)
	fi
	rm -f "$node"/{monitor,keys}
	touch "$node/console"
	node_mark "$1"
	# shellcheck disable=SC2046,SC2086 # words
	lab_spawn "node-$1" $(node_qemu "$profile") -smp "$cpus" -m "$memory" -nodefaults -no-user-config -display none \
		-name "$1" -uuid "$uuid" -smbios "type=1,manufacturer=mkdl,product=lab,serial=$serial" \
		-chardev "socket,id=console,path=$node/keys,server=on,wait=off,logfile=$node/console,logappend=on" -serial chardev:console \
		-monitor "unix:$node/monitor,server=on,wait=off" -device virtio-rng-pci "${cards[@]}" "${how[@]}" ${qemu-}
	wait_for 60 test -S "$node/monitor"
}

# Pull the plug.
node_stop() {
	node_dead "$1" || lab_stop "node-$1" KILL
}

node_dead() {
	lab_dead "node-$1"
}

# node_monitor NAME COMMAND…: of QEMU's monitor; its answer.
node_monitor() {
	local node=$LAB/node/$1
	shift
	{
		echo "$*"
		sleep 0.3
	} | socat -t 1 - "UNIX-CONNECT:$node/monitor"
}

# The reset button; the machine boots again.
node_reset() {
	node_mark "$1"
	node_monitor "$1" system_reset >/dev/null
}

# The power button, by ACPI.
node_button() {
	node_monitor "$1" system_powerdown >/dev/null
}

# node_link NAME CARD up|down: the cable of a card.
node_link() {
	node_monitor "$1" "set_link card$2 $([ "$3" = up ] && echo on || echo off)" >/dev/null
}

# node_keys NAME TEXT: type a line on the serial console (for a profile that has a shell there).
node_keys() {
	local node=$LAB/node/$1
	shift
	{
		printf '%s\r' "$*"
		sleep 0.3
	} | socat -t 0.3 - "UNIX-CONNECT:$node/keys" >/dev/null
}

# The console since the last mark: node_start and node_reset set one, and node_mark does, before a machine reboots itself.
node_mark() {
	stat -c %s "$LAB/node/$1/console" >"$LAB/node/$1/mark"
}

node_console() {
	tail -c "+$(($(cat "$LAB/node/$1/mark") + 1))" "$LAB/node/$1/console" | tr -d '\r'
}

# node_says NAME REGEX: is there such a line (extended)?
node_says() {
	node_console "$1" | grep -aE -- "$2"
}

# node_wait NAME SECONDS REGEX: until there is. A machine that is off, or whose boot has failed, is not waited for.
node_wait() {
	local end=$((SECONDS + $2))
	until node_says "$1" "$3" | head -n 1 | grep -a .; do
		if node_dead "$1"; then
			echo "machine $1 is off; waited for: $3"
			return 1
		fi
		if node_says "$1" 'Kernel panic'; then
			echo "machine $1; waited for: $3"
			return 1
		fi
		[ "$SECONDS" -lt "$end" ] || {
			echo "machine $1 did not say within $2 s: $3"
			return 1
		}
		sleep 0.3
	done
}

# node_up NAME [SECONDS]: until it says that it is up, and can be logged in to. A boot that has failed is not waited for.
node_up() {
	node_wait "$1" "${2:-400}" 'mkdl: (node up|BOOT FAILED) in' || return 1
	node_says "$1" 'mkdl: node up in' || return 1
	wait_for 120 node_reachable "$1"
}

node_reachable() {
	node_run "$1" true 2>/dev/null
}

# node_down NAME [SECONDS]: until the machine has switched itself off.
node_down() {
	wait_for "${2:-300}" node_dead "$1"
}

# node_run NAME COMMAND…: by SSH, as root; output and exit status are the command's (255: no connection). The words are put together
# and read by the node's shell, as ssh does it. Standard input is passed on.
node_run() {
	# shellcheck disable=SC2086,SC2034 # a list of names
	local node $NODE_KEYS
	node_settings "$1"
	shift
	lab_exec ssh -F none -i "$BOOT/lab-key" -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 -o LogLevel=ERROR \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "root@$(node_address)" "$@"
}

# Of the settings that are in force: given, or the lease that dnsmasq wrote down.
node_address() {
	if [ "$address" = none ]; then
		awk -v mac="$mac" '$2 == mac { print $3 }' "$LAB/dhcp/leases"
	else
		echo "$address"
	fi
}

# node_reboot NAME: as an operator does it, and up again.
node_reboot() {
	node_mark "$1"
	node_run "$1" reboot </dev/null || true # the connection may end first
	node_up "$1" "${2:-400}"
}

# The SSH host key that it shows, "ssh-ed25519 AAAA…".
node_host_key() {
	# shellcheck disable=SC2086,SC2034 # a list of names
	local node $NODE_KEYS
	node_settings "$1"
	lab_exec ssh-keyscan -T 10 -t ed25519 "$(node_address)" 2>/dev/null | cut -d ' ' -f 2-
}
