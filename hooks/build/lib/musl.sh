# shellcheck shell=sh
# For recipes: static programs on musl. Needs `apt: linux-libc-dev` and `tool: musl-gcc`.

# musl-gcc sees musl's own headers only: the kernel's come from the unpacked package, behind all others.
kernel_headers=$PWD/kernel-headers
mkdir "$kernel_headers"
for dir in linux asm-generic mtd; do
	ln -s "$TOOLS/usr/include/$dir" "$kernel_headers/$dir"
done
ln -s "$TOOLS/usr/include/$(gcc -dumpmachine)/asm" "$kernel_headers/asm"

# Nothing of where or when it was built may be in the result.
MUSL_CC=musl-gcc
MUSL_CFLAGS="-idirafter $kernel_headers -ffile-prefix-map=$PWD=. -ffile-prefix-map=$TOOLS=tools"
MUSL_CFLAGS="$MUSL_CFLAGS -fno-ident -ffunction-sections -fdata-sections"
MUSL_LDFLAGS="-static -Wl,--gc-sections -Wl,--build-id=none"
export MUSL_CC MUSL_CFLAGS MUSL_LDFLAGS
