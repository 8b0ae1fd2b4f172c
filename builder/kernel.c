#include "builder/kernel.h"

#include <string.h>

#include "base/path.h"
#include "builder/apt.h"
#include "builder/source.h"

#define BOOT_PREFIX "/boot/vmlinuz-"

/* How many kernels are in the tree; *out is the last one found. */
static size_t count_kernels(struct tree *t, struct kernel *out, const char **other)
{
	size_t found = 0;

	tree_sort(t);
	for (size_t i = 0; i < t->count; i++) {
		const struct node *n = &t->nodes[i];

		if (strncmp(n->path, BOOT_PREFIX, strlen(BOOT_PREFIX)) != 0 || n->type != NODE_FILE)
			continue;
		if (found++)
			*other = out->version;
		*out = (struct kernel){.tree = t, .image = *n, .version = n->path + strlen(BOOT_PREFIX)};
	}
	return found;
}

/* Of a meta package, the kernel package. */
static int follow_meta_package(struct build *b, struct tree **out, struct error *err)
{
	const struct source *s = &b->profile.kernel;
	struct package *meta = NULL;

	if (s->kind == SOURCE_APT)
		meta = lock_package(&b->lock, apt_repository(s->repository), apt_name(b->arena, s->spec));
	for (size_t i = 0; meta && i < meta->depend_count; i++) {
		struct package *p = lock_package(&b->lock, meta->repository, meta->depends[i]);

		if (p && !strncmp(p->name, "linux-image-", 12))
			return source_open_package(b, p, out, err) < 0 ? -1 : 1;
	}
	return 0;
}

static int find_modules(struct build *b, struct kernel *k, struct error *err)
{
	const char *const roots[] = {"/lib/modules", "/usr/lib/modules"};

	for (size_t i = 0; i < 2; i++) {
		const char *dir = path_join(b->arena, roots[i], k->version);

		for (size_t n = 0; n < k->tree->count && !k->modules; n++)
			if (path_is_below(k->tree->nodes[n].path, dir))
				k->modules = dir;
	}
	if (!k->modules && (b->profile.modules.count || b->profile.drivers.count))
		return error_set(err, "kernel %s: %s holds no modules for it (/lib/modules/%s)", k->version,
				 b->profile.kernel.spec, k->version);
	return 0;
}

int kernel_find(struct build *b, struct kernel *out, struct error *err)
{
	const struct source *s = &b->profile.kernel;
	struct kernel k = {0};
	const char *other = NULL;
	struct tree *t;
	size_t found;
	int followed;

	if (!s->spec)
		return error_set(err,
				 "%s: the profile names no kernel; give it one: \"kernel: {apt: linux-image-amd64}\"",
				 b->profile.file);
	if (source_open(b, s, &t, err) < 0)
		return -1;
	found = count_kernels(t, &k, &other);
	if (!found) {
		followed = follow_meta_package(b, &t, err);
		if (followed < 0)
			return -1;
		found = followed ? count_kernels(t, &k, &other) : 0;
	}
	if (!found)
		return place_error(err, s->at, "no kernel in %s: it holds no /boot/vmlinuz-VERSION", s->spec);
	if (found > 1)
		return place_error(err, s->at, "%s holds %zu kernels (%s and %s among them), but an image takes one",
				   s->spec, found, other, k.version);
	if (!k.image.size)
		return place_error(err, s->at, "%s: %s is empty", s->spec, k.image.path);
	if (find_modules(b, &k, err) < 0)
		return -1;
	*out = k;
	return 0;
}
