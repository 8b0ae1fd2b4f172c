/* What single keys of a state are. */
#include <stdio.h>
#include <string.h>

#include "config/node.h"
#include "config/syntax.h"

static const char *const systems[] = {[PLAN_FS_EXT4] = "ext4", [PLAN_FS_XFS] = "xfs"};
static const char *const formats[] = {[PLAN_FORMAT_NEVER] = "never", [PLAN_FORMAT_EMPTY] = "empty"};

/* kind: read before the rest, because it decides what the rest may be. The field is the state. */
static void read_kind(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	(void)r, (void)k, (void)name, (void)v, (void)field;
}

static void write_kind(struct json *j, const struct key *k, const void *field)
{
	json_string(j, k->name, state_kind_name(((const struct plan_state *)field)->kind));
}

const struct key_type type_state_kind = {"tmpfs, nfs, iscsi, loop or disk", read_kind, write_kind, NULL};

static void read_fs(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field)
{
	int i = is_text(r, name, v) ? choose(r, v, k->name, systems, 2) : -1;

	if (i >= 0)
		((struct plan_state *)field)->fs = (enum plan_fs)i;
}

/* Of no use for what brings its own. */
static bool has_file_system(const struct plan_state *s)
{
	return s->kind == PLAN_STATE_ISCSI || s->kind == PLAN_STATE_LOOP || s->kind == PLAN_STATE_DISK;
}

static void write_fs(struct json *j, const struct key *k, const void *field)
{
	const struct plan_state *s = field;

	if (has_file_system(s))
		json_string(j, k->name, systems[s->fs]);
}

const struct key_type type_fs = {"ext4 or xfs", read_fs, write_fs, NULL};

static void read_format(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	int i = is_text(r, name, v) ? choose(r, v, k->name, formats, 2) : -1;

	if (i >= 0)
		((struct plan_state *)field)->format = (enum plan_format)i;
}

static void write_format(struct json *j, const struct key *k, const void *field)
{
	const struct plan_state *s = field;

	if (has_file_system(s))
		json_string(j, k->name, formats[s->format]);
}

const struct key_type type_format = {"never or empty", read_format, write_format, NULL};

static void read_away(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	struct plan_state *s = field;

	(void)k;
	if (!is_text(r, name, v))
		return;
	if (!strcmp(v->text, "wait")) {
		s->away = PLAN_AWAY_WAIT;
	} else if (begins_with(v->text, "reboot ") && parse_seconds(v->text + 7, &s->away_seconds)) {
		s->away = PLAN_AWAY_REBOOT;
	} else if (begins_with(v->text, "tmpfs ") && is_tmpfs_size(v->text + 6)) {
		s->away = PLAN_AWAY_TMPFS;
		s->away_size = v->text + 6;
	} else {
		complain(r, v, "\"%s\": expected wait, \"reboot 5m\" with any time, or \"tmpfs 50%%\" with any size", name->text);
	}
}

static void write_away(struct json *j, const struct key *k, const void *field)
{
	const struct plan_state *s = field;
	char text[64] = "wait";

	if (s->kind == PLAN_STATE_TMPFS)
		return;
	if (s->away == PLAN_AWAY_REBOOT)
		snprintf(text, sizeof(text), "reboot %us", s->away_seconds);
	else if (s->away == PLAN_AWAY_TMPFS)
		snprintf(text, sizeof(text), "tmpfs %s", s->away_size);
	json_string(j, k->name, text);
}

const struct key_type type_away = {"wait, \"reboot TIME\" or \"tmpfs SIZE\"", read_away, write_away, NULL};

static void read_lun(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		     void *field)
{
	unsigned long n;

	(void)k;
	if (!is_text(r, name, v))
		return;
	if (parse_number(v->text, 0, 16383, &n))
		((struct plan_state *)field)->lun = (unsigned)n;
	else
		complain(r, v, "\"%s\": expected a number from 0 to 16383", name->text);
}

static void write_lun(struct json *j, const struct key *k, const void *field)
{
	const struct plan_state *s = field;

	if (s->kind == PLAN_STATE_ISCSI)
		json_number(j, k->name, s->lun);
}

const struct key_type type_lun = {"number", read_lun, write_lun, NULL};

static void read_chap(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	const struct key_target target = {&map_chap, field};
	const struct plan_state *s = field;

	(void)k;
	if (!is_map(r, name, v, ", as in {user: node, password: …}"))
		return;
	read_map(r, &target, 1, v);
	if (!s->chap_user != !s->chap_password)
		complain(r, name, "\"chap\" needs both user and password");
}

static void write_chap(struct json *j, const struct key *k, const void *field)
{
	if (!((const struct plan_state *)field)->chap_user)
		return;
	json_open_object(j, k->name);
	write_map(j, &map_chap, field);
	json_close_object(j);
}

const struct key_type type_chap = {"map with user, password", read_chap, write_chap, NULL};
