/* /usr/libexec/mkdl/network: PID 1's child that speaks to the kernel about the network, and the script of busybox's
 * DHCP and NTP clients. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "node/network/event.h"
#include "node/network/run.h"

static const char usage[] =
	"usage: network run [--plan FILE] [--cmdline FILE] [--run DIR] [--etc DIR] [--turn N] [--all] [--once]\n"
	"       network EVENT            (called by udhcpc, udhcpc6 and ntpd)\n"
	"  --plan FILE     default: /run/mkdl/plan, else /etc/mkdl/plan\n"
	"  --cmdline FILE  default: /proc/cmdline\n"
	"  --run DIR       where leases and the status are; default: /run/mkdl\n"
	"  --etc DIR       where resolv.conf is written; default: /etc\n"
	"  --turn N        a number that the status repeats, so that its reader knows which run wrote it\n"
	"  --all           links without hardware (veth, dummy) are cards too\n"
	"  --once          end when everything that can be done at once is done\n";

enum { CMDLINE_LIMIT = 1 << 16 };

struct files {
	const char *plan, *cmdline;
};

static int read_plan(struct network *n, const char *path, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (!path)
		path = access("/run/mkdl/plan", F_OK) == 0 ? "/run/mkdl/plan" : "/etc/mkdl/plan";
	if (file_read_at(AT_FDCWD, path, PLAN_TEXT_LIMIT, &text, err) < 0)
		return -1;
	return plan_parse(&n->arena, path, text.data ? text.data : "", text.len, &n->plan, err);
}

static int read_cmdline(struct network *n, const char *path, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};

	if (file_read_at(AT_FDCWD, path, CMDLINE_LIMIT, &text, err) < 0)
		return -1;
	/* PID 1 has said what is wrong in it. */
	cmdline_parse(text.data ? text.data : "", &n->options, &ignored);
	return 0;
}

static int run(struct network *n, const struct files *f, bool once, struct error *err)
{
	if (read_plan(n, f->plan, err) < 0 || read_cmdline(n, f->cmdline, err) < 0 || network_configure(n, err) < 0)
		return -1;
	return network_run(n, once, err);
}

static int read_options(int argc, char **argv, struct network *n, struct files *f, bool *once)
{
	static const struct option options[] = {
		{"plan", required_argument, NULL, 'p'}, {"cmdline", required_argument, NULL, 'c'},
		{"run", required_argument, NULL, 'r'},  {"etc", required_argument, NULL, 'e'},
		{"turn", required_argument, NULL, 't'}, {"all", no_argument, NULL, 'a'},
		{"once", no_argument, NULL, '1'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'p': f->plan = optarg; break;
		case 'c': f->cmdline = optarg; break;
		case 'r': n->run = optarg; break;
		case 'e': n->etc = optarg; break;
		case 't': n->turn = optarg; break;
		case 'a': n->all = true; break;
		case '1': *once = true; break;
		default: return -1;
		}
	}
	return optind == argc - 1 && !strcmp(argv[optind], "run") ? 0 : -1;
}

int main(int argc, char **argv)
{
	static struct network network;
	_cleanup_error_ struct error err = {0};
	struct files files = {.cmdline = "/proc/cmdline"};
	bool once = false;
	int status;

	network.run = "/run/mkdl";
	network.etc = "/etc";
	network.turn = "0";
	if (argc >= 2 && event_is(argv[1])) {
		const char *folder = getenv("MKDL_RUN");

		status = event_handle(folder ? folder : network.run, argv[1], &err);
	} else if (read_options(argc, argv, &network, &files, &once) < 0) {
		fputs(usage, stderr);
		return 2;
	} else {
		status = run(&network, &files, once, &err);
	}
	if (status < 0)
		fprintf(stderr, "%s\n", error_text(&err));
	return status < 0 ? 1 : 0;
}
