/* Two lists of what is in the image: /etc/mkdl/manifest for PID 1, which checks with it that all was unpacked, and
 * manifest.json beside the outputs for people and tools. */
#pragma once

#include "builder/build.h"

/* Add /etc/mkdl/manifest (init/plan.h), the image's last member, to b->tree. b->initramfs.id must be known. */
int manifest_add(struct build *b, struct error *err);

/* manifest.json: the image, its layers, components with versions, packages, and every file. The same build gives the
 * same bytes. hooks: over the image hooks (hooks.h). */
void manifest_json(struct build *b, const struct hash *hooks, struct strbuf *out);
