#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/flat.h"
#include "node/state/state.h"

enum { FACTS_LIMIT = 64 << 10 };

static int read_plan(struct state_node *n, struct error *err)
{
	const char *path = access(STATE_RUN "/plan", F_OK) == 0 ? STATE_RUN "/plan" : "/etc/mkdl/plan";
	_cleanup_strbuf_ struct strbuf text = {0};

	if (file_read_at(AT_FDCWD, path, PLAN_TEXT_LIMIT, &text, err) < 0)
		return -1;
	return plan_parse(&n->arena, path, text.data ? text.data : "", text.len, &n->plan, err);
}

/* The host name has it with dashes too: it stands in names and paths, where a colon means something. */
static const char *dashed(struct arena *a, const char *mac)
{
	char *copy = arena_strdup(a, mac);

	for (char *p = copy; *p; p++)
		if (*p == ':')
			*p = '-';
	return copy;
}

static int read_facts(struct state_node *n, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct flat flat;
	size_t count = 0;

	if (file_read_at(AT_FDCWD, STATE_RUN "/facts", FACTS_LIMIT, &text, err) < 0 ||
	    flat_parse(&n->arena, STATE_RUN "/facts", text.data ? text.data : "", text.len, &flat, err) < 0)
		return -1;
	for (const char *const *name = plan_url_variables; *name; name++) {
		const char *value = "";

		for (size_t i = 0; i < flat.count; i++)
			if (!strcmp(flat.lines[i].words[0], *name) && flat.lines[i].count == 2)
				value = flat.lines[i].words[1];
		if (!strcmp(*name, "mac"))
			value = dashed(&n->arena, value);
		if (count + 1 < sizeof(n->variables) / sizeof(*n->variables))
			n->variables[count++] = (struct names_variable){*name, value};
	}
	return 0;
}

/* A serial number of "To be filled by O.E.M." or "../x" names no machine. */
static bool is_usable(const char *value)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_-";

	return *value && value[strspn(value, allowed)] == '\0' && *value != '.' && !strstr(value, "..");
}

int fill_variables(struct state_node *n, const char *text, const char **out, struct error *err)
{
	size_t size;
	char *filled;

	if (!text)
		return 0;
	for (const struct names_variable *v = n->variables; v->name; v++) {
		char wanted[32];

		snprintf(wanted, sizeof(wanted), "${%s}", v->name);
		if (strstr(text, wanted) && !is_usable(v->value))
			return error_set(err,
					 "%s: this machine has no %s that can stand in a name (\"%s\"); use ${mac}",
					 text, v->name, v->value);
	}
	size = names_fill(text, n->variables, NULL, 0) + 1;
	filled = arena_alloc(&n->arena, size);
	names_fill(text, n->variables, filled, size);
	*out = filled;
	return 0;
}

const char *machine_id(const struct state_node *n)
{
	for (const struct names_variable *v = n->variables; v->name; v++)
		if (!strcmp(v->name, "machine_id"))
			return v->value;
	return "";
}

static unsigned depth(const char *path)
{
	unsigned n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

static int by_depth(const void *a, const void *b)
{
	const struct plan_state *x = a, *y = b;
	unsigned dx = depth(x->path), dy = depth(y->path);

	return dx != dy ? (dx < dy ? -1 : 1) : strcmp(x->path, y->path);
}

int state_load(struct state_node *n, struct error *err)
{
	if (read_plan(n, err) < 0 || read_facts(n, err) < 0)
		return -1;
	for (size_t i = 0; i < n->plan.state_count; i++) {
		struct plan_state *s = &n->plan.states[i];

		if (fill_variables(n, s->export, &s->export, err) < 0 ||
		    fill_variables(n, s->file, &s->file, err) < 0 ||
		    fill_variables(n, s->target, &s->target, err) < 0 ||
		    fill_variables(n, s->device, &s->device, err) < 0 ||
		    fill_variables(n, s->chap_user, &s->chap_user, err) < 0 ||
		    fill_variables(n, s->chap_password, &s->chap_password, err) < 0)
			return error_wrap(err, "%s", s->path);
	}
	if (n->plan.state_count)
		qsort(n->plan.states, n->plan.state_count, sizeof(*n->plan.states), by_depth);
	return 0;
}
