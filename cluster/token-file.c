/* DIR/tokens as flat records. */
#include <string.h>

#include "base/flat.h"
#include "cluster/token.h"
#include "config/syntax.h"

#define HEADER "mkdl-tokens"
#define VERSION "1"

enum { TOKEN_WORDS = 6 };

static bool is_made_of(const char *word, size_t n)
{
	return strlen(word) == n && strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789") == n;
}

static const char *or_null(const char *word)
{
	return *word ? word : NULL;
}

/* What is wrong with a line, or NULL. */
static const char *read_line(struct arena *a, const struct flat_line *line, struct cluster_tokens *to)
{
	unsigned long expires;

	if (!strcmp(line->words[0], "revoked")) {
		if (line->count != 2 || !is_made_of(line->words[1], TOKEN_ID_SIZE))
			return "expected \"revoked ID\", the ID of 6 characters of a-z and 0-9";
		strings_add(a, &to->revoked, line->words[1]);
		return NULL;
	}
	if (strcmp(line->words[0], "token") != 0 || line->count != TOKEN_WORDS)
		return "expected \"token ID SECRET NODE EXPIRES DESCRIPTION\" or \"revoked ID\"";
	if (!is_made_of(line->words[1], TOKEN_ID_SIZE) || !is_made_of(line->words[2], TOKEN_SECRET_SIZE))
		return "a token has an ID of 6 and a secret of 16 characters of a-z and 0-9";
	if (!parse_number(line->words[4], 0, INT64_MAX, &expires))
		return "the time of its end is no number of seconds";
	if (tokens_find(to, line->words[1]))
		return "there is a token of this ID already";
	to->items = arena_grow(a, to->items, to->count, &to->cap, sizeof(*to->items));
	to->items[to->count++] = (struct cluster_token){
		.id = line->words[1],
		.secret = line->words[2],
		.node = or_null(line->words[3]),
		.expires = (int64_t)expires,
		.description = or_null(line->words[5]),
	};
	return NULL;
}

int tokens_load(const struct pki_folder *folder, struct cluster_tokens *out, struct error *err)
{
	const char *path = pki_folder_path(folder, "tokens");
	_cleanup_strbuf_ struct strbuf text = {0};
	struct cluster_tokens read = {0};
	struct flat flat;
	bool found = false;

	if (pki_folder_read(folder, "tokens", &text, &found, err) < 0)
		return -1;
	if (!found) {
		*out = read;
		return 0;
	}
	if (flat_parse(folder->arena, path, text.data, text.len, &flat, err) < 0)
		return -1;
	if (!flat.count || flat.lines[0].count != 2 || strcmp(flat.lines[0].words[0], HEADER) != 0 ||
	    strcmp(flat.lines[0].words[1], VERSION) != 0)
		return error_set(err, "%s: it does not begin with \"" HEADER " " VERSION "\": it was not written by this mkdl", path);
	for (size_t i = 1; i < flat.count; i++) {
		const char *problem = read_line(folder->arena, &flat.lines[i], &read);

		if (problem)
			return error_set(err, "%s:%u: %s", path, flat.lines[i].number, problem);
	}
	*out = read;
	return 0;
}

int tokens_save(const struct pki_folder *folder, const struct cluster_tokens *tokens, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0}, old = {0};
	bool found = false;

	flat_add(&text, HEADER, VERSION, NULL);
	for (size_t i = 0; i < tokens->count; i++) {
		const struct cluster_token *t = &tokens->items[i];

		flat_add(&text, "token", t->id, t->secret, t->node ? t->node : "",
			 arena_printf(folder->arena, "%lld", (long long)t->expires), t->description ? t->description : "", NULL);
	}
	for (size_t i = 0; i < tokens->revoked.count; i++)
		flat_add(&text, "revoked", tokens->revoked.items[i], NULL);
	if (pki_folder_read(folder, "tokens", &old, &found, err) < 0)
		return -1;
	if (found && old.len == text.len && !memcmp(old.data, text.data, text.len))
		return 0;
	return pki_folder_write(folder, "tokens", &text, err);
}
