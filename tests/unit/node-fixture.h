/* A build whose sources are not looked up, with programs that are only names: what the files of a node are made of. */
#pragma once

#include "builder/node-files.h"
#include "builder/node-private.h"
#include "builder/source.h"
#include "init/plan.h"
#include "store-fixture.h"

#define STRINGS(...) \
	{.items = (const char *[]){__VA_ARGS__}, .count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)}

static struct tree sources;

/* In place of the real sources: every one delivers the same tree, and what it is called is its version. */
int source_open(struct build *b, const struct source *s, struct tree **out, struct error *err)
{
	(void)b;
	(void)s;
	(void)err;
	*out = &sources;
	return 0;
}

static inline const char *spec_is_version(struct build *b, const struct source *s)
{
	(void)b;
	return s->spec;
}

const struct source_handler *source_handler(enum source_kind kind)
{
	static const struct source_handler handler = {.name = "apt", .version = spec_is_version}, none = {.name = "url"};

	return kind == SOURCE_URL ? &none : &handler;
}

static inline struct build build_with(const struct profile *p)
{
	struct build b = {.arena = &fixture.arena, .store = fixture.store, .profile = *p, .tree = {.arena = &fixture.arena}};

	b.profile.name = "worker";
	b.profile.file = "w.yml";
	return b;
}

static inline void add_program(struct build *b, const char *path)
{
	assert_int_equal(store_fixture_file(&fixture, &b->tree, path, "x", 1, LAYER_RUNTIME), 0);
}

static inline const char *text_of(struct build *b, const char *path)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	const struct node *n = tree_find(&b->tree, path);

	if (!n)
		fail_msg("%s is missing", path);
	assert_int_equal(store_read_blob(&b->store, &n->content, 1 << 20, &text, &err), 0);
	return arena_strndup(&fixture.arena, text.data, text.len);
}

static inline void refused(struct build *b, const char *message)
{
	_cleanup_error_ struct error err = {0};

	assert_int_equal(node_files_add(b, &err), -1);
	assert_string_equal(error_text(&err), message);
}

static inline void added(struct build *b)
{
	_cleanup_error_ struct error err = {0};

	if (node_files_add(b, &err) < 0)
		fail_msg("%s", error_text(&err));
}

static struct component components[] = {
	{.name = "containerd", .source = {.kind = SOURCE_APT, .spec = "1.6.20~ds1-1"}, .at = {"w.yml", 5, 3}},
	{.name = "kubelet", .source = {.kind = SOURCE_BUILD, .spec = "1.20.2"}, .at = {"w.yml", 6, 3}},
};

static inline struct profile worker(void)
{
	return (struct profile){
		.components = components,
		.component_count = 2,
		.kubernetes = {.enabled = true, .role = "standalone", .at = {"w.yml", 9, 1}},
		.failure_delay = 30,
	};
}

static inline struct build worker_build(const struct profile *p)
{
	struct build b = build_with(p);

	add_program(&b, "/usr/bin/containerd");
	add_program(&b, "/usr/bin/kubelet");
	return b;
}
