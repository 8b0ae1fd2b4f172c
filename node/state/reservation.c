#include <errno.h>
#include <fcntl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "node/state/state.h"

/* SPC-4: 6.13 PERSISTENT RESERVE IN, 6.14 PERSISTENT RESERVE OUT. */
enum { PR_IN = 0x5e, PR_OUT = 0x5f };
enum { IN_READ_RESERVATION = 1 };
enum { OUT_REGISTER = 0, OUT_RESERVE = 1, OUT_RELEASE = 2, OUT_PREEMPT = 4, OUT_REGISTER_IGNORE = 6 };
enum { WRITE_EXCLUSIVE = 1 };
enum { STATUS_GOOD = 0, STATUS_CONFLICT = 0x18 };
enum { OUT_LENGTH = 24, IN_LENGTH = 24, LIMIT_MS = 10000, TRIES = 4 };

/* The SCSI status, -1 when the command did not get through. A unit attention (a power-on, reservations that were
 * preempted) is only news: again. */
static int command(int fd, unsigned char *cdb, unsigned char size, void *data, unsigned length, int direction)
{
	for (int i = 0; i < TRIES; i++) {
		unsigned char sense[32] = {0};
		struct sg_io_hdr io = {
			.interface_id = 'S', .dxfer_direction = direction, .cmd_len = size, .mx_sb_len = sizeof(sense),
			.dxfer_len = length, .dxferp = data, .cmdp = cdb, .sbp = sense, .timeout = LIMIT_MS,
		};

		if (ioctl(fd, SG_IO, &io) < 0 || io.host_status)
			return -1;
		if (io.status != 2 || (sense[2] & 0x0f) != 6)
			return io.status;
	}
	return -1;
}

static void put64(unsigned char *to, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		to[i] = (unsigned char)value;
}

static uint64_t get64(const unsigned char *from)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | from[i];
	return value;
}

static int change(int fd, unsigned char action, uint64_t key, uint64_t other)
{
	unsigned char cdb[10] = {PR_OUT, action, WRITE_EXCLUSIVE, [8] = OUT_LENGTH}, parameters[OUT_LENGTH] = {0};

	if (action == OUT_REGISTER || action == OUT_REGISTER_IGNORE)
		cdb[2] = 0;
	put64(parameters, key);
	put64(parameters + 8, other);
	return command(fd, cdb, sizeof(cdb), parameters, sizeof(parameters), SG_DXFER_TO_DEV);
}

/* The key that holds the reservation, 0 for none; false when it cannot be read. */
static bool holder(int fd, uint64_t *key)
{
	unsigned char cdb[10] = {PR_IN, IN_READ_RESERVATION, [8] = IN_LENGTH}, data[IN_LENGTH] = {0};

	if (command(fd, cdb, sizeof(cdb), data, sizeof(data), SG_DXFER_FROM_DEV) != STATUS_GOOD)
		return false;
	/* ADDITIONAL LENGTH: 16 when there is a reservation. */
	*key = data[7] >= 16 ? get64(data + 8) : 0;
	return true;
}

/* FNV-1a, 64 bit, of the machine-id: a key of its own for every node, the same after every boot; never 0. */
static uint64_t key_of(const char *machine_id)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *machine_id; machine_id++)
		hash = (hash ^ (unsigned char)*machine_id) * 0x100000001b3;
	return hash ? hash : 1;
}

static enum reservation take(int fd, uint64_t key, struct error *err)
{
	uint64_t other;
	int status = change(fd, OUT_REGISTER_IGNORE, 0, key);

	if (status < 0) {
		error_set(err, "its persistent reservation cannot be asked for: the command did not get through");
		return RESERVATION_FAILED;
	}
	if (status != STATUS_GOOD || !holder(fd, &other)) {
		error_set(err, "the target knows no persistent reservations (status %d)", status);
		return RESERVATION_UNSUPPORTED;
	}
	/* This node's own, from before a reset, perhaps by another session: taken over. */
	status = other == key ? change(fd, OUT_PREEMPT, key, key) : change(fd, OUT_RESERVE, key, 0);
	if (status == STATUS_GOOD && holder(fd, &other) && other == key)
		return RESERVATION_HELD;
	if (holder(fd, &other) && other == key)
		return RESERVATION_HELD;
	change(fd, OUT_REGISTER, key, 0);
	if (status == STATUS_CONFLICT || other) {
		error_set(err,
			  "another node has this LUN (it holds the reservation %016llx; this node is %016llx). One LUN "
			  "is for one "
			  "node: name the target by ${mac}; if that node is gone for good, clear the reservation on "
			  "the server",
			  (unsigned long long)other, (unsigned long long)key);
		return RESERVATION_OTHER;
	}
	error_set(err, "the target refuses a persistent reservation (status %d)", status);
	return RESERVATION_UNSUPPORTED;
}

/* While the reservation was another session's, the target refused to say how its cache works, and the kernel would not
 * flush it: have it ask again. */
static void look_again(const char *device)
{
	_cleanup_close_ int fd = -1;
	char path[320];

	snprintf(path, sizeof(path), "/sys/class/block/%s/device/rescan", path_base(device));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) < 0)
		say("%s: its kind of cache cannot be asked for: %s", device, strerror(errno));
}

enum reservation reservation_take(const char *device, const char *machine_id, struct error *err)
{
	_cleanup_close_ int fd = open(device, O_RDWR | O_CLOEXEC);
	enum reservation result;

	if (fd < 0) {
		error_errno(err, "%s: its reservation cannot be asked for", device);
		return RESERVATION_FAILED;
	}
	result = take(fd, key_of(machine_id), err);
	if (result == RESERVATION_HELD)
		look_again(device);
	return result;
}

void reservation_release(const char *device, const char *machine_id)
{
	_cleanup_close_ int fd = open(device, O_RDWR | O_CLOEXEC);
	uint64_t key = key_of(machine_id);

	if (fd < 0)
		return;
	change(fd, OUT_RELEASE, key, 0);
	change(fd, OUT_REGISTER, key, 0);
}
