#include "builder/generated.h"

int generated_add(struct build *b, const char *path, const void *data, size_t n, enum layer layer, const char *reason,
		  struct error *err)
{
	struct node node = {
		.path = path, .type = NODE_FILE, .mode = 0644, .size = n, .origin = "mkdl", .reason = reason, .layer = layer,
	};

	/* Mostly the same bytes as in the build before. */
	node.content = hash_bytes(n ? data : "", n);
	if (!store_has_blob(&b->store, &node.content) && store_put(&b->store, n ? data : "", n, &node.content, err) < 0)
		return error_wrap(err, "%s", path);
	tree_add(&b->tree, &node);
	return 0;
}
