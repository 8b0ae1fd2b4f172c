/* What is run: bootcmd at once, by the agent; runcmd, scripts and power_state as services of the plan, each time the
 * node boots. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "node/agent/apply.h"

enum { BOOTCMD_SECONDS = 300, FOR_EVER = 86400 };

/* Names of services that are made here. */
static const char late_service[] = "config-late", run_service[] = "runcmd", power_service[] = "power-state";

static int write_script(struct apply *a, const char *path, const struct strbuf *text, struct error *err)
{
	return root_write(&a->root, path, text->data, text->len, 0700, 0, 0, err);
}

/* A oneshot that is run once, whatever comes of it: commands must not be repeated behind the user's back. */
static int add_service(struct apply *a, const char *name, const char *const *run, struct place at,
		       struct plan_service **out, struct error *err)
{
	struct plan_service s = plan_service_new(name);

	if (plan_find_service(a->plan, name))
		return place_error(err, at,
				   "the service \"%s\" is made for this, and there is one of that name already", name);
	for (; *run; run++)
		strings_add(a->arena, &s.run, *run);
	s.oneshot = true;
	s.restart = PLAN_RESTART_NEVER;
	s.ready_timeout = FOR_EVER;
	s.at = at;
	pairs_add(a->arena, &s.env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", at);
	pairs_add(a->arena, &s.env, "HOME", "/root", at);
	*out = plan_add_service(a->arena, a->plan, s);
	return 0;
}

static bool has_scripts(const struct apply *a, bool early)
{
	for (size_t i = 0; i < a->settings.script_count; i++)
		if (a->settings.scripts[i].early == early)
			return true;
	return false;
}

/* The place of the first command, for messages. */
static struct place run_place(const struct apply *a)
{
	const struct settings *s = &a->settings;

	if (s->runcmd.count && s->runcmd.places)
		return s->runcmd.places[0];
	for (size_t i = 0; i < s->script_count; i++)
		if (!s->scripts[i].early)
			return s->scripts[i].at;
	return (struct place){0};
}

static bool has_run(const struct apply *a)
{
	return a->settings.runcmd.count || has_scripts(a, false);
}

static int add_power(struct apply *a, struct error *err)
{
	static const char *const run[] = {"/bin/sh", APPLY_SCRIPTS "/power-state", NULL};
	struct plan_service *s;

	if (a->settings.power == POWER_NONE)
		return 0;
	if (add_service(a, power_service, run, a->settings.power_at, &s, err) < 0)
		return -1;
	/* It waits for the commands itself, as long as the timeout allows; a need would wait for ever. No oneshot: the
	 * node is up meanwhile. */
	s->oneshot = false;
	s->ready_timeout = plan_service_new(power_service).ready_timeout;
	return 0;
}

int apply_commands_prepare(struct apply *a, struct error *err)
{
	static const char *const run[] = {"/bin/sh", APPLY_SCRIPTS "/run", NULL};
	struct plan_service *s;

	if (has_run(a) && add_service(a, run_service, run, run_place(a), &s, err) < 0)
		return -1;
	return add_power(a, err);
}

static const char *script_path(struct apply *a, size_t i)
{
	return arena_printf(a->arena, APPLY_SCRIPTS "/%s-%zu", a->settings.scripts[i].early ? "boothook" : "script",
			    i + 1);
}

/* "#cloud-boothook" stands before the line that names the interpreter. */
static const char *body_of(const struct setting_script *s)
{
	const char *newline = !strncmp(s->text, "#cloud-boothook", 15) ? strchr(s->text, '\n') : NULL;

	return newline ? newline + 1 : s->text;
}

static int write_scripts(struct apply *a, struct error *err)
{
	for (size_t i = 0; i < a->settings.script_count; i++) {
		const struct setting_script *s = &a->settings.scripts[i];
		const char *text = body_of(s);

		if (root_write(&a->root, script_path(a, i), text, strlen(text), 0700, 0, 0, err) < 0)
			return place_wrap(err, s->at);
	}
	return 0;
}

/* A boothook without an interpreter is one for sh. */
static void add_call(struct apply *a, struct strbuf *out, size_t i)
{
	strbuf_puts(out, strncmp(body_of(&a->settings.scripts[i]), "#!", 2) ? "/bin/sh " : "");
	strbuf_puts(out, script_path(a, i));
}

/* cloud-init's order: the commands first, then the scripts, each whatever became of the one before. */
static int write_run(struct apply *a, struct error *err)
{
	_cleanup_strbuf_ struct strbuf run = {0}, commands = {0};

	if (!has_run(a))
		return 0;
	strbuf_puts(&run, "#!/bin/sh\n# The configuration's commands, then its scripts.\nfailed=0\n");
	if (a->settings.runcmd.count) {
		strbuf_puts(&commands, "#!/bin/sh\n");
		for (size_t i = 0; i < a->settings.runcmd.count; i++)
			strbuf_printf(&commands, "%s\n", a->settings.runcmd.items[i]);
		if (write_script(a, APPLY_SCRIPTS "/runcmd", &commands, err) < 0)
			return -1;
		strbuf_puts(&run, "/bin/sh " APPLY_SCRIPTS "/runcmd || { echo \"runcmd: exit status $?\"; failed=1; "
							   "}\n");
	}
	for (size_t i = 0; i < a->settings.script_count; i++) {
		if (a->settings.scripts[i].early)
			continue;
		add_call(a, &run, i);
		strbuf_printf(&run, " || { echo \"script %zu: exit status $?\"; failed=1; }\n", i + 1);
	}
	strbuf_puts(&run, ": >" APPLY_SCRIPTS "/run.done\nexit $failed\n");
	return write_script(a, APPLY_SCRIPTS "/run", &run, err);
}

static int write_power(struct apply *a, struct error *err)
{
	static const char *const programs[] = {
		[POWER_OFF] = "poweroff", [POWER_REBOOT] = "reboot", [POWER_HALT] = "halt"};
	_cleanup_strbuf_ struct strbuf text = {0};
	const struct settings *s = &a->settings;

	if (s->power == POWER_NONE)
		return 0;
	strbuf_puts(&text, "#!/bin/sh\n");
	if (has_run(a))
		strbuf_printf(&text,
			      "left=%u\nwhile [ ! -e " APPLY_SCRIPTS "/run.done ]; do\n"
			      "\t[ \"$left\" -gt 0 ] || { echo 'commands still run after %u s'; exit 1; }\n"
			      "\tsleep 1\n\tleft=$((left - 1))\ndone\n",
			      s->power_timeout, s->power_timeout);
	if (s->power_condition) {
		strbuf_puts(&text, "/bin/sh -c ");
		cloud_quote(&text, s->power_condition);
		strbuf_puts(&text, " || exit 0\n");
	}
	if (s->power_message) {
		strbuf_puts(&text, "echo ");
		cloud_quote(&text, s->power_message);
		strbuf_puts(&text, "\n");
	}
	if (s->power_delay)
		strbuf_printf(&text, "sleep %u\n", s->power_delay * 60);
	strbuf_printf(&text, "%s\n", programs[s->power]);
	return write_script(a, APPLY_SCRIPTS "/power-state", &text, err);
}

/* Everything that the plan starts waits for the files. */
static int add_late(struct apply *a, struct error *err)
{
	static const char *const run[] = {"/bin/sh", APPLY_SCRIPTS "/late", NULL};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct plan_service *s;

	if (!a->late.count && !a->late_more.count)
		return 0;
	strbuf_puts(&text, "#!/bin/sh\n# Files below the folders of state, put there now that it is mounted.\nset "
			   "-e\n");
	for (size_t i = 0; i < a->late.count; i++) {
		strbuf_puts(&text, "mkdir -p ");
		cloud_quote(&text, path_parent(a->arena, a->late.items[i]));
		strbuf_puts(&text, " && cp -a ");
		cloud_quote(&text, path_join(a->arena, APPLY_LATE, a->late.items[i]));
		strbuf_puts(&text, " ");
		cloud_quote(&text, arena_printf(a->arena, "%s/", path_parent(a->arena, a->late.items[i])));
		strbuf_puts(&text, "\n");
	}
	for (size_t i = 0; i < a->late_more.count; i++) {
		strbuf_puts(&text, "mkdir -p ");
		cloud_quote(&text, path_parent(a->arena, a->late_more.items[i]));
		strbuf_puts(&text, " && cat ");
		cloud_quote(&text, arena_printf(a->arena, APPLY_LATE "%s.%zu", a->late_more.items[i], i + 1));
		strbuf_puts(&text, " >>");
		cloud_quote(&text, a->late_more.items[i]);
		strbuf_puts(&text, "\n");
	}
	for (size_t i = 0; i < a->plan->service_count; i++)
		if (!strings_has(&a->plan->services[i].needs, late_service))
			strings_add(a->arena, &a->plan->services[i].needs, late_service);
	if (write_script(a, APPLY_SCRIPTS "/late", &text, err) < 0)
		return -1;
	return add_service(a, late_service, run, (struct place){0}, &s, err);
}

int apply_commands(struct apply *a, struct error *err)
{
	const struct settings *s = &a->settings;

	if ((has_scripts(a, false) || has_run(a) || s->power != POWER_NONE) &&
	    root_folder(&a->root, APPLY_SCRIPTS, 0700, 0, 0, err) < 0)
		return -1;
	if (write_scripts(a, err) < 0 || write_run(a, err) < 0 || write_power(a, err) < 0)
		return -1;
	return add_late(a, err);
}

/* Wait for the child and what it left in its process group, within the limit. */
static void wait_for(pid_t pid, const char *what)
{
	int64_t end = clock_ms() + (int64_t)BOOTCMD_SECONDS * 1000;
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_ms() > end) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			fprintf(stderr, "%s: warning: ended after %d seconds\n", what, BOOTCMD_SECONDS);
			return;
		}
		poll(NULL, 0, 20);
	}
	if (WIFSIGNALED(status))
		fprintf(stderr, "%s: warning: ended by signal %d\n", what, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		fprintf(stderr, "%s: warning: exit status %d\n", what, WEXITSTATUS(status));
}

/* A process group of its own, so that all of it can be ended; input from nowhere, output to the console by stderr. */
static int run_now(const char *path, const char *what, struct error *err)
{
	static char sh[] = "/bin/sh", search[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		    home[] = "HOME=/root";
	char *argv[] = {sh, (char *)(uintptr_t)path, NULL}, *envp[] = {search, home, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid;
	int failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
	posix_spawn_file_actions_adddup2(&actions, 2, 1);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	failed = posix_spawn(&pid, argv[0], &actions, &attributes, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (failed) {
		errno = failed;
		return error_errno(err, "%s: /bin/sh", what);
	}
	wait_for(pid, what);
	return 0;
}

int apply_bootcmd(struct apply *a, struct error *err)
{
	const struct settings *s = &a->settings;
	_cleanup_strbuf_ struct strbuf text = {0};

	if (!s->bootcmd.count && !has_scripts(a, true))
		return 0;
	strbuf_puts(&text, "#!/bin/sh\n");
	for (size_t i = 0; i < s->bootcmd.count; i++)
		strbuf_printf(&text, "%s\n", s->bootcmd.items[i]);
	for (size_t i = 0; i < s->script_count; i++) {
		if (!s->scripts[i].early)
			continue;
		add_call(a, &text, i);
		strbuf_puts(&text, "\n");
	}
	if (root_folder(&a->root, APPLY_SCRIPTS, 0700, 0, 0, err) < 0 || write_scripts(a, err) < 0 ||
	    write_script(a, APPLY_SCRIPTS "/bootcmd", &text, err) < 0)
		return -1;
	return a->offline ? 0 : run_now(APPLY_SCRIPTS "/bootcmd", "bootcmd", err);
}
