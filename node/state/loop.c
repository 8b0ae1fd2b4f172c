#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "init/plan-words.h"
#include "node/state/state.h"

enum { ATTEMPTS = 16, FOLDER_MODE = 0755, IMAGE_MODE = 0600, AGAIN_SECONDS = 10 };

static uint64_t bytes_of(const char *size)
{
	size_t digits = strspn(size, "0123456789");
	uint64_t n = strtoull(size, NULL, 10);

	switch (size[digits]) {
	case 'k': case 'K': return n << 10;
	case 'm': case 'M': return n << 20;
	case 'g': case 'G': return n << 30;
	default: return n;
	}
}

/* Open the image; made sparse when it is missing and the plan allows it. */
static int open_image(const struct plan_state *s, const char *path, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
	_cleanup_arena_ struct arena a = {0};

	if (fd >= 0)
		return take_fd(&fd);
	if (errno != ENOENT)
		return error_errno(err, "image %s", path);
	if (s->format != PLAN_FORMAT_EMPTY || !s->size)
		return error_set(err,
				 "there is no image %s in %s:%s: make it there, or say \"format: empty\" and \"size:\"",
				 s->file, s->server, s->export);
	if (dir_make_at(AT_FDCWD, path_parent(&a, path), FOLDER_MODE, err) < 0)
		return -1;
	fd = open(path, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, IMAGE_MODE);
	if (fd < 0 || ftruncate(fd, (off_t)bytes_of(s->size)) < 0)
		return error_errno(err, "making the image %s", path);
	say("%s: made the image %s (%s, sparse) on %s", s->path, s->file, s->size, s->server);
	return take_fd(&fd);
}

/* The server gives the lock to one node at a time. It is NFSv4's: when this node is reset, it comes back under the same
 * name, and the server forgets what it held before. */
static int lock_image(int fd, struct error *err)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return error_errno(err, "locking the image");
	return error_set(err, "another node has this image. One image is for one node: name it by ${mac}");
}

/* A server that was started anew may have forgotten the lock; a descriptor that lost its lock gets it back only by a
 * new one. While the server is away this waits, as everything does. */
static int lock_again(const char *path, int fd)
{
	_cleanup_error_ struct error ignored = {0};
	int again;

	if (lock_image(fd, &ignored) == 0)
		return fd;
	again = open(path, O_RDWR | O_CLOEXEC);
	if (again < 0)
		return fd;
	close(fd);
	error_clear(&ignored);
	(void)lock_image(again, &ignored);
	return again;
}

/* A process that only keeps the lock, for as long as the node runs. */
static int keep_lock(const char *path, int fd, struct error *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_errno(err, "fork");
	if (pid > 0)
		return 0;
	setsid();
	prctl(PR_SET_NAME, "state-lock");
	for (int other = 0; other < 64; other++)
		if (other != fd)
			close(other);
	for (;;) {
		sleep(AGAIN_SECONDS);
		fd = lock_again(path, fd);
	}
}

static int attach_device(int image, const char **out, struct arena *a, struct error *err)
{
	_cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	const struct loop_config config = {.fd = (unsigned)image, .block_size = 0};

	if (control < 0)
		return error_set(err,
				 "the kernel of this image has no loop devices: it was built without the module loop");
	for (int i = 0; i < ATTEMPTS; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		const char *path = arena_printf(a, "/dev/loop%d", number);
		_cleanup_close_ int fd = number < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);

		if (fd < 0)
			return error_errno(err, "a loop device");
		/* Linux 5.8 and later; somebody else may have been faster. */
		if (ioctl(fd, LOOP_CONFIGURE, &config) == 0) {
			*out = path;
			return 0;
		}
		if (errno != EBUSY)
			return error_errno(err, "%s", path);
	}
	return error_set(err, "no loop device is free");
}

void loop_detach(const char *device)
{
	_cleanup_close_ int fd = open(device, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		ioctl(fd, LOOP_CLR_FD, 0);
}

static int set_up(struct state_node *n, const struct plan_state *s, struct record *r, struct error *err)
{
	_cleanup_close_ int image = open_image(s, r->file, err), lock = -1;

	if (image < 0)
		return -1;
	/* An open file of its own: the lock is not that of the loop device's. */
	lock = open(r->file, O_RDWR | O_CLOEXEC);
	if (lock < 0)
		return error_errno(err, "image %s", r->file);
	if (lock_image(lock, err) < 0 || keep_lock(r->file, lock, err) < 0)
		return error_wrap(err, "%s:%s/%s", s->server, s->export, s->file);
	if (attach_device(image, &r->device, &n->arena, err) < 0)
		return -1;
	return filesystem_attach(n, s, r->device, err);
}

enum outcome loop_attach(struct state_node *n, const struct plan_state *s, struct record *r, struct error *err)
{
	const char *export = arena_printf(&n->arena, STATE_EXPORTS "/%s", path_name(&n->arena, s->path)), *file;
	struct plan_state server = *s, inside = *s;
	enum outcome outcome;

	/* Of the two mounts, the export's and the image's. */
	server.options = inside.options = (struct strings){0};
	for (size_t i = 0; i < s->options.count; i++)
		strings_add(&n->arena, option_is_nfs(s->options.items[i]) ? &server.options : &inside.options,
			    s->options.items[i]);
	r->server = s->server;
	if (path_clean(&n->arena, s->file, &file, err) < 0)
		return OUTCOME_FAILED;
	outcome = nfs_mount(n, &server, export, err);
	if (outcome != OUTCOME_DONE)
		return outcome;
	r->export = export;
	r->file = path_join(&n->arena, export, file);
	if (set_up(n, &inside, r, err) == 0)
		return OUTCOME_DONE;
	if (r->device)
		loop_detach(r->device);
	umount2(export, MNT_DETACH);
	return OUTCOME_FAILED;
}
