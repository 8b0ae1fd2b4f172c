#include "init/coldplug.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/console.h"
#include "init/modules.h"
#include "init/phases.h"

enum { DEPTH_LIMIT = 32, MODALIAS_SIZE = 4096, WALKS = 16 };

/* One load per path, whatever came of it: a driver that refused its device once refuses it again. */
static const char **tried;
static size_t tried_count;

/* The list cannot outgrow the paths of the table, so that nothing needs to be allocated once the node runs. */
static void make_list(struct node *node)
{
	size_t n = 0;

	for (size_t i = 0; i < node->aliases.count; i++)
		for (const char **p = node->aliases.items[i].paths; *p; p++)
			n++;
	tried = arena_calloc(&node->arena, n + 1, sizeof(*tried));
	tried_count = 0;
}

static bool try_once(const char *path)
{
	for (size_t i = 0; i < tried_count; i++)
		if (!strcmp(tried[i], path))
			return false;
	tried[tried_count++] = path;
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

/* A driver may take its time to look at its device, or hang. While the node runs that is a child's trouble. The child
 * goes through all paths, tried or not: what another child loads at the moment, the kernel lets it wait for. */
static void load_in_child(const struct plan_alias *alias, const char *modalias)
{
	if (fork() != 0)
		return;
	for (const char **path = alias->paths; *path; path++)
		load_path(modalias, *path);
	_exit(0);
}

unsigned coldplug_load(struct node *node, const char *modalias)
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
			if (!node->supervisor.complete)
				loaded += load_path(modalias, *path);
		}
		if (fresh && node->supervisor.complete)
			load_in_child(alias, modalias);
	}
	return loaded;
}

static unsigned load_for(struct node *node, int folder)
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
	return coldplug_load(node, text);
}

/* Takes the descriptor. Folders only: the links of sysfs lead back up. */
static unsigned walk(struct node *node, int folder, int depth)
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
				loaded += load_for(node, dirfd(dir));
			continue;
		}
		if (e->d_name[0] == '.' || depth == DEPTH_LIMIT)
			continue;
		below = openat(dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0)
			loaded += walk(node, below, depth + 1);
	}
	return loaded;
}

unsigned coldplug_walk(struct node *node)
{
	int fd;

	if (node->aliases.count == 0)
		return 0;
	fd = open("/sys/devices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? 0 : walk(node, fd, 0);
}

int phase_coldplug(struct node *node, char *detail, struct error *err)
{
	unsigned total = 0, loaded;
	int walks = 0;

	make_list(node);
	/* First listen, then look: what appears in between is seen twice rather than never. */
	if (hotplug_open(node, err) < 0)
		return -1;
	do {
		loaded = coldplug_walk(node);
		total += loaded;
	} while (loaded && ++walks < WALKS);
	snprintf(detail, DETAIL_SIZE, "%u loaded", total);
	return 0;
}
