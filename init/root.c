#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/phases.h"

/* rootfs is the one mount that has no parent, so pivot_root(2) refuses it. A bind mount of it, moved over "/", shows
 * the same files without a copy and is a mount like any other. */
int phase_root(struct node *node, char *detail, struct error *err)
{
	static const char staging[] = "/.root";

	(void)node;
	(void)detail;
	if (mkdir(staging, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "%s", staging);
	if (mount("/", staging, NULL, MS_BIND, NULL) < 0)
		return error_errno(err, "bind mount of / on %s", staging);
	if (chdir(staging) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return error_errno(err, "moving %s over /", staging);
	rmdir(staging);
	return 0;
}
