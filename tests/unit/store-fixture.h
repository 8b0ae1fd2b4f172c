/* A store of its own for one test program, in a new folder below TMPDIR. */
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "builder/store.h"
#include "builder/tree.h"

struct store_fixture {
	struct arena arena;
	struct store store;
	char folder[64];
};

static inline int store_fixture_open(struct store_fixture *f)
{
	_cleanup_error_ struct error err = {0};
	const char *tmp = getenv("TMPDIR");

	snprintf(f->folder, sizeof(f->folder), "%.40s/mkdl-unit-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(f->folder) || setenv("MKDL_CACHE", f->folder, 1) < 0)
		return -1;
	return store_open(&f->store, &f->arena, &err);
}

static inline int store_fixture_close(struct store_fixture *f)
{
	_cleanup_error_ struct error err = {0};

	store_close(&f->store);
	arena_free(&f->arena);
	return dir_remove_at(AT_FDCWD, f->folder, &err);
}

/* The one of a test program whose tests share it; for cmocka_run_group_tests. */
static struct store_fixture fixture;

static inline int store_fixture_setup(void **state)
{
	(void)state;
	return store_fixture_open(&fixture);
}

static inline int store_fixture_teardown(void **state)
{
	(void)state;
	return store_fixture_close(&fixture);
}

/* Adds a file with this content; returns -1 when the store would not take it. */
static inline int store_fixture_file(struct store_fixture *f, struct tree *t, const char *path, const char *content,
				     size_t n, enum layer layer)
{
	_cleanup_error_ struct error err = {0};
	struct node node = {.path = path, .type = NODE_FILE, .mode = 0644, .size = n, .layer = layer, .origin = "test"};

	if (store_put(&f->store, content, n, &node.content, &err) < 0)
		return -1;
	tree_add(t, &node);
	return 0;
}
