/* Records of a flat file (base/flat.h) in a buffer of fixed size: PID 1 answers on its control socket without allocating. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { RECORD_SIZE = 2048 };

struct record {
	char text[RECORD_SIZE];
	size_t len;
};

/* Begin anew: the words up to NULL. A word that does not fit is cut, the record still ends with its newline. */
void record_begin(struct record *r, const char *word);
void record_word(struct record *r, const char *word);
void record_number(struct record *r, int64_t number);
void record_end(struct record *r);

/* A record of a key and one value. */
void record_pair(struct record *r, const char *key, const char *value);
void record_pair_number(struct record *r, const char *key, int64_t number);
