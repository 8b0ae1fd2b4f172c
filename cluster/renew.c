/* mkdl cluster renew */
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cluster/commands.h"
#include "cluster/pki.h"
#include "config/syntax.h"

enum { DAYS_LIMIT = 36500 };

struct renew {
	const char *dir;
	unsigned days;
};

int cluster_open_for_command(const struct globals *g, struct arena *a, const char *dir, struct cluster *out, struct error *err)
{
	struct diagnostics diag = {.arena = a};
	int result = cluster_open(a, dir, &diag, out, err);

	diagnostics_print(&diag, !g->no_color && isatty(STDERR_FILENO));
	return result;
}

const char *cluster_command_folder(int argc, char **argv, struct error *err)
{
	if (argc - optind == 1)
		return argv[optind];
	error_set(err, "%s: expected the folder of the cluster, and nothing else", argv[0]);
	return NULL;
}

static int parse(int argc, char **argv, struct renew *r, struct error *err)
{
	static const struct option options[] = {
		{"if-less-than", required_argument, NULL, 'd'}, {"authorities", no_argument, NULL, 'a'}, {0},
	};
	unsigned long days;

	for (int c; (c = command_getopt(argc, argv, "", options, err)) != -1;) {
		if (c == 'a')
			return error_set(err, "%s: authorities are not renewed by a command: every node, and whoever has a "
					 "kubeconfig, has to trust the new one before the old one goes. docs/cluster.md, \"A new "
					 "authority\", says how", argv[0]);
		if (c != 'd')
			return -1;
		if (!parse_number(optarg, 1, DAYS_LIMIT, &days))
			return error_set(err, "%s: --if-less-than: expected a number of days, not \"%s\"", argv[0], optarg);
		r->days = (unsigned)days;
	}
	r->dir = cluster_command_folder(argc, argv, err);
	return r->dir ? 0 : -1;
}

static void print_json(const struct strings *said)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);

	json_open_object(&j, NULL);
	json_open_array(&j, "done");
	for (size_t i = 0; i < said->count; i++)
		json_string(&j, NULL, said->items[i]);
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
	fputs(text.data, stdout);
}

int cluster_cmd_renew(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	struct strings said = {0};
	struct renew r = {0};
	struct cluster c;

	if (parse(argc, argv, &r, err) < 0)
		return EXIT_USAGE;
	if (cluster_open_for_command(g, &a, r.dir, &c, err) < 0 || pki_renew(&a, &c, r.dir, r.days, &said, err) < 0 ||
	    cluster_init(&a, &c, r.dir, &said, err) < 0)
		return EXIT_FAILED;
	if (g->json) {
		print_json(&said);
		return EXIT_OK;
	}
	for (size_t i = 0; i < said.count; i++)
		printf("%s\n", said.items[i]);
	if (!said.count)
		puts("nothing to renew");
	else
		puts("Servers take their new certificates at their next boot, one after the other; the web server of\n"
		     "the provisioner when it is reloaded.");
	return EXIT_OK;
}
