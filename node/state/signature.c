#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "node/state/state.h"

/* What is looked at. Partition tables, LVM, LUKS, swap and file systems have their marks in the first few hundred
 * kilobytes (btrfs: 64 KB, its copy at 64 MB; reiserfs: 64 KB; ZFS: 16 to 256 KB and the end; MD: 0, 4 KB or the end;
 * GPT: its copy at the end). Data without any mark is somebody's too, so everything here has to be zero. */
enum { HEAD = 4 << 20, TAIL = 1 << 20, PIECE = 64 << 10 };

static const struct {
	const char *name;
	unsigned offset, size;
	const char *magic;
} marks[] = {
	{"xfs", 0, 4, "XFSB"},                  /* fs/xfs/libxfs/xfs_format.h */
	{"ext4", 1024 + 0x38, 2, "\x53\xef"},   /* Documentation/filesystems/ext4/super.rst */
	{"LUKS", 0, 6, "LUKS\xba\xbe"},
	{"LVM2", 512, 8, "LABELONE"},
	{"GPT", 512, 8, "EFI PART"},
	{"btrfs", 65536 + 64, 8, "_BHRfS_M"},
	{"swap", 4096 - 10, 10, "SWAPSPACE2"},
	{"squashfs", 0, 4, "hsqs"},
	{"NTFS", 3, 8, "NTFS    "},
	{"a partition table", 510, 2, "\x55\xaa"},
};

static void format_uuid(const unsigned char *u, char out[static 40])
{
	snprintf(out, 40, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2],
		 u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}

static void read_names(const char *data, struct signature *out)
{
	bool xfs = !strcmp(out->name, "xfs");
	const char *label = data + (xfs ? 108 : 1024 + 0x78);
	const char *uuid = data + (xfs ? 32 : 1024 + 0x68);

	if (!xfs && strcmp(out->name, "ext4") != 0)
		return;
	snprintf(out->label, sizeof(out->label), "%.*s", xfs ? 12 : 16, label);
	format_uuid((const unsigned char *)uuid, out->uuid);
}

static bool is_zero(const char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Clears *empty when a byte from `from` to `to` is not zero. */
static int look(int fd, uint64_t from, uint64_t to, bool *empty, struct error *err)
{
	_cleanup_free_ char *piece = malloc(PIECE);

	if (!piece)
		return error_errno(err, "reading");
	while (from < to && *empty) {
		size_t want = to - from < PIECE ? (size_t)(to - from) : PIECE;
		ssize_t n = pread(fd, piece, want, (off_t)from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "reading at %llu", (unsigned long long)from);
		if (n == 0)
			break;
		*empty = is_zero(piece, (size_t)n);
		from += (uint64_t)n;
	}
	return 0;
}

int signature_read(int fd, uint64_t size, struct signature *out, struct error *err)
{
	_cleanup_free_ char *head = calloc(1, 2 * PIECE);
	struct signature s = {.empty = true};
	ssize_t n;

	if (!head)
		return error_errno(err, "reading");
	n = pread(fd, head, size < 2 * PIECE ? (size_t)size : 2 * PIECE, 0);
	if (n < 0)
		return error_errno(err, "reading its start");
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks) && !s.name; i++)
		if (!memcmp(head + marks[i].offset, marks[i].magic, marks[i].size))
			s.name = marks[i].name;
	if (s.name) {
		s.empty = false;
		read_names(head, &s);
	}
	if (look(fd, 0, size < HEAD ? size : HEAD, &s.empty, err) < 0 ||
	    look(fd, size > TAIL ? size - TAIL : 0, size, &s.empty, err) < 0)
		return -1;
	*out = s;
	return 0;
}

int signature_of(const char *path, struct signature *out, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (size < 0)
		return error_errno(err, "%s", path);
	if (signature_read(fd, (uint64_t)size, out, err) < 0)
		return error_wrap(err, "%s", path);
	return 0;
}
