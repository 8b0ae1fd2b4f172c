#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/nodectl/format.h"

/* Words of a "phase" or "service" record (init/control.h). */
enum { NAME = 1, OUTCOME, BEGAN, ENDED, WORDS };
enum { BAR_LEAST = 10, FIXED_COLUMNS = 46 };

static bool is_entry(const struct flat_line *line)
{
	return line->count == WORDS && (!strcmp(line->words[0], "phase") || !strcmp(line->words[0], "service"));
}

/* The time that the bars' right edge stands for. */
static int64_t last_time(const struct flat *reply)
{
	int64_t up = reply_number(reply, "up"), last = up > 1 ? up : 1;

	for (size_t i = 0; i < reply->count; i++)
		for (size_t word = BEGAN; is_entry(&reply->lines[i]) && word <= ENDED; word++) {
			int64_t t = record_word_number(&reply->lines[i], word);

			last = t > last ? t : last;
		}
	return last;
}

static const char *bar(struct arena *a, const struct flat_line *line, int64_t last, unsigned width)
{
	int64_t began = record_word_number(line, BEGAN), ended = record_word_number(line, ENDED);
	size_t from, to;
	char *out = arena_alloc(a, (size_t)width + 1);

	if (began < 0)
		began = 0;
	if (ended < began)
		ended = last; /* still under way, or never ended */
	from = (size_t)(began * width / last);
	to = (size_t)((ended * width + last - 1) / last);
	if (from >= width)
		from = width - 1;
	to = to <= from ? from + 1 : to > width ? width : to;
	memset(out, ' ', to);
	memset(out + from, '=', to - from);
	return out;
}

static enum colour colour_of(const char *outcome)
{
	return !strcmp(outcome, "failed") ? COLOUR_BAD : !strcmp(outcome, "done") ? COLOUR_NONE : COLOUR_WARN;
}

static void print_bars(struct context *c, const struct flat *reply)
{
	static const struct column columns[] = {
		{"WHAT", false}, {"BEGAN", true}, {"TOOK", true}, {"", false}, {"", false},
	};
	struct table t = {.context = c, .columns = columns, .column_count = sizeof(columns) / sizeof(*columns)};
	unsigned width = c->width > FIXED_COLUMNS + BAR_LEAST ? c->width - FIXED_COLUMNS : BAR_LEAST;
	int64_t last = last_time(reply), up = reply_number(reply, "up"), lost = reply_number(reply, "lost");

	for (size_t i = 0; i < reply->count; i++) {
		const struct flat_line *line = &reply->lines[i];
		int64_t began, ended;

		if (!is_entry(line))
			continue;
		began = record_word_number(line, BEGAN);
		ended = record_word_number(line, ENDED);
		table_cell(&t, arena_printf(&c->arena, "%s %s", line->words[0], line->words[NAME]), COLOUR_NONE);
		table_cell(&t, format_duration(&c->arena, began), COLOUR_NONE);
		table_cell(&t, format_duration(&c->arena, ended < began ? -1 : ended - began), COLOUR_NONE);
		table_cell(&t, strcmp(line->words[OUTCOME], "done") ? line->words[OUTCOME] : "",
			   colour_of(line->words[OUTCOME]));
		table_cell(&t, bar(&c->arena, line, last, width), colour_of(line->words[OUTCOME]));
	}
	table_print(&t);
	if (lost > 0)
		printf("and %" PRId64 " more that were not kept\n", lost);
	if (up >= 0)
		printf("node up after %s\n", format_duration(&c->arena, up));
}

static int print_timeline_json(const struct flat *reply)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);

	json_open_object(&j, NULL);
	json_optional(&j, "up_ms", reply_number(reply, "up"));
	json_open_array(&j, "entries");
	for (size_t i = 0; i < reply->count; i++) {
		const struct flat_line *line = &reply->lines[i];

		if (!is_entry(line))
			continue;
		json_open_object(&j, NULL);
		json_string(&j, "kind", line->words[0]);
		json_string(&j, "name", line->words[NAME]);
		json_string(&j, "outcome", line->words[OUTCOME]);
		json_optional(&j, "began_ms", record_word_number(line, BEGAN));
		json_optional(&j, "ended_ms", record_word_number(line, ENDED));
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
	return print_json(&text);
}

int run_timeline(struct context *c, int argc, char **argv, struct error *err)
{
	struct flat reply;

	if (argc > 1)
		return usage_error(argv[0], "it takes no words");
	if (ask(c, (const char *const[]){"timeline", NULL}, &reply, err) < 0)
		return -1;
	if (c->json)
		return print_timeline_json(&reply);
	print_bars(c, &reply);
	return 0;
}
