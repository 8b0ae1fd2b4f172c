/* The effective configuration: what the agent wrote to /run/mkdl/config ("KEY VALUE SOURCE secret|plain", a flat file), then the
 * profile's own values that hold: the records of the image's plan (/etc/mkdl/plan) that are in /run/mkdl/plan, too, or all of them
 * where no agent ran. */
#pragma once

#include "node/nodectl/nodectl.h"

struct config_value {
	const char *key, *value, *source;
	bool secret;
};

struct config {
	struct config_value *values;
	size_t count, cap;
	bool broken; /* a file that is no flat file: what could be read of it is nothing */
};

struct config config_load(struct context *c);
