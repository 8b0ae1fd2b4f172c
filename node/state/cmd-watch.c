#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "node/state/state.h"

/* A server that has not answered for SLOW_MS is said to be away, and then again every REMIND_MS. */
enum { STEP_MS = 500, PROBE_MS = 5000, SLOW_MS = 10000, REMIND_MS = 60000, MOUNTINFO_LIMIT = 4 << 20 };
/* Exit statuses of a probe. */
enum { PROBE_OK, PROBE_FULL, PROBE_BROKEN };

struct watched {
	struct record record;
	pid_t probe;       /* a child that asks the file system; it may hang for as long as it likes */
	int64_t asked;     /* when it began, or the last one ended */
	int64_t away;      /* since when nothing came; 0: it answers */
	int64_t reminded;
	bool full, readonly, said_away, lost;
};

static const char *what_is_away(const struct watched *w, struct arena *a)
{
	if (w->record.kind == PLAN_STATE_ISCSI)
		return arena_printf(a, "iSCSI target %s", w->record.target);
	if (w->record.kind == PLAN_STATE_DISK)
		return arena_printf(a, "disk %s", w->record.device);
	return arena_printf(a, "nfs server %s", w->record.server ? w->record.server : "");
}

static void set_health(struct watched *w, enum health health, const char *text)
{
	_cleanup_error_ struct error err = {0};

	if (w->record.health == HEALTH_DEGRADED || w->record.health == health)
		return;
	w->record.health = health;
	w->record.since = clock_ms();
	w->record.text = text;
	/* A full /run must not end the watch. */
	if (record_write(&w->record, &err) < 0)
		say("%s: %s", w->record.path, error_text(&err));
}

static enum health health_of(const struct watched *w)
{
	if (w->lost)
		return HEALTH_LOST;
	if (w->said_away)
		return HEALTH_AWAY;
	if (w->readonly)
		return HEALTH_READONLY;
	return w->full ? HEALTH_FULL : HEALTH_OK;
}

static void publish(struct watched *w, struct arena *a)
{
	static const char *const texts[] = {
		[HEALTH_READONLY] = "the file system is read-only after an error",
		[HEALTH_FULL] = "the file system is full",
		[HEALTH_LOST] = "another node has taken this LUN",
	};
	enum health h = health_of(w);

	set_health(w, h, h == HEALTH_AWAY ? arena_printf(a, "%s does not answer", what_is_away(w, a)) : texts[h]);
}

/* Begin to ask, once every few seconds, unless the last question is still open. */
static void ask(struct watched *w, int64_t now)
{
	if (w->probe || now - w->asked < PROBE_MS)
		return;
	w->probe = fork();
	w->asked = now;
	if (w->probe == 0) {
		struct statvfs st;

		if (statvfs(w->record.export ? w->record.export : w->record.path, &st) < 0)
			_exit(errno == EIO ? PROBE_BROKEN : PROBE_OK);
		if (w->record.export && statvfs(w->record.path, &st) < 0)
			_exit(PROBE_BROKEN);
		_exit(st.f_blocks && st.f_bavail == 0 ? PROBE_FULL : PROBE_OK);
	}
	if (w->probe < 0)
		w->probe = 0;
}

static void take_answer(struct watched *w, int64_t now)
{
	int status;

	if (!w->probe || waitpid(w->probe, &status, WNOHANG) != w->probe)
		return;
	w->probe = 0;
	w->asked = now;
	if (!WIFEXITED(status))
		return;
	if ((WEXITSTATUS(status) == PROBE_FULL) != w->full) {
		w->full = !w->full;
		say("%s: %s", w->record.path, w->full ? "FULL: nothing more can be written" : "has room again");
	}
}

/* Since when is there no answer? 0: there is. */
static int64_t away_since(const struct watched *w, int64_t now)
{
	char state[SESSION_STATE];

	if (w->record.kind == PLAN_STATE_ISCSI) {
		iscsi_session_state(w->record.target, state);
		if (!strcmp(state, "LOGGED_IN"))
			return 0;
		return w->away ? w->away : now;
	}
	return w->probe && now - w->asked >= 2 * STEP_MS ? w->asked : 0;
}

/* The reservation is gone when the target was started anew; an other node may have it now. */
static int take_again(void *data, struct error *err)
{
	void **words = data;

	return (int)reservation_take(words[0], words[1], err);
}

static void came_back(struct watched *w, const char *id, int64_t now, struct arena *a)
{
	_cleanup_error_ struct error err = {0};
	bool hung;

	if (w->said_away)
		say("%s: %s answers again after %lld s", w->record.path, what_is_away(w, a),
		    (long long)(now - w->away) / 1000);
	w->said_away = false;
	w->away = 0;
	if (w->record.kind != PLAN_STATE_ISCSI || !w->record.device)
		return;
	const void *words[] = {w->record.device, id};

	switch (run_function(take_again, words, SLOW_MS, &hung, &err)) {
	case RESERVATION_OTHER:
		say("%s: LOST: %s", w->record.path, error_text(&err));
		w->lost = true;
		break;
	case RESERVATION_FAILED:
		say("%s: warning: %s; nobody knows whether another node has it", w->record.path, error_text(&err));
		break;
	default:
		break;
	}
}

static void look_after(struct watched *w, const char *id, int64_t now, struct arena *a)
{
	int64_t since;
	bool iscsi = w->record.kind == PLAN_STATE_ISCSI;

	take_answer(w, now);
	ask(w, now);
	since = away_since(w, now);
	if (!since && w->away)
		came_back(w, id, now, a);
	if (since)
		w->away = since;
	/* A session that failed has failed; an NFS server may just be slow. */
	if (since && !w->said_away && (iscsi || now - since >= SLOW_MS)) {
		w->said_away = true;
		w->reminded = now;
		say("%s: %s does not answer (for %lld s); what uses it waits", w->record.path, what_is_away(w, a),
		    (long long)(now - since) / 1000);
	} else if (w->said_away && now - w->reminded >= REMIND_MS) {
		w->reminded = now;
		say("%s: %s does not answer (for %lld s)", w->record.path, what_is_away(w, a),
		    (long long)(now - since) / 1000);
	}
}

/* Did the kernel make a file system read-only? mountinfo's last field has the options of the file system itself. */
static void look_for_readonly(struct watched *all, size_t count)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};
	char *rest, *line;

	if (file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_LIMIT, &text, &ignored) < 0)
		return;
	rest = text.data;
	while ((line = strsep(&rest, "\n"))) {
		char *options = strrchr(line, ' '), *path = NULL, *at = line, *mine = NULL;
		bool readonly;

		for (int field = 0; field < 6 && at; field++) {
			char *word = strsep(&at, " ");

			path = field == 4 ? word : path;
			mine = field == 5 ? word : mine;
		}
		if (!options || !path || !mine || options < path)
			continue;
		readonly = !strncmp(options + 1, "ro", 2) && (options[3] == ',' || !options[3]) &&
			   strncmp(mine, "ro", 2) != 0;
		for (size_t i = 0; i < count; i++) {
			struct watched *w = &all[i];

			if (strcmp(w->record.path, path) != 0 || w->readonly == readonly)
				continue;
			w->readonly = readonly;
			say("%s: %s", path,
			    readonly ? "READ-ONLY: the kernel found an error in the file system; it is checked at "
				       "the next boot"
				     : "can be written again");
		}
	}
}

static void keep_iscsid(int64_t now)
{
	static int64_t next;
	_cleanup_error_ struct error err = {0};

	if (iscsid_runs() || now < next)
		return;
	next = now + SLOW_MS;
	say("iscsid ended; starting it again");
	/* Not in this process: the cgroup that it moves to is not the service's. */
	pid_t pid = fork();

	if (pid == 0) {
		stay_alive();
		if (iscsid_start(&err) < 0)
			say("%s", error_text(&err));
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

int cmd_watch(struct state_node *n, struct error *err)
{
	const char *id = machine_id(n);
	struct record *records;
	struct watched *all;
	bool iscsi = false;
	size_t count;

	if (records_read(&n->arena, &records, &count, err) < 0)
		return -1;
	all = arena_calloc(&n->arena, count + 1, sizeof(*all));
	for (size_t i = 0; i < count; i++) {
		all[i].record = records[i];
		iscsi = iscsi || records[i].kind == PLAN_STATE_ISCSI;
	}
	for (;;) {
		_cleanup_arena_ struct arena round = {0};
		int64_t now = clock_ms();

		for (size_t i = 0; i < count; i++)
			if (all[i].record.kind != PLAN_STATE_TMPFS)
				look_after(&all[i], id, now, &round);
		look_for_readonly(all, count);
		for (size_t i = 0; i < count; i++)
			publish(&all[i], &round);
		if (iscsi)
			keep_iscsid(now);
		usleep(STEP_MS * 1000);
	}
}
