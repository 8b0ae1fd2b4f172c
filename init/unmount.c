#include "init/unmount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "init/console.h"

enum { MOUNTS = 4096, MOUNTINFO_LIMIT = 4 << 20 };

void unmount_unescape(char *path)
{
	char *w = path;

	for (const char *p = path; *p; w++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' && p[3] >= '0' &&
		    p[3] <= '7') {
			*w = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 4;
		} else {
			*w = *p++;
		}
	}
	*w = '\0';
}

static bool stays(const char *path)
{
	return !strcmp(path, "/") || path_is_below(path, "/proc") || path_is_below(path, "/sys") ||
	       path_is_below(path, "/dev") || path_is_below(path, "/run");
}

static void unmount(const char *path)
{
	if (umount2(path, UMOUNT_NOFOLLOW) == 0 || errno != EBUSY)
		return;
	/* In use: what is written is kept, nothing more gets in, and the mount goes with its last user. */
	mount(NULL, path, NULL, MS_REMOUNT | MS_RDONLY, NULL);
	umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH);
}

/* False: it hangs, and a child that waits with it is left behind. */
static bool unmount_within(const char *path, int64_t limit_ms)
{
	int64_t until = clock_ms() + limit_ms;
	pid_t child = fork();

	if (child == 0) {
		unmount(path);
		_exit(0);
	}
	while (child > 0 && waitpid(child, NULL, WNOHANG) == 0) {
		if (clock_ms() >= until)
			return false;
		usleep(2000);
	}
	return true;
}

_Noreturn void unmount_all(int64_t limit_ms)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	static char *paths[MOUNTS];
	char *line, *rest;
	size_t n = 0;
	int hung = 0;

	if (file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_LIMIT, &text, &err) < 0) {
		console_say("file systems: %s", error_text(&err));
		_exit(1);
	}
	rest = text.data;
	while ((line = strsep(&rest, "\n")) && n < MOUNTS) {
		char *path = NULL;

		/* The fifth field is the mount point. */
		for (int field = 0; field < 5 && line; field++)
			path = strsep(&line, " ");
		if (path && line)
			paths[n++] = path;
	}
	while (n-- > 0) {
		unmount_unescape(paths[n]);
		if (stays(paths[n]) || unmount_within(paths[n], limit_ms))
			continue;
		console_say("%s cannot be unmounted within %lld s: left as it is", paths[n],
			    (long long)limit_ms / 1000);
		hung++;
	}
	_exit(hung > 100 ? 100 : hung);
}
