#include "builder/images.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/flat.h"
#include "base/path.h"
#include "builder/build.h"
#include "builder/node-parts.h"
#include "builder/oci-reference.h"
#include "builder/source.h"

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
	_cleanup_close_ int fd = -1;
	const struct node *archive = NULL;
	const char *name;
	struct tree *tree;

	if (source_open(b, &want->source, &tree, err) < 0 || find_archive(tree, want, &archive, err) < 0)
		return -1;
	if (store_open_blob(&b->store, &archive->content, &fd, err) < 0)
		return -1;
	if (oci_read(&b->store, b->arena, fd, path_base(archive->path), &image.oci, err) < 0)
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
			return place_error(err, want->at, "images %s and %s are both called %s", same->key, want->key, image->name);
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

static const char *digest_text(struct arena *a, const struct hash *h)
{
	char hex[HASH_HEX_SIZE];

	return arena_printf(a, "sha256:%s", hash_hex(h, hex));
}

/* Blobs that were listed already: images share layers. */
struct listed {
	const struct oci_blob **items;
	size_t count, cap;
};

/* True the first time that a digest comes by. */
static bool first_time(struct arena *a, struct listed *listed, const struct oci_blob *blob)
{
	for (size_t i = 0; i < listed->count; i++)
		if (hash_equal(&listed->items[i]->digest, &blob->digest))
			return false;
	listed->items = arena_grow(a, listed->items, listed->count, &listed->cap, sizeof(*listed->items));
	listed->items[listed->count++] = blob;
	return true;
}

static void list_blob(struct arena *a, struct listed *listed, const struct oci_blob *blob, struct strbuf *out)
{
	if (first_time(a, listed, blob))
		flat_add(out, "blob", digest_text(a, &blob->digest), arena_printf(a, "%llu", (unsigned long long)blob->size),
			 blob->media_type, NULL);
}

/* The manifest's labels tell containerd's garbage collector what it keeps alive, as containerd's own client sets them. */
static void list_manifest(struct arena *a, struct listed *listed, const struct oci_image *image, struct strbuf *out)
{
	if (!first_time(a, listed, &image->manifest))
		return;
	flat_word(out, "blob");
	flat_word(out, digest_text(a, &image->manifest.digest));
	flat_word(out, arena_printf(a, "%llu", (unsigned long long)image->manifest.size));
	flat_word(out, image->manifest.media_type);
	flat_word(out, arena_printf(a, "containerd.io/gc.ref.content.config=%s", digest_text(a, &image->config.digest)));
	for (size_t i = 0; i < image->layer_count; i++)
		flat_word(out, arena_printf(a, "containerd.io/gc.ref.content.l.%zu=%s", i, digest_text(a, &image->layers[i].digest)));
	flat_end(out);
}

void images_list(struct arena *a, const struct images *images, const char *pinned, struct strbuf *out)
{
	struct listed listed = {0};

	flat_add(out, "mkdl-images", "1", NULL);
	for (size_t i = 0; i < images->count; i++) {
		const struct image *named = &images->items[i];
		const struct oci_image *image = &named->oci;

		for (size_t j = 0; j < image->layer_count; j++)
			list_blob(a, &listed, &image->layers[j], out);
		list_blob(a, &listed, &image->config, out);
		list_manifest(a, &listed, image, out);
		/* "managed": the CRI plugin's own mark of images that it shows to the kubelet. */
		flat_add(out, "image", named->name, image->manifest.media_type, digest_text(a, &image->manifest.digest),
			 arena_printf(a, "%llu", (unsigned long long)image->manifest.size), "io.cri-containerd.image=managed",
			 pinned && !strcmp(pinned, named->name) ? "io.cri-containerd.pinned=pinned" : NULL, NULL);
	}
}

static void add_blob(struct build *b, const struct image *image, const struct oci_blob *blob, const char *dir, struct listed *listed)
{
	char hex[HASH_HEX_SIZE];

	if (!first_time(b->arena, listed, blob))
		return;
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
	struct listed listed = {0};
	struct node node = {
		.path = arena_printf(b->arena, "%s/list", dir),
		.type = NODE_FILE,
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
			add_blob(b, &images->items[i], &image->layers[j], dir, &listed);
		add_blob(b, &images->items[i], &image->config, dir, &listed);
		add_blob(b, &images->items[i], &image->manifest, dir, &listed);
	}
	images_list(b->arena, images, pinned, &list);
	if (store_put(&b->store, list.data, list.len, &node.content, err) < 0)
		return error_wrap(err, "%s", node.path);
	node.size = list.len;
	tree_add(&b->tree, &node);
	return 0;
}
