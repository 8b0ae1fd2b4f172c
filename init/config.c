#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "init/child.h"
#include "init/console.h"
#include "init/degraded.h"
#include "init/early.h"
#include "init/identity.h"
#include "init/network.h"
#include "init/phases.h"

#define AGENT "/usr/libexec/mkdl/agent"
#define FOLDER "/etc/mkdl/config.d"
#define PLAN "/run/mkdl/plan"
#define SOURCES "/run/mkdl/sources"

/* The agent gives up by itself when the plan's time is over and then applies what it has: this is for one that hangs. */
enum { GRACE_MS = 90000, DEGRADED = 3, SOURCES_LIMIT = 1 << 16 };

static bool has_folder(void)
{
	_cleanup_closedir_ DIR *dir = opendir(FOLDER);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			return true;
	return false;
}

bool config_is_asked_for(const struct node *node)
{
	return node->options.configuration || node->plan.config_files.count || node->plan.config_urls.count || has_folder();
}

/* What the network program reads of a plan. */
static void add_network(const struct plan *p, struct strbuf *out)
{
	struct plan network;

	plan_init(&network);
	network.interface = p->interface;
	network.node_ip = p->node_ip;
	network.nameservers = p->nameservers;
	network.search = p->search;
	network.links = p->links;
	network.link_count = p->link_count;
	plan_write(&network, out);
}

static bool has_other_network(const struct plan *a, const struct plan *b)
{
	_cleanup_strbuf_ struct strbuf first = {0}, second = {0};

	add_network(a, &first);
	add_network(b, &second);
	return strcmp(first.data, second.data) != 0;
}

static int take_plan(struct node *node, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char detail[DETAIL_SIZE] = "";
	struct plan plan;
	bool rewired;

	if (file_read_at(AT_FDCWD, PLAN, PLAN_TEXT_LIMIT, &text, err) < 0 ||
	    plan_parse(&node->arena, PLAN, text.data ? text.data : "", text.len, &plan, err) < 0)
		return error_wrap(err, "the agent's plan");
	rewired = has_other_network(&node->plan, &plan);
	node->renamed = strcmp(plan.hostname, node->plan.hostname) != 0;
	node->plan = plan;
	if (!rewired)
		return 0;
	if (network_again(node, detail, err) < 0)
		return error_wrap(err, "the network as the configuration has it");
	console_say("config: network: %s", detail);
	return 0;
}

/* The agent's last line says what could not be read. */
static void note_degraded(const char *text)
{
	size_t n = strlen(text);
	const char *line;

	while (n && text[n - 1] == '\n')
		n--;
	line = memrchr(text, '\n', n);
	line = line ? line + 1 : text;
	degraded_add("configuration: %.*s", (int)(n - (size_t)(line - text)), line);
}

/* What was read, as the agent wrote it down; the end is left out where the line is full. */
static void name_sources(bool degraded, char detail[static DETAIL_SIZE])
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};
	const char *sources = "";
	int n;

	if (file_read_at(AT_FDCWD, SOURCES, SOURCES_LIMIT, &text, &ignored) == 0 && text.data)
		sources = text.data;
	if (text.len)
		text.data[strcspn(text.data, "\n")] = '\0';
	for (size_t i = 0; i < text.len && text.data[i]; i++)
		if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
			text.data[i] = '?';
	n = snprintf(detail, DETAIL_SIZE, "%sread%s%s", degraded ? "DEGRADED, see above: " : "", *sources ? " " : "", sources);
	if (n >= DETAIL_SIZE)
		strcpy(detail + DETAIL_SIZE - sizeof(" ..."), " ...");
}

int phase_config(struct node *node, char *detail, struct error *err)
{
	static const char *const argv[] = {AGENT, "boot", NULL};
	const struct child agent = {
		.name = "config", .argv = argv, .limit_ms = (int64_t)node->plan.config_wait * 1000 + GRACE_MS, .on_console = true,
	};
	struct child_result result = {0};
	bool degraded = false;

	if (!config_is_asked_for(node)) {
		strcpy(detail, "none");
		return 0;
	}
	if (access(AGENT, X_OK) < 0)
		return error_set(err, "there is configuration to read, but the image has no " AGENT ": "
				 "give the profile the component \"agent: {build: agent}\"");
	/* With the name that the node will have if the configuration gives no other. */
	if (identity_find(node, node->facts.mac, false, err) < 0 || identity_write_facts(node, err) < 0)
		return -1;
	unlink(PLAN);
	unlink(SOURCES);
	if (child_run(&node->supervisor, &agent, &result, err) < 0) {
		degraded = !result.timed_out && !result.interrupted && WIFEXITED(result.status) &&
			   WEXITSTATUS(result.status) == DEGRADED;
		if (!degraded)
			return -1;
		error_clear(err);
		note_degraded(result.text);
	}
	if (take_plan(node, err) < 0)
		return -1;
	name_sources(degraded, detail);
	return 0;
}
