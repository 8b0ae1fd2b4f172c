#include "init/buttons.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/console.h"

enum { BUTTONS = 8 };

static struct button {
	struct watch watch;
	struct supervisor *supervisor;
} buttons[BUTTONS];

static void take(void *data, uint32_t events)
{
	struct button *b = data;
	struct input_event e;
	ssize_t n;

	(void)events;
	while ((n = read(b->watch.fd, &e, sizeof(e))) == (ssize_t)sizeof(e))
		if (e.type == EV_KEY && e.code == KEY_POWER && e.value == 1)
			supervise_request(b->supervisor, REQUEST_POWEROFF, "the power button");
	/* The device went away. */
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		loop_unwatch(&b->supervisor->loop, &b->watch);
		close(b->watch.fd);
	}
}

static bool has_power_key(int fd)
{
	unsigned char keys[KEY_MAX / 8 + 1] = {0};

	return ioctl(fd, (int)EVIOCGBIT(EV_KEY, sizeof(keys)), keys) >= 0 && keys[KEY_POWER / 8] & 1 << KEY_POWER % 8;
}

void buttons_watch(struct supervisor *v, const char *device)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_close_ int fd = -1;
	size_t i = 0;

	while (i < BUTTONS && buttons[i].watch.call)
		i++;
	if (i == BUTTONS)
		return;
	fd = open(device, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || !has_power_key(fd))
		return;
	buttons[i].supervisor = v;
	if (loop_watch(&v->loop, &buttons[i].watch, fd, EPOLLIN, take, &buttons[i], &err) < 0) {
		console_say("power button %s: %s", device, error_text(&err));
		return;
	}
	take_fd(&fd);
	console_detail("power button: %s", device);
}

void buttons_find(struct supervisor *v)
{
	_cleanup_closedir_ DIR *dir = opendir("/dev/input");
	struct dirent *e;
	char path[64];

	while (dir && (e = readdir(dir)))
		if (!strncmp(e->d_name, "event", 5) &&
		    snprintf(path, sizeof(path), "/dev/input/%s", e->d_name) < (int)sizeof(path))
			buttons_watch(v, path);
}
