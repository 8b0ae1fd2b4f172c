#include "builder/home.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool has_profiles(struct arena *a, const char *dir)
{
	return access(path_join(a, dir, "profiles/base.yml"), R_OK) == 0;
}

/* The folder of the running program. */
static const char *program_dir(struct arena *a, struct error *err)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0) {
		error_errno(err, "/proc/self/exe");
		return NULL;
	}
	path[n] = '\0';
	return path_parent(a, path);
}

/* An environment variable that must name a folder. 1: *out is its absolute name, 0: not set, -1: wrong. */
static int from_environment(struct arena *a, const char *name, const char **out, struct error *err)
{
	const char *value = getenv(name);
	_cleanup_free_ char *path = NULL;

	if (!value || !*value)
		return 0;
	path = realpath(value, NULL);
	if (!path)
		return error_errno(err, "%s=%s", name, value);
	if (!is_dir(path))
		return error_set(err, "%s=%s: not a folder", name, value);
	*out = arena_strdup(a, path);
	return 1;
}

const char *home_find(struct arena *a, struct error *err)
{
	const char *found = NULL, *dir;
	int set = from_environment(a, "MKDL_HOME", &found, err);

	if (set)
		return set > 0 ? found : NULL;
	dir = program_dir(a, err);
	if (!dir)
		return NULL;
	found = path_join(a, path_parent(a, dir), "share/mkdl");
	if (has_profiles(a, found))
		return found;
	for (const char *d = dir;; d = path_parent(a, d)) {
		if (has_profiles(a, d) && is_dir(path_join(a, d, "hooks")))
			return d;
		if (!strcmp(d, "/"))
			break;
	}
	error_set(err,
		  "mkdl's own profiles are neither in %s nor above %s; set MKDL_HOME to the folder that holds "
		  "profiles/base.yml",
		  found, dir);
	return NULL;
}

const char *home_helpers(struct arena *a, struct error *err)
{
	const char *found = NULL, *dir, *installed;
	int set = from_environment(a, "MKDL_HELPERS", &found, err);

	if (set)
		return set > 0 ? found : NULL;
	dir = program_dir(a, err);
	if (!dir)
		return NULL;
	found = path_join(a, dir, "init");
	if (is_dir(found))
		return found;
	installed = path_join(a, path_parent(a, dir), "libexec/mkdl");
	if (is_dir(installed))
		return installed;
	error_set(err,
		  "the init's programs are neither in %s nor in %s; build them, or set MKDL_HELPERS to their folder",
		  found, installed);
	return NULL;
}
