#include "init/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "init/console.h"

enum { FEEDINGS = 4 };

static struct {
	struct supervisor *supervisor;
	struct timer timer;
	int fd;
	int64_t interval;
	int64_t last;  /* not fed after this */
	pid_t probe;   /* the process that has to end before the next feeding; 0: it did */
	bool starving; /* was said */
	bool did_reset;
} dog = {.fd = -1, .last = INT64_MAX};

/* The C library's type of the request is int; the kernel's numbers are not. */
static int control(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, (int)request, argument);
}

void watchdog_feed(void)
{
	if (dog.fd >= 0 && clock_ms() <= dog.last)
		control(dog.fd, WDIOC_KEEPALIVE, NULL);
}

/* Nothing but a process that ends. The signals of PID 1 stay blocked: it has nothing to handle. */
static bool start_probe(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	dog.probe = pid > 0 ? pid : 0;
	return pid > 0;
}

static void starve(const char *why)
{
	if (!dog.starving)
		console_say("watchdog: not fed: %s; if that stays so the machine is reset in %lld s", why,
			    (long long)(dog.interval * (FEEDINGS - 1)) / 1000);
	dog.starving = true;
}

static void take(void *data, int64_t now)
{
	(void)data;
	loop_at(&dog.supervisor->loop, &dog.timer, now + dog.interval);
	if (now > dog.last) {
		starve("the shutdown is past its limit");
		return;
	}
	if (dog.probe) {
		starve("a process that was started does not end");
		return;
	}
	if (!start_probe()) {
		starve(strerror(errno));
		return;
	}
	if (dog.starving)
		console_say("watchdog: fed again");
	dog.starving = false;
	watchdog_feed();
}

bool watchdog_child_ended(pid_t pid)
{
	if (pid != dog.probe)
		return false;
	dog.probe = 0;
	return true;
}

void watchdog_until(int64_t last)
{
	dog.last = last;
}

bool watchdog_did_reset(void)
{
	return dog.did_reset;
}

int watchdog_open(struct supervisor *v, unsigned *seconds, char identity[static WATCHDOG_IDENTITY], struct error *err)
{
	struct watchdog_info info = {0};
	int timeout = (int)*seconds, status = 0;
	int fd;

	if (*seconds == 0)
		return 0;
	fd = open("/dev/watchdog", O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(err, "the machine has no watchdog with a driver in the image; i6300esb, iTCO_wdt and "
				 "sp5100_tco are common drivers, softdog works everywhere but not when the kernel hangs");
	if (fd < 0)
		return error_errno(err, "/dev/watchdog");
	control(fd, WDIOC_GETSUPPORT, &info);
	if (control(fd, WDIOC_GETBOOTSTATUS, &status) == 0)
		dog.did_reset = status & WDIOF_CARDRESET;
	/* One that cannot be told keeps its own time. */
	if (control(fd, WDIOC_SETTIMEOUT, &timeout) < 0)
		console_say("watchdog: its time cannot be set to %u s: %s", *seconds, strerror(errno));
	if (control(fd, WDIOC_GETTIMEOUT, &timeout) < 0 || timeout <= 0)
		timeout = (int)*seconds;
	dog.fd = fd;
	dog.supervisor = v;
	dog.interval = (int64_t)timeout * 1000 / FEEDINGS;
	dog.timer.call = take;
	*seconds = (unsigned)timeout;
	memcpy(identity, info.identity, sizeof(info.identity));
	identity[32] = '\0';
	take(NULL, clock_ms());
	return 0;
}

void watchdog_disarm(void)
{
	int options = WDIOS_DISABLECARD;

	if (dog.fd < 0)
		return;
	/* The magic character means that the close is meant. Drivers that never stop (nowayout) refuse the other way. */
	if (control(dog.fd, WDIOC_SETOPTIONS, &options) < 0 && errno == EBUSY)
		console_say("watchdog: it cannot be switched off (nowayout): it will reset the machine");
	if (write(dog.fd, "V", 1) < 0)
		console_say("watchdog: %s", strerror(errno));
	close(dog.fd);
	dog.fd = -1;
}
