#include "builder/source-file.h"

#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "builder/unpack.h"

static bool is_image(struct tree *t)
{
	return tree_find(t, "/oci-layout") || (tree_find(t, "/manifest.json") && tree_find(t, "/repositories"));
}

static int add_single(struct build *b, const struct hash *content, const char *name, bool executable, const char *origin,
		      struct tree *out, struct error *err)
{
	struct node n = {.type = NODE_FILE, .mode = executable ? 0755 : 0644, .content = *content, .origin = origin};
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (path_clean(b->arena, name, &n.path, err) < 0)
		return -1;
	if (store_open_blob(&b->store, content, &fd, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_errno(err, "%s", name);
	n.size = (uint64_t)st.st_size;
	tree_add(out, &n);
	return 0;
}

int source_file_open(struct build *b, const struct hash *content, const char *name, bool executable, const char *origin,
		     struct tree *out, struct error *err)
{
	struct tree members = {.arena = b->arena};

	if (!unpack_name_is_archive(name))
		return add_single(b, content, name, executable, origin, out, err);
	if (unpack_blob(&b->store, content, name, &members, err) < 0)
		return -1;
	if (is_image(&members))
		return add_single(b, content, name, false, origin, out, err);
	for (size_t i = 0; i < members.count; i++) {
		members.nodes[i].origin = origin;
		tree_add(out, &members.nodes[i]);
	}
	return 0;
}

bool source_file_is_program(struct build *b, const struct hash *content)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_close_ int fd = -1;
	char start[4] = "";

	if (store_open_blob(&b->store, content, &fd, &ignored) < 0 || read(fd, start, sizeof(start)) < 2)
		return false;
	return !memcmp(start, "\177ELF", 4) || !memcmp(start, "#!", 2);
}
