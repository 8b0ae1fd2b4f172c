#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "builder/decompress.h"
#include "builder/kernel.h"
#include "builder/materialize.h"
#include "builder/modules-private.h"
#include "builder/progress.h"
#include "builder/run-program.h"

/* What depmod reads: modules and the lists that the kernel's build left beside them. */
static bool is_index_input(const char *path)
{
	const char *base = path_base(path);
	size_t n = path_uncompressed_length(base);

	return (n > 3 && !strncmp(base + n - 3, ".ko", 3)) || !strcmp(base, "modules.order") ||
	       !strcmp(base, "modules.builtin") || !strcmp(base, "modules.builtin.modinfo");
}

/* Those files of the kernel, all below /lib/modules/VERSION, where depmod -b looks. */
static struct tree index_inputs(struct build *b, const struct kernel *k, struct hash *key)
{
	struct tree t = {.arena = b->arena};
	struct hasher h;

	hash_begin(&h);
	hash_add_string(&h, "mkdl modules folder 2");
	hash_add_string(&h, k->version);
	for (size_t i = 0; i < k->tree->count; i++) {
		struct node n = k->tree->nodes[i];

		if (n.type != NODE_FILE || !path_is_below(n.path, k->modules) || !is_index_input(n.path))
			continue;
		n.path = arena_printf(b->arena, "/lib/modules/%s%s", k->version, n.path + strlen(k->modules));
		n.mode = 0644;
		hash_add_string(&h, n.path);
		hash_add(&h, n.content.bytes, HASH_SIZE);
		tree_add(&t, &n);
	}
	*key = hash_end(&h);
	return t;
}

/* depmod leaves out what it cannot read and succeeds all the same: modules that need it would be loaded without it. */
static int refuse_errors(struct arena *a, const struct strbuf *log, const char *dir, const char *version,
			 struct error *err)
{
	const char *line = log->data ? strstr(log->data, "depmod: ERROR: ") : NULL, *path, *name;

	if (!line)
		return 0;
	line = arena_strndup(a, line, strcspn(line, "\n"));
	path = strstr(line, dir);
	name = path ? path + strlen(dir) : line;
	return error_set(err, "kernel %s: a module that cannot be read, is the package whole? %s", version, name);
}

static int run_depmod(struct build *b, const char *dir, const char *version, struct error *err)
{
	const char *const argv[] = {"depmod", "-b", dir, version, NULL};
	_cleanup_strbuf_ struct strbuf log = {0};
	struct program p = {.argv = argv, .env = program_environment(b->arena, NULL), .err = &log};

	if (run_program(&p, NULL, err) < 0)
		return error_wrap(err, "indexing the modules of kernel %s", version);
	return refuse_errors(b->arena, &log, dir, version, err);
}

static int make_folder(struct build *b, const struct kernel *k, struct tree *inputs, const char *name,
		       struct error *err)
{
	struct progress_step *step =
		progress_begin(b->progress, "index", arena_printf(b->arena, "modules of %s", k->version), 0);
	const char *dir;
	int r = -1;

	if (store_make_dir(&b->store, b->arena, &dir, err) == 0) {
		_cleanup_error_ struct error ignored = {0};

		r = materialize(&b->store, inputs, dir, true, err) < 0 || run_depmod(b, dir, k->version, err) < 0 ||
		    store_adopt_dir(&b->store, dir, name, err) < 0 ? -1 : 0;
		if (r < 0)
			dir_remove_at(AT_FDCWD, dir, &ignored);
	}
	if (r < 0)
		progress_drop(step);
	else
		progress_end(step, NULL);
	return r;
}

int modules_folder(struct build *b, const struct kernel *k, const char **out, struct hash *key, struct error *err)
{
	struct tree inputs = index_inputs(b, k, key);
	char hex[HASH_HEX_SIZE];
	const char *name = arena_printf(b->arena, "modules/%s", hash_hex(key, hex));

	if (!store_use_dir(&b->store, name)) {
		_cleanup_close_ int lock = store_lock(&b->store, arena_printf(b->arena, "modules-%s", hex), err);

		if (lock < 0 || (!store_use_dir(&b->store, name) && make_folder(b, k, &inputs, name, err) < 0))
			return -1;
	}
	*out = arena_printf(b->arena, "%s/%s/lib/modules/%s", b->store.path, name, k->version);
	return 0;
}
