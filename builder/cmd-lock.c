/* mkdl lock PROFILE: choose versions anew and write them down, without building. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "builder/command.h"
#include "base/json.h"
#include "builder/source.h"

/* Reads the lock that is there, to tell what changed. No lock, or a damaged one, is an empty one. */
static void read_old(struct build *b, struct lock *out)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};

	*out = (struct lock){.arena = b->arena};
	if (file_read_at(AT_FDCWD, source_lock_path(b), 64 * 1024 * 1024, &text, &ignored) == 0)
		lock_read(out, b->arena, "lock", text.data, text.len, &ignored);
}

/* Packages are used by the next build if they were by the last: what is looked at hardly ever depends on versions. */
static void keep_used(struct lock *now, const struct lock *old)
{
	for (size_t i = 0; i < now->package_count; i++) {
		const struct package *was = lock_package(old, now->packages[i]->repository, now->packages[i]->name);

		now->packages[i]->used = was && was->used;
	}
}

static void print_changes(const struct lock *now, const struct lock *old)
{
	for (size_t i = 0; i < now->package_count; i++) {
		const struct package *p = now->packages[i], *was = lock_package(old, p->repository, p->name);

		if (was && strcmp(was->version, p->version))
			printf("  %s %s -> %s\n", p->name, was->version, p->version);
		else if (!was && p->direct)
			printf("  %s %s\n", p->name, p->version);
	}
	for (size_t i = 0; i < now->source_count; i++) {
		const struct source_package *p = &now->sources[i], *was = lock_source(old, p->repository, p->name);

		if (!was || strcmp(was->version, p->version))
			printf("  %s %s (source)\n", p->name, p->version);
	}
}

static void print_json(struct build *b, const char *path)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct json j = json_begin(&out);

	json_open_object(&j, NULL);
	json_string(&j, "lock", path);
	json_open_array(&j, "packages");
	for (size_t i = 0; i < b->lock.package_count; i++) {
		const struct package *p = b->lock.packages[i];
		char hex[HASH_HEX_SIZE];

		json_open_object(&j, NULL);
		json_string(&j, "repository", p->repository);
		json_string(&j, "name", p->name);
		json_string(&j, "version", p->version);
		json_string(&j, "sha256", hash_hex(&p->file.hash, hex));
		json_bool(&j, "direct", p->direct);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
	fwrite(out.data, 1, out.len, stdout);
}

static int write_lock(struct build *b, const char **path, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	*path = source_lock_path(b);
	lock_write(&b->lock, &text);
	if (dir_make_at(AT_FDCWD, path_parent(b->arena, *path), 0755, err) < 0)
		return -1;
	return file_write_atomic_at(AT_FDCWD, *path, text.data, text.len, 0644, err);
}

static int relock(struct build *b, const struct globals *g, struct error *err)
{
	struct lock old;
	const char *path;

	read_old(b, &old);
	if (source_resolve_all(b, err) < 0)
		return -1;
	keep_used(&b->lock, &old);
	if (write_lock(b, &path, err) < 0)
		return -1;
	if (g->json) {
		print_json(b, path);
		return 0;
	}
	printf("%s: %zu packages, %zu source packages\n", path, b->lock.package_count, b->lock.source_count);
	print_changes(&b->lock, &old);
	return 0;
}

static int run(const struct globals *g, const char *file, const char *out, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	struct build_options options = {.out = out, .relock = true, .verbose = g->verbose};
	struct build b = {.arena = &a};
	int result = build_open(&b, file, &options, g->no_color, err) < 0 || relock(&b, g, err) < 0 ? EXIT_FAILED : EXIT_OK;

	build_close(&b);
	return result;
}

int cmd_lock(const struct globals *g, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {{"out", required_argument, NULL, 'o'}, {0}};
	const char *out = NULL;

	for (int c; (c = command_getopt(argc, argv, "", options, err)) != -1;) {
		if (c != 'o')
			return EXIT_USAGE;
		out = optarg;
	}
	if (optind + 1 != argc) {
		error_set(err, "%s: expected one profile", argv[0]);
		return EXIT_USAGE;
	}
	return run(g, argv[optind], out, err);
}
