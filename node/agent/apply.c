#include "node/agent/apply.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Each document was fine alone; together they may not be (a user whom one gives no home and another keys). */
static int read_settings(struct apply *a, struct error *err)
{
	struct diagnostics diag = {.arena = a->arena};
	struct cloud cloud = {.r = {.arena = a->arena, .diag = &diag, .lenient = true}, .settings = &a->settings, .plan = a->plan, .config = a->config};

	cloud_read_settings(&cloud, a->config->merged);
	for (size_t i = 0; i < diag.count; i++)
		if (diag.items[i].severity == SEVERITY_ERROR)
			return place_error(err, diag.items[i].at, "%s", diag.items[i].text);
	return 0;
}

/* PID 1's own reader has the last word, before anything is changed. */
static int check_plan(struct apply *a, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct plan check;

	plan_write(a->plan, &text);
	return plan_parse(a->arena, "the plan that the configuration makes", text.data, text.len, &check, err);
}

static int prepare(struct apply *a, struct error *err)
{
	if (read_settings(a, err) < 0 || apply_accounts_prepare(a, err) < 0 || apply_plan_prepare(a, err) < 0 ||
	    apply_kubernetes_prepare(a, err) < 0 || apply_registries_prepare(a, err) < 0 || apply_system_prepare(a, err) < 0 ||
	    apply_commands_prepare(a, err) < 0 || check_plan(a, err) < 0)
		return -1;
	return apply_files_prepare(a, err);
}

static int perform(struct apply *a, struct error *err)
{
	const struct settings *s = &a->settings;

	if (apply_bootcmd(a, err) < 0)
		return -1;
	/* Without accounts in the configuration the image's files stay as they are. */
	if ((s->user_count || s->group_count || s->root_keys.count) && apply_accounts(a, err) < 0)
		return -1;
	if (apply_system(a, err) < 0 || apply_files(a, err) < 0 || apply_kubernetes(a, err) < 0 ||
	    apply_registries(a, err) < 0)
		return -1;
	return apply_commands(a, err);
}

int config_apply(struct config *c, struct arena *arena, struct plan *plan, int rootfd, bool offline, struct error *err)
{
	struct plan copy = config_copy_plan(arena, plan);
	struct apply a = {
		.arena = arena,
		.config = c,
		.plan = &copy,
		.root = {.fd = rootfd, .owners = !offline || geteuid() == 0, .arena = arena},
		.offline = offline,
	};

	if (prepare(&a, err) < 0 || perform(&a, err) < 0)
		return -1;
	*plan = copy;
	return 0;
}
