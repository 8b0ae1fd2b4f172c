#include "builder/images.h"

#include <string.h>

#include "base/path.h"
#include "builder/build.h"
#include "builder/generated.h"
#include "builder/oci-reference.h"
#include "builder/source.h"
#include "node/images/image-list.h"

/* The one file that the source has, or the one that the profile names. */
static int find_archive(struct tree *tree, const struct container_image *want, const struct node **out, struct error *err)
{
	const struct node *found = NULL;

	for (size_t i = 0; i < tree->count; i++) {
		const struct node *n = &tree->nodes[i];

		if (n->type != NODE_FILE || (want->file && strcmp(n->path, want->file) != 0 && strcmp(n->path + 1, want->file) != 0))
			continue;
		if (found)
			return error_set(err, "the source has several files (%s, %s, …): say which with file:", found->path, n->path);
		found = n;
	}
	if (!found)
		return want->file ? error_set(err, "the source has no file %s", want->file) : error_set(err, "the source has no file");
	*out = found;
	return 0;
}

static int read_image(struct build *b, const struct container_image *want, struct image *out, struct error *err)
{
	struct image image = {.key = want->key, .at = want->at};
	const struct node *archive = NULL;
	const char *name;
	struct tree *tree;

	if (source_open(b, &want->source, &tree, err) < 0 || find_archive(tree, want, &archive, err) < 0)
		return -1;
	if (oci_read_kept(&b->store, b->arena, &archive->content, path_base(archive->path), &image.oci, err) < 0)
		return -1;
	image.origin = archive->origin;
	name = want->name ? want->name : image.oci.reference;
	if (!name)
		return error_set(err, "the archive does not name its image: say it with name:");
	if (oci_reference_normalize(b->arena, name, &image.name, err) < 0)
		return want->name ? -1 : error_wrap(err, "the archive's own name (give another with name:)");
	*out = image;
	return 0;
}

int images_read(struct build *b, struct images *out, struct error *err)
{
	const struct profile *p = &b->profile;
	struct images images = {.items = arena_calloc(b->arena, p->image_count + 1, sizeof(*images.items))};

	for (size_t i = 0; i < p->image_count; i++) {
		const struct container_image *want = &p->images[i];
		struct image *image = &images.items[images.count];
		const struct image *same;

		if (read_image(b, want, image, err) < 0)
			return error_wrap(err, "%s:%u:%u: image %s", want->at.file, want->at.line, want->at.column, want->key);
		same = images_find_name(&images, image->name);
		if (same)
			return place_error(err, want->at,
					   "images %s and %s are both called %s", same->key, want->key, image->name);
		images.count++;
	}
	*out = images;
	return 0;
}

const struct image *images_find_key(const struct images *images, const char *key)
{
	for (size_t i = 0; i < images->count; i++)
		if (!strcmp(images->items[i].key, key))
			return &images->items[i];
	return NULL;
}

const struct image *images_find_name(const struct images *images, const char *name)
{
	for (size_t i = 0; i < images->count; i++)
		if (!strcmp(images->items[i].name, name))
			return &images->items[i];
	return NULL;
}

/* A layer that images share is added for each of them, to the same path: the tree keeps one. */
void images_add_blob(struct build *b, const struct image *image, const struct oci_blob *blob, const char *dir)
{
	char hex[HASH_HEX_SIZE];

	tree_add(&b->tree, &(struct node){
		.path = arena_printf(b->arena, "%s/blobs/sha256/%s", dir, hash_hex(&blob->digest, hex)),
		.type = NODE_FILE,
		.mode = 0644,
		.size = blob->size,
		.content = blob->digest,
		.origin = image->origin,
		.reason = arena_printf(b->arena, "image %s", image->key),
		.layer = LAYER_IMAGES,
	});
}

int images_add(struct build *b, const struct images *images, const char *dir, const char *pinned, struct error *err)
{
	_cleanup_strbuf_ struct strbuf list = {0};
	struct image_list parsed;
	const struct node node = {
		.path = arena_printf(b->arena, "%s/list", dir),
		.mode = 0644,
		.origin = "generated",
		.reason = "images:",
		.layer = LAYER_IMAGES,
	};

	if (!images->count)
		return 0;
	for (size_t i = 0; i < images->count; i++) {
		const struct oci_image *image = &images->items[i].oci;

		for (size_t j = 0; j < image->layer_count; j++)
			images_add_blob(b, &images->items[i], &image->layers[j], dir);
		images_add_blob(b, &images->items[i], &image->config, dir);
		images_add_blob(b, &images->items[i], &image->manifest, dir);
	}
	images_list(b->arena, images, pinned, &list);
	if (image_list_parse(b->arena, node.path, list.data, list.len, &parsed, err) < 0)
		return error_wrap(err, "the importer would refuse its list");
	return generated_node(b, node, list.data, list.len, err);
}
