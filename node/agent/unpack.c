#include "node/agent/unpack.h"

#include <ctype.h>
#include <string.h>

#include "base/strbuf.h"
#include "node/agent/gunzip.h"
#include "node/agent/mime.h"

/* A text on its way to being a document. */
struct piece {
	const char *source, *part, *name, *merge_how;
	const char *text;
	size_t size;
	unsigned line;
	unsigned depth;
};

enum form { FORM_DOCUMENT, FORM_INCLUDE, FORM_REFUSED };

/* What the first line says (cloud-init: user_data.py, handlers). */
static const struct start {
	const char *text;
	enum form form;
	enum document_kind kind;
	const char *why;
} starts[] = {
	{"#cloud-config-archive", FORM_REFUSED, 0, "a cloud-config archive is not read here: send a MIME message"},
	{"#cloud-config-jsonp", FORM_REFUSED, 0, "JSON patches are not read here: documents are merged in their order"},
	{"#cloud-config", FORM_DOCUMENT, DOCUMENT_CLOUD_CONFIG, NULL},
	{"#cloud-boothook", FORM_DOCUMENT, DOCUMENT_BOOTHOOK, NULL},
	{"#include-once", FORM_INCLUDE, 0, NULL},
	{"#include", FORM_INCLUDE, 0, NULL},
	{"#part-handler", FORM_REFUSED, 0, "a part handler is Python, which the node does not have"},
	{"#upstart-job", FORM_REFUSED, 0, "the node has no upstart: make it a service"},
	{"## template:", FORM_REFUSED, 0, "templates (jinja) are not filled in on the node: send it filled in, or use the variables "
					  "that mkdl knows, ${mac} ${hostname} …"},
	{"#!", FORM_DOCUMENT, DOCUMENT_SCRIPT, NULL},
};

/* What a part says of itself. Types that are not here, or say nothing, go by content. */
static const struct type {
	const char *name;
	enum form form;
	enum document_kind kind;
	const char *start; /* row of starts whose reason holds */
} types[] = {
	{"text/cloud-config", FORM_DOCUMENT, DOCUMENT_CLOUD_CONFIG, NULL},
	{"text/x-shellscript", FORM_DOCUMENT, DOCUMENT_SCRIPT, NULL},
	{"text/x-shellscript-per-boot", FORM_DOCUMENT, DOCUMENT_SCRIPT, NULL},
	{"text/x-shellscript-per-instance", FORM_DOCUMENT, DOCUMENT_SCRIPT, NULL},
	{"text/x-shellscript-per-once", FORM_DOCUMENT, DOCUMENT_SCRIPT, NULL},
	{"text/cloud-boothook", FORM_DOCUMENT, DOCUMENT_BOOTHOOK, NULL},
	{"text/x-include-url", FORM_INCLUDE, 0, NULL},
	{"text/x-include-once-url", FORM_INCLUDE, 0, NULL},
	{"text/jinja2", FORM_REFUSED, 0, "## template:"},
	{"text/part-handler", FORM_REFUSED, 0, "#part-handler"},
	{"text/upstart-job", FORM_REFUSED, 0, "#upstart-job"},
	{"text/cloud-config-archive", FORM_REFUSED, 0, "#cloud-config-archive"},
	{"text/cloud-config-jsonp", FORM_REFUSED, 0, "#cloud-config-jsonp"},
};

static const char *const by_content[] = {
	"", "text/plain", "application/octet-stream", "application/gzip", "application/x-gzip", "application/gunzip",
	"application/x-gunzip", "application/x-gzip-compressed", "application/gzip-compressed", "application/json",
	"application/vnd.coreos.ignition+json", "text/x-not-multipart",
};

const char *document_kind_name(enum document_kind kind)
{
	static const char *const names[] = {
		[DOCUMENT_CLOUD_CONFIG] = "cloud-config", [DOCUMENT_SCRIPT] = "script", [DOCUMENT_BOOTHOOK] = "boothook",
		[DOCUMENT_IGNITION] = "Ignition", [DOCUMENT_META_DATA] = "meta-data",
		[DOCUMENT_NETWORK_CONFIG] = "network-config",
	};

	return names[kind];
}

static int check_text(const struct piece *p, struct error *err)
{
	const char *nul = p->size ? memchr(p->text, '\0', p->size) : NULL;

	if (nul)
		return error_set(err, "%s: a zero byte at offset %zu: this is no text", p->name, (size_t)(nul - p->text));
	return 0;
}

static int add_document(struct unpack *u, const struct piece *p, enum document_kind kind, struct error *err)
{
	struct documents *d = u->documents;

	if (check_text(p, err) < 0)
		return -1;
	d->items = arena_grow(u->arena, d->items, d->count, &d->cap, sizeof(*d->items));
	d->items[d->count++] = (struct document){
		.kind = kind, .source = p->source, .part = p->part, .name = p->name, .line = p->line,
		.merge_how = p->merge_how,
		.text = arena_strndup(u->arena, p->text, p->size), .size = p->size,
	};
	return 0;
}

/* One URL on each line that is not a comment. */
static int read_include(struct unpack *u, const struct piece *p, struct error *err)
{
	unsigned line = p->line;

	if (check_text(p, err) < 0)
		return -1;
	for (const char *at = p->text, *end = at + p->size; at < end; line++) {
		const char *feed = memchr(at, '\n', (size_t)(end - at)), *stop = feed ? feed : end;

		while (at < stop && isspace((unsigned char)*at))
			at++;
		while (stop > at && isspace((unsigned char)stop[-1]))
			stop--;
		if (stop > at && *at != '#' && u->include(u->data, arena_strndup(u->arena, at, (size_t)(stop - at)), err) < 0)
			return error_wrap(err, "%s: line %u", p->name, line);
		at = feed ? feed + 1 : end;
	}
	return 0;
}

static int take(struct unpack *u, const struct piece *p, enum form form, enum document_kind kind, const char *why,
		struct error *err)
{
	if (form == FORM_REFUSED)
		return error_set(err, "%s: %s", p->name, why);
	return form == FORM_INCLUDE ? read_include(u, p, err) : add_document(u, p, kind, err);
}

/* The first characters, for a message: nothing in it may change the terminal. */
static int refuse_unknown(const struct piece *p, struct error *err)
{
	char shown[41];
	size_t n = 0;

	while (n < sizeof(shown) - 1 && n < p->size && p->text[n] != '\n') {
		unsigned char c = (unsigned char)p->text[n];

		shown[n++] = c < ' ' || c >= 0x7f ? '?' : (char)c;
	}
	shown[n] = '\0';
	if (!p->size)
		return error_set(err, "%s: it is empty", p->name);
	return error_set(err, "%s: it begins with \"%s\", which is neither \"#cloud-config\" nor \"#!\", a MIME message, gzip nor an "
			 "Ignition configuration", p->name, shown);
}

static bool begins_with(const struct piece *p, const char *text)
{
	size_t n = strlen(text);

	return p->size >= n && !memcmp(p->text, text, n);
}

static int open_mime(struct unpack *u, const struct piece *p, const struct mime_entity *e, struct error *err);

/* By its content alone. */
static int open_content(struct unpack *u, const struct piece *piece, struct error *err)
{
	struct piece p = *piece;

	/* A byte order mark is some editors' habit. */
	if (begins_with(&p, "\xef\xbb\xbf")) {
		p.text += 3;
		p.size -= 3;
	}
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		size_t n = strlen(starts[i].text);
		char next = p.size > n ? p.text[n] : '\n';

		if (begins_with(&p, starts[i].text) && (starts[i].kind == DOCUMENT_SCRIPT || starts[i].text[n - 1] == ':' ||
							isspace((unsigned char)next)))
			return take(u, &p, starts[i].form, starts[i].kind, starts[i].why, err);
	}
	if (mime_is(p.text, p.size)) {
		struct mime_entity e;

		if (mime_parse(u->arena, p.text, p.size, p.line, &e, err) < 0)
			return error_wrap(err, "%s", p.name);
		return open_mime(u, &p, &e, err);
	}
	for (size_t i = 0; i < p.size && (isspace((unsigned char)p.text[i]) || p.text[i] == '{'); i++)
		if (p.text[i] == '{')
			return add_document(u, &p, DOCUMENT_IGNITION, err);
	return refuse_unknown(&p, err);
}

/* Unpack gzip, then by content. */
static int open_piece(struct unpack *u, const struct piece *p, struct error *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct piece inner = *p;

	if (p->depth > UNPACK_DEPTH)
		return error_set(err, "%s: gzip and MIME in one another, more than %d deep", p->name, UNPACK_DEPTH);
	if (!gunzip_is(p->text, p->size))
		return open_content(u, p, err);
	if (gunzip(p->text, p->size, UNPACK_LIMIT, &out, err) < 0)
		return error_wrap(err, "%s", p->name);
	u->total += out.len;
	if (u->total > UNPACK_TOTAL_LIMIT)
		return error_set(err, "%s: all that is packed comes to more than %d MB", p->name, UNPACK_TOTAL_LIMIT >> 20);
	inner.text = out.data ? out.data : "";
	inner.size = out.len;
	inner.line = 1;
	inner.depth++;
	return open_piece(u, &inner, err);
}

static const char *reason_of(const char *start)
{
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (!strcmp(starts[i].text, start))
			return starts[i].why;
	return "";
}

/* A body that is not multipart. */
static int open_body(struct unpack *u, const struct piece *p, const struct mime_entity *e, struct error *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct piece inner = *p;

	if (mime_decode(e, &out, err) < 0)
		return error_wrap(err, "%s", p->name);
	u->total += out.len;
	if (u->total > UNPACK_TOTAL_LIMIT)
		return error_set(err, "%s: all that is packed comes to more than %d MB", p->name, UNPACK_TOTAL_LIMIT >> 20);
	inner.text = out.data ? out.data : "";
	inner.size = out.len;
	inner.line = e->encoding == MIME_PLAIN ? e->line : 1;
	inner.depth++;
	inner.merge_how = e->merge_how ? e->merge_how : p->merge_how;
	for (size_t i = 0; i < sizeof(by_content) / sizeof(*by_content); i++)
		if (!strcmp(e->type, by_content[i]))
			return open_piece(u, &inner, err);
	if (gunzip_is(inner.text, inner.size))
		return open_piece(u, &inner, err);
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(e->type, types[i].name))
			return take(u, &inner, types[i].form, types[i].kind, types[i].start ? reason_of(types[i].start) : NULL, err);
	return error_set(err, "%s: unknown type \"%s\"; known are text/cloud-config, text/x-shellscript, text/cloud-boothook, "
			 "text/x-include-url, text/plain, application/gzip, multipart/mixed", p->name, e->type);
}

static int open_mime(struct unpack *u, const struct piece *p, const struct mime_entity *e, struct error *err)
{
	struct mime_parts parts;

	if (!e->boundary)
		return open_body(u, p, e, err);
	if (p->depth >= UNPACK_DEPTH)
		return error_set(err, "%s: gzip and MIME in one another, more than %d deep", p->name, UNPACK_DEPTH);
	if (e->encoding != MIME_PLAIN)
		return error_set(err, "%s: a multipart message cannot be encoded as a whole (RFC 2045, 6.4)", p->name);
	if (mime_split(u->arena, e, &parts, err) < 0)
		return error_wrap(err, "%s", p->name);
	for (size_t i = 0; i < parts.count; i++) {
		const struct mime_entity *part = &parts.items[i];
		struct piece inner = *p;

		inner.part = arena_printf(u->arena, "%s%spart %zu%s%s%s", p->part ? p->part : "", p->part ? ", " : "", i + 1,
					  part->filename ? " (" : "", part->filename ? part->filename : "",
					  part->filename ? ")" : "");
		inner.name = arena_printf(u->arena, "%s %s", p->source, inner.part);
		inner.depth++;
		if (open_mime(u, &inner, part, err) < 0)
			return -1;
	}
	return 0;
}

static bool is_blank(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isspace((unsigned char)text[i]))
			return false;
	return true;
}

int unpack(struct unpack *u, const char *source, enum source_content content, const char *text, size_t n, struct error *err)
{
	struct piece p = {.source = source, .name = source, .text = text, .size = n, .line = 1};

	if (content == SOURCE_USER_DATA && is_blank(text, n))
		return 0;
	if (content == SOURCE_META_DATA)
		return add_document(u, &p, DOCUMENT_META_DATA, err);
	if (content == SOURCE_NETWORK_CONFIG)
		return add_document(u, &p, DOCUMENT_NETWORK_CONFIG, err);
	return open_piece(u, &p, err);
}
