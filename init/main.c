/* PID 1: boot, run the node until somebody asks it to end, end it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "init/console.h"
#include "init/control.h"
#include "init/phases.h"
#include "init/shutdown.h"

static void run(struct node *node)
{
	while (!node->supervisor.request)
		supervise_step(&node->supervisor, INT64_MAX);
}

/* Only the supervision, as PID 1 of a namespace: how the tests run it without a machine. */
static int supervise_only(struct node *node, const char *file, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char detail[DETAIL_SIZE];

	if (file_read_at(AT_FDCWD, file, PLAN_TEXT_LIMIT, &text, err) < 0 ||
	    plan_parse(&node->arena, file, text.data, text.len, &node->plan, err) < 0)
		return -1;
	if (gethostname(node->facts.hostname, sizeof(node->facts.hostname) - 1) < 0)
		return error_errno(err, "host name");
	if (control_open(node, err) < 0)
		return error_wrap(err, CONTROL_SOCKET);
	if (phase_services(node, detail, err) < 0)
		return -1;
	run(node);
	shutdown_run(&node->supervisor, false);
	return 0;
}

int main(int argc, char **argv)
{
	static struct node node = {.plan = {.failure = PLAN_FAILURE_REBOOT, .failure_delay = 30, .interface = "boot"}};
	_cleanup_error_ struct error err = {0};
	bool namespaced = argc == 3 && !strcmp(argv[1], "--supervise");

	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("mkdl-init " MKDL_VERSION);
		return 0;
	}
	if (getpid() != 1) {
		fputs("mkdl-init: runs as process 1: of a machine (no arguments), "
		      "or of a PID namespace (--supervise PLAN)\n", stderr);
		return 2;
	}
	umask(022);
	node.options.network_timeout = 300;
	if (supervise_open(&node.supervisor, &err) < 0) {
		console_say("%s", error_text(&err));
		return 1;
	}
	if (namespaced) {
		if (supervise_only(&node, argv[2], &err) == 0)
			return 0;
		console_say("%s", error_text(&err));
		return 1;
	}
	/* Ctrl-Alt-Del is to come here as SIGINT. From here on nothing returns: a PID 1 that ends is a panic. */
	reboot(RB_DISABLE_CAD);
	if (phases_run(&node))
		run(&node);
	shutdown_run(&node.supervisor, true);
}
