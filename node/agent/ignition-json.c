/* JSON into values. JSON is YAML's flow style but for escapes beyond the basic plane, which JSON writes as two
 * surrogates and YAML as one \U: those are rewritten. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "node/agent/ignition.h"

/* \uXXXX at p: its number, or -1. */
static long escape_at(const char *p)
{
	long n = 0;

	if (p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0)
			return -1;
		n = n << 4 | digit;
	}
	return n;
}

static void rewrite_surrogates(const char *text, size_t n, struct strbuf *out)
{
	for (const char *p = text, *end = text + n; p < end;) {
		long high = p + 12 <= end ? escape_at(p) : -1,
		     low = high >= 0xd800 && high < 0xdc00 ? escape_at(p + 6) : -1;

		if (low >= 0xdc00 && low < 0xe000) {
			strbuf_printf(out, "\\U%08lX", 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
			p += 12;
		} else if (*p == '\\' && p + 1 < end) {
			/* Not the start of an escape: "\\ud83d" is a backslash and letters. */
			strbuf_add(out, p, 2);
			p += 2;
		} else {
			strbuf_add(out, p++, 1);
		}
	}
}

struct value *ignition_parse(struct cloud *c, const struct document *d)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *p = d->text;
	size_t n = d->size;
	struct value *v;

	if (n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3)) {
		p += 3;
		n -= 3;
	}
	for (unsigned line = 1; line < d->line; line++)
		strbuf_puts(&text, "\n");
	strbuf_puts(&text, "");
	rewrite_surrogates(p, n, &text);
	v = yaml_parse(c->r.arena, d->name, text.data, text.len, c->r.diag);
	for (size_t i = 0; i < c->r.diag->count; i++)
		if (!strncmp(c->r.diag->items[i].text, "not YAML: ", 10))
			c->r.diag->items[i].text =
				arena_printf(c->r.arena, "not JSON: %s", c->r.diag->items[i].text + 10);
	if (v && v->type != VALUE_MAP) {
		complain(&c->r, v, "an Ignition configuration is a JSON object");
		return NULL;
	}
	return v;
}

void ignition_complain(struct ignition *g, const struct value *v, const char *path, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(g->c->r.arena, fmt, ap);
	va_end(ap);
	complain(&g->c->r, v, "%s: %s", path, text);
}

const char *ignition_join(struct ignition *g, const char *path, const char *name)
{
	return *path ? arena_printf(g->c->r.arena, "%s.%s", path, name) : name;
}

const char *ignition_item(struct ignition *g, const char *path, size_t i)
{
	return arena_printf(g->c->r.arena, "%s[%zu]", path, i);
}

/* Nothing there: null, [] and {} ask for nothing. */
static bool is_empty(const struct value *v)
{
	return v->type == VALUE_NULL || (v->type != VALUE_SCALAR && v->count == 0);
}

static const struct ignition_key *find(struct ignition *g, const struct ignition_map *map, const char *name)
{
	for (size_t i = 0; i < map->count; i++)
		if (!strcmp(map->keys[i].name, name) && map->keys[i].since <= g->minor)
			return &map->keys[i];
	return NULL;
}

static void warn_unknown(struct ignition *g, const struct ignition_map *map, const char *path, const struct value *key)
{
	const char *names[32], *near;
	size_t n = 0;

	for (size_t i = 0; i < map->count && n < 32; i++)
		if (map->keys[i].since <= g->minor)
			names[n++] = map->keys[i].name;
	near = did_you_mean(key->text, names, n);
	diagnose(g->c->r.diag, SEVERITY_WARNING, key->at, key->width, "%s: unknown key in version 3.%u%s%s%s, ignored",
		 path, g->minor, near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

bool ignition_check(struct ignition *g, const struct ignition_map *map, const char *path, const struct value *v)
{
	if (v->type != VALUE_MAP) {
		ignition_complain(g, v, path, "expected an object");
		return false;
	}
	for (size_t i = 0; i < v->count; i++) {
		const struct value *key = v->keys[i];
		const struct ignition_key *k = find(g, map, key->text);
		const char *here = ignition_join(g, path, key->text);

		if (!k)
			warn_unknown(g, map, here, key);
		else if (k->status == CLOUD_REFUSED && !is_empty(v->items[i]))
			complain(&g->c->r, key, "%s is refused: %s", here, k->help);
		else if (k->status == CLOUD_IGNORED && !is_empty(v->items[i]))
			diagnose(g->c->r.diag, SEVERITY_WARNING, key->at, key->width, "%s is ignored: %s", here,
				 k->help);
	}
	return true;
}

const struct value *ignition_list(struct ignition *g, const struct value *map, const char *name, const char *path)
{
	const struct value *v = value_get(map, name, NULL);

	if (!v || v->type == VALUE_NULL)
		return NULL;
	if (v->type == VALUE_LIST)
		return v;
	ignition_complain(g, v, ignition_join(g, path, name), "expected an array");
	return NULL;
}
