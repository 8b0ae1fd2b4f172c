/* Files that the builder makes up itself. */
#pragma once

#include "builder/build.h"

/* Put n bytes into the store and add node with them to b->tree. data may be NULL when n is 0. */
int generated_node(struct build *b, struct node node, const void *data, size_t n, struct error *err);

/* The same with a file of root's, mode 0644, origin "mkdl". */
int generated_add(struct build *b, const char *path, const void *data, size_t n, enum layer layer, const char *reason,
		  struct error *err);

/* Put what fd holds from its start into the store, without writing when the store has it already, which is the rule
 * when a build is repeated. name is for messages. */
int file_keep(struct build *b, int fd, const char *name, struct hash *hash, uint64_t *size, struct error *err);
