#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/phases.h"

/* As sysctl(8): the first separator decides; after a dot, dots separate and slashes stand for dots
 * (net.ipv4.conf.eth0/1). */
static int make_path(const char *key, char *path, size_t size)
{
	int prefix = snprintf(path, size, "/proc/sys/%s", key);
	char *p = path + sizeof("/proc/sys/") - 1;

	if (prefix < 0 || (size_t)prefix >= size)
		return -1;
	if (p[strcspn(p, "./")] == '/')
		return 0;
	for (; *p; p++)
		*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return 0;
}

static int set_one(const struct pair *pair, struct error *err)
{
	_cleanup_close_ int fd = -1;
	char path[256];

	if (make_path(pair->key, path, sizeof(path)) < 0)
		return error_set(err, "%.60s…: too long", pair->key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(err, "this kernel has no %s: add the module that brings it to the profile's modules",
				 pair->key);
	if (fd < 0 || write(fd, pair->value, strlen(pair->value)) < 0)
		return error_errno(err, "%s=%s", pair->key, pair->value);
	return 0;
}

int phase_sysctl(struct node *node, char *detail, struct error *err)
{
	for (size_t i = 0; i < node->plan.sysctls.count; i++)
		if (set_one(&node->plan.sysctls.items[i], err) < 0)
			return -1;
	if (node->plan.sysctls.count)
		snprintf(detail, DETAIL_SIZE, "%zu set", node->plan.sysctls.count);
	return 0;
}
