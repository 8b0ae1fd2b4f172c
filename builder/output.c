#include "builder/output.h"

#include <string.h>

#include "base/path.h"
#include "builder/hooks.h"
#include "builder/source.h"

/* The profile's folder is by default below the output folder; --out then moves both. */
static const char default_out[] = "out";

void output_text(struct outputs *o, enum output_place place, const char *path, const struct strbuf *text)
{
	struct arena *a = o->build->arena;

	o->files = arena_grow(a, o->files, o->count, &o->cap, sizeof(*o->files));
	o->files[o->count++] = (struct output_file){
		.place = place, .path = path, .content = OUTPUT_TEXT, .size = text->len,
		.text = arena_strndup(a, text->data ? text->data : "", text->len),
	};
}

void output_node(struct outputs *o, enum output_place place, const char *path, const struct node *file)
{
	struct output_file f = {
		.place = place, .path = path, .content = OUTPUT_INITRAMFS, .size = o->build->initramfs.size};

	if (file) {
		f.content = OUTPUT_BLOB;
		f.size = file->size;
		f.blob = file->content;
	}
	o->files = arena_grow(o->build->arena, o->files, o->count, &o->cap, sizeof(*o->files));
	o->files[o->count++] = f;
}

const char *output_image_path(struct outputs *o, const char *file)
{
	return arena_printf(o->build->arena, "%s/%s/%s", o->build->profile.name, o->build->initramfs.id, file);
}

int output_find_program(struct outputs *o, const char *pattern, struct node *out, struct error *err)
{
	struct build *b = o->build;

	for (size_t i = 0; i < b->profile.bootloader_count; i++) {
		struct tree *t;

		if (source_open(b, &b->profile.bootloaders[i], &t, err) < 0)
			return error_wrap(err, "bootloaders");
		tree_sort(t);
		for (size_t k = 0; k < t->count; k++) {
			if (t->nodes[k].type != NODE_FILE || !path_match(pattern, t->nodes[k].path))
				continue;
			*out = t->nodes[k];
			return 1;
		}
	}
	return 0;
}

int output_image(struct outputs *o, struct error *err)
{
	(void)err;
	output_node(o, OUTPUT_OUT, "vmlinuz", &o->build->kernel);
	output_node(o, OUTPUT_OUT, "initramfs.img", NULL);
	if (o->tftp) {
		output_node(o, OUTPUT_IMAGE, "vmlinuz", &o->build->kernel);
		output_node(o, OUTPUT_IMAGE, "initramfs.img", NULL);
	}
	return 0;
}

/* In this order: boot.ipxe, which most machines ask for, changes last. */
static int (*const handlers[])(struct outputs *o, struct error *err) = {
	output_image, output_manifest, output_pxelinux, output_grub, output_ipxe,
};

const char *output_tftp(struct arena *a, const char *out, const char *set)
{
	return set && !strncmp(set, "out/", 4) ? path_join(a, out, set + 4) : set;
}

void outputs_folders(struct build *b, const char **out, const char **tftp)
{
	const char *set = b->profile.tftp;

	*out = b->options.out ? b->options.out : default_out;
	*tftp = b->options.tftp ? b->options.tftp : output_tftp(b->arena, *out, set);
}

int outputs_collect(struct build *b, struct outputs *out, struct error *err)
{
	struct outputs o = {.build = b};

	outputs_folders(b, &o.out, &o.tftp);
	if (image_hooks_hash(b, &o.hooks, err) < 0)
		return -1;
	for (size_t i = 0; i < b->profile.cmdline.count; i++)
		if (strpbrk(b->profile.cmdline.items[i], "\r\n"))
			return error_set(err, "%s: cmdline: an argument of the kernel cannot hold a line break",
					 b->profile.file);
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++)
		if (handlers[i](&o, err) < 0)
			return -1;
	*out = o;
	return 0;
}
