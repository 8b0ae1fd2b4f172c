/* The kernel in its source's files: one /boot/vmlinuz-VERSION and the modules that belong to it. */
#pragma once

#include "builder/build.h"

struct kernel {
	struct tree *tree;    /* where it was found */
	const char *version;  /* "6.1.0-56-amd64" */
	struct node image;    /* vmlinuz */
	const char *modules;  /* folder of the modules in tree: "/lib/modules/VERSION" or "/usr/lib/modules/VERSION";
	                       * NULL: it has none, and the profile wants none */
};

/* Opens the profile's kernel source. A meta package (linux-image-amd64) stands for the kernel package it depends on. No
 * kernel or several in one source is an error that names them. */
int kernel_find(struct build *b, struct kernel *out, struct error *err);
