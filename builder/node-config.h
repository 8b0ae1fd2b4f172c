/* Baked configuration of the node (config: files:). */
#pragma once

#include "base/error.h"
#include "base/strings.h"

/* Where config: ca: goes. */
#define NODE_CONFIG_CA "/etc/mkdl/config-ca.crt"

/* Read the files (paths) as the agent will on the node, one over the other. What it would refuse is an error, with its lines
 * already on stderr; what it would ignore is said there too. What the files include is not looked at: it may be anywhere. */
int node_config_check(const struct strings *files, struct error *err);
