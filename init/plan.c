#include "init/plan.h"

#include <string.h>

#include "init/plan-private.h"

void plan_init(struct plan *p)
{
	*p = (struct plan){
		.hostname = "",
		.interface = "boot",
		.failure_delay = 30,
		.time_policy = PLAN_CONTINUE,
		.time_wait = 15,
		.config_wait = 300,
	};
}

struct plan_link plan_link_new(const char *name)
{
	return (struct plan_link){.name = name};
}

struct plan_state plan_state_new(const char *path, enum plan_state_kind kind)
{
	return (struct plan_state){.path = path, .kind = kind};
}

struct plan_service plan_service_new(const char *name)
{
	return (struct plan_service){.name = name, .ready_timeout = 120, .stop_timeout = 10};
}

struct plan_link *plan_add_link(struct arena *a, struct plan *p, struct plan_link link)
{
	p->links = arena_grow(a, p->links, p->link_count, &p->link_cap, sizeof(link));
	p->links[p->link_count] = link;
	return &p->links[p->link_count++];
}

struct plan_state *plan_add_state(struct arena *a, struct plan *p, struct plan_state state)
{
	p->states = arena_grow(a, p->states, p->state_count, &p->state_cap, sizeof(state));
	p->states[p->state_count] = state;
	return &p->states[p->state_count++];
}

struct plan_service *plan_add_service(struct arena *a, struct plan *p, struct plan_service service)
{
	p->services = arena_grow(a, p->services, p->service_count, &p->service_cap, sizeof(service));
	p->services[p->service_count] = service;
	return &p->services[p->service_count++];
}

const struct plan_record *plan_records(enum plan_scope scope)
{
	static const struct plan_record *const tables[PLAN_SCOPES] = {
		[PLAN_OF_NODE] = plan_node_records,
		[PLAN_OF_LINK] = plan_link_records,
		[PLAN_OF_STATE] = plan_state_records,
		[PLAN_OF_SERVICE] = plan_service_records,
	};

	return tables[scope];
}

static const struct plan_record *find_record(enum plan_scope scope, const char *word)
{
	const struct plan_record *record = plan_records(scope);

	while (record->word && strcmp(record->word, word) != 0)
		record++;
	return record->word ? record : NULL;
}

/* What the records of the present scope are fields of. */
static void *part_at_hand(struct plan_reading *r)
{
	struct plan *p = &r->plan;

	switch (r->scope) {
	case PLAN_OF_LINK:
		return &p->links[p->link_count - 1];
	case PLAN_OF_STATE:
		return &p->states[p->state_count - 1];
	case PLAN_OF_SERVICE:
		return &p->services[p->service_count - 1];
	default:
		return p;
	}
}

/* The records that open a part. */
static const struct {
	const char *word;
	size_t least, most;
	enum plan_scope scope;
	int (*open)(struct plan_reading *r, const char **words, struct error *err);
} openings[] = {
	{"link", 1, 1, PLAN_OF_LINK, plan_open_link},
	{"state", 2, 2, PLAN_OF_STATE, plan_open_state},
	{"service", 1, 1, PLAN_OF_SERVICE, plan_open_service},
};

static int check_count(size_t count, size_t least, size_t most, struct error *err)
{
	if (count >= least && (count <= most || (!most && least)))
		return 0;
	return error_set(err, "%zu words where %s%zu are wanted", count, most == least ? "" : "at least ", least);
}

/* Why a word that the scope at hand does not have is out of place, or unknown. */
static int misplaced(const struct plan_reading *r, const char *word, struct error *err)
{
	static const char *const names[] = {
		[PLAN_OF_LINK] = "link", [PLAN_OF_STATE] = "state", [PLAN_OF_SERVICE] = "service",
	};

	if (find_record(PLAN_OF_NODE, word))
		return error_set(err, "%s: is of the node and stands after a %s", word, names[r->scope]);
	for (enum plan_scope scope = PLAN_OF_LINK; scope < PLAN_SCOPES; scope++)
		if (find_record(scope, word))
			return error_set(err, "%s: stands in no %s", word, names[scope]);
	return error_set(err, "unknown record \"%s\"", word);
}

static int read_record(struct plan_reading *r, const struct plan_record *record, const struct flat_line *line, struct error *err)
{
	uint64_t bit = UINT64_C(1) << (record - plan_records(r->scope));
	const struct plan_type *type = record->type;
	size_t count = line->count - 1;

	if (check_count(count, type->least, type->most, err) < 0)
		return -1;
	if ((r->seen & bit) && !type->repeats)
		return error_set(err, "given twice");
	r->seen |= bit;
	return type->read(r, record, line->words + 1, count, (char *)part_at_hand(r) + record->offset, err);
}

static int read_line(struct plan_reading *r, const struct flat_line *line, struct error *err)
{
	const char *word = line->words[0];
	const struct plan_record *record = find_record(r->scope, word);

	if (record)
		return read_record(r, record, line, err) < 0 ? error_wrap(err, "%s", word) : 0;
	for (size_t i = 0; i < sizeof(openings) / sizeof(*openings); i++) {
		if (strcmp(openings[i].word, word) != 0)
			continue;
		if (check_count(line->count - 1, openings[i].least, openings[i].most, err) < 0 ||
		    openings[i].open(r, line->words + 1, err) < 0)
			return error_wrap(err, "%s", word);
		r->scope = openings[i].scope;
		r->seen = 0;
		return 0;
	}
	return misplaced(r, word, err);
}

int plan_parse(struct arena *a, const char *name, const char *text, size_t n, struct plan *out, struct error *err)
{
	struct plan_reading r = {.arena = a, .name = name};
	struct flat flat;

	if (n > PLAN_TEXT_LIMIT)
		return error_set(err, "%s: larger than %d bytes", name, PLAN_TEXT_LIMIT);
	if (flat_parse(a, name, text, n, &flat, err) < 0)
		return -1;
	if (flat.count == 0 || strcmp(flat.lines[0].words[0], "mkdl-plan") != 0 || flat.lines[0].count != 2 ||
	    strcmp(flat.lines[0].words[1], "1") != 0)
		return error_set(err, "%s: does not start with \"mkdl-plan 1\"", name);
	plan_init(&r.plan);
	for (size_t i = 1; i < flat.count; i++) {
		r.at = (struct place){.file = name, .line = flat.lines[i].number, .column = 1};
		if (read_line(&r, &flat.lines[i], err) < 0)
			return error_wrap(err, "%s:%u", name, flat.lines[i].number);
	}
	if (!r.plan.name)
		return error_set(err, "%s: has no name record", name);
	if (plan_check_links(name, &r.plan, err) < 0 || plan_check_states(name, &r.plan, err) < 0 ||
	    plan_check_services(a, name, &r.plan, err) < 0)
		return -1;
	*out = r.plan;
	return 0;
}
