/* Where a node's container runtime finds images: the map "registries" that profiles and a node's own configuration have in common.
 *
 *	registries:
 *	  docker.io: ["http://10.0.0.1:5000"]          mirrors, asked in this order before the registry itself
 *	  reg.example.org:5000: {mirrors: […], ca: …}  whose certificates this authority signed
 *	  _default: ["http://10.0.0.1:5000"]           for every registry that is not named
 *
 * A registry that is its own mirror by http:// speaks plain HTTP. containerd gets a hosts.toml for each (its docs/hosts.md), dockerd
 * flags, as far as it can: it mirrors docker.io only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/place.h"
#include "base/strings.h"

/* config/reader.h has them; who only wants the struct need not. */
struct json;
struct key;
struct reader;
struct value;

#define REGISTRY_DEFAULT "_default"

struct registry {
	const char *host;       /* "docker.io", "10.0.0.1:5000", "_default" */
	struct strings mirrors; /* http:// or https:// */
	const char *ca;         /* as written; NULL: the authorities that the node has anyway */
	struct place at, ca_at;
};

struct registries {
	struct registry *items;
	size_t count, cap;
};

/* The read and write of a type of key whose field is a struct registries. What "ca" may be is for the type to say. */
void registries_read(struct reader *r, const struct value *name, const struct value *v, struct registries *out);
void registries_write(struct json *j, const struct key *k, const void *field);

/* A file of the node, mode 0644. */
struct registry_file {
	const char *path, *text;
};

/* What containerd, or dockerd, reads of it: how many files there are; the list is in the arena. */
size_t registries_files(struct arena *a, const struct registries *all, bool docker, const struct registry_file **out);

/* dockerd's flags, appended to out; an error at the place of what dockerd has no word for. */
int registries_docker(struct arena *a, const struct registries *all, struct strings *out, struct error *err);
