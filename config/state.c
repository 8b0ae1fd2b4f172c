/* State: what is mounted where for files that change. */
#include "config/node.h"

#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "config/syntax.h"

static const char *const kinds[] = {
	[PLAN_STATE_TMPFS] = "tmpfs", [PLAN_STATE_NFS] = "nfs",	  [PLAN_STATE_ISCSI] = "iscsi",
	[PLAN_STATE_LOOP] = "loop",   [PLAN_STATE_DISK] = "disk",
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

const char *state_kind_name(enum plan_state_kind kind)
{
	return kinds[kind];
}

#define OF(kind) (1u << PLAN_STATE_##kind)

/* Which kinds a key belongs to, and which cannot do without it. */
static const struct {
	const char *key;
	unsigned of, needed;
} belongings[] = {
	{"size", OF(TMPFS) | OF(LOOP), OF(TMPFS)},
	{"server", OF(NFS) | OF(LOOP), OF(NFS) | OF(LOOP)},
	{"export", OF(NFS) | OF(LOOP), OF(NFS) | OF(LOOP)},
	{"file", OF(LOOP), OF(LOOP)},
	{"portals", OF(ISCSI), OF(ISCSI)},
	{"target", OF(ISCSI), OF(ISCSI)},
	{"lun", OF(ISCSI), 0},
	{"chap", OF(ISCSI), 0},
	{"device", OF(DISK), OF(DISK)},
	{"fs", OF(ISCSI) | OF(LOOP) | OF(DISK), 0},
	{"format", OF(NFS) | OF(ISCSI) | OF(LOOP) | OF(DISK), 0},
	{"away", OF(NFS) | OF(ISCSI) | OF(LOOP) | OF(DISK), 0},
};

/* "nfs, loop" */
static const char *kinds_of(struct arena *a, unsigned set)
{
	const char *text = NULL;

	for (unsigned i = 0; i < KINDS; i++)
		if (set & (1u << i))
			text = text ? arena_printf(a, "%s, %s", text, kinds[i]) : kinds[i];
	return text;
}

static void check_belongings(struct reader *r, const struct value *path, const struct value *v,
			     enum plan_state_kind kind)
{
	const unsigned bit = 1u << kind;

	for (size_t i = 0; i < sizeof(belongings) / sizeof(*belongings); i++) {
		const struct value *name = NULL;
		bool there = value_get(v, belongings[i].key, &name);

		if (there && !(belongings[i].of & bit))
			complain(r, name, "\"%s\" belongs to state of the kind %s, this is %s", name->text,
				 kinds_of(r->arena, belongings[i].of), kinds[kind]);
		if (!there && (belongings[i].needed & bit))
			complain(r, path, "state on %s: %s needs \"%s\"", path->text, kinds[kind], belongings[i].key);
	}
}

/* "HOST:/EXPORT", "[fd00::1]:/EXPORT" */
static bool split_export(struct reader *r, const struct value *name, const struct value *v, const char *text,
			 struct plan_state *s)
{
	const char *colon = strstr(text, ":/");
	struct value part = *v;

	if (!colon || colon == text) {
		complain(r, v, "nfs needs a server and what it exports, as in \"nfs 10.0.0.1:/nodes/${mac}\"");
		return false;
	}
	if (text[0] == '[' && colon[-1] == ']')
		part.text = arena_strndup(r->arena, text + 1, (size_t)(colon - text) - 2);
	else
		part.text = arena_strndup(r->arena, text, (size_t)(colon - text));
	s->server = part.text;
	s->export = colon + 1;
	if (!check_server(r, name, &part))
		return false;
	part.text = s->export;
	return check_export(r, name, &part);
}

/* "tmpfs 50%", "nfs 10.0.0.1:/nodes/${mac}", "disk LABEL=state" */
static bool read_short(struct reader *r, const struct value *name, const struct value *v, struct plan_state *s)
{
	size_t n = strcspn(v->text, " ");
	const char *rest = v->text[n] ? v->text + n + 1 : "";
	struct value part = *v;
	unsigned kind = 0;

	while (kind < KINDS && (strlen(kinds[kind]) != n || strncmp(kinds[kind], v->text, n) != 0))
		kind++;
	s->kind = (enum plan_state_kind)kind;
	part.text = rest;
	switch (kind) {
	case PLAN_STATE_TMPFS:
		s->size = rest;
		if (is_tmpfs_size(rest))
			return true;
		complain(r, v, "tmpfs needs a size: a share of the RAM (\"tmpfs 50%%\") or bytes (\"tmpfs 512M\"; k, M or G)");
		return false;
	case PLAN_STATE_NFS:
		return split_export(r, name, v, rest, s);
	case PLAN_STATE_DISK:
		s->device = rest;
		return check_device(r, name, &part);
	case PLAN_STATE_ISCSI:
	case PLAN_STATE_LOOP:
		complain(r, v, "%s needs more than a line: write a map, as in {kind: %s, …}", kinds[kind], kinds[kind]);
		return false;
	default:
		complain(r, v, "unknown kind of state \"%.*s\"; there are tmpfs (\"tmpfs 50%%\"), nfs (\"nfs HOST:/EXPORT\"), disk "
			       "(\"disk LABEL=state\"), and as maps iscsi and loop", (int)n, v->text);
		return false;
	}
}

static bool read_long(struct reader *r, const struct value *path, const struct value *v, struct plan_state *s)
{
	const struct key_target target = {&map_state, s};
	const struct value *kind = value_get(v, "kind", NULL);
	size_t errors = r->diag->errors;
	int i;

	if (!kind) {
		complain(r, path, "state on %s needs a \"kind\": tmpfs, nfs, iscsi, loop or disk", path->text);
		return false;
	}
	if (!is_text(r, path, kind))
		return false;
	i = choose(r, kind, "kind", kinds, KINDS);
	if (i < 0)
		return false;
	s->kind = (enum plan_state_kind)i;
	read_map(r, &target, 1, v);
	check_belongings(r, path, v, s->kind);
	return r->diag->errors == errors;
}

static bool check_state_path(struct reader *r, const struct strings *seen, const struct value *name, const char **clean)
{
	static const char *const kernels[] = {"/proc", "/sys", "/dev"};
	_cleanup_error_ struct error err = {0};

	if (!check_absolute(r, name, name) || path_clean(r->arena, name->text, clean, &err) < 0)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(*clean, "/") != 0 && !path_is_below(*clean, kernels[i]))
			continue;
		complain(r, name, "state cannot be mounted on %s", *clean);
		return false;
	}
	for (size_t i = 0; i < seen->count; i++) {
		if (strcmp(seen->items[i], *clean) != 0)
			continue;
		complain(r, name, "%s has its state already, from %s:%u", *clean, seen->places[i].file, seen->places[i].line);
		return false;
	}
	return true;
}

static void put_state(struct arena *a, struct plan *p, struct plan_state state)
{
	for (size_t i = 0; i < p->state_count; i++) {
		if (strcmp(p->states[i].path, state.path) != 0)
			continue;
		p->states[i] = state;
		return;
	}
	plan_add_state(a, p, state);
}

/* The field is the plan. */
static void read_states(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	struct strings seen = {0};
	struct place *places;

	(void)k;
	if (v->type != VALUE_MAP) {
		complain(r, v, "\"%s\": expected a map of paths, as in {/var/lib/kubelet: tmpfs 50%%}", name->text);
		return;
	}
	seen.items = arena_calloc(r->arena, v->count + 1, sizeof(*seen.items));
	seen.places = places = arena_calloc(r->arena, v->count + 1, sizeof(*places));
	for (size_t i = 0; i < v->count; i++) {
		const struct value *path = v->keys[i], *item = v->items[i];
		struct plan_state s = plan_state_new(NULL, PLAN_STATE_TMPFS);
		bool good;

		if (item->type != VALUE_MAP && !is_text(r, path, item))
			continue;
		if (!check_state_path(r, &seen, path, &s.path))
			continue;
		places[seen.count] = path->at;
		seen.items[seen.count++] = s.path;
		s.at = path->at;
		good = item->type == VALUE_MAP ? read_long(r, path, item, &s) : read_short(r, path, item, &s);
		if (good)
			put_state(r->arena, field, s);
	}
}

static void write_states(struct json *j, const struct key *k, const void *field)
{
	const struct plan *p = field;
	char text[64];

	if (!p->state_count)
		return;
	json_open_object(j, k->name);
	for (size_t i = 0; i < p->state_count; i++) {
		const struct plan_state *s = &p->states[i];

		if (s->kind == PLAN_STATE_TMPFS) {
			snprintf(text, sizeof(text), "tmpfs %s", s->size);
			json_string(j, s->path, text);
			continue;
		}
		json_open_object(j, s->path);
		write_map(j, &map_state, s);
		json_close_object(j);
	}
	json_close_object(j);
}

const struct key_type type_states = {"map of paths to a line or a map", read_states, write_states, NULL};
