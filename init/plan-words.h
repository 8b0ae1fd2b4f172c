/* Checks of single words, shared by the parsers of the plan, the module lists and the manifest. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A clean absolute path: no empty, "." or ".." component, no slash at its end, at most PATH_LIMIT bytes; not "/". */
bool plan_word_is_path(const char *word);

/* Decimal digits only, at most limit. */
bool plan_word_number(const char *word, uint64_t limit, uint64_t *out);

/* A name that may stand in a path and in a message: letters, digits, ".", "_", "-", "@"; starts with a letter or digit;
 * at most 63 bytes. */
bool plan_word_is_name(const char *word);
