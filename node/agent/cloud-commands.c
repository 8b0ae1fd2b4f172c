/* bootcmd, runcmd, scripts, power_state: what is run. */
#include <string.h>

#include "node/agent/cloud.h"

#define AT(field) offsetof(struct settings, field)

void cloud_quote(struct strbuf *out, const char *word)
{
	strbuf_puts(out, "'");
	for (const char *p = word; *p; p++)
		if (*p == '\'')
			strbuf_puts(out, "'\\''");
		else
			strbuf_add(out, p, 1);
	strbuf_puts(out, "'");
}

/* A list of words is a command with its arguments, run as they are. */
static const char *join_words(struct cloud *c, const struct value *name, const struct value *list)
{
	_cleanup_strbuf_ struct strbuf line = {0};

	if (!list->count || list->items[0]->type != VALUE_SCALAR || !*list->items[0]->text) {
		complain(&c->r, list, "\"%s\": a command without a program", name->text);
		return NULL;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i]->type == VALUE_NULL)
			continue;
		if (!is_text(&c->r, name, list->items[i]))
			return NULL;
		if (i)
			strbuf_puts(&line, " ");
		cloud_quote(&line, list->items[i]->text);
	}
	return arena_strdup(c->r.arena, line.data);
}

void cloud_read_commands(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			 void *field)
{
	struct strings lines = {0};
	struct place *places = arena_calloc(c->r.arena, v->count + 1, sizeof(*places));

	(void)k;
	if (v->type != VALUE_LIST) {
		complain(&c->r, v, "\"%s\": expected a list of commands", name->text);
		return;
	}
	for (size_t i = 0; i < v->count; i++) {
		const struct value *item = v->items[i];
		const char *line = item->type == VALUE_LIST ? join_words(c, name, item) : NULL;

		if (item->type == VALUE_SCALAR)
			line = item->text;
		else if (item->type == VALUE_MAP)
			complain(&c->r, item,
				 "\"%s\": a command is a text or a list of words, this is a map; put a text "
				 "with \": \" in it in quotes",
				 name->text);
		if (!line)
			continue;
		places[lines.count] = item->at;
		strings_add(c->r.arena, &lines, line);
	}
	lines.places = places;
	*(struct strings *)field = lines;
}

/* What merge.c makes of documents that are programs: {name, content, early}. */
void cloud_read_scripts(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			void *field)
{
	struct settings *s = c->settings;

	(void)k, (void)field, (void)name;
	for (size_t i = 0; v->type == VALUE_LIST && i < v->count; i++) {
		const struct value *item = v->items[i], *title = value_get(item, "name", NULL),
				   *text = value_get(item, "content", NULL);

		if (!title || !text)
			continue;
		s->scripts = arena_grow(c->r.arena, s->scripts, s->script_count, &s->script_cap, sizeof(*s->scripts));
		s->scripts[s->script_count++] = (struct setting_script){
			.name = title->text,
			.text = text->text,
			.early = value_get(item, "early", NULL) != NULL,
			.at = item->at,
		};
	}
}

static void read_mode(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		      void *field)
{
	static const char *const words[] = {"poweroff", "reboot", "halt"};
	int i = is_text(&c->r, name, v) ? choose(&c->r, v, "mode", words, 3) : -1;

	(void)k;
	if (i >= 0)
		*(enum setting_power *)field = (enum setting_power)(POWER_OFF + i);
}

/* "now", "+5", 5: minutes, as shutdown(8) takes them. */
static void read_delay(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		       void *field)
{
	const char *digits;
	unsigned long minutes = 0;

	(void)k;
	if (!is_text(&c->r, name, v))
		return;
	digits = v->text + (*v->text == '+');
	if (strcmp(v->text, "now") != 0 && !parse_number(digits, 0, 1440, &minutes))
		complain(&c->r, v, "\"delay\": \"%s\" is neither \"now\" nor minutes from 0 to 1440", v->text);
	*(unsigned *)field = (unsigned)minutes;
}

static void read_timeout(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			 void *field)
{
	unsigned long seconds;

	(void)k;
	if (!is_text(&c->r, name, v))
		return;
	if (parse_number(v->text, 0, 86400, &seconds))
		*(unsigned *)field = (unsigned)seconds;
	else
		complain(&c->r, v, "\"timeout\": \"%s\" is no number of seconds from 0 to 86400", v->text);
}

/* true, false, a line of shell, or a list of words. */
static void read_condition(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			   void *field)
{
	const char *line;
	int truth;

	(void)k;
	if (v->type == VALUE_LIST) {
		line = join_words(c, name, v);
	} else if (is_text(&c->r, name, v)) {
		truth = cloud_truth(v->text);
		if (truth == 1)
			return;
		line = truth == 0 ? "false" : v->text;
	} else {
		return;
	}
	if (line)
		*(const char **)field = line;
}

static const struct cloud_key power_keys[] = {
	{"mode", CLOUD_APPLIED, "poweroff, reboot or halt, by PID 1 and in its order.", read_mode, AT(power), NULL, 0,
	 NULL},
	{"delay", CLOUD_APPLIED, "\"now\", or minutes (5, \"+5\") after all commands and scripts have run.", read_delay,
	 AT(power_delay), NULL, 0, NULL},
	{"message", CLOUD_APPLIED, "Written to the service's log.", cloud_read_line, AT(power_message), NULL, 0, NULL},
	{"timeout", CLOUD_APPLIED,
	 "How many seconds the commands and scripts may take. Default: 30, counted from when they began.", read_timeout,
	 AT(power_timeout), NULL, 0, NULL},
	{"condition", CLOUD_APPLIED, "true, false, or a command: only when it exits with 0.", read_condition,
	 AT(power_condition), NULL, 0, NULL},
};

const struct cloud_map cloud_power_state = CLOUD_MAP("power_state", power_keys);

void cloud_read_power_state(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			    void *field)
{
	struct settings *s = c->settings;

	(void)k, (void)field;
	s->power_timeout = 30;
	s->power_at = name->at;
	if (!cloud_read_map(c, &cloud_power_state, name, v, s))
		return;
	if (s->power == POWER_NONE && !value_get(v, "mode", NULL))
		complain(&c->r, name, "\"power_state\" without \"mode\"");
	/* cloud-init does it once per instance. A node without a disk has no memory of what it did. */
	if (s->power == POWER_REBOOT && !s->power_condition)
		complain(&c->r, name,
			 "\"power_state\": a node that reboots at the end of every boot never ends; give it a "
			 "\"condition\" that does not hold after the reboot");
	if (s->power_condition && !strcmp(s->power_condition, "false"))
		s->power = POWER_NONE;
}
