/* Messages as syslog servers read them: RFC 5424. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { MESSAGE_SIZE = 8192, MESSAGE_UDP_SIZE = 2048 };
enum { FACILITY_KERNEL = 0, FACILITY_DAEMON = 3 };
enum { SEVERITY_ERROR = 3, SEVERITY_WARNING = 4, SEVERITY_NOTICE = 5, SEVERITY_INFO = 6 };

struct message_head {
	unsigned priority;    /* facility × 8 + severity */
	int64_t time_us;      /* since 1970 */
	const char *host, *app;
};

/* Put a whole message into out (size: MESSAGE_SIZE or MESSAGE_UDP_SIZE bytes, no NUL): text is n bytes of anything; what is no
 * printable UTF-8 becomes "?", what does not fit is cut at a character's end. Returns its length. */
size_t message_format(char *out, size_t size, const struct message_head *head, const char *text, size_t n);

/* How grave a line is, as far as it says so itself: klog's first letter (Kubernetes), level= (logrus, containerd, Go's slog);
 * SEVERITY_INFO for all others. */
unsigned message_severity(const char *text, size_t n);

/* A record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg), n bytes. Returns the text in it, NULL when it is none. */
const char *message_read_kmsg(const char *record, size_t n, unsigned *priority, uint64_t *sequence, int64_t *us, size_t *length);
