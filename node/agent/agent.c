#include "node/agent/agent.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "node/agent/handler.h"

enum { GRACE_MS = 30000 };

static bool has_source(const struct sources *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].url && !strcmp(list->items[i].url, path))
			return true;
	return false;
}

static int add_all(struct agent *g, const struct sources *list, struct error *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (sources_add(g->arena, &g->sources, list->items[i], err) < 0)
			return -1;
	return 0;
}

static int add_named(struct agent *g, const struct strings *urls, const char *from, struct error *err)
{
	for (size_t i = 0; i < urls->count; i++)
		if (sources_add(g->arena, &g->sources, (struct source){.url = urls->items[i], .from = from}, err) < 0)
			return -1;
	return 0;
}

int agent_list_sources(struct agent *g, struct error *err)
{
	struct sources folder = {0}, settings, urls;

	if (add_named(g, &g->plan.config_files, "image", err) < 0 || sources_add_folder(g->arena, g->rootfd, &folder, err) < 0)
		return -1;
	for (size_t i = 0; i < folder.count; i++)
		if (!has_source(&g->sources, folder.items[i].url) &&
		    sources_add(g->arena, &g->sources, folder.items[i], err) < 0)
			return -1;
	if (sources_read_cmdline(g->arena, g->cmdline, &settings, &urls, err) < 0 || add_all(g, &settings, err) < 0 ||
	    add_named(g, &g->plan.config_urls, "profile", err) < 0)
		return -1;
	return add_all(g, &urls, err);
}

int agent_list_desk(struct agent *g, char *const *files, struct error *err)
{
	struct sources settings, urls;

	for (; *files; files++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		struct source s = {.from = *files};

		if (file_read_at(AT_FDCWD, *files, FETCH_DOCUMENT_LIMIT, &text, err) < 0)
			return -1;
		/* gzip holds NULs. */
		char *copy = arena_alloc(g->arena, text.len + 1);

		if (text.len)
			memcpy(copy, text.data, text.len);
		s.text = copy;
		s.size = text.len;
		if (sources_add(g->arena, &g->sources, s, err) < 0)
			return -1;
	}
	if (sources_read_cmdline(g->arena, g->cmdline, &settings, &urls, err) < 0 || add_all(g, &settings, err) < 0)
		return -1;
	return add_all(g, &urls, err);
}

/* What cannot be read or understood ends it, or is said. */
static int tolerate(struct agent *g, struct error *err)
{
	if (g->plan.config_policy != PLAN_CONTINUE)
		return -1;
	fprintf(stderr, "left out, as the profile allows: %s\n", error_text(err));
	error_clear(err);
	g->degraded = true;
	return 0;
}

/* What a configuration names beside the sources themselves. */
static int fetch_content(void *context, const char *url, struct strbuf *out, struct error *err)
{
	struct agent *g = context;

	if (!g->fetches && strncmp(url, "file:", 5) != 0)
		return error_set(err, "%s: is not fetched here (--fetch allows it)", url);
	return fetch_url(&g->collect.fetch, g->arena, url, NULL, out, err);
}

static int read_sources(struct agent *g, struct error *err)
{
	struct collect *c = &g->collect;

	for (size_t i = 0; i < g->sources.count; i++)
		if (collect_source(c, &g->sources.items[i], err) < 0 && tolerate(g, err) < 0)
			return -1;
	g->config = config_new(g->arena, g->variables, &g->plan);
	config_set_fetcher(g->config, fetch_content, g, c->signed_only);
	for (size_t i = 0; i < c->documents.count; i++)
		if (config_add(g->config, &c->documents.items[i], err) < 0 && tolerate(g, err) < 0)
			return -1;
	return 0;
}

static int write_text(struct agent *g, const char *folder, const char *name, const struct strbuf *text, struct error *err)
{
	return file_write_atomic_at(g->rootfd, arena_printf(g->arena, "%s/%s", folder, name), text->data ? text->data : "",
				    text->len, 0600, err);
}

/* "3 sources: A, B, C", for the boot's line; a message of several parts is one. */
static void name_sources(const struct agent *g, struct strbuf *out)
{
	const struct documents *d = &g->collect.documents;
	_cleanup_strbuf_ struct strbuf names = {0};
	size_t count = 0;

	for (size_t i = 0; i < d->count; i++) {
		size_t before = 0;

		while (before < i && strcmp(d->items[before].source, d->items[i].source) != 0)
			before++;
		if (before == i)
			strbuf_printf(&names, "%s%s", count++ ? ", " : "", d->items[i].source);
	}
	strbuf_printf(out, "%zu source%s%s%s\n", count, count == 1 ? "" : "s", count ? ": " : "", names.data ? names.data : "");
}

static int write_results(struct agent *g, const char *folder, struct error *err)
{
	_cleanup_strbuf_ struct strbuf plan = {0}, effective = {0}, sources = {0};
	struct plan check;

	name_sources(g, &sources);
	plan_write(&g->plan, &plan);
	/* PID 1 is not to be the first to find a mistake. */
	if (plan_parse(g->arena, "the plan that the configuration makes", plan.data, plan.len, &check, err) < 0 ||
	    config_effective(g->config, &effective, err) < 0 || dir_make_at(g->rootfd, folder, 0755, err) < 0 ||
	    write_text(g, folder, "config", &effective, err) < 0 || write_text(g, folder, "sources", &sources, err) < 0)
		return -1;
	/* The last: it is there when all is done. */
	return write_text(g, folder, "plan", &plan, err);
}

int agent_run(struct agent *g, const char *folder, struct error *err)
{
	struct collect *c = &g->collect;

	collect_init(c, g->arena, g->rootfd, g->variables);
	c->offline = !g->fetches;
	if (g->plan.trust && collect_trust(c, g->plan.trust, err) < 0)
		return -1;
	if (g->plan.config_ca && g->fetches && collect_ca(c, g->plan.config_ca, err) < 0)
		return -1;
	if (g->fetches) {
		c->fetch.deadline = clock_ms() + (int64_t)g->plan.config_wait * 1000;
		c->fetch.end = c->fetch.deadline + GRACE_MS;
	}
	if (read_sources(g, err) < 0 || config_apply(g->config, g->arena, &g->plan, g->rootfd, g->desk, err) < 0)
		return -1;
	return write_results(g, folder, err);
}
