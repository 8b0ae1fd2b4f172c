# A small project whose parts are all files of its own: nothing is downloaded, a build takes a moment.
# make_project DIR: a kernel with three modules, a dynamic program with a library of its own, libc, an overlay.

cc=${CC:-cc}

# module_object FILE NAME EXPORTED NEEDED MODINFO…: an object that depmod and libkmod take for a kernel module.
module_object() {
	local file=$1 name=$2 exported=$3 needed=$4 info=() entry
	shift 4
	for entry in "name=$name" "$@"; do
		info+=("__attribute__((section(\".modinfo\"), used)) static const char i${#info[@]}[] = \"$entry\";")
	done
	{
		printf '%s\n' "${info[@]}"
		[ -z "$exported" ] || printf '%s\n' \
			"__attribute__((section(\"__ksymtab_strings\"), used)) static const char k[] = \"$exported\";" \
			"int __ksymtab_$exported; int $exported(void); int $exported(void) { return 0; }"
		[ -z "$needed" ] || printf '%s\n' "int $needed(void); int use_$needed(void); int use_$needed(void) { return $needed(); }"
	} | "$cc" -x c -c -O1 -fno-pic -o "$file" -
}

make_kernel() {
	local modules=$1/lib/modules/6.9.0-test
	mkdir -p "$1/boot" "$modules/kernel/drivers/net" "$modules/kernel/lib"
	echo 'the kernel' >"$1/boot/vmlinuz-6.9.0-test"
	echo kernel/fs/built.ko >"$modules/modules.builtin"
	module_object "$modules/kernel/lib/mdio.ko" mdio mdio_read ''
	module_object "$modules/kernel/lib/codec.ko" codec '' ''
	module_object "$modules/kernel/drivers/net/card.ko" card '' mdio_read 'alias=pci:v00008086d0000100Esv*sd*bc*sc*i*' \
		'alias=net-card' 'firmware=card/one.bin' 'firmware=card/none.bin' 'softdep=pre: codec'
	module_object "$modules/kernel/drivers/net/idle.ko" idle '' ''
	xz -k "$modules/kernel/lib/mdio.ko" && rm "$modules/kernel/lib/mdio.ko"
}

# The dynamic linker and libc of this machine, as a package would have them.
make_libc() {
	local loader libc
	loader=$(realpath "$(readelf -l "$1/../parts/usr/bin/hello" | sed -n 's/.*interpreter: \(.*\)]/\1/p')")
	libc=$(realpath "$("$cc" -print-file-name=libc.so.6)")
	mkdir -p "$1/lib/x86_64-linux-gnu" "$1/lib64"
	cp "$loader" "$1/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
	cp "$libc" "$1/lib/x86_64-linux-gnu/libc.so.6"
	ln -s /lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$1/lib64/ld-linux-x86-64.so.2"
}

make_parts() {
	mkdir -p "$1/usr/bin" "$1/opt/hello" "$1/usr/share/doc/hello"
	echo 'int greet(void); int greet(void) { return 0; }' |
		"$cc" -x c -shared -fPIC -Wl,-soname,libgreet.so.1 -o "$1/opt/hello/libgreet.so.1.0" -
	ln -s libgreet.so.1.0 "$1/opt/hello/libgreet.so.1"
	# shellcheck disable=SC2016 # the dynamic linker expands it
	echo 'int greet(void); int main(void) { return greet(); }' |
		"$cc" -x c -o "$1/usr/bin/hello" - -x none "$1/opt/hello/libgreet.so.1.0" -Wl,-rpath,'$ORIGIN/../../opt/hello'
	echo manual >"$1/usr/share/doc/hello/README"
}

make_project() {
	mkdir -p "$1/profiles" "$1/overlays/site/etc" "$1/firmware/lib/firmware/card"
	make_kernel "$1/kernel"
	make_parts "$1/parts"
	mkdir -p "$1/libc"
	make_libc "$1/libc"
	echo firmware >"$1/firmware/lib/firmware/card/one-1.0.bin"
	ln -s one-1.0.bin "$1/firmware/lib/firmware/card/one.bin"
	echo welcome >"$1/overlays/site/etc/motd"
	cat >"$1/profiles/small.yml" <<-'END'
		kernel: {path: kernel}
		modules: [codec]
		drivers: [card]
		firmware: [{path: firmware}]
		components:
		  hello: {path: parts, files: [/usr/bin/hello], layer: runtime}
		  libc: {path: libc, files: ["/lib64/*"]}
		overlays: [site]
		cmdline: [console=ttyS0]
		compression: fast
		output: {tftp: out/tftp}
	END
}

# paths of a JSON listing or manifest, sorted bytewise
paths_of() {
	python3 -c 'import json, sys
j = json.load(sys.stdin)
for f in sorted((j if isinstance(j, list) else j["files"]), key=lambda f: f["path"].encode()): print(f["path"][1:])'
}
