#include <fnmatch.h>
#include <string.h>

#include "base/flat.h"
#include "init/plan-words.h"
#include "init/plan.h"

static const char *join_words(struct arena *a, const char **words)
{
	size_t total = 1;
	char *joined, *w;

	for (const char **word = words; *word; word++)
		total += strlen(*word) + 1;
	joined = w = arena_alloc(a, total);
	for (const char **word = words; *word; word++) {
		size_t n = strlen(*word);

		if (w != joined)
			*w++ = ' ';
		memcpy(w, *word, n);
		w += n;
	}
	*w = '\0';
	return joined;
}

int plan_parse_modules(struct arena *a, const char *name, const char *text, size_t n, struct plan_modules *out,
		       struct error *err)
{
	struct plan_modules modules = {0};
	struct flat flat;

	if (flat_parse(a, name, text, n, &flat, err) < 0)
		return -1;
	modules.items = arena_calloc(a, flat.count + 1, sizeof(*modules.items));
	for (size_t i = 0; i < flat.count; i++) {
		const struct flat_line *line = &flat.lines[i];

		if (strcmp(line->words[0], "load") != 0)
			return error_set(err, "%s:%u: unknown record \"%s\"", name, line->number, line->words[0]);
		if (line->count < 2 || !plan_word_is_path(line->words[1]))
			return error_set(err, "%s:%u: load: the module's absolute path is wanted", name, line->number);
		modules.items[modules.count++] = (struct plan_module){
			.path = line->words[1],
			.parameters = join_words(a, line->words + 2),
		};
	}
	*out = modules;
	return 0;
}

int plan_parse_modalias(struct arena *a, const char *name, const char *text, size_t n, struct plan_aliases *out,
			struct error *err)
{
	struct plan_aliases aliases = {0};
	struct flat flat;

	if (flat_parse(a, name, text, n, &flat, err) < 0)
		return -1;
	aliases.items = arena_calloc(a, flat.count + 1, sizeof(*aliases.items));
	for (size_t i = 0; i < flat.count; i++) {
		const struct flat_line *line = &flat.lines[i];

		if (line->count < 2)
			return error_set(err, "%s:%u: the pattern is followed by no module", name, line->number);
		for (size_t w = 1; w < line->count; w++)
			if (!plan_word_is_path(line->words[w]))
				return error_set(err, "%s:%u: \"%s\" is no clean absolute path", name, line->number,
						 line->words[w]);
		aliases.items[aliases.count++] = (struct plan_alias){
			.pattern = line->words[0],
			.literal = strcspn(line->words[0], "*?[\\"),
			.paths = line->words + 1,
		};
	}
	*out = aliases;
	return 0;
}

bool plan_alias_matches(const struct plan_alias *alias, const char *modalias)
{
	return !strncmp(alias->pattern, modalias, alias->literal) &&
	       fnmatch(alias->pattern + alias->literal, modalias + alias->literal, 0) == 0;
}
