#include "init/pstore.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "init/console.h"
#include "init/reason.h"

#define FOLDER "/sys/fs/pstore"
#define KEPT "/run/mkdl/pstore"
#define MARK "mkdl: boot failed: "

enum { RECORDS = 32, TEXT = 64 << 10, COPIES = 8 };

static char last[PSTORE_REASON];

static void write_line(const char *device, const char *line, size_t n)
{
	_cleanup_close_ int fd = open(device, O_WRONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && write(fd, line, n) < 0)
		console_detail("%s does not take the reason", device);
}

void pstore_write(const char *phase, const char *reason)
{
	/* user.debug: kept in the kernel's log, shown on no console, which PID 1 tells itself. */
	static const char level[] = "<15>";
	char line[sizeof(level) + sizeof(MARK) + PSTORE_REASON];
	int n = snprintf(line, sizeof(line), "%s" MARK "%s: %s", level, phase, reason);
	size_t len = n < 0 ? 0 : (size_t)n >= sizeof(line) ? sizeof(line) - 1 : (size_t)n;

	line[len] = '\n'; /* in place of the NUL */
	write_line("/dev/kmsg", line, len + 1);
	write_line("/dev/pmsg0", line + sizeof(level) - 1, len + 2 - sizeof(level));
}

/* What one record says of the boot's end; PID 1's own word counts more than the kernel's. */
static void look(const char *name, const char *text)
{
	char reason[PSTORE_REASON];

	if (strncmp(name, "pmsg-", 5) != 0 && strncmp(name, "dmesg-", 6) != 0)
		return;
	reason_after(text, MARK, reason, sizeof(reason));
	if (*reason) {
		memcpy(last, reason, sizeof(last));
		return;
	}
	reason_after(text, "Kernel panic - not syncing: ", reason, sizeof(reason));
	if (*reason && !*last)
		snprintf(last, sizeof(last), "kernel panic: %.480s", reason);
}

static void take(int folder, const char *name, bool keep)
{
	_cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_free_ char *text = malloc(TEXT + 1);
	_cleanup_error_ struct error err = {0};
	char path[128];
	size_t n = 0;
	ssize_t got;

	while (fd >= 0 && text && n < TEXT && (got = fd_read(fd, text + n, TEXT - n)) > 0)
		n += (size_t)got;
	if (n > 0) {
		text[n] = '\0';
		/* A ring that was not full, a record of a compressed log: what is behind a NUL counts too. */
		for (size_t i = 0; i < n; i++)
			if (!text[i])
				text[i] = '\n';
		look(name, text);
		if (keep && snprintf(path, sizeof(path), KEPT "/%s", name) < (int)sizeof(path) &&
		    file_write_atomic_at(AT_FDCWD, path, text, n, 0600, &err) < 0)
			console_detail("%s", error_text(&err));
	}
	unlinkat(folder, name, 0);
}

void pstore_read(void)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *e;
	int seen = 0;

	/* Where the kernel has none, or has it mounted, that is that. */
	mount("pstore", FOLDER, "pstore", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	dir = opendir(FOLDER);
	if (!dir || dir_make_at(AT_FDCWD, KEPT, 0700, &err) < 0)
		return;
	while (seen < RECORDS && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		take(dirfd(dir), e->d_name, seen < COPIES);
		seen++;
	}
	if (seen == 0)
		rmdir(KEPT);
	if (*last)
		console_say("last boot failed: %s", last);
	else if (seen > 0)
		console_detail("records of the last boot are in " KEPT);
}

const char *pstore_last(void)
{
	return last;
}
