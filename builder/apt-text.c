#include "builder/apt-text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"

/* n bytes of s with %XX decoded; a broken escape stays as it is. */
static const char *percent_decode(struct arena *a, const char *s, size_t n)
{
	char *out = arena_alloc(a, n + 1), *w = out;

	for (size_t i = 0; i < n; i++) {
		int high = s[i] == '%' && i + 2 < n ? hex_digit(s[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(s[i + 2]) : -1;

		if (low >= 0 && (high || low)) {
			*w++ = (char)(high << 4 | low);
			i += 2;
		} else {
			*w++ = s[i];
		}
	}
	return out;
}

int apt_parse_uri(struct arena *a, const char *line, struct download *out, struct error *err)
{
	const char *end = line[0] == '\'' ? strstr(line + 1, "' ") : NULL;
	struct download d = {0};
	const char *name, *size, *hash;
	size_t name_len;

	if (!end)
		return error_set(err, "apt printed a line that is not understood: %.200s", line);
	d.uri = arena_strndup(a, line + 1, (size_t)(end - line - 1));
	name = end + 2;
	name_len = strcspn(name, " ");
	d.name = arena_strndup(a, name, name_len);
	if (name[name_len] != ' ' || !name_len || strchr(d.name, '/'))
		return error_set(err, "apt printed a line that is not understood: %.200s", line);
	size = name + name_len + 1;
	d.size = strtoull(size, NULL, 10);
	hash = strchr(size, ' ');
	if (!isdigit((unsigned char)*size) || !hash)
		return error_set(err, "apt printed a line that is not understood: %.200s", line);
	hash++;
	if (strncmp(hash, "SHA256:", 7) || !hash_parse(arena_strndup(a, hash + 7, strcspn(hash + 7, " ")), &d.hash))
		return error_set(err, "%s: the repository gives no sha256 of it (%.80s), which mkdl needs", d.name, hash);
	*out = d;
	return 0;
}

bool apt_split_file_name(struct arena *a, const char *file, const char **name, const char **version, const char **arch)
{
	size_t len = strlen(file), name_len = strcspn(file, "_");
	const char *rest = file + name_len + 1;
	size_t version_len;

	if (len < 5 || strcmp(file + len - 4, ".deb") || !name_len || file[name_len] != '_')
		return false;
	version_len = strcspn(rest, "_");
	if (!version_len || rest[version_len] != '_')
		return false;
	*name = percent_decode(a, file, name_len);
	*version = percent_decode(a, rest, version_len);
	rest += version_len + 1;
	*arch = percent_decode(a, rest, (size_t)(file + len - 4 - rest));
	return true;
}

/* The field's value when the line is that field's, leading blanks removed; else NULL. */
static const char *field_value(const char *line, size_t n, const char *field)
{
	size_t len = strlen(field);

	if (n <= len || strncasecmp(line, field, len) || line[len] != ':')
		return NULL;
	line += len + 1;
	return line + strspn(line, " \t");
}

bool apt_next_stanza(struct arena *a, const char **text, struct apt_stanza *out)
{
	const struct {
		const char *field;
		const char **to;
	} fields[] = {
		{"Package", &out->package},   {"Version", &out->version},   {"Pre-Depends", &out->pre_depends},
		{"Depends", &out->depends},   {"Provides", &out->provides}, {"Checksums-Sha256", &out->checksums},
	};
	const char *p = *text + strspn(*text, "\n");

	*out = (struct apt_stanza){0};
	if (!*p)
		return false;
	while (*p && *p != '\n') {
		const char *end = p + strcspn(p, "\n"), *value;

		/* Lines that begin with a blank continue the field. */
		while (*end && (end[1] == ' ' || end[1] == '\t'))
			end += 1 + strcspn(end + 1, "\n");
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			value = field_value(p, (size_t)(end - p), fields[i].field);
			if (value && value <= end && !*fields[i].to)
				*fields[i].to = arena_strndup(a, value, (size_t)(end - value));
		}
		p = end + (*end == '\n');
	}
	*text = p;
	return true;
}

/* Calls visit with every package name of a relation field ("a (>= 1) | b:any, c [amd64]"), in order. */
static void each_relation(struct arena *a, const char *field, void (*visit)(const char *name, void *data), void *data)
{
	for (const char *p = field; p && *p;) {
		size_t n;

		p += strspn(p, " \t\n,|");
		n = strcspn(p, " \t\n,|:(");
		if (n)
			visit(arena_strndup(a, p, n), data);
		p += strcspn(p, ",|");
	}
}

struct provided {
	const char *virtual;
	struct package *by;
};

struct linking {
	struct arena *arena;
	struct lock *lock;
	const char *repository;
	struct provided *provided;
	size_t count, cap;
	struct package *package; /* whose relations are being read */
	size_t depend_cap;
};

static void add_provided(const char *name, void *data)
{
	struct linking *l = data;

	l->provided = arena_grow(l->arena, l->provided, l->count, &l->cap, sizeof(*l->provided));
	l->provided[l->count++] = (struct provided){.virtual = name, .by = l->package};
}

static void add_depend(struct linking *l, const struct package *on)
{
	struct package *p = l->package;

	if (on == p)
		return;
	for (size_t i = 0; i < p->depend_count; i++)
		if (!strcmp(p->depends[i], on->name))
			return;
	p->depends = arena_grow(l->lock->arena, p->depends, p->depend_count, &l->depend_cap, sizeof(*p->depends));
	p->depends[p->depend_count++] = on->name;
}

static void link_name(const char *name, void *data)
{
	struct linking *l = data;
	const struct package *on = lock_package(l->lock, l->repository, name);

	if (on)
		add_depend(l, on);
	for (size_t i = 0; !on && i < l->count; i++)
		if (!strcmp(l->provided[i].virtual, name))
			add_depend(l, l->provided[i].by);
}

static struct package *stanza_package(const struct linking *l, const struct apt_stanza *s)
{
	struct package *p = s->package && s->version ? lock_package(l->lock, l->repository, s->package) : NULL;

	return p && !strcmp(p->version, s->version) ? p : NULL;
}

void apt_link_depends(struct lock *lock, const char *repository, const char *stanzas)
{
	struct arena a = {0};
	struct linking l = {.arena = &a, .lock = lock, .repository = repository};
	const char *text = stanzas;
	struct apt_stanza s;

	while (apt_next_stanza(&a, &text, &s)) {
		l.package = stanza_package(&l, &s);
		if (l.package)
			each_relation(&a, s.provides, add_provided, &l);
	}
	text = stanzas;
	while (apt_next_stanza(&a, &text, &s)) {
		l.package = stanza_package(&l, &s);
		if (!l.package || l.package->depends)
			continue; /* the same version twice, from two repositories */
		l.depend_cap = 0;
		each_relation(&a, s.pre_depends, link_name, &l);
		each_relation(&a, s.depends, link_name, &l);
	}
	arena_free(&a);
}

static bool has_word(const char *line, size_t n, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = line, *end = line + n; p < end;) {
		size_t w;

		p += strspn(p, " \t");
		w = strcspn(p, " \t\n");
		if (w == len && p + w <= end && !strncmp(p, word, len))
			return true;
		if (!w)
			return false;
		p += w;
	}
	return false;
}

static void add_line(const char *line, size_t n, bool deb822, struct strbuf *out)
{
	const char *types = deb822 ? field_value(line, n, "Types") : NULL;
	size_t blanks = strspn(line, " \t");

	strbuf_add(out, line, n);
	if (types && has_word(types, (size_t)(line + n - types), "deb") &&
	    !has_word(types, (size_t)(line + n - types), "deb-src"))
		strbuf_puts(out, " deb-src");
	strbuf_puts(out, "\n");
	if (!deb822 && n > blanks + 4 && !strncmp(line + blanks, "deb", 3) &&
	    (line[blanks + 3] == ' ' || line[blanks + 3] == '\t')) {
		strbuf_puts(out, "deb-src");
		strbuf_add(out, line + blanks + 3, n - blanks - 3);
		strbuf_puts(out, "\n");
	}
}

void apt_add_source_types(const char *text, bool deb822, struct strbuf *out)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		add_line(text, n, deb822, out);
		text += n + (text[n] == '\n');
	}
}

bool apt_name_is_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.");
	const char *version = name + n;

	if (n < 2 || !strchr(letters, name[0]) || name[n - 1] == '-')
		return false;
	if (!*version)
		return true;
	if (*version++ != '=')
		return false;
	return *version && !version[strspn(version, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-:~")];
}
