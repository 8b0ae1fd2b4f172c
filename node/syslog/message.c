#include "node/syslog/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"

enum { HEAD_SIZE = 256, MOST_DIGITS = 18 };

/* A field of the head: printable ASCII of a limited length, "-" for none (RFC 5424, section 6). */
static void put_field(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; text[n] && n + 1 < size; n++)
		out[n] = text[n] > ' ' && text[n] < 0x7f ? text[n] : '?';
	if (!n)
		out[n++] = '-';
	out[n] = '\0';
}

static size_t put_head(char *out, size_t size, const struct message_head *head)
{
	time_t seconds = (time_t)(head->time_us / 1000000);
	char time[40], host[256], app[49];
	struct tm tm;
	int n;

	gmtime_r(&seconds, &tm);
	strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &tm);
	put_field(host, sizeof(host), head->host);
	put_field(app, sizeof(app), head->app);
	n = snprintf(out, size, "<%u>1 %s.%06uZ %.128s %s - - - ", head->priority, time, (unsigned)(head->time_us % 1000000),
		     host, app);
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

size_t message_format(char *out, size_t size, const struct message_head *head, const char *text, size_t n)
{
	char start[HEAD_SIZE];
	size_t len = put_head(start, sizeof(start), head);

	memcpy(out, start, len);
	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)text[i];
		size_t step = utf8_length(text + i, n - i);

		if (!step || (c < 0x20 && c != '\t') || c == 0x7f) {
			if (len + 1 > size)
				break;
			out[len++] = '?';
			i++;
			continue;
		}
		if (len + step > size)
			break;
		memcpy(out + len, text + i, step);
		len += step;
		i += step;
	}
	return len;
}

static int has(const char *text, size_t n, const char *words)
{
	return memmem(text, n, words, strlen(words)) != NULL;
}

unsigned message_severity(const char *text, size_t n)
{
	static const struct {
		const char *words;
		unsigned severity;
	} levels[] = {
		{"level=warn", SEVERITY_WARNING}, {"level=WARN", SEVERITY_WARNING}, {"level=error", SEVERITY_ERROR},
		{"level=ERROR", SEVERITY_ERROR}, {"level=fatal", 2}, {"level=panic", 2}, {"level=debug", 7},
	};

	/* I1122 17:30:01.123456 */
	if (n > 6 && memchr("IWEF", text[0], 4) && text[5] == ' ') {
		size_t digits = 0;

		while (digits < 4 && text[1 + digits] >= '0' && text[1 + digits] <= '9')
			digits++;
		if (digits == 4)
			return text[0] == 'I' ? SEVERITY_INFO : text[0] == 'W' ? SEVERITY_WARNING :
							text[0] == 'E' ? SEVERITY_ERROR : 2;
	}
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (has(text, n < 200 ? n : 200, levels[i].words))
			return levels[i].severity;
	return SEVERITY_INFO;
}

/* Digits up to the separator, which is skipped; NULL: something else. */
static const char *read_number(const char *p, const char *end, const char *separators, uint64_t *out)
{
	uint64_t number = 0;
	int digits = 0;

	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (++digits > MOST_DIGITS)
			return NULL;
		number = number * 10 + (uint64_t)(*p - '0');
	}
	if (!digits || p == end || !strchr(separators, *p) || !*p)
		return NULL;
	*out = number;
	return p + 1;
}

const char *message_read_kmsg(const char *record, size_t n, unsigned *priority, uint64_t *sequence, int64_t *us, size_t *length)
{
	const char *end = record + n, *text, *newline;
	uint64_t p, s, t;

	text = memchr(record, ';', n);
	if (!text)
		return NULL;
	record = read_number(record, text, ",", &p);
	record = record ? read_number(record, text, ",", &s) : NULL;
	/* Flags follow, and in some kernels more. */
	record = record ? read_number(record, text + 1, ",;", &t) : NULL;
	if (!record || p > 191)
		return NULL;
	text++;
	newline = memchr(text, '\n', (size_t)(end - text));
	*priority = (unsigned)p;
	*sequence = s;
	*us = (int64_t)t;
	*length = (size_t)((newline ? newline : end) - text);
	return text;
}
