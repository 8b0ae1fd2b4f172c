/* A folder of its own and a cluster of two servers and a worker in it. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "cluster/pki.h"

struct pki_fixture {
	struct arena arena;
	char top[32];
	const char *dir;
	struct cluster_node nodes[3];
	struct cluster cluster;
	struct strings said;
	struct error err;
};

static inline int pki_fixture_setup(void **state)
{
	struct pki_fixture *f = calloc(1, sizeof(*f));

	strcpy(f->top, "/tmp/mkdl-pki-XXXXXX");
	assert_non_null(mkdtemp(f->top));
	f->dir = arena_printf(&f->arena, "%s/dir", f->top);
	f->nodes[0] = (struct cluster_node){.name = "s1", .role = CLUSTER_SERVER, .address = "10.77.0.11"};
	f->nodes[1] = (struct cluster_node){.name = "w1", .role = CLUSTER_WORKER, .address = "10.77.0.21"};
	f->nodes[2] = (struct cluster_node){.name = "s2", .role = CLUSTER_SERVER, .address = "10.77.0.12"};
	f->cluster = (struct cluster){.file = "cluster.yml", .name = "lab", .domain = "cluster.local", .api = "api.example",
				      .api_port = 6443, .pods = "10.244.0.0/16", .services = "10.96.0.0/16",
				      .provisioner = "10.77.0.1", .nodes = f->nodes, .node_count = 3};
	*state = f;
	return 0;
}

static inline int pki_fixture_remove(const char *path, const struct stat *is, int type, struct FTW *at)
{
	(void)is, (void)type, (void)at;
	return remove(path);
}

static inline int pki_fixture_teardown(void **state)
{
	struct pki_fixture *f = *state;

	nftw(f->top, pki_fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(&f->arena);
	error_clear(&f->err);
	free(f);
	return 0;
}

/* Run pki_init, which has to succeed; what it said is new. */
static inline void pki_fixture_init(struct pki_fixture *f)
{
	f->said = (struct strings){0};
	if (pki_init(&f->arena, &f->cluster, f->dir, &f->said, &f->err) < 0)
		fail_msg("pki_init: %s", error_text(&f->err));
}

static inline const char *pki_fixture_path(struct pki_fixture *f, const char *name)
{
	return arena_printf(&f->arena, "%s/%s", f->dir, name);
}

static inline const char *pki_fixture_read(struct pki_fixture *f, const char *name)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (file_read_at(AT_FDCWD, pki_fixture_path(f, name), 1 << 20, &text, &f->err) < 0)
		fail_msg("%s", error_text(&f->err));
	return arena_strdup(&f->arena, text.data);
}

static inline void pki_fixture_write(struct pki_fixture *f, const char *name, const char *text, mode_t mode)
{
	const char *path = pki_fixture_path(f, name);
	char *folder = arena_strdup(&f->arena, path);

	*strrchr(folder, '/') = '\0';
	assert_int_equal(dir_make_at(AT_FDCWD, folder, 0700, &f->err), 0);
	assert_int_equal(file_write_atomic_at(AT_FDCWD, path, text, strlen(text), mode, &f->err), 0);
}

/* pki_init has to fail, saying something with all of these words (up to NULL) in it. */
static inline void pki_fixture_refuse(struct pki_fixture *f, const char *const *words)
{
	struct error err = {0};

	assert_int_equal(pki_init(&f->arena, &f->cluster, f->dir, NULL, &err), -1);
	for (; *words; words++)
		if (!strstr(error_text(&err), *words))
			fail_msg("\"%s\" is not in: %s", *words, error_text(&err));
	error_clear(&err);
}
#define refuse(f, ...) pki_fixture_refuse(f, (const char *const[]){__VA_ARGS__, NULL})
