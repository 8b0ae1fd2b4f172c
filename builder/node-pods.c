#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include <yaml.h>

#include "base/file.h"
#include "base/path.h"
#include "builder/node-private.h"

enum { MANIFEST_LIMIT = 1 << 20 };

static const yaml_node_t *map_value(yaml_document_t *doc, const yaml_node_t *map, const char *key)
{
	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (const yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
		const yaml_node_t *k = yaml_document_get_node(doc, p->key);

		if (k && k->type == YAML_SCALAR_NODE && !strcmp((const char *)k->data.scalar.value, key))
			return yaml_document_get_node(doc, p->value);
	}
	return NULL;
}

static const char *scalar(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";
}

static int check_pod(yaml_document_t *doc, struct error *err)
{
	const yaml_node_t *root = yaml_document_get_root_node(doc), *containers;

	if (!root || root->type != YAML_MAPPING_NODE)
		return error_set(err, "is no map; a static pod starts with apiVersion: v1 and kind: Pod");
	if (strcmp(scalar(map_value(doc, root, "apiVersion")), "v1") != 0 || strcmp(scalar(map_value(doc, root, "kind")), "Pod") != 0)
		return error_set(err, "is apiVersion: %s, kind: %s; the kubelet reads apiVersion: v1, kind: Pod here",
				 scalar(map_value(doc, root, "apiVersion")), scalar(map_value(doc, root, "kind")));
	if (!*scalar(map_value(doc, map_value(doc, root, "metadata"), "name")))
		return error_set(err, "has no metadata: name:");
	containers = map_value(doc, map_value(doc, root, "spec"), "containers");
	if (!containers || containers->type != YAML_SEQUENCE_NODE ||
	    containers->data.sequence.items.start == containers->data.sequence.items.top)
		return error_set(err, "has no spec: containers:");
	return 0;
}

static int parse_error(const yaml_parser_t *parser, struct error *err)
{
	return error_set(err, "line %zu: %s", parser->problem_mark.line + 1, parser->problem ? parser->problem : "is no YAML");
}

/* One document, a pod. The kubelet stops reading a file at its first document. */
static int check_text(yaml_parser_t *parser, struct error *err)
{
	yaml_document_t doc;
	int result;
	bool more;

	if (!yaml_parser_load(parser, &doc))
		return parse_error(parser, err);
	result = check_pod(&doc, err);
	yaml_document_delete(&doc);
	if (result < 0)
		return -1;
	if (!yaml_parser_load(parser, &doc))
		return parse_error(parser, err);
	more = yaml_document_get_root_node(&doc) != NULL;
	yaml_document_delete(&doc);
	return more ? error_set(err, "holds more than one document; give each pod a file of its own") : 0;
}

static int check_manifest(const struct strbuf *text, struct error *err)
{
	yaml_parser_t parser;
	int result;

	if (!yaml_parser_initialize(&parser))
		return error_set(err, "out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)(text->data ? text->data : ""), text->len);
	result = check_text(&parser, err);
	yaml_parser_delete(&parser);
	return result;
}

static int add_pod(struct build *b, const char *file, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *name = path_base(file);

	if (file_read_at(AT_FDCWD, file, MANIFEST_LIMIT, &text, err) < 0)
		return error_wrap(err, "pod manifest");
	if (name[0] == '.')
		return error_set(err, "pod manifest %s: the kubelet skips files whose name starts with a dot", file);
	if (check_manifest(&text, err) < 0)
		return error_wrap(err, "pod manifest %s", file);
	return node_put_file(b, path_join(b->arena, KUBELET_MANIFESTS, name), 0644, 0, 0, text.data, text.len,
			     "kubernetes: pods", err);
}

int node_pods_add(struct build *b, struct error *err)
{
	const struct kubernetes *k = &b->profile.kubernetes;

	for (size_t i = 0; i < k->pods.count; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(path_base(k->pods.items[i]), path_base(k->pods.items[j])))
				return place_error(err, k->at,
						   "pods: %s and %s have the same file name, one would replace the "
						   "other",
						   k->pods.items[j], k->pods.items[i]);
	for (size_t i = 0; i < k->pods.count; i++)
		if (add_pod(b, k->pods.items[i], err) < 0)
			return -1;
	return 0;
}
