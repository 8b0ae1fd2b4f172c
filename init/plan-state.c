/* The records of a state, and what has to be there for each kind. */
#include <string.h>

#include "init/plan-private.h"

enum { LUN_LIMIT = 16383 }; /* flat space addressing, SAM-5 */

static const char *const kinds[] = {"tmpfs", "nfs", "iscsi", "loop", "disk", NULL};
static const char *const systems[] = {"ext4", "xfs", NULL};
static const char *const formats[] = {"never", "empty", NULL};
static const char *const aways[] = {"wait", "reboot", "tmpfs", NULL};

static int check_export(const char *word, const char *value, struct error *err)
{
	if (word[0] != '/')
		return error_set(err, "\"%s\" does not start with a slash", word);
	return plan_check_url_words(word, value, err);
}

static int check_target(const char *word, const char *value, struct error *err)
{
	/* RFC 3720, 3.2.6: iqn., eui. or naa. names. */
	if (strncmp(word, "iqn.", 4) != 0 && strncmp(word, "eui.", 4) != 0 && strncmp(word, "naa.", 4) != 0)
		return error_set(err, "\"%s\" is no name of a target (iqn.…)", word);
	return plan_check_url_words(word, value, err);
}

static int check_device(const char *word, const char *value, struct error *err)
{
	if (strncmp(word, "LABEL=", 6) != 0 && strncmp(word, "UUID=", 5) != 0 && strncmp(word, "ID=", 3) != 0)
		return error_set(err, "\"%s\": a disk is named by LABEL=, UUID= or ID=", word);
	return plan_check_url_words(strchr(word, '=') + 1, value, err);
}

/* ADDRESS, ADDRESS:PORT, NAME, NAME:PORT, [ADDRESS6], [ADDRESS6]:PORT */
static int check_portal(const char *word, const char *value, struct error *err)
{
	const char *colon = strrchr(word, ':');
	char host[256];
	uint64_t port;
	size_t n;

	if (colon && (word[0] != '[' || colon > strchr(word, ']'))) {
		if (!plan_word_number(colon + 1, 65535, &port) || port == 0)
			return error_set(err, "\"%s\": the port is no number from 1 to 65535", word);
		n = (size_t)(colon - word);
	} else {
		n = strlen(word);
	}
	if (word[0] == '[' && n > 1 && word[n - 1] == ']') {
		word++;
		n -= 2;
	}
	if (n >= sizeof(host))
		return error_set(err, "\"%s\" is no portal", word);
	memcpy(host, word, n);
	host[n] = '\0';
	return plan_check_host(host, value, err);
}

static int check_lun(const char *word, const char *value, struct error *err)
{
	uint64_t n;

	(void)value;
	return plan_word_number(word, LUN_LIMIT, &n) ? 0 : error_set(err, "\"%s\" is no LUN", word);
}

/* The field of these is the state itself. */
static int read_chap(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count,
		     void *field, struct error *err)
{
	struct plan_state *state = field;

	(void)r, (void)record, (void)count;
	state->chap_user = words[0];
	state->chap_password = words[1];
	return plan_check_variables(words[0], plan_url_variables, err);
}

static void write_chap(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct plan_state *state = field;

	if (state->chap_user)
		flat_add(out, record->word, state->chap_user, state->chap_password, NULL);
}

static int read_away(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count,
		     void *field, struct error *err)
{
	struct plan_state *state = field;
	int i = plan_choose(words[0], aways, err);

	(void)r, (void)record;
	if (i < 0)
		return -1;
	state->away = (enum plan_away)i;
	if ((state->away == PLAN_AWAY_WAIT) != (count == 1))
		return error_set(err, state->away == PLAN_AWAY_WAIT ? "\"wait\" stands alone" : "\"%s\" needs a value",
				 words[0]);
	if (state->away == PLAN_AWAY_REBOOT)
		return plan_read_seconds(words[1], &state->away_seconds, err);
	if (state->away == PLAN_AWAY_TMPFS)
		state->away_size = words[1];
	return state->away_size ? plan_check_size(words[1], NULL, err) : 0;
}

static void write_away(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct plan_state *state = field;

	if (state->away == PLAN_AWAY_REBOOT)
		strbuf_printf(out, "%s reboot %u\n", record->word, state->away_seconds);
	else if (state->away == PLAN_AWAY_TMPFS)
		flat_add(out, record->word, "tmpfs", state->away_size, NULL);
}

static const struct plan_type type_chap = {2, 2, false, read_chap, write_chap};
static const struct plan_type type_away = {1, 2, false, read_away, write_away};

#define AT(field) offsetof(struct plan_state, field)

const struct plan_record plan_state_records[] = {
	{"size", &plan_type_text, AT(size), plan_check_size, 0, NULL},
	{"server", &plan_type_text, AT(server), plan_check_host, 0, NULL},
	{"export", &plan_type_text, AT(export), check_export, 0, NULL},
	{"file", &plan_type_text, AT(file), plan_check_url_words, 0, NULL},
	{"portal", &plan_type_list, AT(portals), check_portal, 0, NULL},
	{"target", &plan_type_text, AT(target), check_target, 0, NULL},
	{"lun", &plan_type_number, AT(lun), check_lun, 0, NULL},
	{"chap", &type_chap, 0, NULL, 0, NULL},
	{"device", &plan_type_text, AT(device), check_device, 0, NULL},
	{"fs", &plan_type_choice, AT(fs), NULL, PLAN_FS_EXT4, systems},
	{"format", &plan_type_choice, AT(format), NULL, PLAN_FORMAT_NEVER, formats},
	{"options", &plan_type_words, AT(options), NULL, 0, NULL},
	{"away", &type_away, 0, NULL, 0, NULL},
	{"one-node", &plan_type_flag, AT(one_node), NULL, 0, NULL},
	{NULL, NULL, 0, NULL, 0, NULL},
};

int plan_open_state(struct plan_reading *r, const char **words, struct error *err)
{
	struct plan_state state;
	int kind;

	if (plan_check_path(words[0], NULL, err) < 0)
		return -1;
	kind = plan_choose(words[1], kinds, err);
	if (kind < 0)
		return -1;
	for (size_t i = 0; i < r->plan.state_count; i++)
		if (!strcmp(r->plan.states[i].path, words[0]))
			return error_set(err, "%s is given twice", words[0]);
	state = plan_state_new(words[0], (enum plan_state_kind)kind);
	state.at = r->at;
	plan_add_state(r->arena, &r->plan, state);
	return 0;
}

int plan_check_states(const char *name, const struct plan *p, struct error *err)
{
	for (size_t i = 0; i < p->state_count; i++) {
		const struct plan_state *s = &p->states[i];
		const char *missing = NULL;

		if (s->kind == PLAN_STATE_TMPFS && !s->size)
			missing = "size";
		if ((s->kind == PLAN_STATE_NFS || s->kind == PLAN_STATE_LOOP) && (!s->server || !s->export))
			missing = s->server ? "export" : "server";
		if (s->kind == PLAN_STATE_LOOP && !s->file)
			missing = "file";
		if (s->kind == PLAN_STATE_ISCSI && (!s->portals.count || !s->target))
			missing = s->target ? "portal" : "target";
		if (s->kind == PLAN_STATE_DISK && !s->device)
			missing = "device";
		if (missing)
			return error_set(err, "%s:%u: state %s is %s and has no %s", name, s->at.line, s->path,
					 kinds[s->kind], missing);
	}
	return 0;
}
