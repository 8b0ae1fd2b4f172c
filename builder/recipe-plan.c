#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/flat.h"
#include "base/path.h"
#include "builder/apt.h"
#include "config/diagnostics.h"
#include "builder/recipe.h"
#include "builder/run-program.h"

/* Goes up when the runner changes in a way that changes results. */
#define RECIPE_FORMAT "1"

enum { FILE_LIMIT = 16 * 1024 * 1024 };

static int option_error(const struct pair *option, struct error *err)
{
	if (!option->at.file)
		return -1;
	return place_wrap(err, option->at);
}

static bool is_choice(const struct strings *choices, const char *s, size_t n)
{
	for (size_t i = 0; i < choices->count; i++)
		if (strlen(choices->items[i]) == n && !memcmp(choices->items[i], s, n))
			return true;
	return false;
}

static bool names_choice(const char *value, const char *choice)
{
	size_t length = strlen(choice);

	for (const char *p = value; *(p += strspn(p, ", ")); p += strcspn(p, ", "))
		if (strcspn(p, ", ") == length && !memcmp(p, choice, length))
			return true;
	return false;
}

/* The value in its one form: several choices in the order of their declaration, without spaces. */
static int check_value(struct arena *a, const struct recipe_option *o, const char *value, const char **out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf list = {0};

	if (!o->choices.count) {
		*out = value;
		return 0;
	}
	for (const char *p = value; *(p += o->several ? strspn(p, ", ") : 0);) {
		size_t n = o->several ? strcspn(p, ", ") : strlen(p);

		if (is_choice(&o->choices, p, n)) {
			p += n;
			continue;
		}
		for (size_t i = 0; i < o->choices.count; i++)
			strbuf_printf(&list, "%s%s", i ? ", " : "", o->choices.items[i]);
		return error_set(err, "option %s: \"%.*s\" is none of its choices: %s", o->name, (int)n, p, list.data);
	}
	for (size_t i = 0; i < o->choices.count; i++)
		if (o->several ? names_choice(value, o->choices.items[i]) : !strcmp(value, o->choices.items[i]))
			strbuf_printf(&list, "%s%s", list.len ? "," : "", o->choices.items[i]);
	if (!list.len)
		return error_set(err, "option %s: empty; its default is \"%s\"", o->name, o->value);
	*out = arena_strdup(a, list.data);
	return 0;
}

static const struct pair *given(const struct source *s, const char *name)
{
	for (size_t i = 0; i < s->with.count; i++)
		if (!strcmp(s->with.items[i].key, name))
			return &s->with.items[i];
	return NULL;
}

static int check_names(struct arena *a, const struct source *s, const struct recipe *r, struct error *err)
{
	const char **names = arena_calloc(a, r->option_count + 1, sizeof(*names));

	for (size_t i = 0; i < r->option_count; i++)
		names[i] = r->options[i].name;
	for (size_t i = 0; i < s->with.count; i++) {
		const struct pair *option = &s->with.items[i];
		const char *near;
		size_t k = 0;

		while (k < r->option_count && strcmp(option->key, names[k]))
			k++;
		if (k < r->option_count)
			continue;
		near = did_you_mean(option->key, names, r->option_count);
		error_set(err, "recipe %s has no option \"%s\"%s%s%s", r->name, option->key, near ? ", did you mean \"" : "",
			  near ? near : "", near ? "\"?" : "");
		return option_error(option, err);
	}
	return 0;
}

int recipe_choose(struct build *b, const struct source *s, struct recipe_plan *out, struct error *err)
{
	struct recipe_plan p = {.source = s};
	_cleanup_strbuf_ struct strbuf label = {0};

	if (recipe_read(b->arena, s->spec, &s->roots, &p.recipe, err) < 0 || check_names(b->arena, s, &p.recipe, err) < 0)
		return -1;
	strbuf_puts(&label, p.recipe.name);
	p.options.items = arena_calloc(b->arena, p.recipe.option_count + 1, sizeof(*p.options.items));
	for (size_t i = 0; i < p.recipe.option_count; i++) {
		const struct recipe_option *o = &p.recipe.options[i];
		const struct pair *choice = given(s, o->name);
		const char *value = o->value;

		if (check_value(b->arena, o, choice ? choice->value : o->value, &value, err) < 0) {
			error_wrap(err, "recipe %s", p.recipe.name);
			return choice ? option_error(choice, err) : -1;
		}
		if (strcmp(value, o->value))
			strbuf_printf(&label, " %s=%s", o->name, value);
		p.options.items[p.options.count++] = (struct pair){.key = o->name, .value = value};
	}
	p.label = arena_strdup(b->arena, label.data);
	*out = p;
	return 0;
}

const char *recipe_upstream_version(struct arena *a, const char *version)
{
	static const char *const repacked[] = {"+ds", "~ds", "+dfsg", "~dfsg", "+repack"};
	const char *colon = strchr(version, ':'), *start = colon ? colon + 1 : version, *dash = strrchr(start, '-');
	char *text = arena_strndup(a, start, dash ? (size_t)(dash - start) : strlen(start));
	char *really = strstr(text, "+really");

	if (really)
		text = really + strlen("+really");
	for (size_t i = 0; i < sizeof(repacked) / sizeof(repacked[0]); i++) {
		char *at = strstr(text, repacked[i]);

		if (at)
			*at = '\0';
	}
	return text;
}

static int find_locked(struct build *b, struct recipe_plan *p, struct error *err)
{
	const char *repository = apt_repository(p->source->repository);
	const struct recipe *r = &p->recipe;

	p->packages = arena_calloc(b->arena, r->packages.count + 1, sizeof(*p->packages));
	p->sources = arena_calloc(b->arena, r->sources.count + 1, sizeof(*p->sources));
	for (p->package_count = 0; p->package_count < r->packages.count; p->package_count++) {
		const char *name = r->packages.items[p->package_count];

		p->packages[p->package_count] = lock_package(&b->lock, repository, name);
		if (!p->packages[p->package_count])
			return error_set(err, "the lock has no package %s, which it needs", name);
	}
	for (p->source_count = 0; p->source_count < r->sources.count; p->source_count++) {
		const char *name = r->sources.items[p->source_count];

		p->sources[p->source_count] = lock_source(&b->lock, repository, name);
		if (!p->sources[p->source_count])
			return error_set(err, "the lock has no source package %s, which it needs", name);
		if (r->version_of && !strcmp(name, r->version_of))
			p->version = recipe_upstream_version(b->arena, p->sources[p->source_count]->version);
	}
	if (r->version)
		p->version = r->version;
	return 0;
}

static bool tool_is_there(const char *name)
{
	static const char *const folders[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"}; /* RECIPE_PATH */

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[PATH_LIMIT];
		int n = snprintf(path, sizeof(path), "%s/%s", folders[i], name);

		if (n > 0 && n < (int)sizeof(path) && access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* A host without dpkg: what the tool says of itself. */
static void ask_tool(struct arena *a, const char *name, struct strbuf *out)
{
	const char *argv[] = {name, "--version", NULL}, *const path[] = {"PATH=" RECIPE_PATH, NULL};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};
	int status;

	if (run_program(&(struct program){.argv = argv, .env = program_environment(a, path), .out = &text}, &status, &ignored) == 0 &&
	    status == 0 && text.data)
		flat_add(out, "tool", name, arena_strndup(a, text.data, strcspn(text.data, "\n")), NULL);
}

/* The versions of all packages that tools name, in one question to dpkg. */
static void add_tool_versions(struct arena *a, const struct recipe *r, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};
	size_t n = 0, words = 5;
	const char **argv;
	int status = 0;

	for (size_t i = 0; i < r->tool_count; i++)
		words += r->tools[i].packages.count;
	argv = arena_calloc(a, words, sizeof(*argv));
	argv[n++] = "dpkg-query";
	argv[n++] = "--show";
	argv[n++] = "--showformat=${binary:Package} ${db:Status-Status} ${Version}\n";
	for (size_t i = 0; i < r->tool_count; i++)
		for (size_t k = 0; k < r->tools[i].packages.count; k++)
			argv[n++] = r->tools[i].packages.items[k];
	if (r->tool_count &&
	    run_program(&(struct program){.argv = argv, .env = program_environment(a, NULL), .out = &text}, &status, &ignored) == 0 &&
	    text.len) {
		/* Sorted by name and without what is not installed, which makes dpkg-query fail but not fall silent. */
		for (char *line = text.data, *end; (end = strchr(line, '\n')); line = end + 1) {
			char *state = strchr(line, ' '), *version;

			*end = '\0';
			if (!state || strncmp(state, " installed ", 11))
				continue;
			version = state + 11;
			*state = '\0';
			flat_add(out, "tool", line, version, NULL);
		}
		return;
	}
	for (size_t i = 0; i < r->tool_count; i++)
		ask_tool(a, r->tools[i].name, out);
}

static int add_file(const char *kind, const char *name, const char *path, struct strbuf *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char hex[HASH_HEX_SIZE];
	struct hash hash;

	if (file_read_at(AT_FDCWD, path, FILE_LIMIT, &text, err) < 0)
		return -1;
	hash = hash_bytes(text.data, text.len);
	flat_add(out, kind, name, hash_hex(&hash, hex), NULL);
	return 0;
}

static int add_recipe(const struct recipe_plan *p, struct strbuf *out, struct error *err)
{
	const struct recipe *r = &p->recipe;

	if (add_file("recipe", r->name, r->path, out, err) < 0)
		return -1;
	for (size_t i = 0; i < r->file_count; i++)
		if (add_file("file", r->files[i].name, r->files[i].path, out, err) < 0)
			return -1;
	for (size_t i = 0; i < p->options.count; i++)
		flat_add(out, "option", p->options.items[i].key, p->options.items[i].value, NULL);
	if (p->version)
		flat_add(out, "version", p->version, NULL);
	return 0;
}

static void add_inputs(const struct recipe_plan *p, struct strbuf *out)
{
	char hex[HASH_HEX_SIZE];

	for (size_t i = 0; i < p->package_count; i++) {
		const struct package *package = p->packages[i];

		flat_add(out, "package", package->name, package->version, package->arch, hash_hex(&package->file.hash, hex), NULL);
	}
	for (size_t i = 0; i < p->source_count; i++) {
		flat_add(out, "source", p->sources[i]->name, p->sources[i]->version, NULL);
		for (size_t k = 0; k < p->sources[i]->file_count; k++)
			flat_add(out, "source-file", p->sources[i]->files[k].name,
				 hash_hex(&p->sources[i]->files[k].hash, hex), NULL);
	}
	for (size_t i = 0; i < p->part_count; i++)
		flat_add(out, "part", p->parts[i].name, hash_hex(&p->parts[i].hash, hex), NULL);
}

int recipe_plan_inputs(struct build *b, struct recipe_plan *p, struct error *err)
{
	_cleanup_strbuf_ struct strbuf inputs = {0};
	struct utsname host;

	if (find_locked(b, p, err) < 0)
		return error_wrap(err, "recipe %s", p->label);
	if (uname(&host) < 0)
		return error_errno(err, "uname");
	flat_add(&inputs, "mkdl-recipe", RECIPE_FORMAT, host.machine, NULL);
	if (add_recipe(p, &inputs, err) < 0)
		return error_wrap(err, "recipe %s", p->label);
	add_inputs(p, &inputs);
	for (size_t i = 0; i < p->recipe.tool_count && !p->missing_tool; i++)
		if (!tool_is_there(p->recipe.tools[i].name))
			p->missing_tool = arena_printf(b->arena, "%s (package %s)", p->recipe.tools[i].name,
						       p->recipe.tools[i].packages.items[0]);
	add_tool_versions(b->arena, &p->recipe, &inputs);
	p->inputs = arena_strdup(b->arena, inputs.data);
	p->key = hash_bytes(inputs.data, inputs.len);
	return 0;
}
