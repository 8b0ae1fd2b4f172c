/* The agent's work in order, for its main program and for "mkdl config": sources, documents, the merged configuration, its effect. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "init/plan.h"
#include "node/agent/collect.h"
#include "node/agent/facts.h"

struct config;

struct agent {
	struct arena *arena;
	int rootfd;          /* whose files are read and changed; "/" on a node */
	bool desk;           /* not on a node: only the files below the root change */
	bool fetches;        /* URLs may be read */
	const char *cmdline; /* text of the kernel command line */
	struct names_variable variables[FACTS_URL_VARIABLES + 1];
	struct plan plan;    /* the image's, then what the configuration makes of it */
	struct sources sources;
	struct collect collect;
	struct config *config;
	bool degraded;       /* a source was left out, as the plan allows; it was said */
};

/* All that the node names, in the order of docs/configuration.md: the image's files, settings of the kernel command line, the
 * profile's URLs, those of the kernel command line. */
int agent_list_sources(struct agent *g, struct error *err);

/* In place of these: files of the desk (paths, NULL-terminated; not below the root), then what g->cmdline names. */
int agent_list_desk(struct agent *g, char *const *files, struct error *err);

/* Read g->sources, merge them, change the plan and the files below the root; write RUN/config, RUN/sources (one line for the boot: how many, which) and RUN/plan below the root.
 * run: that folder ("/run/mkdl"). */
int agent_run(struct agent *g, const char *run, struct error *err);
