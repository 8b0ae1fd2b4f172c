/* Documents go in one by one; each is checked by itself first, so that a mistake in it is said even where a later one
 * overrides it. */
#include "node/agent/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

struct config *config_new(struct arena *a, const struct names_variable *variables, const struct plan *plan)
{
	struct config *c = arena_new(a, struct config);

	c->arena = a;
	c->variables = variables;
	c->plan = plan;
	c->merged = value_new(a, VALUE_MAP, (struct place){0});
	return c;
}

void config_set_fetcher(struct config *c, config_fetch *fetch, void *context, bool hashed)
{
	c->hashed = hashed;
	c->fetch = fetch;
	c->fetch_context = context;
}

/* What the configuration changes of a service is not to change the one that it came from, in case that it fails
 * half-way. */
struct plan config_copy_plan(struct arena *a, const struct plan *from)
{
	struct plan p = *from;

	p.services = arena_calloc(a, p.service_count + 1, sizeof(*p.services));
	if (p.service_count)
		memcpy(p.services, from->services, p.service_count * sizeof(*p.services));
	p.service_cap = p.service_count;
	p.states = arena_calloc(a, p.state_count + 1, sizeof(*p.states));
	if (p.state_count)
		memcpy(p.states, from->states, p.state_count * sizeof(*p.states));
	p.state_cap = p.state_count;
	p.links = arena_calloc(a, p.link_count + 1, sizeof(*p.links));
	if (p.link_count)
		memcpy(p.links, from->links, p.link_count * sizeof(*p.links));
	p.link_cap = p.link_count;
	return p;
}

static int compare(const void *a, const void *b)
{
	const struct diagnostic *x = *(const struct diagnostic *const *)a, *y = *(const struct diagnostic *const *)b;

	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	if (x->at.column != y->at.column)
		return x->at.column < y->at.column ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* A document may hold anything, also what a terminal takes for a command. */
static const char *printable(struct arena *a, const char *text)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	strbuf_puts(&out, "");
	for (size_t left = strlen(text); left;) {
		const unsigned char *p = (const unsigned char *)text;
		size_t n = utf8_length(p, left);

		if (!n || *p < 0x20 || *p == 0x7f || (*p == 0xc2 && n == 2 && p[1] < 0xa0)) {
			strbuf_printf(&out, "\\x%02x", *p);
			n = 1;
		} else {
			strbuf_add(&out, text, n);
		}
		text += n;
		left -= n;
	}
	return arena_strdup(a, out.data);
}

/* All of them to stderr but the last error, which is the caller's to print. */
static int report(struct arena *a, const struct diagnostics *d, struct error *err)
{
	const struct diagnostic **order = arena_calloc(a, d->count + 1, sizeof(*order)), *last = NULL;

	for (size_t i = 0; i < d->count; i++)
		order[i] = &d->items[i];
	qsort(order, d->count, sizeof(*order), compare);
	for (size_t i = 0; i < d->count; i++)
		if (order[i]->severity == SEVERITY_ERROR)
			last = order[i];
	for (size_t i = 0; i < d->count; i++) {
		const struct diagnostic *one = order[i];
		const char *kind = one->severity == SEVERITY_ERROR ? "error" : "warning",
			   *text = printable(a, one->text);

		if (one == last)
			continue;
		if (one->at.line)
			fprintf(stderr, "%s:%u:%u: %s: %s\n", one->at.file, one->at.line, one->at.column, kind, text);
		else
			fprintf(stderr, "%s: %s: %s\n", one->at.file, kind, text);
	}
	if (!last)
		return 0;
	if (last->at.line)
		return error_set(err, "%s:%u:%u: %s", last->at.file, last->at.line, last->at.column,
				 printable(a, last->text));
	return error_set(err, "%s: %s", last->at.file, printable(a, last->text));
}

/* A program as a whole: {name, content, early} in a list. */
static struct value *script_values(struct cloud *c, const struct document *d)
{
	const struct place at = {d->name, d->line, 1};
	struct value *map = value_new(c->r.arena, VALUE_MAP, at), *list = value_new(c->r.arena, VALUE_LIST, at);
	struct value *script = value_new(c->r.arena, VALUE_MAP, at);
	struct value *key = cloud_text_value(c, at, "");

	cloud_set(c, script, key, "name", cloud_text_value(c, at, d->name));
	cloud_set(c, script, key, "content", cloud_text_value(c, at, d->text));
	if (d->kind == DOCUMENT_BOOTHOOK)
		cloud_set(c, script, key, "early", cloud_text_value(c, at, "true"));
	value_add(c->r.arena, list, NULL, script);
	cloud_set(c, map, key, " scripts", list);
	return map;
}

static struct value *read_document(struct cloud *c, const struct document *d)
{
	switch (d->kind) {
	case DOCUMENT_SCRIPT:
	case DOCUMENT_BOOTHOOK:
		return script_values(c, d);
	case DOCUMENT_IGNITION:
		return ignition_values(c, d);
	case DOCUMENT_CLOUD_CONFIG:
	case DOCUMENT_META_DATA:
	case DOCUMENT_NETWORK_CONFIG:
		return cloud_values(c, d);
	}
	return NULL;
}

int config_add(struct config *c, const struct document *d, struct error *err)
{
	struct diagnostics diag = {.arena = c->arena};
	struct settings settings = {0};
	struct plan plan = config_copy_plan(c->arena, c->plan);
	struct cloud cloud = {.r = {.arena = c->arena, .diag = &diag, .lenient = true}, .settings = &settings, .plan = &plan, .config = c};
	struct value *v, *merged;

	v = read_document(&cloud, d);
	/* Ignition's own reader says more exactly where a mistake is. */
	if (v && !(d->kind == DOCUMENT_IGNITION && diag.errors))
		cloud_read_settings(&cloud, v);
	merged = v ? merge_values(&cloud, c->merged, v) : NULL;
	if (report(c->arena, &diag, err) < 0)
		return -1;
	if (!merged)
		return error_set(err, "%s: cannot be read", d->name);
	c->merged = merged;
	return 0;
}
