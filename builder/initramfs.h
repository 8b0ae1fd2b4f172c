/* The image: the segments of all layers, one after the other. */
#pragma once

#include <stdint.h>

#include "builder/segment.h"

struct build;

struct initramfs {
	struct segment segments[LAYER_COUNT]; /* count 0: nothing in that layer */
	const char
		*id; /* 16 hex digits: over the profile's name, the kernel and all segments' keys but the manifest's */
	uint64_t size;     /* of initramfs.img, bytes */
	uint64_t unpacked; /* RAM that its files take, bytes, whole pages */
	uint64_t window;   /* largest of the segments' */
	uint64_t memory;   /* RAM that a machine needs to boot it, bytes; see initramfs_memory */
};

/* Add the manifest to b->tree, make the segments and fill b->initramfs. b->tree must be assembled. */
int initramfs_make(struct build *b, struct error *err);

/* What a machine needs to unpack and start an image: the compressed image and its unpacked copy are in RAM at the
 * same time, with the decompressor's window and a reserve for the kernel and the first processes (96 MiB, measured:
 * with 64 MiB a machine of the computed size panics while unpacking). The root file system may take the share of RAM
 * that the kernel's argument initramfs_options=size=N% allows, else 50 %. Rounded up to 32 MiB. Bytes. */
uint64_t initramfs_memory(const struct initramfs *initramfs, const struct strings *cmdline);

/* Write the bytes of initramfs.img to fd, at its offset. */
int initramfs_write(struct build *b, int fd, const char *name, struct error *err);
