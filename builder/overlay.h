/* Folders of the host taken into the image as they are, except that everything belongs to root and modes follow a
 * rule (0755 for folders and for files with an execute bit, else 0644), so that neither umask nor version control nor
 * the user who builds shows in the image. A file that needs another mode or owner is a component with path:, mode:,
 * owner:. */
#pragma once

#include "builder/build.h"

/* Append what lies below the folder at dir to out, contents into the store. Links stay links and are not followed;
 * sockets, FIFOs and devices are an error. Files named .gitkeep are left out. */
int folder_read(struct build *b, const char *dir, const char *origin, struct tree *out, struct error *err);

/* Add the profile's overlays, in order: a later one replaces files of an earlier one and of everything else. */
int overlays_add(struct build *b, struct error *err);

/* Add nodes that may replace what b->tree has; the reason then says what was replaced. A folder that is there already
 * keeps its mode. Nodes are in the site layer. */
void overlay_nodes(struct build *b, struct tree *nodes);
