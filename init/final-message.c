#include "init/final-message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum word { UPTIME, TIMESTAMP, VERSION, DATASOURCE, WORDS };

static const char *const words[WORDS][2] = {
	[UPTIME] = {"UPTIME", "uptime"},
	[TIMESTAMP] = {"TIMESTAMP", "timestamp"},
	[VERSION] = {"VERSION", "version"},
	[DATASOURCE] = {"DATASOURCE", "datasource"},
};

static void fill(enum word word, int64_t up_ms, time_t now, struct strbuf *out)
{
	char stamp[64] = "";
	struct tm tm;

	switch (word) {
	case UPTIME:
		strbuf_printf(out, "%" PRId64 ".%02d", up_ms / 1000, (int)(up_ms % 1000 / 10));
		break;
	case TIMESTAMP: /* RFC 2822, as cloud-init writes it */
		if (gmtime_r(&now, &tm))
			strftime(stamp, sizeof(stamp), "%a, %d %b %Y %H:%M:%S +0000", &tm);
		strbuf_puts(out, stamp);
		break;
	case VERSION:
		strbuf_puts(out, MKDL_VERSION);
		break;
	default: /* there is but one */
		strbuf_puts(out, "mkdl");
	}
}

/* The word behind a "$" at p, and how many characters it takes with it; WORDS for another one. */
static enum word find(const char *p, size_t *length)
{
	size_t brace = p[1] == '{';
	const char *name = p + 1 + brace;
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	*length = 1 + brace + n + brace;
	for (enum word w = 0; w < WORDS; w++)
		for (size_t i = 0; i < 2; i++)
			if (strlen(words[w][i]) == n && !strncmp(words[w][i], name, n) && (!brace || name[n] == '}'))
				return w;
	return WORDS;
}

void final_message_fill(const char *text, int64_t up_ms, time_t now, struct strbuf *out)
{
	while (*text) {
		size_t plain = strcspn(text, "$"), length;
		enum word word;

		strbuf_add(out, text, plain);
		text += plain;
		if (!*text)
			break;
		word = find(text, &length);
		if (word == WORDS) {
			strbuf_puts(out, "$");
			text++;
		} else {
			fill(word, up_ms, now, out);
			text += length;
		}
	}
}
