/* mkdl cluster kubeconfig */
#include <getopt.h>
#include <string.h>
#include <time.h>

#include "cluster/commands.h"
#include "cluster/kubeconfig.h"
#include "cluster/pki-pair.h"
#include "cluster/pki.h"
#include "config/syntax.h"

enum { DAYS_DEFAULT = 30, DAYS_LIMIT = 3650 };

struct request {
	const char *dir, *server, *user;
	struct strings groups;
	unsigned days;
};

/* What is in a certificate is compared byte by byte by whoever gives rights to it: nothing in it may be invisible. */
static int check_subject(const char *option, const char *name, struct error *err)
{
	for (const char *at = name; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return error_set(err, "cluster kubeconfig: --%s: there is a control character in it", option);
	if (!*name || strlen(name) > 64)
		return error_set(err, "cluster kubeconfig: --%s: expected a name of 1 to 64 bytes", option);
	return 0;
}

static int take_option(struct arena *a, int c, struct request *r, struct error *err)
{
	unsigned long days;

	switch (c) {
	case 's':
		r->server = optarg;
		return strncmp(optarg, "https://", 8) ? error_set(err, "cluster kubeconfig: --server: expected https://HOST:PORT") : 0;
	case 'u':
		r->user = optarg;
		return check_subject("user", optarg, err);
	case 'g':
		strings_add(a, &r->groups, optarg);
		return check_subject("group", optarg, err);
	case 'd':
		if (!parse_number(optarg, 1, DAYS_LIMIT, &days))
			return error_set(err, "cluster kubeconfig: --days: expected 1 to %d, not \"%s\"", DAYS_LIMIT, optarg);
		r->days = (unsigned)days;
		return 0;
	default:
		return -1;
	}
}

static int parse(struct arena *a, int argc, char **argv, struct request *r, struct error *err)
{
	static const struct option options[] = {
		{"server", required_argument, NULL, 's'}, {"user", required_argument, NULL, 'u'},
		{"group", required_argument, NULL, 'g'}, {"days", required_argument, NULL, 'd'}, {0},
	};

	for (int c; (c = command_getopt(argc, argv, "", options, err)) != -1;)
		if (take_option(a, c, r, err) < 0)
			return -1;
	if (!r->user && (r->groups.count || r->days))
		return error_set(err, "cluster kubeconfig: --group and --days go with --user");
	r->dir = cluster_command_folder(argc, argv, err);
	return r->dir ? 0 : -1;
}

/* A new certificate for a user, which is kept nowhere else. */
static int issue(const struct pki_folder *folder, const struct request *r, struct kubeconfig *k, struct error *err)
{
	_cleanup_(authority_free) struct authority ca = {0};
	_cleanup_strbuf_ struct strbuf pair = {0};
	struct certificate_wish wish = {.common_name = r->user, .organizations = r->groups, .usage = CERTIFICATE_CLIENT,
					.days = r->days ? r->days : DAYS_DEFAULT};
	int64_t now = time(NULL), end;
	const char *certificate;

	if (authority_read(folder, AUTHORITY_CLUSTER, now, &ca, err) < 0 ||
	    pki_pair_issue(&wish, &ca, now, &pair, &end, err) < 0)
		return -1;
	certificate = strstr(pair.data, "-----BEGIN CERTIFICATE");
	k->user = r->user;
	k->key = arena_strndup(folder->arena, pair.data, (size_t)(certificate - pair.data));
	k->certificate = arena_strdup(folder->arena, certificate);
	return 0;
}

static int print(const struct globals *g, struct arena *a, const struct request *r, struct error *err)
{
	_cleanup_folder_ struct pki_folder folder = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct kubeconfig k = {.user = "kubernetes-admin"};
	struct cluster c;

	if (pki_folder_open(a, r->dir, &folder, err) < 0)
		return -1;
	if (!r->user && !r->server) {
		if (pki_folder_read(&folder, "kubeconfig", &text, NULL, err) < 0)
			return -1;
		fputs(text.data, stdout);
		return 0;
	}
	if (cluster_open_for_command(g, a, r->dir, &c, err) < 0 || pki_cluster_ca(a, r->dir, &k.ca, err) < 0)
		return -1;
	k.cluster = c.name;
	k.server = r->server ? r->server : kubeconfig_server(a, &c);
	if (r->user ? issue(&folder, r, &k, err) < 0
		    : pki_pair_read(&folder, "pki/admin.pem", &k.certificate, &k.key, err) < 0)
		return -1;
	kubeconfig_write(a, &k, &text);
	fputs(text.data, stdout);
	return 0;
}

int cluster_cmd_kubeconfig(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	struct request r = {0};

	if (parse(&a, argc, argv, &r, err) < 0)
		return EXIT_USAGE;
	return print(g, &a, &r, err) < 0 ? EXIT_FAILED : EXIT_OK;
}
