/* What has to fit together across a profile. Works on the merged values too, because they know where each item was
 * written. */
#include "builder/profile-private.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

enum { SERVICES_LIMIT = 256 };

static size_t service_index(const struct profile *p, const char *name)
{
	size_t i = 0;

	while (i < p->plan.service_count && strcmp(p->plan.services[i].name, name) != 0)
		i++;
	return i;
}

static const struct value *needs_of(const struct loader *l, const char *service)
{
	return value_get(value_get(value_get(l->merged, "services", NULL), service, NULL), "needs", NULL);
}

/* Walk needs depth-first: a service that is met while its own needs are being walked closes a cycle. */
struct walk {
	struct loader *l;
	enum { NEW, WALKING, DONE } marks[SERVICES_LIMIT];
	const char *chain[SERVICES_LIMIT + 1];
	size_t depth;
};

static void complain_needs_cycle(struct walk *w, const struct value *at, const char *name)
{
	const char *text = name;
	size_t i = w->depth;

	while (i-- > 0) {
		text = arena_printf(w->l->reader.arena, "%s → %s", w->chain[i], text);
		if (!strcmp(w->chain[i], name))
			break;
	}
	complain(&w->l->reader, at, "services need each other: %s", text);
}

static void walk_needs(struct walk *w, size_t index)
{
	const struct profile *p = w->l->profile;
	const struct value *needs = needs_of(w->l, p->plan.services[index].name);

	w->marks[index] = WALKING;
	w->chain[w->depth++] = p->plan.services[index].name;
	for (size_t i = 0; needs && needs->type == VALUE_LIST && i < needs->count; i++) {
		const struct value *need = needs->items[i];
		size_t next = need->type == VALUE_SCALAR ? service_index(p, need->text) : p->plan.service_count;

		if (next == p->plan.service_count)
			continue;
		if (w->marks[next] == WALKING)
			complain_needs_cycle(w, need, need->text);
		else if (w->marks[next] == NEW)
			walk_needs(w, next);
	}
	w->depth--;
	w->marks[index] = DONE;
}

static void check_needs_known(struct loader *l, const struct plan_service *s)
{
	const struct profile *p = l->profile;
	const struct value *needs = needs_of(l, s->name);
	const char *names[SERVICES_LIMIT], *near;

	for (size_t i = 0; i < p->plan.service_count; i++)
		names[i] = p->plan.services[i].name;
	for (size_t i = 0; needs && needs->type == VALUE_LIST && i < needs->count; i++) {
		const struct value *need = needs->items[i];

		if (need->type != VALUE_SCALAR || service_index(p, need->text) < p->plan.service_count)
			continue;
		near = did_you_mean(need->text, names, p->plan.service_count);
		complain(&l->reader, need, "service \"%s\" needs \"%s\", which is no service%s%s%s", s->name, need->text,
			 near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	}
}

/* Who configures the node may add users, so it is no error. */
static void check_service_users(struct loader *l)
{
	const struct profile *p = l->profile;

	for (size_t i = 0; i < p->plan.service_count; i++) {
		const struct plan_service *s = &p->plan.services[i];
		bool known = !s->user || !strcmp(s->user, "root") || !strcmp(s->user, "nobody");

		for (size_t j = 0; j < p->user_count; j++)
			known = known || !strcmp(p->users[j].name, s->user);
		if (!known)
			diagnose(l->reader.diag, SEVERITY_WARNING, s->at, (unsigned)strlen(s->name),
				 "service \"%s\" runs as user \"%s\", who is not in \"users\": it does not start unless the node's "
				 "configuration brings that user", s->name, s->user);
	}
}

static void check_services(struct loader *l)
{
	const struct profile *p = l->profile;
	struct walk w = {.l = l};

	if (p->plan.service_count > SERVICES_LIMIT) {
		complain(&l->reader, value_get(l->merged, "services", NULL), "more than %d services", SERVICES_LIMIT);
		return;
	}
	for (size_t i = 0; i < p->plan.service_count; i++)
		check_needs_known(l, &p->plan.services[i]);
	for (size_t i = 0; i < p->plan.service_count; i++)
		if (w.marks[i] == NEW)
			walk_needs(&w, i);
	for (size_t i = 0; i < p->plan.service_count; i++)
		if (!p->kubernetes.enabled && !p->plan.services[i].run.count && !strcmp(p->plan.services[i].name, "kubelet"))
			diagnose(l->reader.diag, SEVERITY_ERROR, p->plan.services[i].at, 7,
				 "service \"kubelet\" has no \"run\", and without \"kubernetes\" none is made for it");
}

/* A place in the image that a component names outright. */
struct target {
	const char *path;
	const struct value *at;
	size_t order;
};

static int compare_targets(const void *a, const void *b)
{
	const struct target *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : x->order < y->order ? -1 : 1;
}

/* Where one item of files: ends up at its own path or in a folder; NULL when only the source's listing can tell. */
static const char *target_of(struct arena *a, const struct component *c, const char *file)
{
	_cleanup_error_ struct error ignored = {0};
	const char *path = c->to ? path_join(a, c->to, path_base(file)) : file;

	return !strpbrk(file, "*?[{") && path_clean(a, path, &path, &ignored) == 0 ? path : NULL;
}

static size_t add_targets(struct loader *l, const struct component *c, struct target *targets, size_t n)
{
	const struct value *v = value_get(value_get(l->merged, "components", NULL), c->name, NULL);
	const struct value *files = value_get(v, "files", NULL), *to = value_get(v, "to", NULL);
	size_t count = files && files->type == VALUE_LIST ? files->count : 0;

	/* Renamed: one file, one target. */
	if (c->to && c->to[strlen(c->to) - 1] != '/') {
		targets[n] = (struct target){c->to, to, n};
		return n + 1;
	}
	for (size_t i = 0; i < count; i++) {
		const struct value *item = files->items[i];
		const char *path =
			item->type == VALUE_SCALAR && item->text[0] == '/' ? target_of(l->reader.arena, c, item->text) : NULL;

		if (!path)
			continue;
		targets[n] = (struct target){path, item, n};
		n++;
	}
	return n;
}

/* Two components for one path would make the image depend on their order. */
static void check_targets(struct loader *l)
{
	const struct profile *p = l->profile;
	struct target *targets = arena_calloc(l->reader.arena, l->merged->nodes + p->component_count, sizeof(*targets));
	size_t n = 0;

	for (size_t i = 0; i < p->component_count; i++)
		n = add_targets(l, &p->components[i], targets, n);
	qsort(targets, n, sizeof(*targets), compare_targets);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(targets[i - 1].path, targets[i].path))
			complain(&l->reader, targets[i].at, "%s is taken twice, first at %s:%u:%u", targets[i].path,
				 targets[i - 1].at->at.file, targets[i - 1].at->at.line, targets[i - 1].at->at.column);
}

static void check_repository(struct loader *l, const struct value *source)
{
	const struct value *v = value_get(source, "repository", NULL);
	const struct value *all = value_get(l->merged, "repositories", NULL);
	const char **names, *near;
	size_t n = 0;

	if (!v || v->type != VALUE_SCALAR || value_get(all, v->text, NULL))
		return;
	names = arena_calloc(l->reader.arena, all ? all->count + 1 : 1, sizeof(*names));
	for (; all && all->type == VALUE_MAP && n < all->count; n++)
		names[n] = all->keys[n]->text;
	near = did_you_mean(v->text, names, n);
	complain(&l->reader, v, "there is no \"%s\" in repositories%s%s%s", v->text, near ? ", did you mean \"" : "",
		 near ? near : "", near ? "\"?" : "");
}

static void check_repositories(struct loader *l)
{
	static const char *const keys[] = {"components", "images", "firmware", "microcode", "bootloaders"};

	check_repository(l, value_get(l->merged, "kernel", NULL));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct value *v = value_get(l->merged, keys[i], NULL);

		for (size_t j = 0; v && j < v->count; j++)
			check_repository(l, v->items[j]);
	}
}

static void check_users(struct loader *l)
{
	const struct profile *p = l->profile;

	for (size_t i = 0; i < p->user_count; i++)
		for (size_t j = 0; j < i; j++)
			if (p->users[i].uid == p->users[j].uid && p->users[i].uid != UINT32_MAX) {
				diagnose(l->reader.diag, SEVERITY_ERROR, p->users[i].at, (unsigned)strlen(p->users[i].name),
					 "user \"%s\" has the uid %u of user \"%s\"", p->users[i].name, p->users[i].uid,
					 p->users[j].name);
				break;
			}
}

void check_profile(struct loader *l)
{
	const struct profile *p = l->profile;

	if (!p->kernel.spec && !value_get(l->merged, "kernel", NULL))
		diagnose(l->reader.diag, SEVERITY_ERROR, (struct place){p->file, 0, 0}, 1,
			 "no kernel: write \"extends: base.yml\", or a \"kernel\" of its own");
	check_services(l);
	check_service_users(l);
	check_targets(l);
	check_repositories(l);
	check_users(l);
	check_profile_state(l);
	check_profile_join(l);
}
