/* What libkmod knows of one kernel's modules, for modules.c. */
#pragma once

#include <stddef.h>

#include "base/strings.h"
#include "builder/build.h"

struct kernel;

struct module {
	const char *path;      /* below the kernel's folder: "kernel/drivers/net/veth.ko.xz" */
	const char *name;      /* "veth" */
	struct strings chain;  /* paths to load before, with it (itself among them) and after, in order */
	struct strings aliases, firmware, softdeps; /* from its modinfo */
};

struct load {
	const char *path;       /* as module.path */
	const char *parameters; /* "" for none */
};

struct module_set {
	struct module *modules; /* sorted by path */
	size_t count;
	struct load *loads;     /* modules:, with dependencies, in the order to load */
	size_t load_count;
};

/* Fill out for the profile's modules: and drivers:. Results are remembered in the store. */
int modules_resolve(struct build *b, const struct kernel *k, struct module_set *out, struct error *err);
