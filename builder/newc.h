/* cpio archives in the newc format (the kernel's Documentation/driver-api/early-userspace/buffer-format.rst), written
 * by libarchive: no times, inodes numbered from 1, nothing hard-linked, names without the leading slash. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "builder/store.h"
#include "builder/tree.h"

/* Takes the archive's bytes in order. */
typedef int newc_sink(void *context, const void *data, size_t n, struct error *err);

/* Write these nodes, in this order (a folder before what is in it), with their contents from the store. What the store
 * holds is checked against size and hash on the way. "/" itself is left out.
 * trailer: end with "TRAILER!!!". Without it archives can be joined and read as one: the kernel takes the next entry
 * wherever one ends, and cpio, bsdtar and lsinitramfs stop at the first trailer that they meet. */
int newc_write(struct store *s, const struct node *const *nodes, size_t count, bool trailer, newc_sink *sink,
	       void *context, struct error *err);

/* The archive's length in bytes, known beforehand. */
uint64_t newc_size(const struct node *const *nodes, size_t count, bool trailer);
