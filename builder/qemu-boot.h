/* From what a build has published to what a machine boots. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "builder/qemu.h"

struct published {
	const char *name;    /* the profile's */
	const char *profile; /* as the user named it, for messages */
	const char *out;     /* folder that holds NAME/vmlinuz and NAME/initramfs.img */
	const char *tftp;    /* the TFTP root */
};

/* Fill in m's kernel, initramfs and command line, or TFTP root and boot file, for m->boot. append (or NULL) is added to
 * the kernel's command line.
 * Where the published files do not do as they are (append; a pxelinux.cfg/default of another profile), the machine gets a
 * view of the TFTP root: a temporary folder of links with the few files that differ. Its path is put into *view (else
 * NULL), on failure as well; the caller removes it. */
int boot_prepare(struct arena *a, const struct published *from, const char *append, struct machine *m, const char **view,
		 struct error *err);

/* What an iPXE script of ours boots: paths relative to the TFTP root, and the kernel's command line without what only the boot
 * loader fills in (initrd=, ${…}). */
struct boot_script {
	const char *kernel, *initramfs, *cmdline;
};

/* False when the script has no `kernel` or no `initrd` line. */
bool boot_script_read(struct arena *a, const char *text, struct boot_script *out);

/* The same text with append added to the command of every line whose first word is word, whatever its case: `kernel` in iPXE,
 * `APPEND` in PXELINUX. */
const char *boot_append(struct arena *a, const char *text, const char *word, const char *append);

/* Does a PXELINUX configuration boot the label name when nobody presses a key? */
bool boot_pxelinux_is(const char *text, const char *name);
