#include "lab/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "builder/run-program.h"
#include "lab/servers.h"

/* Of a LUN. Its file is sparse: it takes the room of what was written. */
static const off_t lun_size = 4LL << 30;

/* Is the host of HOST or HOST:PORT the provisioner? */
static bool is_provisioner(const struct cluster *c, const char *server)
{
	size_t n = strlen(c->provisioner);

	return server && !strncmp(server, c->provisioner, n) && (!server[n] || server[n] == ':');
}

static bool is_here(const struct cluster *c, const struct plan_state *s)
{
	if (s->kind != PLAN_STATE_ISCSI)
		return (s->kind == PLAN_STATE_NFS || s->kind == PLAN_STATE_LOOP) && is_provisioner(c, s->server);
	for (size_t i = 0; i < s->portals.count; i++)
		if (is_provisioner(c, s->portals.items[i]))
			return true;
	return false;
}

bool storage_wants(const struct cluster *c, enum plan_state_kind kind)
{
	for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
		const struct plan *states = &c->kinds[role].states;

		if (!lab_role_count(c, (enum cluster_role)role))
			continue;
		for (size_t i = 0; i < states->state_count; i++)
			if (states->states[i].kind == kind && is_here(c, &states->states[i]))
				return true;
	}
	return false;
}

static int tgtadm(const struct lab *l, const char *const *words, struct error *err)
{
	_cleanup_strbuf_ struct strbuf errors = {0};
	struct strings argv = {0}, env = {0};

	strings_add(l->arena, &argv, program_find(l->arena, "tgtadm") ? program_find(l->arena, "tgtadm") : "tgtadm");
	strings_add(l->arena, &argv, "--lld");
	strings_add(l->arena, &argv, "iscsi");
	for (; *words; words++)
		strings_add(l->arena, &argv, *words);
	strings_add(l->arena, &env, "TGT_IPC_SOCKET=tgtd");
	return run_program(&(struct program){.argv = argv.items, .env = env.items, .directory = lab_path(l, "run"), .err = &errors},
			   NULL, err);
}

#define TGTADM(l, err, ...) tgtadm((l), (const char *const[]){__VA_ARGS__, NULL}, (err))

/* A name as a file's: an IQN holds ":" and could hold more. */
static const char *as_file(struct arena *a, const char *name)
{
	char *copy = arena_strdup(a, name);

	for (char *p = copy; *p; p++)
		if (*p == '/')
			*p = '_';
	return copy;
}

static int make_file(const struct lab *l, const char *path, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	(void)l;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "%s", path);
	if (st.st_size < lun_size && ftruncate(fd, lun_size) < 0)
		return error_errno(err, "%s", path);
	return 0;
}

static int make_target(const struct lab *l, struct strings *targets, const struct plan_state *s, const struct lab_node *n,
		       struct error *err)
{
	const char *name = lab_fill(l, n, s->target), *lun = arena_printf(l->arena, "%u", s->lun), *id;
	const char *file = lab_path(l, arena_printf(l->arena, "state/iscsi/%s.lun%u", as_file(l->arena, name), s->lun));
	size_t number = 0;

	if (!s->lun)
		return error_set(err, "tgt keeps LUN 0 for itself: write \"lun: 1\" with the state");
	while (number < targets->count && strcmp(targets->items[number], name) != 0)
		number++;
	id = arena_printf(l->arena, "%zu", number + 1);
	if (make_file(l, file, err) < 0)
		return -1;
	if (number == targets->count) {
		strings_add(l->arena, targets, name);
		if (TGTADM(l, err, "--mode", "target", "--op", "new", "--tid", id, "--targetname", name) < 0)
			return -1;
		if (s->chap_user) {
			const char *user = lab_fill(l, n, s->chap_user), *password = lab_fill(l, n, s->chap_password);
			_cleanup_error_ struct error there = {0};

			/* Accounts belong to the server; that of another target may be there already. */
			(void)TGTADM(l, &there, "--mode", "account", "--op", "new", "--user", user, "--password", password);
			if (TGTADM(l, err, "--mode", "account", "--op", "bind", "--tid", id, "--user", user) < 0)
				return -1;
		}
		if (TGTADM(l, err, "--mode", "target", "--op", "bind", "--tid", id, "--initiator-address",
			   s->one_node ? "ALL" : n->node->address) < 0)
			return -1;
	}
	return TGTADM(l, err, "--mode", "logicalunit", "--op", "new", "--tid", id, "--lun", lun, "--backing-store", file);
}

int storage_targets(const struct lab *l, struct error *err)
{
	const struct cluster *c = l->cluster;
	struct strings targets = {0};

	if (dir_make_at(AT_FDCWD, lab_path(l, "state/iscsi"), 0700, err) < 0)
		return -1;
	for (size_t i = 0; i < c->node_count; i++) {
		const struct plan *states = &c->kinds[c->nodes[i].role].states;

		for (size_t k = 0; k < states->state_count; k++) {
			const struct plan_state *s = &states->states[k];

			if (s->kind == PLAN_STATE_ISCSI && is_here(c, s) && make_target(l, &targets, s, &l->nodes[i], err) < 0)
				return error_wrap(err, "state %s of %s", s->path, c->nodes[i].name);
		}
	}
	return 0;
}

int storage_exports(const struct lab *l, struct strbuf *out, struct error *err)
{
	const struct cluster *c = l->cluster;
	struct strings seen = {0};

	for (size_t i = 0; i < c->node_count; i++) {
		const struct plan *states = &c->kinds[c->nodes[i].role].states;

		for (size_t k = 0; k < states->state_count; k++) {
			const struct plan_state *s = &states->states[k];
			const char *export, *folder;

			if (s->kind == PLAN_STATE_ISCSI || !is_here(c, s))
				continue;
			export = lab_fill(l, &l->nodes[i], s->export);
			if (strings_has(&seen, export))
				continue;
			strings_add(l->arena, &seen, export);
			folder = lab_path(l, arena_printf(l->arena, "state/nfs%s", export));
			if (dir_make_at(AT_FDCWD, folder, 0700, err) < 0)
				return -1;
			strbuf_printf(out, "EXPORT { Export_Id = %zu; Filesystem_Id = 77.%zu; Path = \"%s\"; Pseudo = \"%s\"; "
				      "FSAL { Name = VFS; } }\n", seen.count, seen.count, folder, export);
		}
	}
	return 0;
}
