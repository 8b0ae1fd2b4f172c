/* The records of a service. */
#include <string.h>

#include "init/plan-private.h"

static const char *const restarts[] = {"", "always", "on-failure", "never", NULL};
static const char *const starts[] = {"", "early", "network", NULL};
static const char *const readies[] = {"", "socket", "http", "port", "file", "command", "notify", NULL};
static const char *const limits[] = {"memory", "cpu", "pids", NULL};

static int check_user(const char *word, const char *value, struct error *err)
{
	(void)value;
	return plan_word_is_name(word) ? 0 : error_set(err, "\"%s\" is no name of a user", word);
}

static int check_env(const char *word, const char *value, struct error *err)
{
	if (!word[0] || strchr(word, '='))
		return error_set(err, "\"%s\" is no name of a variable", word);
	return plan_check_variables(value, plan_service_variables, err);
}

static int check_ready_timeout(const char *word, const char *value, struct error *err)
{
	uint64_t n;

	(void)value;
	if (plan_word_number(word, 0, &n))
		return error_set(err, "0 seconds: nothing is ready at once");
	return 0;
}

static int check_limit(const char *word, const char *value, struct error *err)
{
	uint64_t n;

	switch (plan_choose(word, limits, err)) {
	case 0:
		/* cgroup v2 takes bytes; a share of the RAM is worked out on the node. */
		return plan_check_size(value, NULL, err);
	case 1:
	case 2:
		if (plan_word_number(value, 1 << 22, &n) && n > 0)
			return 0;
		return error_set(err, "%s: \"%s\" is no number above 0", word, value);
	default:
		return -1;
	}
}

static int check_log(const char *word, const char *value, struct error *err)
{
	if (!strcmp(word, "none") || !strcmp(word, "console"))
		return 0;
	if (plan_check_size(word, value, err) < 0 || strchr(word, '%'))
		return error_set(err, "\"%s\" is neither a size (1M) nor none or console", word);
	return 0;
}

static int read_command(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
			struct error *err)
{
	(void)r, (void)record;
	*(struct strings *)field = (struct strings){.items = words, .count = count};
	return plan_check_command(words, err);
}

static void write_command(const struct plan_record *record, const void *field, struct strbuf *out)
{
	plan_type_words.write(record, field, out);
}

static int check_ready(enum plan_ready kind, const char **words, size_t count, struct error *err)
{
	uint64_t port;

	if (kind == PLAN_READY_NOTIFY ? count > 0 : kind != PLAN_READY_COMMAND && count > 1)
		return error_set(err, "one word too many: \"%s\"", words[kind == PLAN_READY_NOTIFY ? 0 : 1]);
	if (kind == PLAN_READY_NOTIFY)
		return 0;
	if (count == 0)
		return error_set(err, "%s: of what?", readies[kind]);
	if (kind == PLAN_READY_COMMAND)
		return plan_check_command(words, err);
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

/* The field is the service itself. */
static int read_ready(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		      struct error *err)
{
	struct plan_service *s = field;
	int kind = *words[0] ? plan_choose(words[0], readies, err) : error_set(err, "of what kind?");

	(void)r, (void)record;
	if (kind < 0)
		return -1;
	s->ready = (enum plan_ready)kind;
	s->ready_words = (struct strings){.items = words + 1, .count = count - 1};
	return check_ready(s->ready, words + 1, count - 1, err);
}

static void write_ready(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct plan_service *s = field;

	if (s->ready == PLAN_READY_NONE)
		return;
	flat_word(out, record->word);
	flat_word(out, readies[s->ready]);
	for (size_t i = 0; i < s->ready_words.count; i++)
		flat_word(out, s->ready_words.items[i]);
	flat_end(out);
}

static const struct plan_type type_command = {1, 0, false, read_command, write_command};
static const struct plan_type type_ready = {1, 0, false, read_ready, write_ready};

#define AT(field) offsetof(struct plan_service, field)

const struct plan_record plan_service_records[] = {
	{"run", &type_command, AT(run), NULL, 0, NULL},
	{"user", &plan_type_text, AT(user), check_user, 0, NULL},
	{"env", &plan_type_pairs, AT(env), check_env, 0, NULL},
	{"needs", &plan_type_words, AT(needs), NULL, 0, NULL},
	{"exists", &plan_type_list, AT(exists), plan_check_path, 0, NULL},
	{"oneshot", &plan_type_flag, AT(oneshot), NULL, 0, NULL},
	{"ready", &type_ready, 0, NULL, 0, NULL},
	{"ready-timeout", &plan_type_number, AT(ready_timeout), check_ready_timeout, 120, NULL},
	{"restart", &plan_type_choice, AT(restart), NULL, PLAN_RESTART_DEFAULT, restarts},
	{"start", &plan_type_choice, AT(start), NULL, PLAN_START_DEFAULT, starts},
	{"stop", &type_command, AT(stop), NULL, 0, NULL},
	{"stop-timeout", &plan_type_number, AT(stop_timeout), NULL, 10, NULL},
	{"limit", &plan_type_pairs, AT(limits), check_limit, 0, NULL},
	{"log", &plan_type_text, AT(log), check_log, 0, NULL},
	{NULL, NULL, 0, NULL, 0, NULL},
};

enum plan_restart plan_service_restart(const struct plan_service *s)
{
	if (s->restart != PLAN_RESTART_DEFAULT)
		return s->restart;
	return s->oneshot ? PLAN_RESTART_ON_FAILURE : PLAN_RESTART_ALWAYS;
}

static bool have_variables(const struct strings *words)
{
	for (size_t i = 0; i < words->count; i++)
		if (strstr(words->items[i], "${"))
			return true;
	return false;
}

bool plan_service_has_variables(const struct plan_service *s)
{
	for (size_t i = 0; i < s->env.count; i++)
		if (strstr(s->env.items[i].value, "${"))
			return true;
	return have_variables(&s->run) || have_variables(&s->ready_words) || have_variables(&s->stop);
}

struct plan_service *plan_find_service(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->service_count; i++)
		if (!strcmp(p->services[i].name, name))
			return &p->services[i];
	return NULL;
}

/* The cgroups and logs of PID 1's own programs, and its own, have these names. */
static bool is_reserved(const char *name)
{
	static const char *const reserved[] = {"init", "mkdl", "kernel", "shell", "network", "time", "ntp", "config", "state"};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (!strcmp(name, reserved[i]))
			return true;
	return !strncmp(name, "dhcp-", 5) || !strncmp(name, "dhcp6-", 6);
}

int plan_open_service(struct plan_reading *r, const char **words, struct error *err)
{
	struct plan_service service = plan_service_new(words[0]);

	if (!plan_word_is_name(words[0]))
		return error_set(err, "\"%s\" is no name", words[0]);
	if (is_reserved(words[0]))
		return error_set(err, "%s is a name that PID 1 keeps for itself", words[0]);
	if (plan_find_service(&r->plan, words[0]))
		return error_set(err, "%s is given twice", words[0]);
	service.at = r->at;
	plan_add_service(r->arena, &r->plan, service);
	return 0;
}

/* Needs must name services and have an order: services whose needs are all met are taken out until none is left.
 * What then remains waits for itself. */
static int check_needs(struct arena *a, const char *name, const struct plan *p, struct error *err)
{
	bool *met = arena_calloc(a, p->service_count + 1, sizeof(*met));
	const char *waiting = NULL;

	for (size_t round = 0; round <= p->service_count; round++) {
		waiting = NULL;
		for (size_t i = 0; i < p->service_count; i++) {
			const struct plan_service *s = &p->services[i];
			bool all = true;

			for (size_t k = 0; k < s->needs.count; k++) {
				const struct plan_service *need = plan_find_service(p, s->needs.items[k]);

				if (!need)
					return error_set(err, "%s: service %s needs %s, which is no service of the plan", name,
							 s->name, s->needs.items[k]);
				all = all && met[need - p->services];
			}
			met[i] = met[i] || all;
			if (!met[i])
				waiting = s->name;
		}
	}
	if (waiting)
		return error_set(err, "%s: service %s waits for itself through its needs", name, waiting);
	return 0;
}

int plan_check_services(struct arena *a, const char *name, const struct plan *p, struct error *err)
{
	for (size_t i = 0; i < p->service_count; i++) {
		const struct plan_service *s = &p->services[i];

		if (!s->run.count)
			return error_set(err, "%s: service %s has no run record", name, s->name);
		if (s->oneshot && s->restart == PLAN_RESTART_ALWAYS)
			return error_set(err, "%s: service %s is a oneshot with restart always: it would run for ever",
					 name, s->name);
		if (s->oneshot && s->ready != PLAN_READY_NONE)
			return error_set(err, "%s: service %s is a oneshot and has a ready record: it is ready when it "
					 "exited with 0", name, s->name);
		if (s->start == PLAN_START_EARLY && plan_service_has_variables(s))
			return error_set(err, "%s: service %s starts early, when the variables in its words are not known yet",
					 name, s->name);
	}
	return check_needs(a, name, p, err);
}
