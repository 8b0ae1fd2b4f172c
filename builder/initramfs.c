#include "builder/initramfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "builder/build.h"
#include "builder/manifest.h"

enum { ID_DIGITS = 16 };

static const uint64_t MIB = 1 << 20;

static const char *image_id(struct build *b)
{
	char hex[HASH_HEX_SIZE];
	struct hasher h;
	struct hash all;

	hash_begin(&h);
	hash_add_string(&h, "mkdl image 1");
	hash_add_string(&h, b->profile.name);
	hash_add_string(&h, b->kernel_version);
	hash_add(&h, b->kernel.content.bytes, HASH_SIZE);
	for (size_t i = 0; i < LAYER_MANIFEST; i++)
		hash_add(&h, b->initramfs.segments[i].key.bytes, HASH_SIZE);
	all = hash_end(&h);
	return arena_strndup(b->arena, hash_hex(&all, hex), ID_DIGITS);
}

/* Percent of RAM that rootfs may take. */
static unsigned root_percent(const struct strings *cmdline)
{
	static const char option[] = "initramfs_options=size=";
	unsigned percent = 50;

	for (size_t i = 0; i < cmdline->count; i++) {
		unsigned n;
		char sign;

		if (!strncmp(cmdline->items[i], option, strlen(option)) &&
		    sscanf(cmdline->items[i] + strlen(option), "%3u%c", &n, &sign) == 2 && sign == '%' && n > 0 &&
		    n <= 100)
			percent = n;
	}
	return percent;
}

uint64_t initramfs_memory(const struct initramfs *initramfs, const struct strings *cmdline)
{
	uint64_t unpacking = initramfs->size + initramfs->unpacked + initramfs->window + 96 * MIB;
	/* The kernel's own share of RAM does not count for the percentage. */
	uint64_t root = initramfs->unpacked * 100 / root_percent(cmdline) + 32 * MIB;
	uint64_t need = unpacking > root ? unpacking : root;

	return (need + 32 * MIB - 1) / (32 * MIB) * (32 * MIB);
}

static int make_manifest(struct build *b, unsigned jobs, struct error *err)
{
	struct segment *s = &b->initramfs.segments[LAYER_MANIFEST];

	if (manifest_add(b, err) < 0)
		return -1;
	segment_plan(&b->tree, LAYER_MANIFEST, &b->profile.compression, s);
	return segments_make(&b->store, s, 1, &b->profile.compression, jobs, b->progress, err);
}

int initramfs_make(struct build *b, struct error *err)
{
	unsigned jobs = build_jobs(b);
	struct initramfs *initramfs = &b->initramfs;

	for (size_t i = 0; i < LAYER_MANIFEST; i++)
		segment_plan(&b->tree, (enum layer)i, &b->profile.compression, &initramfs->segments[i]);
	initramfs->id = image_id(b);
	if (segments_make(&b->store, initramfs->segments, LAYER_MANIFEST, &b->profile.compression, jobs, b->progress,
			  err) < 0 ||
	    make_manifest(b, jobs, err) < 0)
		return -1;
	for (size_t i = 0; i < LAYER_COUNT; i++) {
		const struct segment *s = &initramfs->segments[i];

		if (!s->count)
			continue;
		initramfs->size += s->size;
		initramfs->unpacked += s->unpacked;
		initramfs->window = s->window > initramfs->window ? s->window : initramfs->window;
	}
	initramfs->memory = initramfs_memory(initramfs, &b->profile.cmdline);
	return 0;
}

int initramfs_write(struct build *b, int fd, const char *name, struct error *err)
{
	for (size_t i = 0; i < LAYER_COUNT; i++) {
		const struct segment *s = &b->initramfs.segments[i];

		if (s->count && segment_copy(&b->store, s, fd, name, err) < 0)
			return -1;
	}
	return 0;
}
