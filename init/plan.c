#include "init/plan.h"

#include <string.h>

#include "base/flat.h"
#include "init/plan-words.h"

/* What is filled while the records are read. */
struct reading {
	struct arena *arena;
	const char *name;             /* of the file, for messages */
	const struct flat_line *line; /* the record at hand */
	struct plan plan;
	size_t sysctl_cap, state_cap, service_cap, env_cap, exists_cap, exists_count;
	bool have_hostname, have_failure;
	bool have_ready_timeout, have_stop_timeout, have_restart;
};

struct record {
	const char *word;
	size_t least, most; /* words that follow; most 0: any number */
	bool of_service;
	int (*read)(struct reading *r, const char **words, struct error *err);
};

static struct plan_service *current(struct reading *r)
{
	return &r->plan.services[r->plan.service_count - 1];
}

static int read_seconds(const char *word, unsigned *out, struct error *err)
{
	uint64_t n;

	if (!plan_word_number(word, PLAN_SECONDS_LIMIT, &n))
		return error_set(err, "\"%s\" is no number of seconds from 0 to %d", word, PLAN_SECONDS_LIMIT);
	*out = (unsigned)n;
	return 0;
}

static int read_name(struct reading *r, const char **words, struct error *err)
{
	if (r->plan.name)
		return error_set(err, "given twice");
	if (!plan_word_is_name(words[0]))
		return error_set(err, "\"%s\" is no name", words[0]);
	r->plan.name = words[0];
	return 0;
}

static int read_hostname(struct reading *r, const char **words, struct error *err)
{
	if (r->have_hostname)
		return error_set(err, "given twice");
	if (plan_check_variables(words[0], plan_hostname_variables, err) < 0)
		return -1;
	r->have_hostname = true;
	r->plan.hostname = words[0];
	return 0;
}

static int read_failure(struct reading *r, const char **words, struct error *err)
{
	if (r->have_failure)
		return error_set(err, "given twice");
	if (!strcmp(words[0], "reboot"))
		r->plan.failure = PLAN_FAILURE_REBOOT;
	else if (!strcmp(words[0], "shell"))
		r->plan.failure = PLAN_FAILURE_SHELL;
	else
		return error_set(err, "\"%s\" is neither reboot nor shell", words[0]);
	r->have_failure = true;
	return read_seconds(words[1], &r->plan.failure_delay, err);
}

static int read_interface(struct reading *r, const char **words, struct error *err)
{
	if (r->plan.interface)
		return error_set(err, "given twice");
	/* IFNAMSIZ is 16 with its NUL. */
	if (!plan_word_is_name(words[0]) || strlen(words[0]) > 15)
		return error_set(err, "\"%s\" is no name of an interface", words[0]);
	r->plan.interface = words[0];
	return 0;
}

static int read_sysctl(struct reading *r, const char **words, struct error *err)
{
	struct plan *p = &r->plan;

	if (!words[0][0] || words[0][0] == '/' || words[0][0] == '.' || strstr(words[0], "..") ||
	    strstr(words[0], "//"))
		return error_set(err, "\"%s\" is no key", words[0]);
	for (size_t i = 0; i < p->sysctl_count; i++)
		if (!strcmp(p->sysctls[i].key, words[0]))
			return error_set(err, "%s is set twice", words[0]);
	p->sysctls = arena_grow(r->arena, p->sysctls, p->sysctl_count, &r->sysctl_cap, sizeof(*p->sysctls));
	p->sysctls[p->sysctl_count++] = (struct plan_pair){words[0], words[1]};
	return 0;
}

/* "512M", "50%", "4096": as tmpfs takes its size=. */
static bool is_size(const char *word)
{
	size_t digits = strspn(word, "0123456789");

	if (digits == 0 || digits > 12 || word[0] == '0')
		return false;
	return word[digits] == '\0' || (strchr("%kKmMgG", word[digits]) && word[digits + 1] == '\0');
}

static int read_state(struct reading *r, const char **words, struct error *err)
{
	struct plan *p = &r->plan;

	if (!plan_word_is_path(words[0]))
		return error_set(err, "\"%s\" is no clean absolute path", words[0]);
	if (strcmp(words[1], "tmpfs") != 0)
		return error_set(err, "\"%s\" is no kind of state (tmpfs)", words[1]);
	if (!is_size(words[2]))
		return error_set(err, "\"%s\" is no size (50%%, 512M)", words[2]);
	for (size_t i = 0; i < p->state_count; i++)
		if (!strcmp(p->states[i].path, words[0]))
			return error_set(err, "%s is given twice", words[0]);
	p->states = arena_grow(r->arena, p->states, p->state_count, &r->state_cap, sizeof(*p->states));
	p->states[p->state_count++] = (struct plan_state){words[0], words[1], words[2]};
	return 0;
}

static int read_service(struct reading *r, const char **words, struct error *err)
{
	struct plan *p = &r->plan;

	if (!plan_word_is_name(words[0]))
		return error_set(err, "\"%s\" is no name", words[0]);
	/* Their cgroups and logs have these names. */
	if (!strcmp(words[0], "init") || !strcmp(words[0], "shell") || !strncmp(words[0], "dhcp-", 5))
		return error_set(err, "%s is a name that PID 1 keeps for itself", words[0]);
	for (size_t i = 0; i < p->service_count; i++)
		if (!strcmp(p->services[i].name, words[0]))
			return error_set(err, "%s is given twice", words[0]);
	p->services = arena_grow(r->arena, p->services, p->service_count, &r->service_cap, sizeof(*p->services));
	p->services[p->service_count++] = (struct plan_service){
		.name = words[0],
		.needs = arena_calloc(r->arena, 1, sizeof(char *)),
		.exists = arena_calloc(r->arena, 1, sizeof(char *)),
		.ready_words = arena_calloc(r->arena, 1, sizeof(char *)),
		.ready_timeout = 120,
		.stop_timeout = 10,
	};
	r->env_cap = r->exists_cap = r->exists_count = 0;
	r->have_ready_timeout = r->have_stop_timeout = r->have_restart = false;
	return 0;
}

static int check_command(const char **words, struct error *err)
{
	if (!plan_word_is_path(words[0]))
		return error_set(err, "\"%s\" is no clean absolute path of a program", words[0]);
	for (size_t i = 0; words[i]; i++)
		if (plan_check_variables(words[i], plan_service_variables, err) < 0)
			return -1;
	return 0;
}

static int read_run(struct reading *r, const char **words, struct error *err)
{
	if (current(r)->run)
		return error_set(err, "given twice");
	current(r)->run = words;
	return check_command(words, err);
}

static int read_env(struct reading *r, const char **words, struct error *err)
{
	struct plan_service *s = current(r);

	if (!words[0][0] || strchr(words[0], '='))
		return error_set(err, "\"%s\" is no name of a variable", words[0]);
	for (size_t i = 0; i < s->env_count; i++)
		if (!strcmp(s->env[i].key, words[0]))
			return error_set(err, "%s is set twice", words[0]);
	s->env = arena_grow(r->arena, s->env, s->env_count, &r->env_cap, sizeof(*s->env));
	s->env[s->env_count++] = (struct plan_pair){words[0], words[1]};
	return plan_check_variables(words[1], plan_service_variables, err);
}

static int read_needs(struct reading *r, const char **words, struct error *err)
{
	if (current(r)->needs[0])
		return error_set(err, "given twice");
	current(r)->needs = words;
	return 0;
}

static int read_exists(struct reading *r, const char **words, struct error *err)
{
	struct plan_service *s = current(r);

	if (!plan_word_is_path(words[0]))
		return error_set(err, "\"%s\" is no clean absolute path", words[0]);
	/* One element more than there are, so that the list always ends in NULL. */
	s->exists = arena_grow(r->arena, r->exists_count ? s->exists : NULL, r->exists_count ? r->exists_count + 1 : 0,
			       &r->exists_cap, sizeof(*s->exists));
	s->exists[r->exists_count++] = words[0];
	s->exists[r->exists_count] = NULL;
	return 0;
}

static int check_ready(enum plan_ready kind, const char **words, struct error *err)
{
	uint64_t port;

	if (kind == PLAN_READY_COMMAND)
		return check_command(words, err);
	if (words[1])
		return error_set(err, "one word too many: \"%s\"", words[1]);
	if (plan_check_variables(words[0], plan_service_variables, err) < 0)
		return -1;
	if ((kind == PLAN_READY_SOCKET || kind == PLAN_READY_FILE) && !plan_word_is_path(words[0]))
		return error_set(err, "\"%s\" is no clean absolute path", words[0]);
	/* sun_path holds 108 bytes with its NUL (unix(7)). */
	if (kind == PLAN_READY_SOCKET && strlen(words[0]) > 107)
		return error_set(err, "the socket's path is longer than 107 bytes");
	if (kind == PLAN_READY_HTTP && strncmp(words[0], "http://", 7) != 0)
		return error_set(err, "\"%s\" does not start with http://", words[0]);
	if (kind == PLAN_READY_PORT && (!plan_word_number(words[0], 65535, &port) || port == 0))
		return error_set(err, "\"%s\" is no port from 1 to 65535", words[0]);
	return 0;
}

static int read_ready(struct reading *r, const char **words, struct error *err)
{
	static const char *const kinds[] = {
		[PLAN_READY_SOCKET] = "socket", [PLAN_READY_HTTP] = "http", [PLAN_READY_PORT] = "port",
		[PLAN_READY_FILE] = "file", [PLAN_READY_COMMAND] = "command",
	};
	struct plan_service *s = current(r);

	if (s->ready != PLAN_READY_NONE)
		return error_set(err, "given twice");
	for (size_t i = 1; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(words[0], kinds[i]))
			s->ready = (enum plan_ready)i;
	if (s->ready == PLAN_READY_NONE)
		return error_set(err, "\"%s\" is none of socket, http, port, file, command", words[0]);
	s->ready_words = words + 1;
	return check_ready(s->ready, words + 1, err);
}

static int read_ready_timeout(struct reading *r, const char **words, struct error *err)
{
	if (r->have_ready_timeout)
		return error_set(err, "given twice");
	r->have_ready_timeout = true;
	if (read_seconds(words[0], &current(r)->ready_timeout, err) < 0)
		return -1;
	return current(r)->ready_timeout ? 0 : error_set(err, "0 seconds: nothing is ready at once");
}

static int read_stop_timeout(struct reading *r, const char **words, struct error *err)
{
	if (r->have_stop_timeout)
		return error_set(err, "given twice");
	r->have_stop_timeout = true;
	return read_seconds(words[0], &current(r)->stop_timeout, err);
}

static int read_oneshot(struct reading *r, const char **words, struct error *err)
{
	(void)words;
	if (current(r)->oneshot)
		return error_set(err, "given twice");
	current(r)->oneshot = true;
	if (!r->have_restart)
		current(r)->restart = PLAN_RESTART_ON_FAILURE;
	return 0;
}

static int read_restart(struct reading *r, const char **words, struct error *err)
{
	struct plan_service *s = current(r);

	if (r->have_restart)
		return error_set(err, "given twice");
	r->have_restart = true;
	if (!strcmp(words[0], "always"))
		s->restart = PLAN_RESTART_ALWAYS;
	else if (!strcmp(words[0], "on-failure"))
		s->restart = PLAN_RESTART_ON_FAILURE;
	else if (!strcmp(words[0], "never"))
		s->restart = PLAN_RESTART_NEVER;
	else
		return error_set(err, "\"%s\" is none of always, on-failure, never", words[0]);
	return 0;
}

static const struct record records[] = {
	{"name", 1, 1, false, read_name},
	{"hostname", 1, 1, false, read_hostname},
	{"failure", 2, 2, false, read_failure},
	{"interface", 1, 1, false, read_interface},
	{"sysctl", 2, 2, false, read_sysctl},
	{"state", 3, 3, false, read_state},
	{"service", 1, 1, false, read_service},
	{"run", 1, 0, true, read_run},
	{"env", 2, 2, true, read_env},
	{"needs", 1, 0, true, read_needs},
	{"exists", 1, 1, true, read_exists},
	{"ready", 2, 0, true, read_ready},
	{"ready-timeout", 1, 1, true, read_ready_timeout},
	{"oneshot", 0, 0, true, read_oneshot},
	{"restart", 1, 1, true, read_restart},
	{"stop-timeout", 1, 1, true, read_stop_timeout},
};

static int read_record(struct reading *r, struct error *err)
{
	const struct flat_line *line = r->line;

	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++) {
		const struct record *record = &records[i];
		size_t count = line->count - 1;

		if (strcmp(record->word, line->words[0]) != 0)
			continue;
		if (record->of_service && r->plan.service_count == 0)
			return error_set(err, "%s:%u: %s: stands before the first service", r->name, line->number,
					 record->word);
		if (!record->of_service && r->plan.service_count && record->read != read_service)
			return error_set(err, "%s:%u: %s: is of the node and stands after a service", r->name,
					 line->number, record->word);
		if (count < record->least || ((record->most || !record->least) && count > record->most))
			return error_set(err, "%s:%u: %s: %zu words where %s%zu are wanted", r->name, line->number,
					 record->word, count, record->most == record->least ? "" : "at least ",
					 record->least);
		if (record->read(r, line->words + 1, err) < 0)
			return error_wrap(err, "%s:%u: %s", r->name, line->number, record->word);
		return 0;
	}
	return error_set(err, "%s:%u: unknown record \"%s\"", r->name, line->number, line->words[0]);
}

/* Index of a service by name, or the count when there is none. */
static size_t find_service(const struct plan *p, const char *name)
{
	size_t i = 0;

	while (i < p->service_count && strcmp(p->services[i].name, name) != 0)
		i++;
	return i;
}

/* Needs must name services and have an order: services whose needs are all met are taken out until none is left.
 * What then remains waits for itself. */
static int check_needs(struct arena *a, const char *name, const struct plan *p, struct error *err)
{
	bool *met = arena_calloc(a, p->service_count + 1, sizeof(*met));
	const char *waiting = NULL;

	for (size_t i = 0; i < p->service_count; i++)
		for (const char **need = p->services[i].needs; *need; need++)
			if (find_service(p, *need) == p->service_count)
				return error_set(err, "%s: service %s needs %s, which is no service of the plan", name,
						 p->services[i].name, *need);
	for (size_t round = 0; round <= p->service_count; round++) {
		waiting = NULL;
		for (size_t i = 0; i < p->service_count; i++) {
			bool all = true;

			for (const char **need = p->services[i].needs; *need; need++)
				all = all && met[find_service(p, *need)];
			met[i] = met[i] || all;
			if (!met[i])
				waiting = p->services[i].name;
		}
	}
	if (waiting)
		return error_set(err, "%s: service %s waits for itself through its needs", name, waiting);
	return 0;
}

static int check_services(const char *name, const struct plan *p, struct error *err)
{
	for (size_t i = 0; i < p->service_count; i++) {
		const struct plan_service *s = &p->services[i];

		if (!s->run)
			return error_set(err, "%s: service %s has no run record", name, s->name);
		if (s->oneshot && s->restart == PLAN_RESTART_ALWAYS)
			return error_set(err, "%s: service %s is a oneshot with restart always: it would run for ever",
					 name, s->name);
		if (s->oneshot && s->ready != PLAN_READY_NONE)
			return error_set(err, "%s: service %s is a oneshot and has a ready record: it is ready when it "
					 "exited with 0", name, s->name);
	}
	return 0;
}

int plan_parse(struct arena *a, const char *name, const char *text, size_t n, struct plan *out, struct error *err)
{
	struct reading r = {.arena = a, .name = name};
	struct flat flat;

	if (n > PLAN_TEXT_LIMIT)
		return error_set(err, "%s: larger than %d bytes", name, PLAN_TEXT_LIMIT);
	if (flat_parse(a, name, text, n, &flat, err) < 0)
		return -1;
	if (flat.count == 0 || strcmp(flat.lines[0].words[0], "mkdl-plan") != 0 || flat.lines[0].count != 2 ||
	    strcmp(flat.lines[0].words[1], "1") != 0)
		return error_set(err, "%s: does not start with \"mkdl-plan 1\"", name);
	r.plan.failure = PLAN_FAILURE_REBOOT;
	r.plan.failure_delay = 30;
	for (size_t i = 1; i < flat.count; i++) {
		r.line = &flat.lines[i];
		if (read_record(&r, err) < 0)
			return -1;
	}
	if (!r.plan.name)
		return error_set(err, "%s: has no name record", name);
	if (!r.plan.hostname)
		r.plan.hostname = "";
	if (!r.plan.interface)
		r.plan.interface = "boot";
	if (check_services(name, &r.plan, err) < 0 || check_needs(a, name, &r.plan, err) < 0)
		return -1;
	*out = r.plan;
	return 0;
}
