#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "init/log.h"
#include "init/phases.h"

static const struct {
	const char *type, *target;
	unsigned long flags;
	const char *data;
	bool needed; /* else the kernel may lack it */
} mounts[] = {
	{"proc", "/proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL, true},
	{"sysfs", "/sys", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL, true},
	{"devtmpfs", "/dev", MS_NOSUID, "mode=0755", true},
	{"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=0620,ptmxmode=0666", true},
	{"tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777", true},
	{"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755,size=25%", true},
	{"tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777,size=25%", true},
	{"cgroup2", "/sys/fs/cgroup", MS_NOSUID | MS_NOEXEC | MS_NODEV, "nsdelegate", true},
	{"bpf", "/sys/fs/bpf", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=0700", false},
};

/* What devtmpfs leaves to user space. */
static const char *const device_links[][2] = {
	{"/proc/self/fd", "/dev/fd"},
	{"/proc/self/fd/0", "/dev/stdin"},
	{"/proc/self/fd/1", "/dev/stdout"},
	{"/proc/self/fd/2", "/dev/stderr"},
};

static int mount_one(size_t i, struct error *err)
{
	if (mkdir(mounts[i].target, 0755) < 0 && errno != EEXIST && mounts[i].needed)
		return error_errno(err, "%s", mounts[i].target);
	/* EBUSY: there already (a kernel with CONFIG_DEVTMPFS_MOUNT). */
	if (mount(mounts[i].type, mounts[i].target, mounts[i].type, mounts[i].flags, mounts[i].data) == 0 ||
	    errno == EBUSY || !mounts[i].needed)
		return 0;
	return error_errno(err, "%s on %s", mounts[i].type, mounts[i].target);
}

int phase_mounts(struct node *node, char *detail, struct error *err)
{
	(void)node;
	(void)detail;
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++)
		if (mount_one(i, err) < 0)
			return -1;
	for (size_t i = 0; i < sizeof(device_links) / sizeof(*device_links); i++)
		if (symlink(device_links[i][0], device_links[i][1]) < 0 && errno != EEXIST)
			return error_errno(err, "%s", device_links[i][1]);
	/* Mounts made on the node must reach into containers and back (mount propagation of volumes). */
	if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		return error_errno(err, "making / shared");
	return dir_make_at(AT_FDCWD, LOG_FOLDER, 0755, err);
}
