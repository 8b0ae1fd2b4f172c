/* The pipeline: profile → lock → sources → tree → layers → segments → initramfs → outputs. */
#include "builder/build.h"

#include <string.h>
#include <unistd.h>

#include "builder/assemble.h"
#include "config/diagnostics.h"
#include "builder/home.h"
#include "builder/node-files.h"
#include "builder/output.h"
#include "builder/progress.h"
#include "builder/publish.h"
#include "builder/source.h"

/* What the profile implies joins what it names. */
static void add_implicit_components(struct build *b)
{
	size_t count, named = b->profile.component_count;
	const struct component *implicit = implicit_components(b, &count);
	struct component *all = arena_calloc(b->arena, named + count + 1, sizeof(*all));

	if (named)
		memcpy(all, b->profile.components, named * sizeof(*all));
	if (count)
		memcpy(all + named, implicit, count * sizeof(*all));
	b->profile.components = all;
	b->profile.component_count = named + count;
}

int build_open(struct build *b, const char *profile, const struct build_options *options, bool no_color,
	       struct error *err)
{
	struct diagnostics diag = {.arena = b->arena};
	int loaded;

	b->options = *options;
	b->store.fd = -1;
	loaded = profile_load(b->arena, profile, &b->profile, &diag);
	diagnostics_print(&diag, !no_color && isatty(STDERR_FILENO));
	if (loaded < 0)
		return -1;
	b->home = home_find(b->arena, err);
	b->helpers = b->home ? home_helpers(b->arena, err) : NULL;
	if (!b->helpers || store_open(&b->store, b->arena, err) < 0)
		return -1;
	b->progress = progress_new(!no_color, options->verbose);
	b->lock.arena = b->arena;
	add_implicit_components(b);
	implicit_modules(b);
	return 0;
}

unsigned build_jobs(const struct build *b)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return b->options.jobs ? b->options.jobs : cpus > 0 ? (unsigned)cpus : 1;
}

int build_tree(struct build *b, struct error *err)
{
	if (source_resolve_all(b, err) < 0 || source_fetch_all(b, err) < 0)
		return -1;
	return assemble(b, err);
}

int build_image(struct build *b, struct error *err)
{
	return initramfs_make(b, err);
}

int build_publish(struct build *b, bool *changed, struct error *err)
{
	struct outputs o;

	return outputs_collect(b, &o, err) < 0 ? -1 : publish(&o, changed, err);
}

void build_close(struct build *b)
{
	progress_free(b->progress);
	b->progress = NULL;
	if (b->store.path)
		store_close(&b->store);
}
