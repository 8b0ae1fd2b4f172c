/* grub/grub.cfg, where GRUB's network boot images look for it. */
#include <string.h>

#include "builder/output.h"

/* As one word of GRUB's shell-like language. */
static void add_word(struct strbuf *out, const char *word)
{
	if (!word[strcspn(word, " \t'\"\\$;&|<>(){}#*?[]~")]) {
		strbuf_printf(out, " %s", word);
		return;
	}
	strbuf_puts(out, " '");
	for (; *word; word++)
		if (*word == '\'')
			strbuf_puts(out, "'\\''");
		else
			strbuf_add(out, word, 1);
	strbuf_puts(out, "'");
}

int output_grub(struct outputs *o, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const struct profile *p = &o->build->profile;

	(void)err;
	if (!o->tftp)
		return 0;
	strbuf_printf(&text, "# mkdl %s %s\nset timeout=0\nmenuentry \"%s\" {\n", p->name, o->build->initramfs.id,
		      p->name);
	strbuf_printf(&text, "\tlinux /%s BOOTIF=01-$net_default_mac", output_image_path(o, "vmlinuz"));
	for (size_t i = 0; i < p->cmdline.count; i++)
		add_word(&text, p->cmdline.items[i]);
	strbuf_printf(&text, "\n\tinitrd /%s\n}\n", output_image_path(o, "initramfs.img"));
	output_text(o, OUTPUT_ROOT, "grub/grub.cfg", &text);
	return 0;
}
