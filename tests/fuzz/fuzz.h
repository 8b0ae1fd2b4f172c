/* What the fuzzers share. Each reads bytes as a reader of mkdl gets them from outside, and checks what its header promises:
 * beyond memory and arithmetic (the sanitizers), that a result holds, and that a failure comes with its message. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

/* The entry point of libFuzzer (llvm.org/docs/LibFuzzer.html). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A promise that was broken: libFuzzer keeps the input. */
#define MUST(condition)                                                                          \
	do {                                                                                     \
		if (!(condition)) {                                                              \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                 \
		}                                                                                \
	} while (0)

/* A failure has a message; the next call starts without one. */
static inline void fuzz_failed(struct error *err)
{
	MUST(err->text && *err->text);
	error_clear(err);
}

/* The same bytes as a string, which ends at the first NUL; heap memory of just that size, to be freed. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	MUST(text);
	return text;
}

/* Warnings that a reader prints would drown what libFuzzer prints; the sanitizers and libFuzzer write to the descriptor. */
static inline void fuzz_quiet(void)
{
	FILE *null = fopen("/dev/null", "w");

	if (null)
		stderr = null;
}
