#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "node/state/state.h"

enum { APPEAR_MS = 10000, VALUE_LIMIT = 4096 };

/* The device by which users call a disk in /dev/disk/by-id, from what its driver shows: wwid for SCSI, SATA and NVMe
 * ("naa.5000c500…", "eui.…", "t10.ATA …"), serial for virtio. */
static bool has_id(const char *block, const char *id)
{
	static const char *const files[] = {"wwid", "device/wwid", "serial", "device/serial", "device/cid"};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		_cleanup_error_ struct error ignored = {0};
		_cleanup_strbuf_ struct strbuf text = {0};
		char path[320], *end;

		snprintf(path, sizeof(path), "/sys/class/block/%s/%s", block, files[i]);
		if (file_read_at(AT_FDCWD, path, VALUE_LIMIT, &text, &ignored) < 0 || !text.len)
			continue;
		for (end = text.data + strlen(text.data); end > text.data && (end[-1] == '\n' || end[-1] == ' '); end--)
			end[-1] = '\0';
		if (!strcmp(text.data, id))
			return true;
	}
	return false;
}

static bool is_it(const char *block, const char *device)
{
	_cleanup_error_ struct error ignored = {0};
	struct signature found;
	char path[300];

	if (!strncmp(device, "ID=", 3))
		return has_id(block, device + 3);
	snprintf(path, sizeof(path), "/dev/%s", block);
	if (signature_of(path, &found, &ignored) < 0 || !found.name)
		return false;
	if (!strncmp(device, "LABEL=", 6))
		return *found.label && !strcmp(found.label, device + 6);
	return *found.uuid && !strcasecmp(found.uuid, device + 5);
}

/* Devices of which something else is made: loops, RAM disks, read-only media, empty drives. */
static bool is_disk(const char *block)
{
	static const char *const others[] = {"loop", "ram", "zram", "sr", "fd", "nbd"};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strncmp(block, others[i], strlen(others[i])))
			return false;
	return block[0] != '.';
}

static int find(struct arena *a, const char *device, const char **out, struct error *err)
{
	_cleanup_closedir_ DIR *dir = opendir("/sys/class/block");
	const char *found = NULL;

	for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
		if (!is_disk(d->d_name) || !is_it(d->d_name, device))
			continue;
		if (found)
			return error_set(err, "/dev/%s and %s are both %s: one of them has to be named otherwise",
					 d->d_name, found, device);
		found = arena_printf(a, "/dev/%s", d->d_name);
	}
	*out = found;
	return 0;
}

enum outcome disk_attach(struct state_node *n, const struct plan_state *s, struct record *r, struct error *err)
{
	int64_t until = clock_ms() + APPEAR_MS;

	do {
		if (find(&n->arena, s->device, &r->device, err) < 0)
			return OUTCOME_FAILED;
		if (r->device)
			return filesystem_attach(n, s, r->device, err) < 0 ? OUTCOME_FAILED : OUTCOME_DONE;
		usleep(200000);
	} while (clock_ms() < until);
	error_set(err, "this machine has no disk with %s", s->device);
	return OUTCOME_AWAY;
}
