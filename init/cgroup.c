#include "init/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "init/console.h"

#define ROOT "/sys/fs/cgroup"
#define SYSTEM ROOT "/system"

static bool ready;

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0) {
		int saved = errno;

		close(fd);
		errno = saved;
	}
	return n >= 0;
}

/* Enable the controllers of a group for its children: all at once, which takes the kernel a fraction of the time; if it refuses
 * that, one by one, for one that cannot be enabled must not hold up the rest. */
static int enable_all(const char *group, struct error *err)
{
	_cleanup_strbuf_ struct strbuf list = {0}, all = {0};
	char path[128], *rest, *name;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", group);
	if (file_read_at(AT_FDCWD, path, 4096, &list, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", group);
	for (const char *p = list.data ? list.data : ""; *p; p += strcspn(p, " \n")) {
		p += strspn(p, " \n");
		if (*p)
			strbuf_printf(&all, "+%.*s ", (int)strcspn(p, " \n"), p);
	}
	if (!all.data || put(path, all.data))
		return 0;
	rest = list.data;
	while ((name = strsep(&rest, " \n"))) {
		char word[64];

		if (!*name || snprintf(word, sizeof(word), "+%s", name) >= (int)sizeof(word))
			continue;
		if (!put(path, word))
			console_detail("cgroup controller %s: %s", name, strerror(errno));
	}
	return 0;
}

int cgroup_setup(struct error *err)
{
	if (access(ROOT "/cgroup.controllers", R_OK) < 0)
		return error_errno(err, ROOT " holds no cgroup v2 hierarchy");
	if (dir_make_at(AT_FDCWD, SYSTEM "/init", 0755, err) < 0)
		return -1;
	if (!put(SYSTEM "/init/cgroup.procs", "0"))
		return error_errno(err, SYSTEM "/init");
	if (enable_all(ROOT, err) < 0 || enable_all(SYSTEM, err) < 0)
		return -1;
	ready = true;
	return 0;
}

bool cgroup_ready(void)
{
	return ready;
}

bool cgroup_make(const char *name)
{
	char path[128];

	if (!ready)
		return false;
	snprintf(path, sizeof(path), SYSTEM "/%s", name);
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return true;
	console_say("service %s has no cgroup of its own: %s: %s", name, path, strerror(errno));
	return false;
}

void cgroup_enter(const char *name)
{
	char path[128];

	if (!ready)
		return;
	snprintf(path, sizeof(path), SYSTEM "/%s/cgroup.procs", name);
	put(path, "0");
}

bool cgroup_kill(const char *name)
{
	char path[128];

	if (!ready)
		return false;
	snprintf(path, sizeof(path), SYSTEM "/%s/cgroup.kill", name);
	return put(path, "1");
}

int cgroup_set(const char *name, const char *file, const char *text, struct error *err)
{
	char path[160];

	snprintf(path, sizeof(path), SYSTEM "/%s/%s", name, file);
	return put(path, text) ? 0 : error_errno(err, "%s: %s", path, text);
}

int cgroup_open_events(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), SYSTEM "/%s/memory.events", name);
	return ready ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

/* A small file, whole, as text. */
static bool get(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

unsigned long long cgroup_oom_kills(int events_fd)
{
	char text[512];
	const char *line = get(events_fd, text, sizeof(text)) ? strstr(text, "oom_kill ") : NULL;

	return line ? strtoull(line + 9, NULL, 10) : 0;
}

bool cgroup_holds(const char *name, pid_t pid)
{
	char path[64], text[1024], *line;
	size_t n = strlen(name);
	int fd;
	bool known;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	known = get(fd, text, sizeof(text));
	close(fd);
	/* The one line of cgroup v2: "0::/system/NAME". */
	line = known ? strstr(text, "0::/system/") : NULL;
	return line && !strncmp(line + 11, name, n) && (line[11 + n] == '\n' || line[11 + n] == '/');
}

bool cgroup_populated(const char *name)
{
	char path[128], text[256];
	bool known;
	int fd;

	if (!ready)
		return false;
	snprintf(path, sizeof(path), SYSTEM "/%s/cgroup.events", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	known = get(fd, text, sizeof(text));
	close(fd);
	return known && strstr(text, "populated 1");
}
