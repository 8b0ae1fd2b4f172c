/* apt: a Debian package. Resolved with all others in source-resolve.c; here the files of one. */
#include "builder/apt.h"
#include "builder/source.h"

static struct package *find(struct build *b, const struct source *s)
{
	return lock_package(&b->lock, apt_repository(s->repository), apt_name(b->arena, s->spec));
}

static int apt_resolve_one(struct build *b, const struct source *s, struct error *err)
{
	if (find(b, s))
		return 0;
	return place_error(err, s->at, "the lock has no package \"%s\"; write it anew with \"mkdl lock\"", s->spec);
}

static int apt_open(struct build *b, const struct source *s, struct tree *out, struct error *err)
{
	struct package *p = find(b, s);
	struct tree *tree;

	if (!p)
		return apt_resolve_one(b, s, err);
	if (source_open_package(b, p, &tree, err) < 0)
		return -1;
	for (size_t i = 0; i < tree->count; i++)
		tree_add(out, &tree->nodes[i]);
	return 0;
}

static const char *apt_version(struct build *b, const struct source *s)
{
	const struct package *p = find(b, s);

	return p ? p->version : NULL;
}

const struct source_handler source_apt = {
	.name = "apt",
	.resolve = apt_resolve_one,
	.open = apt_open,
	.version = apt_version,
};
