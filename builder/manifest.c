#include "builder/manifest.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/flat.h"
#include "builder/component.h"
#include "builder/generated.h"
#include "base/json.h"
#include "builder/source.h"
#include "init/plan.h"

#define MANIFEST_PATH "/etc/mkdl/manifest"

/* Microcode is in RAM too, but only the kernel has use for it: PID 1 may remove it. */
static bool is_listed(const struct node *n)
{
	return n->path[1] && n->layer != LAYER_EARLY && n->layer != LAYER_MANIFEST;
}

static void write_entry(const struct node *n, struct strbuf *out)
{
	char size[24];

	switch (n->type) {
	case NODE_FILE:
		snprintf(size, sizeof(size), "%" PRIu64, n->size);
		flat_add(out, "file", n->path, size, NULL);
		break;
	case NODE_DIR:
		flat_add(out, "dir", n->path, NULL);
		break;
	case NODE_SYMLINK:
		flat_add(out, "link", n->path, n->target, NULL);
		break;
	default:
		flat_add(out, "node", n->path, NULL);
	}
}

int manifest_add(struct build *b, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct plan_manifest check;
	char count[24];
	size_t entries = 0;

	tree_sort(&b->tree);
	flat_add(&text, "mkdl-manifest", "1", NULL);
	flat_add(&text, "image", b->profile.name, b->initramfs.id, NULL);
	flat_add(&text, "kernel", b->kernel_version, NULL);
	for (size_t i = 0; i < b->tree.count; i++) {
		if (!is_listed(&b->tree.nodes[i]))
			continue;
		write_entry(&b->tree.nodes[i], &text);
		entries++;
	}
	snprintf(count, sizeof(count), "%zu", entries);
	flat_add(&text, "end", count, NULL);
	if (plan_parse_manifest(b->arena, MANIFEST_PATH, text.data, text.len, &check, err) < 0)
		return -1;
	return generated_add(b, MANIFEST_PATH, text.data, text.len, LAYER_MANIFEST, "PID 1 checks the image with it",
			     err);
}

static void json_hash(struct json *j, const char *key, const struct hash *h)
{
	char hex[HASH_HEX_SIZE];

	json_string(j, key, hash_hex(h, hex));
}

static void write_layers(struct build *b, struct json *j)
{
	json_open_array(j, "layers");
	for (size_t i = 0; i < LAYER_COUNT; i++) {
		const struct segment *s = &b->initramfs.segments[i];

		if (!s->count)
			continue;
		json_open_object(j, NULL);
		json_string(j, "name", layer_name(s->layer));
		json_hash(j, "segment", &s->key);
		json_number(j, "raw", s->raw);
		json_number(j, "size", s->size);
		json_close_object(j);
	}
	json_close_array(j);
}

static void write_components(struct build *b, struct json *j)
{
	json_open_array(j, "components");
	for (size_t i = 0; i < b->profile.component_count; i++) {
		const struct component *c = &b->profile.components[i];

		json_open_object(j, NULL);
		json_string(j, "name", c->name);
		json_string(j, source_handler(c->source.kind)->name, c->source.spec);
		json_string(j, "version", component_version_text(b, c));
		json_close_object(j);
	}
	json_close_array(j);
}

/* Packages that files of the image came from. */
static void write_packages(struct build *b, struct json *j)
{
	json_open_array(j, "packages");
	for (size_t i = 0; i < b->lock.package_count; i++) {
		const struct package *p = b->lock.packages[i];
		bool present = b->kernel.package == p;

		for (size_t k = 0; k < b->tree.count && !present; k++)
			present = b->tree.nodes[k].package == p;
		if (!present)
			continue;
		json_open_object(j, NULL);
		json_string(j, "name", p->name);
		json_string(j, "version", p->version);
		json_string(j, "arch", p->arch);
		json_hash(j, "sha256", &p->file.hash);
		json_close_object(j);
	}
	json_close_array(j);
}

static void write_files(struct build *b, struct json *j)
{
	static const char *const types[] = {
		[NODE_FILE] = "file",   [NODE_DIR] = "folder",   [NODE_SYMLINK] = "link",
		[NODE_CHAR] = "device", [NODE_BLOCK] = "device", [NODE_FIFO] = "fifo",
	};

	json_open_array(j, "files");
	for (size_t i = 0; i < b->tree.count; i++) {
		const struct node *n = &b->tree.nodes[i];
		char mode[8];

		if (!n->path[1])
			continue;
		snprintf(mode, sizeof(mode), "%04o", (unsigned)n->mode & 07777);
		json_open_object(j, NULL);
		json_string(j, "path", n->path);
		json_string(j, "type", types[n->type]);
		json_string(j, "mode", mode);
		json_number(j, "uid", n->uid);
		json_number(j, "gid", n->gid);
		if (n->type == NODE_FILE) {
			json_number(j, "size", n->size);
			json_hash(j, "sha256", &n->content);
		} else if (n->type == NODE_SYMLINK) {
			json_string(j, "target", n->target);
		}
		json_string(j, "layer", layer_name(n->layer));
		json_string(j, "origin", n->origin);
		json_string(j, "reason", n->reason);
		json_close_object(j);
	}
	json_close_array(j);
}

void manifest_json(struct build *b, const struct hash *hooks, struct strbuf *out)
{
	struct json j = json_begin(out);

	json_open_object(&j, NULL);
	json_number(&j, "format", 1);
	json_string(&j, "name", b->profile.name);
	json_string(&j, "image", b->initramfs.id);
	json_string(&j, "mkdl", MKDL_VERSION);
	json_open_object(&j, "kernel");
	json_string(&j, "version", b->kernel_version);
	json_number(&j, "size", b->kernel.size);
	json_hash(&j, "sha256", &b->kernel.content);
	json_string(&j, "origin", b->kernel.origin);
	json_close_object(&j);
	json_open_object(&j, "initramfs");
	json_number(&j, "size", b->initramfs.size);
	json_number(&j, "unpacked", b->initramfs.unpacked);
	json_number(&j, "window", b->initramfs.window);
	json_close_object(&j);
	json_number(&j, "minimum_memory", b->initramfs.memory);
	if (b->profile.image_hooks.count)
		json_hash(&j, "image_hooks", hooks);
	write_layers(b, &j);
	write_components(b, &j);
	write_packages(b, &j);
	write_files(b, &j);
	json_close_object(&j);
	json_end(&j);
}
