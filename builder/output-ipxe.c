/* NAME.ipxe, and boot.ipxe for the profile that was built last (https://ipxe.org/scripting); iPXE itself, for firmware that is none
 * (https://ipxe.org/howto/chainloading), if the profile's bootloaders: have it. */
#include "builder/output.h"

static const struct {
	const char *path, *pattern;
} programs[] = {
	{"undionly.kpxe", "/**/ipxe/undionly.kpxe"}, /* BIOS */
	{"snponly.efi", "/**/ipxe/snponly.efi"},     /* UEFI */
};

static int add_programs(struct outputs *o, struct error *err)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct node n;
		int found = output_find_program(o, programs[i].pattern, &n, err);

		if (found < 0)
			return -1;
		if (found)
			output_node(o, OUTPUT_ROOT, programs[i].path, &n);
	}
	return 0;
}

int output_ipxe(struct outputs *o, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const struct profile *p = &o->build->profile;

	if (!o->tftp)
		return 0;
	if (add_programs(o, err) < 0)
		return -1;
	/* BOOTIF as pxelinux writes it: the init takes the interface that the machine booted from. The kernel wants
	 * initrd= when iPXE runs as an EFI program. A server that does not answer yet is asked again. */
	strbuf_printf(&text, "#!ipxe\n# mkdl %s %s\n\n:start\nimgfree\n", p->name, o->build->initramfs.id);
	strbuf_printf(&text, "kernel %s initrd=initramfs.img BOOTIF=01-${netX/mac:hexhyp}",
		      output_image_path(o, "vmlinuz"));
	for (size_t i = 0; i < p->cmdline.count; i++)
		strbuf_printf(&text, " %s", p->cmdline.items[i]);
	strbuf_puts(&text, " || goto retry\n");
	strbuf_printf(&text, "initrd %s || goto retry\n", output_image_path(o, "initramfs.img"));
	strbuf_puts(
		&text,
		"boot || goto retry\n\n:retry\necho mkdl: cannot boot, next try in 5 seconds\nsleep 5\ngoto start\n");
	output_text(o, OUTPUT_ROOT, arena_printf(o->build->arena, "%s.ipxe", p->name), &text);
	output_text(o, OUTPUT_ROOT, "boot.ipxe", &text);
	return 0;
}
