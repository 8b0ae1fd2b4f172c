/* `mkdl lab FILE`: from a cluster.yml to a lab that runs. */
#pragma once

#include <stdbool.h>

#include "lab/client.h"

struct lab_options {
	const char *file; /* cluster.yml */
	const char *out;  /* "out" */
	bool fresh;       /* forget the nodes' state and the registry */
	bool offline;     /* build from the cache alone */
	bool no_build;    /* boot what was built for this lab before */
	int verbose;
	bool no_color;
};

/* Build, make what the cluster needs, start; or find that it runs already (*running). c is connected then. With -1 and no
 * text in err the problems were diagnostics of the file, or a build's, which are on stderr already. */
int lab_up(struct arena *a, const struct lab_options *o, struct lab_client *c, bool *running, struct error *err);
