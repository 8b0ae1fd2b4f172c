/* The folder DIR of a cluster: where it came from, and files that are written only when they change. */
#pragma once

#include "cluster/cluster.h"

struct folder {
	struct arena *arena;
	const char *name; /* absolute */
	int fd, lock;	  /* two commands do not change it at once */
	struct strings *said;
};

/* Make it if it is missing, with the folders below it. */
int folder_open(struct arena *a, const char *dir, struct strings *said, struct folder *out, struct error *err);
void folder_close(struct folder *f);

/* Write path (below DIR) unless it has this content and mode already; what happened is said. */
int folder_write(struct folder *f, const char *path, const struct strbuf *text, unsigned mode, struct error *err);

/* Remove all files of a folder below DIR that are not in keep (names): of nodes that are gone, or cut off in the middle. */
int folder_keep(struct folder *f, const char *path, const struct strings *keep, struct error *err);

/* DIR/source: flat records, "file PATH" (absolute; none: DIR/cluster.yml) and "tftp PATH". NULL where there is none. */
struct folder_source {
	const char *file, *tftp;
};
int folder_source_read(struct arena *a, const char *dir, struct folder_source *out, struct error *err);
int folder_source_write(struct folder *f, const struct folder_source *source, struct error *err);
