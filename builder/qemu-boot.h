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
 * NULL); the caller removes it. */
int boot_prepare(struct arena *a, const struct published *from, const char *append, struct machine *m, const char **view,
		 struct error *err);

/* The command line in the `kernel` line of an iPXE script, without what only the boot loader fills in (initrd=, ${…}).
 * NULL when there is no such line. */
const char *boot_script_cmdline(struct arena *a, const char *script);

/* The same text with append added to every line whose first word is word (any case): `kernel` in iPXE, `APPEND` in PXELINUX. */
const char *boot_append(struct arena *a, const char *text, const char *word, const char *append);

/* A PXELINUX configuration whose DEFAULT is name and that does not prompt; NULL when it has no such LABEL. */
const char *boot_pxelinux_default(struct arena *a, const char *text, const char *name);
