#include <string.h>

#include "base/flat.h"
#include "builder/images.h"

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
