/* What url: and path: sources share: a file that is an archive becomes its members, any other file becomes itself. */
#pragma once

#include "builder/source.h"

/* Add to out what the blob delivers. name is the base name: it decides by its ending whether this is an archive.
 * A container image (OCI or docker archive) stays one file, though it is a tar. executable: a single file's mode is 0755. */
int source_file_open(struct build *b, const struct hash *content, const char *name, bool executable, const char *origin,
		     struct tree *out, struct error *err);

/* Does the blob begin like a program (ELF, "#!")? */
bool source_file_is_program(struct build *b, const struct hash *content);
