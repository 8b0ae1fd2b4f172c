#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "init/plan-words.h"
#include "node/state/state.h"

enum { PORT = 2049, REACH_MS = 3000, MOUNT_MS = 30000 };

/* What a child does. */
struct work {
	struct state_node *node;
	const struct plan_state *state;
	const char *path, *export, *address;
	bool make; /* the export's folder, when it is missing */
};

static unsigned port_of(const struct plan_state *s)
{
	const char *word = option_value(&s->options, "port");
	uint64_t port;

	return word && plan_word_number(word, 65535, &port) && port ? (unsigned)port : PORT;
}

/* -1 with errno. The kernel reads nfs(5)'s options itself, but resolves no name: addr= is the server's address. 4.1,
 * because servers' 4.2 READ_PLUS has lost data with kernels that use it. */
static int mount_once(struct work *w, const char *export, const char *path, struct error *err)
{
	const struct plan_state *s = w->state;
	struct mount_options o = mount_options(&w->node->arena, &s->options);
	bool version = option_value(&s->options, "vers") || option_value(&s->options, "nfsvers");
	const char *data = arena_printf(&w->node->arena, "%saddr=%s%s%s", version ? "" : "vers=4.1,", w->address,
					*o.data ? "," : "", o.data);
	const char *source =
		arena_printf(&w->node->arena, strchr(w->address, ':') ? "[%s]:%s" : "%s:%s", w->address, export);

	int problem;

	if (mount(source, path, "nfs", o.flags, data) == 0)
		return 0;
	problem = errno;
	if (problem == ENODEV)
		error_set(err, "the kernel of this image has no NFS: it was built without the module nfsv4");
	else
		error_errno(err, "nfs server %s, export %s", s->server, export);
	errno = problem;
	return -1;
}

/* The folder of a node that comes up for the first time: made below the longest part of its path that is there. */
static int make_folder(struct work *w, struct error *err)
{
	const char *top = path_parent(&w->node->arena, w->export),
		   *below = arena_printf(&w->node->arena, "%s.new", w->path);
	_cleanup_error_ struct error why = {0};
	int result;

	if (dir_make_at(AT_FDCWD, below, 0755, err) < 0)
		return -1;
	while (mount_once(w, top, below, &why) < 0) {
		if (errno != ENOENT || !strcmp(top, "/"))
			return error_set(err, "%s", error_text(&why));
		error_clear(&why);
		top = path_parent(&w->node->arena, top);
	}
	result = dir_make_at(AT_FDCWD, path_join(&w->node->arena, below, w->export + strlen(top)), 0755, err);
	umount2(below, MNT_DETACH);
	rmdir(below);
	return result;
}

/* What will not change by waiting; other errors are those of a server that starts, or of the way to it. */
static int outcome_of(int problem)
{
	static const int final[] = {ENOENT, EACCES, EPERM, ENODEV, EINVAL, ENOTDIR, EPROTONOSUPPORT};

	for (size_t i = 0; i < sizeof(final) / sizeof(*final); i++)
		if (problem == final[i])
			return OUTCOME_FAILED;
	return OUTCOME_AWAY;
}

static int work(void *data, struct error *err)
{
	struct work *w = data;

	if (mount_once(w, w->export, w->path, err) == 0)
		return OUTCOME_DONE;
	if (errno != ENOENT || !w->make)
		return outcome_of(errno);
	error_clear(err);
	if (make_folder(w, err) < 0) {
		error_wrap(err, "making %s", w->export);
		return OUTCOME_FAILED;
	}
	say("%s: made the folder %s on %s", w->state->path, w->export, w->state->server);
	return mount_once(w, w->export, w->path, err) < 0 ? outcome_of(errno) : OUTCOME_DONE;
}

enum outcome nfs_mount(struct state_node *n, const struct plan_state *s, const char *path, struct error *err)
{
	struct work w = {.node = n, .state = s, .path = path};
	char address[ADDRESS_SIZE];
	bool hung;
	int result;

	w.address = address;
	/* With a slash at its end, "/nodes/" and "/nodes" would be two. */
	if (path_clean(&n->arena, s->export, &w.export, err) < 0)
		return OUTCOME_FAILED;
	w.make = s->format == PLAN_FORMAT_EMPTY && s->kind == PLAN_STATE_NFS;
	if (reach(s->server, port_of(s), REACH_MS, address, err) < 0) {
		error_wrap(err, "nfs server");
		return OUTCOME_AWAY;
	}
	if (dir_make_at(AT_FDCWD, path, 0755, err) < 0)
		return OUTCOME_FAILED;
	result = run_function(work, &w, MOUNT_MS, &hung, err);
	if (result < 0)
		error_wrap(err, "nfs server %s", s->server);
	return result < 0 ? OUTCOME_AWAY : (enum outcome)result;
}

enum outcome nfs_attach(struct state_node *n, const struct plan_state *s, struct record *r, struct error *err)
{
	r->server = s->server;
	return nfs_mount(n, s, s->path, err);
}
