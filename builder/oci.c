#include "builder/oci.h"

#include <string.h>

#include <jansson.h>

#include "builder/oci-private.h"

enum { INDEX_DEPTH = 4, CANDIDATE_LIMIT = 256, LAYER_LIMIT = 1024 };

static const char *const index_types[] = {
	"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json", NULL,
};
static const char *const manifest_types[] = {
	"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json", NULL,
};

/* A manifest that an index names. */
struct candidate {
	struct oci_blob blob;
	const char *reference, *platform;
};

struct reading {
	struct oci_archive archive;
	struct candidate *candidates;
	size_t count, cap;
	const char *others; /* platforms that were passed over, for the message */
};

static void free_json(json_t **j)
{
	json_decref(*j);
}

#define _cleanup_json_ __attribute__((cleanup(free_json)))

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(text, *list))
			return true;
	return false;
}

static json_t *parse_json(const struct strbuf *text, const char *what, struct error *err)
{
	json_error_t problem;
	json_t *j = json_loadb(text->data, text->len, JSON_REJECT_DUPLICATES, &problem);

	if (!j) {
		error_set(err, "%s: line %d: %s", what, problem.line, problem.text);
		return NULL;
	}
	if (!json_is_object(j)) {
		error_set(err, "%s: is no JSON object", what);
		json_decref(j);
		return NULL;
	}
	return j;
}

/* The member's text, or NULL when there is none or it is something else. */
static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_t *load_blob(struct reading *r, const struct oci_blob *blob, const char *what, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (store_read_blob(r->archive.store, &blob->digest, OCI_JSON_LIMIT, &text, err) < 0) {
		error_wrap(err, "%s", what);
		return NULL;
	}
	return parse_json(&text, what, err);
}

/* A descriptor: media type, digest, size; the blob must be in the archive and be as long as it says. */
static int read_descriptor(struct reading *r, const json_t *j, const char *what, struct oci_blob *out, struct error *err)
{
	const char *type = text_of(j, "mediaType"), *digest = text_of(j, "digest");
	const json_t *size = json_object_get(j, "size");
	const struct oci_file *file;
	struct oci_blob blob;

	if (!type || !*type || strpbrk(type, " \t\r\n") || !digest || !json_is_integer(size) || json_integer_value(size) < 0)
		return error_set(err, "%s: a descriptor wants mediaType, digest and size", what);
	if (strncmp(digest, "sha256:", 7) != 0 || !hash_parse(digest + 7, &blob.digest))
		return error_set(err, "%s: \"%s\" is no sha256 digest", what, digest);
	file = oci_archive_find(&r->archive, &blob.digest);
	if (!file)
		return error_set(err, "%s: the archive lacks blobs/sha256/%s", what, digest + 7);
	if (file->size != (uint64_t)json_integer_value(size))
		return error_set(err, "%s: blobs/sha256/%s has %llu bytes, %lld are announced", what, digest + 7,
				 (unsigned long long)file->size, (long long)json_integer_value(size));
	blob.size = file->size;
	blob.media_type = arena_strdup(r->archive.arena, type);
	*out = blob;
	return 0;
}

/* "linux/amd64", or NULL when the descriptor says nothing. */
static const char *platform_of(struct arena *a, const json_t *descriptor)
{
	const json_t *platform = json_object_get(descriptor, "platform");
	const char *os = text_of(platform, "os"), *arch = text_of(platform, "architecture");

	return os && arch ? arena_printf(a, "%s/%s", os, arch) : NULL;
}

/* The name that a tool wrote beside the manifest: containerd's full one, else the image-spec's. */
static const char *reference_of(struct arena *a, const json_t *descriptor, const char *inherited)
{
	const json_t *annotations = json_object_get(descriptor, "annotations");
	const char *name = text_of(annotations, "io.containerd.image.name");

	if (!name)
		name = text_of(annotations, "org.opencontainers.image.ref.name");
	return name && *name ? arena_strdup(a, name) : inherited;
}

static int add_candidate(struct reading *r, const json_t *j, const char *what, const char *reference, struct error *err)
{
	const char *platform = platform_of(r->archive.arena, j);
	struct candidate c = {.reference = reference, .platform = platform};

	if (platform && strcmp(platform, "linux/amd64") != 0) {
		r->others = r->others ? arena_printf(r->archive.arena, "%s, %s", r->others, platform) : platform;
		return 0;
	}
	if (r->count == CANDIDATE_LIMIT)
		return error_set(err, "%s: more than %d manifests", what, CANDIDATE_LIMIT);
	if (read_descriptor(r, j, what, &c.blob, err) < 0)
		return -1;
	for (size_t i = 0; i < r->count; i++)
		if (hash_equal(&r->candidates[i].blob.digest, &c.blob.digest))
			return 0; /* one image under two names */
	r->candidates = arena_grow(r->archive.arena, r->candidates, r->count, &r->cap, sizeof(*r->candidates));
	r->candidates[r->count++] = c;
	return 0;
}

/* Collect the manifests that an index names, through the indexes in it. */
static int read_index(struct reading *r, const json_t *index, const char *what, const char *inherited, unsigned depth,
		      struct error *err)
{
	const json_t *manifests = json_object_get(index, "manifests"), *j;
	size_t i;

	if (!json_is_array(manifests))
		return error_set(err, "%s: has no manifests", what);
	if (depth > INDEX_DEPTH)
		return error_set(err, "%s: indexes are nested too deep", what);
	json_array_foreach(manifests, i, j) {
		const char *type = text_of(j, "mediaType"), *reference = reference_of(r->archive.arena, j, inherited);
		_cleanup_json_ json_t *nested = NULL;
		struct oci_blob blob;

		if (!type || !is_one_of(type, index_types)) {
			if (add_candidate(r, j, what, reference, err) < 0)
				return -1;
			continue;
		}
		if (read_descriptor(r, j, what, &blob, err) < 0)
			return -1;
		nested = load_blob(r, &blob, "index", err);
		if (!nested || read_index(r, nested, "index", reference, depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

static int check_config(struct reading *r, const struct oci_blob *blob, size_t layers, struct error *err)
{
	_cleanup_json_ json_t *config = load_blob(r, blob, "config", err);
	const char *arch, *os;
	size_t ids;

	if (!config)
		return -1;
	arch = text_of(config, "architecture");
	os = text_of(config, "os");
	if (!arch || !os || strcmp(arch, "amd64") != 0 || strcmp(os, "linux") != 0)
		return error_set(err, "config: the image is for %s/%s, the node is linux/amd64", os ? os : "?", arch ? arch : "?");
	ids = json_array_size(json_object_get(json_object_get(config, "rootfs"), "diff_ids"));
	if (ids != layers)
		return error_set(err, "config: names %zu layers, the manifest has %zu", ids, layers);
	return 0;
}

static int read_manifest(struct reading *r, const struct candidate *c, struct oci_image *out, struct error *err)
{
	struct oci_image image = {.reference = c->reference, .manifest = c->blob};
	_cleanup_json_ json_t *j = NULL;
	const json_t *layers, *layer;
	size_t i;

	if (!is_one_of(c->blob.media_type, manifest_types))
		return error_set(err, "index.json: media type %s is no image manifest", c->blob.media_type);
	j = load_blob(r, &c->blob, "manifest", err);
	if (!j)
		return -1;
	if (json_integer_value(json_object_get(j, "schemaVersion")) != 2)
		return error_set(err, "manifest: is not of schema version 2");
	if (read_descriptor(r, json_object_get(j, "config"), "manifest: config", &image.config, err) < 0)
		return -1;
	layers = json_object_get(j, "layers");
	if (!json_is_array(layers) || json_array_size(layers) > LAYER_LIMIT)
		return error_set(err, "manifest: has no layers, or more than %d", LAYER_LIMIT);
	image.layers = arena_calloc(r->archive.arena, json_array_size(layers) + 1, sizeof(*image.layers));
	json_array_foreach(layers, i, layer)
		if (read_descriptor(r, layer, "manifest: layer", &image.layers[image.layer_count++], err) < 0)
			return -1;
	if (check_config(r, &image.config, image.layer_count, err) < 0)
		return -1;
	*out = image;
	return 0;
}

static int check_layout(const struct oci_archive *archive, struct error *err)
{
	_cleanup_json_ json_t *layout = NULL;
	const char *version;

	if (!archive->layout.data && archive->docker)
		return error_set(err, "is a docker archive; make an OCI archive of it: skopeo copy docker-archive:IN "
				 "oci-archive:OUT:NAME");
	if (!archive->layout.data || !archive->index.data)
		return error_set(err, "is no OCI archive: %s is missing", archive->layout.data ? "index.json" : "oci-layout");
	layout = parse_json(&archive->layout, "oci-layout", err);
	if (!layout)
		return -1;
	version = text_of(layout, "imageLayoutVersion");
	if (!version || strncmp(version, "1.", 2) != 0)
		return error_set(err, "oci-layout: version %s is not known", version ? version : "(none)");
	return 0;
}

static int read_image(struct reading *r, int fd, struct oci_image *out, struct error *err)
{
	_cleanup_json_ json_t *index = NULL;

	if (oci_archive_read(&r->archive, fd, err) < 0 || check_layout(&r->archive, err) < 0)
		return -1;
	index = parse_json(&r->archive.index, "index.json", err);
	if (!index || read_index(r, index, "index.json", NULL, 1, err) < 0)
		return -1;
	if (!r->count)
		return error_set(err, "holds no image for linux/amd64%s%s", r->others ? ", only for " : "", r->others ? r->others : "");
	if (r->count > 1)
		return error_set(err, "holds %zu images for linux/amd64, one is wanted: give each an archive of its own", r->count);
	return read_manifest(r, &r->candidates[0], out, err);
}

int oci_read(struct store *store, struct arena *a, int fd, const char *name, struct oci_image *out, struct error *err)
{
	struct reading r = {.archive = {.name = name, .store = store, .arena = a}};
	int result = read_image(&r, fd, out, err);

	oci_archive_free(&r.archive);
	return result < 0 ? error_wrap(err, "%s", name) : 0;
}
