/* Flat files: the one text format that the builder, the agent and PID 1 exchange (plan, manifest, lock, listings).
 * A line is a record: words separated by one space. A "#" as first character makes it a comment; empty lines are skipped.
 * Inside a word: \s space, \n newline, \t tab, \\ backslash, \e the empty word, \xNN any other byte below 0x21 or 0x7f.
 * No quoting, no nesting, no types: whoever reads a record checks its words. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

struct flat_line {
	unsigned number; /* line in the file, from 1 */
	size_t count;    /* words, at least 1 */
	const char **words; /* NULL-terminated, decoded */
};

struct flat {
	struct flat_line *lines;
	size_t count;
};

/* Decode text (n bytes). name is the file's, for messages. A NUL byte, a bad escape or a line cut off without its
 * newline is an error "name:LINE: …". Words live in the arena. */
int flat_parse(struct arena *a, const char *name, const char *text, size_t n, struct flat *out, struct error *err);

/* Append one record made of the words up to NULL. */
void flat_add(struct strbuf *out, ...) __attribute__((sentinel));

/* Append one word to the record under way (with a leading space unless it is the line's first), then end the record. */
void flat_word(struct strbuf *out, const char *word);
void flat_end(struct strbuf *out);

/* The two ends of the above, for who must not allocate. */

/* Decode one line (n bytes, without its newline) into out, n + 1 bytes, which may be the line itself; words gets at most
 * room pointers into it. Returns NULL, or what is wrong with the line; *count is untouched then. */
const char *flat_decode(const char *line, size_t n, char *out, const char **words, size_t room, size_t *count);

/* How one byte of a word is written; not NUL-terminated. Returns its length. The empty word, and a "#" that begins a
 * record, are for the caller to see to. */
enum { FLAT_ESCAPE_SIZE = 4 };
size_t flat_escape(char c, char out[static FLAT_ESCAPE_SIZE]);
