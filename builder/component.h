/* Components: which files of its source one takes and where they go in the image; which version it has. */
#pragma once

#include "builder/build.h"
#include "builder/version.h"

/* Append the component's nodes, with their paths in the image, to out. A pattern that matches nothing is an error that
 * names the place in the profile and files that come near. */
int component_select(struct build *b, const struct component *c, struct tree *source, struct tree *out,
		     struct error *err);

/* The component's version as the profile states it, else as its source says ("1.6.20~ds1-1+deb12u3"); NULL when neither
 * does. */
const char *component_version_text(struct build *b, const struct component *c);

/* The version of the component called name: stated (from the profile's own map, may be NULL), else the component's
 * version:, else what its source says, else what its URL says. key is what the user would write it as ("kubernetes:
 * version"). */
int component_version(struct build *b, const char *name, const char *stated, const char *key, struct place at,
		      struct version *out, struct error *err);
