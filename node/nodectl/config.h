/* The effective configuration: what the agent wrote to /run/mkdl/config ("KEY VALUE SOURCE secret|plain", a flat file), or, where
 * no agent ran, the plan as the image has it. */
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
