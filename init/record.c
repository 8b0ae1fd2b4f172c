#include "init/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/flat.h"

/* Room is kept for the newline. */
static void add(struct record *r, const char *text, size_t n)
{
	if (n >= sizeof(r->text) - r->len)
		return;
	memcpy(r->text + r->len, text, n);
	r->len += n;
}

void record_begin(struct record *r, const char *word)
{
	r->len = 0;
	record_word(r, word);
}

void record_word(struct record *r, const char *word)
{
	char escaped[FLAT_ESCAPE_SIZE];

	if (r->len + FLAT_ESCAPE_SIZE + 2 >= sizeof(r->text))
		return;
	if (r->len)
		add(r, " ", 1);
	if (!*word)
		add(r, "\\e", 2);
	for (; *word && r->len + FLAT_ESCAPE_SIZE + 2 < sizeof(r->text); word++)
		add(r, escaped, flat_escape(*word, escaped));
}

void record_number(struct record *r, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	record_word(r, text);
}

void record_end(struct record *r)
{
	add(r, "\n", 1);
}

void record_pair(struct record *r, const char *key, const char *value)
{
	record_begin(r, key);
	record_word(r, value);
	record_end(r);
}

void record_pair_number(struct record *r, const char *key, int64_t number)
{
	record_begin(r, key);
	record_number(r, number);
	record_end(r);
}
