/* pxelinux.0, ldlinux.c32 and pxelinux.cfg/default (https://wiki.syslinux.org/wiki/index.php?title=Config). */
#include "builder/output.h"

/* Looked for by name in the profile's bootloaders: sources. */
static const struct {
	const char *path, *pattern;
} programs[] = {
	{"pxelinux.0", "/**/pxelinux.0"},
	{"ldlinux.c32", "/**/bios/ldlinux.c32"},
};

int output_pxelinux(struct outputs *o, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct build *b = o->build;
	size_t found = 0;

	for (size_t i = 0; o->tftp && i < sizeof(programs) / sizeof(*programs); i++) {
		struct node n;
		int r = output_find_program(o, programs[i].pattern, &n, err);

		if (r < 0)
			return -1;
		if (!r)
			continue;
		output_node(o, OUTPUT_ROOT, programs[i].path, &n);
		found++;
	}
	if (!found)
		return 0;
	if (found != sizeof(programs) / sizeof(*programs))
		return error_set(
			err,
			"%s: bootloaders: pxelinux.0 and ldlinux.c32 are both needed (Debian's packages pxelinux and "
			"syslinux-common)",
			b->profile.file);
	/* IPAPPEND 2 adds BOOTIF=. */
	strbuf_printf(&text, "# mkdl %s %s\nDEFAULT %s\nPROMPT 0\nTIMEOUT 0\n\nLABEL %s\n", b->profile.name,
		      b->initramfs.id, b->profile.name, b->profile.name);
	strbuf_printf(&text, "  KERNEL %s\n  INITRD %s\n  IPAPPEND 2\n  APPEND", output_image_path(o, "vmlinuz"),
		      output_image_path(o, "initramfs.img"));
	for (size_t i = 0; i < b->profile.cmdline.count; i++)
		strbuf_printf(&text, " %s", b->profile.cmdline.items[i]);
	strbuf_puts(&text, "\n");
	output_text(o, OUTPUT_ROOT, "pxelinux.cfg/default", &text);
	return 0;
}
