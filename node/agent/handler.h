/* What the agent's main program calls of the readers of configuration: documents go in one by one, each overriding the
 * last; then the result changes the plan and the files of a root. Implemented by merge.c and apply.c. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "init/plan.h"
#include "node/agent/document.h"

struct config; /* the merged configuration so far */

/* An empty configuration; lives in the arena. variables: what ${mac}, ${uuid}, ${serial}, ${hostname}, ${machine_id} are; plan:
 * the image's, which each document is checked against (it is not changed). */
struct names_variable;
struct config *config_new(struct arena *a, const struct names_variable *variables, const struct plan *plan);

/* How the content of an address that a configuration names (Ignition's sources, write_files[].source) is fetched: url has its
 * variables filled in; what comes is appended to out. Without one, such addresses are errors. hashed: only with a checksum beside
 * them (the node takes signed configuration only, and these are not signed). */
struct strbuf;
typedef int config_fetch(void *context, const char *url, struct strbuf *out, struct error *err);
void config_set_fetcher(struct config *c, config_fetch *fetch, void *context, bool hashed);

/* Read one document and merge it over what came before. Warnings (keys that are ignored here) are said on stderr, one line
 * each, "NAME:LINE:COLUMN: warning: …". A mistake in it is an error; all of the document's are said, the last line is err's. */
int config_add(struct config *c, const struct document *d, struct error *err);

/* Bring the plan, the files below the folder rootfd (which is "/" on a node) and its users in line with the configuration.
 * Paths are resolved inside that root (openat2, RESOLVE_IN_ROOT). offline: no effects on the running machine beyond these files
 * (no chown to foreign users where not permitted, no reload). */
int config_apply(struct config *c, struct arena *a, struct plan *plan, int rootfd, bool offline, struct error *err);

/* The effective configuration as flat records "KEY VALUE SOURCE secret|plain", sorted by key, appended to out. */
int config_effective(const struct config *c, struct strbuf *out, struct error *err);

/* Every key that is known and what becomes of it, as Markdown: the tables of docs/cloud-config.md. */
void handler_show_keys(struct strbuf *out);
