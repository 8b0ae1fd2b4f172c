#include "init/coldplug.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "init/console.h"
#include "init/modules.h"
#include "init/phases.h"

enum { DEPTH_LIMIT = 32, MODALIAS_SIZE = 4096, WALKS = 16, LIMIT_MS = 60000 };

/* One load per path, whatever came of it: a driver that refused its device once refuses it again. Shared with the child that looks
 * first; nobody else loads until that has ended. */
static struct tried {
	unsigned loaded;
	size_t count;
	const char *paths[]; /* pointers into the table, which every child has at the same place */
} *tried;

/* The list cannot outgrow the paths of the table, so that nothing needs to be allocated once the node runs. */
static int make_list(struct node *node, struct error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < node->aliases.count; i++)
		for (const char **p = node->aliases.items[i].paths; *p; p++)
			n++;
	tried = mmap(NULL, sizeof(*tried) + n * sizeof(*tried->paths), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tried == MAP_FAILED)
		return error_errno(err, "memory for the list of drivers");
	return 0;
}

static bool try_once(const char *path)
{
	for (size_t i = 0; i < tried->count; i++)
		if (!strcmp(tried->paths[i], path))
			return false;
	tried->paths[tried->count++] = path;
	return true;
}

static unsigned load_path(const char *modalias, const char *path)
{
	_cleanup_error_ struct error err = {0};

	if (module_load(path, "", &err) < 0) {
		console_detail("coldplug: %s wants %s", modalias, error_text(&err));
		return 0;
	}
	console_detail("coldplug: %s: %s", modalias, path);
	return 1;
}

/* The child goes through all paths, tried or not: what another child loads at the moment, the kernel lets it wait for. */
static void load_in_child(const struct plan_alias *alias, const char *modalias)
{
	if (fork() != 0)
		return;
	for (const char **path = alias->paths; *path; path++)
		load_path(modalias, *path);
	_exit(0);
}

/* Load here, or each entry in a child of its own. */
static unsigned load(const struct node *node, const char *modalias, bool here)
{
	unsigned loaded = 0;

	for (size_t i = 0; i < node->aliases.count; i++) {
		const struct plan_alias *alias = &node->aliases.items[i];
		bool fresh = false;

		if (!plan_alias_matches(alias, modalias))
			continue;
		for (const char **path = alias->paths; *path; path++) {
			if (!try_once(*path))
				continue;
			fresh = true;
			if (here)
				loaded += load_path(modalias, *path);
		}
		if (fresh && !here)
			load_in_child(alias, modalias);
	}
	return loaded;
}

void coldplug_load(struct node *node, const char *modalias)
{
	load(node, modalias, false);
}

static unsigned load_for(const struct node *node, int folder, bool here)
{
	char text[MODALIAS_SIZE];
	int fd = openat(folder, "modalias", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return load(node, text, here);
}

/* Takes the descriptor. Folders only: the links of sysfs lead back up. */
static unsigned walk(const struct node *node, int folder, int depth, bool here)
{
	_cleanup_closedir_ DIR *dir = fdopendir(folder);
	unsigned loaded = 0;
	struct dirent *e;

	if (!dir) {
		close(folder);
		return 0;
	}
	while ((e = readdir(dir))) {
		int below;

		if (e->d_type != DT_DIR) {
			if (!strcmp(e->d_name, "modalias"))
				loaded += load_for(node, dirfd(dir), here);
			continue;
		}
		if (e->d_name[0] == '.' || depth == DEPTH_LIMIT)
			continue;
		below = openat(dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0)
			loaded += walk(node, below, depth + 1, here);
	}
	return loaded;
}

static unsigned look(const struct node *node, bool here)
{
	int fd;

	if (node->aliases.count == 0)
		return 0;
	fd = open("/sys/devices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? 0 : walk(node, fd, 0, here);
}

void coldplug_walk(struct node *node)
{
	look(node, false);
}

/* A driver that is loaded makes new devices appear, which want drivers. */
static _Noreturn void look_until_none(const struct node *node)
{
	unsigned loaded;
	int walks = 0;

	do {
		loaded = look(node, true);
		tried->loaded += loaded;
	} while (loaded && ++walks < WALKS);
	_exit(0);
}

/* A driver may take its time to look at its device, or hang: that is a child's trouble, while the loop goes on. */
int phase_coldplug(struct node *node, char *detail, struct error *err)
{
	int64_t end = clock_ms() + LIMIT_MS;
	bool ended = false;
	int status;
	pid_t pid;

	/* First listen, then look: what appears in between is seen twice rather than never. */
	if (make_list(node, err) < 0 || hotplug_open(err) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		look_until_none(node);
	if (pid > 0)
		ended = supervise_wait(&node->supervisor, pid, end, &status);
	snprintf(detail, DETAIL_SIZE, "%u loaded", tried->loaded);
	if (hotplug_watch(node, err) < 0)
		return -1;
	if (pid < 0)
		return error_errno(err, "no process to look for hardware in");
	if (!ended && clock_ms() >= end)
		return error_set(err, "a driver is still being loaded after %d s", LIMIT_MS / 1000);
	return 0;
}
