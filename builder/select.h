/* Which files of its source a component takes, and where they go in the image. */
#pragma once

#include "builder/build.h"

/* Append the component's nodes, with their paths in the image, to out. A pattern that matches nothing is an error that
 * names the place in the profile and files that come near. */
int component_select(struct build *b, const struct component *c, struct tree *source, struct tree *out, struct error *err);
