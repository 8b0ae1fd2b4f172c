/* The listing format of tree.h: how a tree is kept in the store and printed by `mkdl list --raw`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/flat.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "builder/tree.h"

static const char letters[] = {
	[NODE_FILE] = 'f', [NODE_DIR] = 'd', [NODE_SYMLINK] = 'l', [NODE_CHAR] = 'c', [NODE_BLOCK] = 'b', [NODE_FIFO] = 'p',
};

void tree_write(struct tree *t, struct strbuf *out)
{
	tree_sort(t);
	if (t->newest)
		strbuf_printf(out, "t %" PRIu64 "\n", t->newest);
	for (size_t i = 0; i < t->count; i++) {
		const struct node *n = &t->nodes[i];
		char hex[HASH_HEX_SIZE];

		strbuf_printf(out, "%c", letters[n->type]);
		if (n->type != NODE_SYMLINK)
			strbuf_printf(out, " %04o %" PRIu32 " %" PRIu32, (unsigned)n->mode, n->uid, n->gid);
		if (n->type == NODE_FILE)
			strbuf_printf(out, " %" PRIu64 " %s", n->size, hash_hex(&n->content, hex));
		if (n->type == NODE_CHAR || n->type == NODE_BLOCK)
			strbuf_printf(out, " %u %u", n->major, n->minor);
		flat_word(out, n->path);
		if (n->type == NODE_SYMLINK)
			flat_word(out, n->target);
		flat_end(out);
	}
}

/* Digits only: strtoull would take signs and spaces. */
static bool parse_number(const char *word, int base, uint64_t limit, uint64_t *out)
{
	char *end;
	uint64_t n;

	if (!*word || strlen(word) > 20 || word[strspn(word, "0123456789")])
		return false;
	n = strtoull(word, &end, base);
	if (*end || n > limit)
		return false;
	*out = n;
	return true;
}

static bool parse_owner(const struct flat_line *line, struct node *n)
{
	uint64_t mode, uid, gid;

	if (!parse_number(line->words[1], 8, 07777, &mode) || !parse_number(line->words[2], 10, UINT32_MAX, &uid) ||
	    !parse_number(line->words[3], 10, UINT32_MAX, &gid))
		return false;
	n->mode = (mode_t)mode;
	n->uid = (uint32_t)uid;
	n->gid = (uint32_t)gid;
	return true;
}

/* The words between type and path. False when a number is bad. */
static bool parse_fields(const struct flat_line *line, struct node *n)
{
	uint64_t major = 0, minor = 0;

	if (n->type == NODE_SYMLINK) {
		n->mode = 0777;
		n->target = line->words[2];
		return *n->target != '\0';
	}
	if (!parse_owner(line, n))
		return false;
	if (n->type == NODE_FILE)
		return parse_number(line->words[4], 10, INT64_MAX, &n->size) && hash_parse(line->words[5], &n->content);
	if (n->type == NODE_CHAR || n->type == NODE_BLOCK) {
		if (!parse_number(line->words[4], 10, UINT32_MAX, &major) ||
		    !parse_number(line->words[5], 10, UINT32_MAX, &minor))
			return false;
		n->major = (unsigned)major;
		n->minor = (unsigned)minor;
	}
	return true;
}

static int parse_record(struct arena *a, const char *name, const struct flat_line *line, struct node *out, struct error *err)
{
	/* Words of a record, by type. */
	static const size_t words[] = {
		[NODE_FILE] = 7, [NODE_DIR] = 5, [NODE_SYMLINK] = 3, [NODE_CHAR] = 7, [NODE_BLOCK] = 7, [NODE_FIFO] = 5,
	};
	const char *type = line->words[0];
	const char *letter = type[0] && !type[1] ? memchr(letters, type[0], sizeof(letters)) : NULL;
	struct node n = {0};
	const char *path;

	if (!letter)
		return error_set(err, "%s:%u: unknown record \"%s\"", name, line->number, type);
	n.type = (enum node_type)(letter - letters);
	if (line->count != words[n.type])
		return error_set(err, "%s:%u: %zu words, expected %zu", name, line->number, line->count, words[n.type]);
	if (!parse_fields(line, &n))
		return error_set(err, "%s:%u: bad number, hash or target", name, line->number);
	path = line->words[n.type == NODE_SYMLINK ? 1 : line->count - 1];
	if (path_clean(a, path, &n.path, err) < 0)
		return error_wrap(err, "%s:%u", name, line->number);
	if (strcmp(n.path, path))
		return error_set(err, "%s:%u: path is not in its clean form: %s", name, line->number, path);
	*out = n;
	return 0;
}

/* The record of the newest member's time, which is the first one if it is there. */
static bool parse_newest(const struct flat *flat, uint64_t *newest)
{
	return flat->count && flat->lines[0].count == 2 && !strcmp(flat->lines[0].words[0], "t") &&
	       parse_number(flat->lines[0].words[1], 10, INT64_MAX, newest);
}

int tree_read(struct tree *t, const char *name, const char *text, size_t n, struct error *err)
{
	struct flat flat;
	struct node *nodes;
	uint64_t newest = 0;
	size_t first;

	if (flat_parse(t->arena, name, text, n, &flat, err) < 0)
		return -1;
	nodes = arena_calloc(t->arena, flat.count + 1, sizeof(*nodes));
	first = parse_newest(&flat, &newest) ? 1 : 0;
	for (size_t i = first; i < flat.count; i++)
		if (parse_record(t->arena, name, &flat.lines[i], &nodes[i], err) < 0)
			return -1;
	for (size_t i = first; i < flat.count; i++)
		tree_add(t, &nodes[i]);
	t->newest = newest;
	return 0;
}
