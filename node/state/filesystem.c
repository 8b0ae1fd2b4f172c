#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "node/state/state.h"

/* Checking or making a large file system over a slow network takes its time; a server that goes away meanwhile is
 * waited for as long. */
enum { MAKE_MS = 3600 * 1000, CHECK_MS = 3600 * 1000 };

static const char *const names[] = {[PLAN_FS_EXT4] = "ext4", [PLAN_FS_XFS] = "xfs"};

static int make(const struct plan_state *s, const char *device, struct error *err)
{
	/* ext4: the inode tables are zeroed later by the kernel. No discard: a thin LUN that was just looked at is
	 * empty, and some targets take minutes for it. */
	const char *const ext4[] = {"/usr/sbin/mkfs.ext4", "-q", "-F", "-E", "nodiscard", device, NULL};
	const char *const xfs[] = {"/sbin/mkfs.xfs", "-q", "-K", device, NULL};
	int64_t began = clock_ms();

	say("%s: %s is empty: making an %s file system", s->path, device, names[s->fs]);
	if (run_ok(s->fs == PLAN_FS_XFS ? xfs : ext4, MAKE_MS, err) < 0)
		return error_wrap(err, "making an %s file system on %s", names[s->fs], device);
	say("%s: made in %.1f s", s->path, (double)(clock_ms() - began) / 1000);
	return 0;
}

/* fsck(8): 0 no errors, 1 corrected, 2 corrected and a reboot is wanted (of a mounted file system); 4 and up: not. */
static int check_ext4(const struct plan_state *s, const char *device, struct error *err)
{
	const char *const argv[] = {"/usr/sbin/fsck.ext4", "-p", device, NULL};
	int64_t began = clock_ms();
	char text[RUN_TEXT], *line = text, *end;
	int status;

	if (run(argv, CHECK_MS, text, &status, err) < 0)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	for (; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		say("%s: fsck: %s", s->path, line);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 3) {
		say("%s: file system repaired (took %.1f s)", s->path, (double)(clock_ms() - began) / 1000);
		return 0;
	}
	return error_set(
		err,
		"the file system on %s is damaged beyond what can be repaired without risk: look at it on the server, "
		"and decide there (fsck.ext4 without -p)",
		device);
}

/* xfs checks itself while it is mounted; when that fails, xfs_repair -n says what is wrong. */
static int explain_xfs(const char *device, struct error *err)
{
	const char *const argv[] = {"/sbin/xfs_repair", "-n", device, NULL};
	char text[RUN_TEXT];
	int status;

	if (run(argv, CHECK_MS, text, &status, err) < 0)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
		return error_set(err, "the xfs file system on %s is damaged: repair it on the server (xfs_repair)",
				 device);
	return error_set(err, "the xfs file system on %s cannot be mounted, though xfs_repair -n finds nothing wrong",
			 device);
}

static int mount_it(struct state_node *n, const struct plan_state *s, const char *device, struct error *err)
{
	struct mount_options o = mount_options(&n->arena, &s->options);
	_cleanup_error_ struct error why = {0};

	if (dir_make_at(AT_FDCWD, s->path, 0755, err) < 0)
		return -1;
	if (mount(device, s->path, names[s->fs], o.flags, o.data) == 0)
		return 0;
	error_errno(err, "mounting %s (%s%s%s)", device, names[s->fs], *o.data ? ", " : "", o.data);
	if (errno == ENODEV)
		return error_set(err, "the kernel of this image has no %s: it was built without that module",
				 names[s->fs]);
	if (s->fs == PLAN_FS_XFS && explain_xfs(device, &why) < 0)
		return error_wrap(err, "%s", error_text(&why));
	return -1;
}

int filesystem_attach(struct state_node *n, const struct plan_state *s, const char *device, struct error *err)
{
	struct signature found;

	if (signature_of(device, &found, err) < 0)
		return -1;
	if (found.empty && s->format != PLAN_FORMAT_EMPTY)
		return error_set(
			err,
			"%s is empty and must not be formatted: say \"format: empty\", or make the file system on the "
			"server",
			device);
	if (!found.empty && (!found.name || strcmp(found.name, names[s->fs]) != 0))
		return error_set(
			err,
			"%s is not empty and holds no %s, but %s: not touched. If that can go, overwrite its first "
			"4 MB and its last with zeros on the server",
			device, names[s->fs], found.name ? found.name : "data of a kind that is not known");
	if (found.empty && make(s, device, err) < 0)
		return -1;
	if (!found.empty && s->fs == PLAN_FS_EXT4 && check_ext4(s, device, err) < 0)
		return -1;
	return mount_it(n, s, device, err);
}

int tmpfs_attach(const char *path, const char *size, const struct strings *options, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	struct mount_options o = options ? mount_options(&a, options) : (struct mount_options){0};
	const char *more = o.data ? o.data : "";
	const char *data = arena_printf(&a, "mode=0755,size=%s%s%s", size, *more ? "," : "", more);

	if (dir_make_at(AT_FDCWD, path, 0755, err) < 0)
		return -1;
	if (mount("tmpfs", path, "tmpfs", o.flags, data) < 0)
		return error_errno(err, "tmpfs of %s on %s", size, path);
	return 0;
}
