#include "lab/lab-up.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "builder/run-program.h"
#include "lab/servers.h"
#include "lab/supervisor.h"

enum { KEY_LIMIT = 4096, MEMINFO_LIMIT = 65536 };

static int make_folders(const struct lab *l, struct error *err)
{
	static const char *const folders[] = {"log", "run", "console", "ssh", "state", "registry", "images", "tftp"};

	/* Keys are below it. */
	if (dir_make_at(AT_FDCWD, l->dir, 0700, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (dir_make_at(AT_FDCWD, lab_path(l, folders[i]), strcmp(folders[i], "tftp") != 0 ? 0700 : 0755, err) < 0)
			return -1;
	return 0;
}

/* The key with which `mkdl lab exec` logs in is the lab's own: nobody's other key has to be there. */
static int add_key(struct lab *l, struct cluster *c, struct error *err)
{
	const char *key = lab_path(l, "ssh/id_ed25519");
	_cleanup_strbuf_ struct strbuf public = {0}, errors = {0};

	if (access(key, F_OK) < 0) {
		const char *argv[] = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "mkdl-lab", "-f", key, NULL};

		if (run_program(&(struct program){.argv = argv, .err = &errors}, NULL, err) < 0)
			return -1;
	}
	if (file_read_at(AT_FDCWD, lab_path(l, "ssh/id_ed25519.pub"), KEY_LIMIT, &public, err) < 0)
		return -1;
	while (public.len && public.data[public.len - 1] == '\n')
		public.data[--public.len] = '\0';
	strings_add(l->arena, &c->ssh_keys, arena_strdup(l->arena, public.data));
	return 0;
}

/* By running ourselves: what a build says and shows is the same as by hand. */
static int build_role(struct lab *l, const struct lab_options *o, enum cluster_role role, struct error *err)
{
	const char *profile = lab_path(l, arena_printf(l->arena, "cluster/profiles/%s.yml", lab_role_name(role)));
	const char *log = lab_path(l, arena_printf(l->arena, "log/build-%s", lab_role_name(role)));
	_cleanup_close_ int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct strings argv = {0};
	int status;

	if (out < 0)
		return error_errno(err, "%s", log);
	strings_add(l->arena, &argv, "/proc/self/exe");
	strings_add(l->arena, &argv, "build");
	strings_add(l->arena, &argv, profile);
	strings_add(l->arena, &argv, "--out");
	strings_add(l->arena, &argv, lab_path(l, "images"));
	strings_add(l->arena, &argv, "--tftp");
	strings_add(l->arena, &argv, lab_path(l, "tftp"));
	if (o->offline)
		strings_add(l->arena, &argv, "--offline");
	if (o->no_color)
		strings_add(l->arena, &argv, "--no-color");
	fprintf(stderr, "mkdl: the image of the %ss\n", lab_role_name(role));
	if (run_program(&(struct program){.argv = argv.items, .out_fd = out, .err_fd = STDERR_FILENO}, &status, err) < 0)
		return -1;
	if (status)
		return error_set(err, "cannot build what the %ss boot (%s)", lab_role_name(role), profile);
	return 0;
}

/* Machines that together have more memory than the host has to spare end one another. */
static void weigh(const struct lab *l)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};
	unsigned long wanted = 0, there = 0;
	const char *line;

	for (size_t i = 0; i < l->cluster->node_count; i++)
		wanted += l->cluster->kinds[l->cluster->nodes[i].role].memory;
	if (file_read_at(AT_FDCWD, "/proc/meminfo", MEMINFO_LIMIT, &text, &ignored) < 0)
		return;
	strbuf_puts(&text, "");
	line = strstr(text.data, "MemAvailable:");
	if (line && sscanf(line, "MemAvailable: %lu kB", &there) == 1 && there / 1024 < wanted)
		fprintf(stderr, "mkdl: warning: the machines have %lu MiB together, this host has %lu MiB to spare\n", wanted,
			there / 1024);
}

/* Both roles' states are forgotten: what was on them is lost, the keys of the cluster stay. */
static int forget(const struct lab *l, struct error *err)
{
	if (dir_remove_at(AT_FDCWD, lab_path(l, "state"), err) < 0 || dir_remove_at(AT_FDCWD, lab_path(l, "registry"), err) < 0 ||
	    dir_remove_at(AT_FDCWD, lab_path(l, "console"), err) < 0)
		return -1;
	return make_folders(l, err);
}

static int prepare(struct lab *l, struct cluster *c, const struct lab_options *o, struct error *err)
{
	struct strings said = {0};
	const char *kernel = NULL;

	if ((o->fresh && forget(l, err) < 0) || add_key(l, c, err) < 0)
		return -1;
	c->tftp = lab_path(l, "tftp");
	/* Addresses of services are reached by a route, if only the default one. */
	if (!c->gateway)
		c->gateway = c->provisioner;
	lab_nodes(l);
	if (cluster_init(l->arena, c, lab_path(l, "cluster"), &said, err) < 0)
		return -1;
	for (size_t i = 0; i < said.count; i++)
		fprintf(stderr, "mkdl: %s\n", said.items[i]);
	for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
		if (!lab_role_count(c, (enum cluster_role)role))
			continue;
		if (!o->no_build && build_role(l, o, (enum cluster_role)role, err) < 0)
			return -1;
		kernel = lab_path(l, arena_printf(l->arena, "images/%s-%s/vmlinuz", c->name, lab_role_name((enum cluster_role)role)));
		if (access(kernel, R_OK) < 0)
			return error_set(err, "%s is not there: nothing was built for this lab; leave --no-build out", kernel);
	}
	if (qemu_find(l->arena, &l->qemu, err) < 0)
		return -1;
	l->qemu.kvm = kernel && qemu_kvm_works(&l->qemu, kernel);
	weigh(l);
	return 0;
}

/* One lab of a name at a time, from its preparation to its end: 1 when it runs already. */
static int take_lock(struct arena *a, const struct lab *l, struct lab_client *c, int *lock, struct error *err)
{
	_cleanup_close_ int fd = open(lab_path(l, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_errno(err, "%s/lock", l->dir);
	if (fd_flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (client_try(a, l->dir, c))
			return 1;
		return error_set(err, "lab %s is being started or ended by another mkdl (%s/lock)", l->name, l->dir);
	}
	*lock = take_fd(&fd);
	return 0;
}

static int absolute_dir(struct arena *a, const struct lab_options *o, const char *name, const char **dir, struct error *err)
{
	_cleanup_free_ char *out = NULL;

	if (dir_make_at(AT_FDCWD, o->out, 0755, err) < 0)
		return -1;
	out = realpath(o->out, NULL);
	if (!out)
		return error_errno(err, "%s", o->out);
	/* These paths go into the files of servers whose syntax has no quotes that all of them would take. */
	if (strpbrk(out, " \t\n\"'\\;{}#,$"))
		return error_set(err, "%s: a lab's folder cannot be in one whose name has blanks, quotes or any of \\;{}#,$", out);
	*dir = arena_printf(a, "%s/lab/%s", out, name);
	return 0;
}

int lab_up(struct arena *a, const struct lab_options *o, struct lab_client *c, bool *running, struct error *err)
{
	struct diagnostics diag = {.arena = a};
	struct cluster *cluster = arena_new(a, struct cluster);
	struct lab *l = arena_new(a, struct lab);
	_cleanup_close_ int lock = -1;
	int code = cluster_read(a, o->file, &diag, cluster, err);

	diagnostics_print(&diag, !o->no_color && isatty(STDERR_FILENO));
	if (code < 0)
		return -1;
	*l = (struct lab){.arena = a, .cluster = cluster, .name = cluster->name};
	if (absolute_dir(a, o, cluster->name, &l->dir, err) < 0 || make_folders(l, err) < 0)
		return -1;
	code = take_lock(a, l, c, &lock, err);
	*running = code == 1;
	if (code)
		return code < 0 ? -1 : 0;
	if (requirements_check(cluster, err) < 0 || prepare(l, cluster, o, err) < 0)
		return -1;
	/* The story of this lab; what was before is told by the console. */
	if (unlink(lab_path(l, "log/events")) < 0 && errno != ENOENT)
		return error_errno(err, "%s", lab_path(l, "log/events"));
	if (supervisor_start(l, lock, err) < 0)
		return error_wrap(err, "lab %s", l->name);
	if (!client_try(a, l->dir, c))
		return error_set(err, "lab %s ended at once; see %s/log", l->name, l->dir);
	return 0;
}
