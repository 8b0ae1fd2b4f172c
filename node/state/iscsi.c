#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "node/state/state.h"

#define CONFIG "/etc/iscsi/iscsid.conf"
#define INITIATOR "/etc/iscsi/initiatorname.iscsi"

enum { PORT = 3260, REACH_MS = 3000, ADMIN_MS = 10000, LOGIN_MS = 45000, DEVICE_MS = 20000 };

/* Exit statuses of iscsiadm(8). */
enum { EXIT_SESSION_EXISTS = 15, EXIT_AUTHENTICATION = 24 };

/* What records of the database begin with: settings of this node, and the password of the target at hand, which thus
 * stands on no command line. I/O is never failed because the target is away (replacement_timeout), and a dead one is
 * noticed within ten seconds. */
static int write_config(const struct plan_state *s, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	strbuf_puts(&text, "node.startup = manual\n"
		    "node.session.timeo.replacement_timeout = -1\n"
		    "node.session.initial_login_retry_max = 1\n"
		    "node.conn[0].timeo.login_timeout = 15\n"
		    "node.conn[0].timeo.logout_timeout = 5\n"
		    "node.conn[0].timeo.noop_out_interval = 5\n"
		    "node.conn[0].timeo.noop_out_timeout = 5\n"
		    "node.session.scan = auto\n");
	if (s->chap_user)
		strbuf_printf(&text, "node.session.auth.authmethod = CHAP\n"
			      "node.session.auth.username = %s\n"
			      "node.session.auth.password = %s\n", s->chap_user, s->chap_password);
	return file_write_atomic_at(AT_FDCWD, CONFIG, text.data, text.len, 0600, err);
}

/* The node's name towards targets: PID 1 derives it, the configuration may set another. */
static int need_initiator(struct error *err)
{
	return access(INITIATOR, F_OK) == 0 ? 0
					    : error_set(err, INITIATOR " is missing: this node has no initiator name");
}

/* Make the record and log in through one portal. */
static enum outcome login(const struct plan_state *s, const char *address, unsigned port, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	const char *portal = arena_printf(&a, strchr(address, ':') ? "[%s]:%u" : "%s:%u", address, port);
	const char *const add[] = {"/sbin/iscsiadm", "-m", "node",    "-T", s->target, "-p",
				   portal,	     "-I", "default", "-o", "new",     NULL};
	const char *const in[] = {"/sbin/iscsiadm", "-m", "node", "-T", s->target, "-p", portal, "-l", NULL};
	char text[RUN_TEXT];
	int status;

	if (run_ok(add, ADMIN_MS, err) < 0)
		return OUTCOME_FAILED;
	if (run(in, LOGIN_MS, text, &status, err) < 0)
		return OUTCOME_AWAY;
	if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EXIT_SESSION_EXISTS))
		return OUTCOME_DONE;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_AUTHENTICATION) {
		error_set(err, "portal %s does not let this node log in to %s: %s", portal, s->target,
			  s->chap_user ? "it refuses the CHAP user or password" : "it wants a CHAP user and password");
		return OUTCOME_FAILED;
	}
	/* iscsiadm's text is for people who know its sources; the number says as much. */
	error_set(err, "portal %s answers, but has no target %s for this node (iscsiadm: status %d)", portal, s->target,
		  WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return OUTCOME_AWAY;
}

/* The first portal that lets the node in. */
static enum outcome login_anywhere(struct state_node *n, const struct plan_state *s, struct error *err)
{
	enum outcome outcome = OUTCOME_AWAY;

	for (size_t i = 0; i < s->portals.count; i++) {
		char address[ADDRESS_SIZE];
		const char *host;
		unsigned port;

		error_clear(err);
		if (split_portal(&n->arena, s->portals.items[i], PORT, &host, &port, err) < 0)
			return OUTCOME_FAILED;
		if (reach(host, port, REACH_MS, address, err) < 0) {
			error_wrap(err, "iSCSI portal");
			continue;
		}
		outcome = login(s, address, port, err);
		if (outcome != OUTCOME_AWAY)
			return outcome;
	}
	return OUTCOME_AWAY;
}

/* The device's node is there a moment before the kernel has the disk behind it (ENXIO). */
static bool can_be_opened(const char *device)
{
	_cleanup_close_ int fd = open(device, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0;
}

/* The block device of a LUN, once it can be opened: /sys/class/iscsi_session/SESSION/device/targetH:C:T/H:C:T:LUN/block/NAME */
static const char *find_device(struct arena *a, const char *session, unsigned lun)
{
	const char *top = arena_printf(a, "/sys/class/iscsi_session/%s/device", session);
	_cleanup_closedir_ DIR *targets = opendir(top);

	for (struct dirent *t = targets ? readdir(targets) : NULL; t; t = readdir(targets)) {
		unsigned host, channel, id;

		if (sscanf(t->d_name, "target%u:%u:%u", &host, &channel, &id) != 3)
			continue;
		_cleanup_closedir_ DIR *block =
			opendir(arena_printf(a, "%s/%s/%u:%u:%u:%u/block", top, t->d_name, host, channel, id, lun));
		for (struct dirent *b = block ? readdir(block) : NULL; b; b = readdir(block)) {
			const char *device = arena_printf(a, "/dev/%s", b->d_name);

			if (b->d_name[0] != '.' && can_be_opened(device))
				return device;
		}
	}
	return NULL;
}

static enum outcome wait_for_device(struct state_node *n, const struct plan_state *s, struct record *r,
				    struct error *err)
{
	int64_t until = clock_ms() + DEVICE_MS;
	char session[SESSION_NAME];

	while (!r->device) {
		if (iscsi_session_find(s->target, session))
			r->device = find_device(&n->arena, session, s->lun);
		if (r->device)
			break;
		if (clock_ms() > until) {
			error_set(err, "target %s shows no LUN %u to this node", s->target, s->lun);
			return OUTCOME_AWAY;
		}
		usleep(50000);
	}
	return OUTCOME_DONE;
}

static enum outcome reserve(struct state_node *n, const struct plan_state *s, const char *device, struct error *err)
{
	switch (reservation_take(device, machine_id(n), err)) {
	case RESERVATION_HELD:
		return OUTCOME_DONE;
	case RESERVATION_OTHER:
		return OUTCOME_FAILED;
	case RESERVATION_FAILED:
		/* As when the target is away: whether to wait is the policy's affair. */
		return OUTCOME_AWAY;
	case RESERVATION_UNSUPPORTED:
		break;
	}
	say("%s: warning: %s; nothing keeps a second node from mounting it", s->path, error_text(err));
	error_clear(err);
	return OUTCOME_DONE;
}

enum outcome iscsi_attach(struct state_node *n, const struct plan_state *s, struct record *r, struct error *err)
{
	char session[SESSION_NAME];
	enum outcome outcome;

	r->target = s->target;
	if (need_initiator(err) < 0 || write_config(s, err) < 0 || iscsid_start(err) < 0)
		return OUTCOME_FAILED;
	if (!iscsi_session_find(s->target, session)) {
		outcome = login_anywhere(n, s, err);
		if (outcome != OUTCOME_DONE)
			return outcome;
	}
	outcome = wait_for_device(n, s, r, err);
	if (outcome == OUTCOME_DONE)
		outcome = reserve(n, s, r->device, err);
	if (outcome == OUTCOME_DONE && filesystem_attach(n, s, r->device, err) < 0) {
		reservation_release(r->device, machine_id(n));
		outcome = OUTCOME_FAILED;
	}
	return outcome;
}
