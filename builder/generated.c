#include "builder/generated.h"

#include <sys/stat.h>
#include <unistd.h>

int generated_node(struct build *b, struct node node, const void *data, size_t n, struct error *err)
{
	node.type = NODE_FILE;
	node.size = n;
	if (store_put(&b->store, n ? data : "", n, &node.content, err) < 0)
		return error_wrap(err, "%s", node.path);
	tree_add(&b->tree, &node);
	return 0;
}

int generated_add(struct build *b, const char *path, const void *data, size_t n, enum layer layer, const char *reason,
		  struct error *err)
{
	const struct node node = {.path = path, .mode = 0644, .origin = "mkdl", .reason = reason, .layer = layer};

	return generated_node(b, node, data, n, err);
}

int file_keep(struct build *b, int fd, const char *name, struct hash *hash, uint64_t *size, struct error *err)
{
	struct hash found;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(err, "%s", name);
	if (hash_fd(fd, name, &found, err) < 0)
		return -1;
	if (store_has_blob_of(&b->store, &found, (uint64_t)st.st_size)) {
		*hash = found;
		*size = (uint64_t)st.st_size;
		return 0;
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "%s", name);
	return store_put_fd(&b->store, fd, name, hash, size, err);
}
