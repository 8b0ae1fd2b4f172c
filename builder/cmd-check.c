/* mkdl check PROFILE: load, merge and check a profile, and show what came out. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "builder/command.h"
#include "builder/node-config.h"
#include "config/diagnostics.h"
#include "builder/profile-private.h"
#include "builder/profile.h"

static void add_label(struct strbuf *out, const char *label)
{
	strbuf_printf(out, "  %-12s", label);
}

static void add_strings(struct strbuf *out, const char *label, const struct strings *s)
{
	if (!s->count)
		return;
	add_label(out, label);
	for (size_t i = 0; i < s->count; i++)
		strbuf_printf(out, "%s%s", i ? ", " : "", s->items[i]);
	strbuf_puts(out, "\n");
}

/* The names of an array of structs, each `size` long with its name at `offset`. */
static void add_names(struct strbuf *out, struct arena *a, const char *label, const void *items, size_t count,
		      size_t size, size_t offset)
{
	struct strings names = {0};

	for (size_t i = 0; i < count; i++)
		strings_add(a, &names, *(const char *const *)(const void *)((const char *)items + size * i + offset));
	add_strings(out, label, &names);
}

static void add_states(struct strbuf *out, const struct plan *p)
{
	for (size_t i = 0; i < p->state_count; i++) {
		const struct plan_state *s = &p->states[i];
		const char *what = s->kind == PLAN_STATE_TMPFS	 ? s->size
				   : s->kind == PLAN_STATE_ISCSI ? s->target
				   : s->kind == PLAN_STATE_DISK	 ? s->device
								 : s->export;

		add_label(out, i ? "" : "state");
		strbuf_printf(out, "%s: %s ", s->path, state_kind_name(s->kind));
		if (s->server)
			strbuf_printf(out, "%s:", s->server);
		strbuf_printf(out, "%s\n", what);
	}
}

static void add_summary(struct strbuf *out, struct arena *a, const struct profile *p)
{
	add_label(out, "name");
	strbuf_printf(out, "%s\n", p->name);
	add_strings(out, "files", &p->files);
	add_label(out, "kernel");
	strbuf_printf(out, "%s\n", p->kernel.spec);
	add_names(out, a, "components", p->components, p->component_count, sizeof(*p->components),
		  offsetof(struct component, name));
	add_names(out, a, "services", p->plan.services, p->plan.service_count,
		  sizeof(*p->plan.services), offsetof(struct plan_service, name));
	add_names(out, a, "images", p->images, p->image_count, sizeof(*p->images),
		  offsetof(struct container_image, key));
	add_names(out, a, "users", p->users, p->user_count, sizeof(*p->users), offsetof(struct user, name));
	add_strings(out, "modules", &p->modules);
	add_strings(out, "drivers", &p->drivers);
	add_states(out, &p->plan);
	if (p->kubernetes.enabled) {
		add_label(out, "kubernetes");
		strbuf_printf(out, "%s\n", p->kubernetes.role);
	}
	add_strings(out, "config", &p->config_files);
	add_strings(out, "", &p->plan.config_urls);
	add_strings(out, "overlays", &p->overlays);
	add_strings(out, "cmdline", &p->cmdline);
	add_label(out, "compression");
	strbuf_printf(out, "%s (%s level %d)\n", p->compression.name, p->compression.lz4 ? "lz4" : "zstd", p->compression.level);
}

static int check(const struct globals *g, const char *file, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_strbuf_ struct strbuf out = {0};
	struct diagnostics diag = {.arena = &a};
	struct profile p;
	int result = profile_load(&a, file, &p, &diag);

	diagnostics_print(&diag, !g->no_color && isatty(STDERR_FILENO));
	if (result < 0)
		return EXIT_FAILED;
	if (node_config_check(&p.config_files, err) < 0) {
		place_wrap(err, p.config_at);
		return EXIT_FAILED;
	}
	if (g->json) {
		profile_show_json(&p, &out);
	} else {
		strbuf_printf(&out, "%s: ok\n", file);
		add_summary(&out, &a, &p);
	}
	fwrite(out.data, 1, out.len, stdout);
	return EXIT_OK;
}

/* For the manual: not in the help, because it is of no use to who writes a profile. */
static int show_keys(void)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	profile_show_keys(&out);
	fwrite(out.data, 1, out.len, stdout);
	return EXIT_OK;
}

int cmd_check(const struct globals *g, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {{"keys", no_argument, NULL, 'k'}, {0}};
	bool keys = false;

	for (int c; (c = command_getopt(argc, argv, "", options, err)) != -1;) {
		if (c != 'k')
			return EXIT_USAGE;
		keys = true;
	}
	if (keys && optind == argc)
		return show_keys();
	if (optind + 1 != argc) {
		error_set(err, "%s: expected one profile", argv[0]);
		return EXIT_USAGE;
	}
	return check(g, argv[optind], err);
}
