/* Preloaded images for dockerd. Its archives (github.com/moby/moby, image/tarexport) hold a manifest of their own kind and, under any
 * name, the configuration and the layers that an OCI archive has, too: the blobs stay as they are, and node/docker/image-import.c
 * makes the archive of them on its way to dockerd. The list is described in node/docker/image-list.h. */
#include <string.h>

#include "base/flat.h"
#include "base/json.h"
#include "builder/generated.h"
#include "builder/images.h"
#include "node/docker/image-list.h"
#include "node/docker/tar.h"

static const char *hex_of(struct arena *a, const struct hash *h)
{
	char hex[HASH_HEX_SIZE];

	return arena_strdup(a, hash_hex(h, hex));
}

static const char *config_name(struct arena *a, const struct oci_image *image)
{
	return arena_printf(a, "%s.json", hex_of(a, &image->config.digest));
}

static const char *layer_name_of(struct arena *a, const struct oci_blob *layer)
{
	return arena_printf(a, "%s.tar", hex_of(a, &layer->digest));
}

/* What dockerd cannot read must not wait for the node to find out. */
static int check_image(const struct image *image, struct version docker, struct error *err)
{
	if (strchr(image->name, '@'))
		return place_error(err, image->at, "image %s: dockerd takes no image by its digest: give it a name with a tag, "
				   "name: …", image->key);
	for (size_t i = 0; i < image->oci.layer_count; i++) {
		const struct oci_blob *layer = &image->oci.layers[i];
		size_t n = strlen(layer->media_type);

		if (n > 5 && !strcmp(layer->media_type + n - 5, "+zstd") && version_compare(docker, (struct version){23, 0}) < 0)
			return place_error(err, image->at, "image %s: its layers are compressed by zstd, which docker %u.%u "
					   "cannot read: skopeo copy --dest-compress-format gzip makes it another one",
					   image->key, docker.major, docker.minor);
		if (layer->size > TAR_SIZE_LIMIT)
			return place_error(err, image->at, "image %s: has a layer of more than 8 GiB", image->key);
	}
	return 0;
}

static void write_manifest(struct arena *a, const struct image *image, struct strbuf *out)
{
	struct json j = json_begin(out);

	json_open_array(&j, NULL);
	json_open_object(&j, NULL);
	json_string(&j, "Config", config_name(a, &image->oci));
	json_open_array(&j, "RepoTags");
	json_string(&j, NULL, image->name);
	json_close_array(&j);
	json_open_array(&j, "Layers");
	for (size_t i = 0; i < image->oci.layer_count; i++)
		json_string(&j, NULL, layer_name_of(a, &image->oci.layers[i]));
	json_close_array(&j);
	json_close_object(&j);
	json_close_array(&j);
	json_end(&j);
}

static void list_member(struct arena *a, struct strbuf *list, const char *path, uint64_t size, const struct hash *digest)
{
	flat_add(list, "member", path, arena_printf(a, "%llu", (unsigned long long)size), hex_of(a, digest), NULL);
}

static bool is_repeated(const struct oci_image *image, size_t layer)
{
	for (size_t i = 0; i < layer; i++)
		if (hash_equal(&image->layers[i].digest, &image->layers[layer].digest))
			return true;
	return false;
}

static int add_image(struct build *b, const struct image *image, const char *dir, struct strbuf *list, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct oci_blob manifest = {0};
	struct hasher h;

	write_manifest(b->arena, image, &text);
	hash_begin(&h);
	hash_add(&h, text.data, text.len);
	manifest = (struct oci_blob){.digest = hash_end(&h), .size = text.len};
	flat_add(list, "image", image->name, arena_printf(b->arena, "sha256:%s", hex_of(b->arena, &image->oci.config.digest)), NULL);
	list_member(b->arena, list, "manifest.json", manifest.size, &manifest.digest);
	list_member(b->arena, list, config_name(b->arena, &image->oci), image->oci.config.size, &image->oci.config.digest);
	images_add_blob(b, image, &image->oci.config, dir);
	for (size_t i = 0; i < image->oci.layer_count; i++) {
		const struct oci_blob *layer = &image->oci.layers[i];

		if (is_repeated(&image->oci, i))
			continue;
		list_member(b->arena, list, layer_name_of(b->arena, layer), layer->size, &layer->digest);
		images_add_blob(b, image, layer, dir);
	}
	return generated_node(b, (struct node){
		.path = arena_printf(b->arena, "%s/blobs/sha256/%s", dir, hex_of(b->arena, &manifest.digest)),
		.mode = 0644,
		.origin = "generated",
		.reason = arena_printf(b->arena, "image %s", image->key),
		.layer = LAYER_IMAGES,
	}, text.data, text.len, err);
}

int images_add_docker(struct build *b, const struct images *images, const char *dir, struct version docker, struct error *err)
{
	_cleanup_strbuf_ struct strbuf list = {0};
	struct docker_images parsed;
	const struct node node = {
		.path = arena_printf(b->arena, "%s/list", dir),
		.mode = 0644,
		.origin = "generated",
		.reason = "images:",
		.layer = LAYER_IMAGES,
	};

	if (!images->count)
		return 0;
	flat_add(&list, "mkdl-docker-images", "1", NULL);
	for (size_t i = 0; i < images->count; i++)
		if (check_image(&images->items[i], docker, err) < 0 || add_image(b, &images->items[i], dir, &list, err) < 0)
			return -1;
	if (docker_images_parse(b->arena, node.path, list.data, list.len, &parsed, err) < 0)
		return error_wrap(err, "the importer would refuse its list");
	return generated_node(b, node, list.data, list.len, err);
}
