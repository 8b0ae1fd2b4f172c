#include "lab/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

static int write_proc(const char *path, const char *text, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "%s", path);
	return fd_write_all(fd, text, strlen(text), path, err);
}

/* Why not: the kernel's answers say little (user_namespaces(7), clone(2)). */
static int refused(bool root, struct error *err)
{
	int e = errno;

	if (root)
		return error_set(err, "this host does not let root open namespaces (%s): is this a container without "
				 "CAP_SYS_ADMIN?", strerror(e));
	if (e == ENOSPC)
		return error_set(err, "namespaces of users are switched off on this host (sysctl user.max_user_namespaces is 0, or "
				 "all are in use): run it as root, or allow them");
	return error_set(err, "this host does not let ordinary users open namespaces (%s; sysctl "
			 "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns): run it as root, or "
			 "allow them", strerror(e));
}

int namespaces_open(struct error *err)
{
	bool root = geteuid() == 0;
	char map[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare((root ? 0 : CLONE_NEWUSER) | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) < 0)
		return refused(root, err);
	if (root)
		return 0;
	/* Without this the kernel takes no gid_map from us (user_namespaces(7)). */
	if (write_proc("/proc/self/setgroups", "deny", err) < 0)
		return -1;
	snprintf(map, sizeof(map), "0 %u 1\n", uid);
	if (write_proc("/proc/self/uid_map", map, err) < 0)
		return -1;
	snprintf(map, sizeof(map), "0 %u 1\n", gid);
	return write_proc("/proc/self/gid_map", map, err);
}

int namespaces_settle(struct error *err)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_errno(err, "cannot make the mounts private");
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return error_errno(err, "cannot mount the lab's /proc");
	return 0;
}

static int open_namespace(pid_t pid, const char *name, struct error *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "cannot enter the lab: %s", path);
	return fd;
}

/* Are these the namespace that we are in already? Entering one's own user namespace is refused. */
static bool is_ours(int fd, const char *name)
{
	struct stat theirs, ours;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return fstat(fd, &theirs) == 0 && stat(path, &ours) == 0 && theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

int namespaces_enter(pid_t pid, struct error *err)
{
	_cleanup_close_ int user = open_namespace(pid, "user", err);
	_cleanup_close_ int net = -1;

	if (user < 0)
		return -1;
	net = open_namespace(pid, "net", err);
	if (net < 0)
		return -1;
	if (!is_ours(user, "user") && setns(user, CLONE_NEWUSER) < 0)
		return error_errno(err, "cannot enter the lab as its user: it belongs to somebody else");
	if (setns(net, CLONE_NEWNET) < 0)
		return error_errno(err, "cannot enter the lab's network");
	return 0;
}
