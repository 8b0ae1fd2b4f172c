#include "node/network/event.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/flat.h"
#include "init/plan-words.h"
#include "node/network/lease.h"

enum { PATH_SIZE = 512 };

bool event_is(const char *word)
{
	static const char *const events[] = {"deconfig", "bound", "renew", "leasefail", "nak",
					     "step", "stratum", "periodic", "unsync"};

	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (!strcmp(word, events[i]))
			return true;
	return false;
}

static const char *from_environment(void *data, const char *name)
{
	(void)data;
	return getenv(name);
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

/* The client begins anew or gave its lease up: the file stays, marked, so that whoever reads it can tell which. */
static int release(const char *path, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0}, out = {0};
	struct lease l;

	if (access(path, F_OK) < 0)
		return 0;
	if (file_read_at(AT_FDCWD, path, LEASE_TEXT_LIMIT, &text, err) < 0 ||
	    lease_parse(path, text.data, text.len, &l, err) < 0)
		return unlink(path) < 0 ? -1 : 0;
	l.released = true;
	lease_write(&l, &out);
	return file_write_atomic_at(AT_FDCWD, path, out.data, out.len, 0644, err);
}

static int handle_dhcp(const char *run, enum lease_kind kind, const char *event, struct error *err)
{
	const char *interface = variable("interface");
	_cleanup_strbuf_ struct strbuf out = {0};
	char path[PATH_SIZE];
	struct lease l;

	if (!plan_word_is_name(interface) || strlen(interface) > 15)
		return error_set(err, "interface=%.40s is no name of an interface", interface);
	snprintf(path, sizeof(path), "%s/net/%s.%s", run, interface, lease_suffix[kind]);
	if (!strcmp(event, "leasefail"))
		return 0;
	if (!strcmp(event, "nak")) {
		fprintf(stderr, "%s: the DHCP server takes the address back: %.200s\n", interface, variable("message"));
		return unlink(path) < 0 && errno != ENOENT ? error_errno(err, "%s", path) : 0;
	}
	if (!strcmp(event, "deconfig"))
		return release(path, err);
	if (lease_from_variables(kind, from_environment, NULL, (uint64_t)clock_ms() / 1000, &l, err) < 0)
		return error_wrap(err, "%s", interface);
	lease_write(&l, &out);
	return file_write_atomic_at(AT_FDCWD, path, out.data, out.len, 0644, err);
}

/* The machine's own clock follows at once: it may be switched off before the kernel writes it (every eleven
 * minutes). No such clock: nothing lost. */
static void write_rtc(void)
{
	_cleanup_close_ int fd = open("/dev/rtc0", O_RDONLY | O_CLOEXEC);
	time_t now = time(NULL);
	struct rtc_time rtc;
	struct tm tm;

	if (fd < 0 || !gmtime_r(&now, &tm))
		return;
	rtc = (struct rtc_time){.tm_sec = tm.tm_sec, .tm_min = tm.tm_min, .tm_hour = tm.tm_hour,
				.tm_mday = tm.tm_mday, .tm_mon = tm.tm_mon, .tm_year = tm.tm_year};
	if (ioctl(fd, (int)RTC_SET_TIME, &rtc) < 0)
		fprintf(stderr, "the machine's clock cannot be set: %s\n", strerror(errno));
}

/* A number with sign and fraction, as printf's %f writes it. */
static bool is_offset(const char *word)
{
	const char *digits = *word == '-' ? word + 1 : word;

	return *digits && strlen(word) < 32 && strspn(digits, "0123456789.") == strlen(digits);
}

static int handle_ntp(const char *run, const char *event, struct error *err)
{
	const char *offset = variable("offset"), *stratum = variable("stratum");
	_cleanup_strbuf_ struct strbuf out = {0};
	char path[PATH_SIZE];
	uint64_t n;

	/* 16: no server is followed (RFC 5905). */
	if (!is_offset(offset) || !plan_word_number(stratum, 255, &n))
		return error_set(err, "offset=%.40s stratum=%.40s are not ntpd's", offset, stratum);
	if (!strcmp(event, "unsync") || (n >= 16 && strcmp(event, "step") != 0))
		return 0;
	if (!strcmp(event, "step"))
		write_rtc();
	flat_add(&out, "event", event, NULL);
	flat_add(&out, "offset", offset, NULL);
	flat_add(&out, "stratum", stratum, NULL);
	snprintf(path, sizeof(path), "%s/net/time", run);
	return file_write_atomic_at(AT_FDCWD, path, out.data, out.len, 0644, err);
}

int event_handle(const char *run, const char *event, struct error *err)
{
	const char *client = variable("client");

	if (!strcmp(client, "ntp"))
		return handle_ntp(run, event, err);
	if (!strcmp(client, "dhcp4"))
		return handle_dhcp(run, LEASE_DHCP4, event, err);
	if (!strcmp(client, "dhcp6"))
		return handle_dhcp(run, LEASE_DHCP6, event, err);
	return error_set(err, "%s: the environment names no client", event);
}
