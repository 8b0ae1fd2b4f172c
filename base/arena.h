/* Arena: memory that lives as long as one build and is freed at once.
 * Allocation never returns NULL: a build that cannot have a few kilobytes cannot go on (abort with a message).
 * An arena belongs to one thread. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
};

/* size zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, returns_nonnull));

/* n zeroed elements; aborts on overflow. */
void *arena_calloc(struct arena *a, size_t n, size_t size) __attribute__((malloc, returns_nonnull));

char *arena_strdup(struct arena *a, const char *s) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *a, const char *s, size_t n) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3), returns_nonnull));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0), returns_nonnull));

/* A copy of an array that was at p (old_n elements), with room for at least old_n + 1: doubles *cap when full.
 * Usage: v = arena_grow(a, v, n, &cap, sizeof(*v)); v[n++] = x; */
void *arena_grow(struct arena *a, void *p, size_t n, size_t *cap, size_t size) __attribute__((returns_nonnull));

void arena_free(struct arena *a);

#define _cleanup_arena_ __attribute__((cleanup(arena_free)))

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
