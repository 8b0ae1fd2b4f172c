/* mkdl cluster token */
#include <getopt.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "cluster/api-client.h"
#include "cluster/certificate.h"
#include "cluster/commands.h"
#include "cluster/secrets.h"
#include "cluster/token.h"
#include "config/syntax.h"

enum { TTL_DEFAULT = 24 * 3600, TTL_LIMIT_DAYS = 3650 };

struct request {
	const char *dir, *description, *server;
	int64_t ttl; /* seconds; 0: for ever */
	bool no_api, secrets;
	char **ids;
};

/* "90m", "24h", "7d", "0" */
static bool parse_ttl(const char *text, int64_t *out)
{
	static const struct {
		char unit;
		unsigned seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t n = strlen(text);
	unsigned long number;
	char digits[16];

	if (!strcmp(text, "0")) {
		*out = 0;
		return true;
	}
	if (n < 2 || n >= sizeof(digits))
		return false;
	memcpy(digits, text, n - 1);
	digits[n - 1] = '\0';
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[n - 1] != units[i].unit || !parse_number(digits, 1, TTL_LIMIT_DAYS * 86400UL / units[i].seconds, &number))
			continue;
		*out = (int64_t)number * units[i].seconds;
		return true;
	}
	return false;
}

/* Options that no other part of `token` has are errors there. */
static const struct option create_options[] = {
	{"ttl", required_argument, NULL, 't'}, {"description", required_argument, NULL, 'd'},
	{"no-api", no_argument, NULL, 'n'}, {"server", required_argument, NULL, 's'}, {0},
};
static const struct option list_options[] = {{"secrets", no_argument, NULL, 'x'}, {0}};
static const struct option revoke_options[] = {
	{"no-api", no_argument, NULL, 'n'}, {"server", required_argument, NULL, 's'}, {0},
};

static int parse(int argc, char **argv, const struct option *options, struct request *r, struct error *err)
{
	for (int c; (c = command_getopt(argc, argv, "", options, err)) != -1;) {
		if (c == 't') {
			if (!parse_ttl(optarg, &r->ttl))
				return error_set(err, "%s: --ttl: expected a time as 90m, 24h or 7d, at most %d days, or 0; not \"%s\"",
						 argv[0], TTL_LIMIT_DAYS, optarg);
		} else if (c == 'd') {
			r->description = optarg;
		} else if (c == 's') {
			r->server = optarg;
		} else if (c == 'n') {
			r->no_api = true;
		} else if (c == 'x') {
			r->secrets = true;
		} else {
			return -1;
		}
	}
	if (r->no_api && r->server)
		return error_set(err, "%s: --server goes with asking the API, --no-api without", argv[0]);
	if (r->server && strncmp(r->server, "https://", 8) != 0)
		return error_set(err, "%s: --server: expected https://HOST:PORT", argv[0]);
	r->dir = argv[optind];
	r->ids = argv + optind + (optind < argc);
	return r->dir ? 0 : error_set(err, "%s: expected the folder of the cluster", argv[0]);
}

static void say(const struct strings *said)
{
	for (size_t i = 0; i < said->count; i++)
		fprintf(stderr, "%s\n", said->items[i]);
}

static const char *when(struct arena *a, int64_t expires)
{
	return expires ? certificate_time(a, expires) : "never";
}

static void json_of(struct json *j, struct arena *a, const struct cluster_token *token, bool whole)
{
	json_string(j, "id", token->id);
	if (whole)
		json_string(j, "token", arena_printf(a, "%s.%s", token->id, token->secret));
	json_string(j, "node", token->node);
	if (token->expires)
		json_number(j, "expires", (uint64_t)token->expires);
	else
		json_string(j, "expires", NULL);
	json_string(j, "description", token->description);
}

/* Put the token's Secret into the cluster. */
static int store(struct arena *a, const struct cluster *c, const struct request *r, const struct cluster_token *token,
		 struct error *err)
{
	_cleanup_strbuf_ struct strbuf body = {0}, answer = {0};
	struct api api;
	long status = 0;

	secrets_token_json(a, token, &body);
	if (api_open(a, c, r->dir, r->server, &api, err) < 0 ||
	    api_request(&api, "POST", SECRETS_PATH, body.data, &status, &answer, err) < 0)
		return -1;
	return status == 201 ? 0 : error_set(err, "the API at %s: %s", api.server, api_reason(a, status, &answer));
}

static int print_created(const struct globals *g, struct arena *a, const struct cluster *c, const struct request *r,
			 const struct cluster_token *token, bool stored, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);
	const char *hash;

	if (!g->json) {
		printf("%s.%s\n", token->id, token->secret);
		return 0;
	}
	if (pki_cluster_ca_hash(a, r->dir, &hash, err) < 0)
		return -1;
	json_open_object(&j, NULL);
	json_of(&j, a, token, true);
	json_string(&j, "server", arena_printf(a, "%s:%u", c->api, c->api_port));
	json_string(&j, "ca_cert_hash", hash);
	json_bool(&j, "stored", stored);
	json_close_object(&j);
	json_end(&j);
	fputs(text.data, stdout);
	return 0;
}

/* Add it to DIR/tokens; *out is it. */
static int add(struct arena *a, const struct request *r, struct cluster_token *out, struct error *err)
{
	struct cluster_token like = {.description = r->description, .expires = r->ttl ? time(NULL) + r->ttl : 0};
	_cleanup_folder_ struct pki_folder folder = {0};
	struct cluster_tokens tokens;

	if (pki_folder_lock(a, r->dir, NULL, &folder, err) < 0 || tokens_load(&folder, &tokens, err) < 0 ||
	    tokens_add(a, &tokens, &like, err) < 0 || tokens_save(&folder, &tokens, err) < 0)
		return -1;
	*out = tokens.items[tokens.count - 1];
	return 0;
}

static int create_token(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	struct request r = {.ttl = TTL_DEFAULT};
	struct strings said = {0};
	struct cluster_token token;
	struct cluster c;
	bool stored = false;

	if (parse(argc, argv, create_options, &r, err) < 0)
		return EXIT_USAGE;
	if (*r.ids) {
		error_set(err, "%s: expected one folder", argv[0]);
		return EXIT_USAGE;
	}
	if (cluster_open_for_command(g, &a, r.dir, &c, err) < 0 || add(&a, &r, &token, err) < 0 ||
	    cluster_init(&a, &c, r.dir, &said, err) < 0)
		return EXIT_FAILED;
	say(&said);
	if (!r.no_api) {
		_cleanup_error_ struct error problem = {0};

		stored = store(&a, &c, &r, &token, &problem) == 0;
		if (!stored)
			fprintf(stderr, "mkdl: %s\nmkdl: the cluster does not know the token yet: it will when a server boots that reads "
				"%s then\n", error_text(&problem), r.dir);
	}
	return print_created(g, &a, &c, &r, &token, stored, err) < 0 ? EXIT_FAILED : EXIT_OK;
}

static void print_list(struct arena *a, const struct cluster_tokens *tokens, bool secrets)
{
	const int width = secrets ? TOKEN_ID_SIZE + 1 + TOKEN_SECRET_SIZE : TOKEN_ID_SIZE;

	printf("%-*s  %-20s  %-20s  %s\n", width, secrets ? "TOKEN" : "ID", "NODE", "EXPIRES", "DESCRIPTION");
	for (size_t i = 0; i < tokens->count; i++) {
		const struct cluster_token *t = &tokens->items[i];

		printf("%s%s%s  %-20s  %-20s  %s\n", t->id, secrets ? "." : "", secrets ? t->secret : "", t->node ? t->node : "-",
		       when(a, t->expires), t->description ? t->description : "-");
	}
}

static int list_tokens(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);
	struct cluster_tokens tokens;
	struct request r = {0};

	if (parse(argc, argv, list_options, &r, err) < 0)
		return EXIT_USAGE;
	if (*r.ids) {
		error_set(err, "%s: expected one folder", argv[0]);
		return EXIT_USAGE;
	}
	if (tokens_read(&a, r.dir, &tokens, err) < 0)
		return EXIT_FAILED;
	if (!g->json) {
		print_list(&a, &tokens, r.secrets);
		return EXIT_OK;
	}
	json_open_array(&j, NULL);
	for (size_t i = 0; i < tokens.count; i++) {
		json_open_object(&j, NULL);
		json_of(&j, &a, &tokens.items[i], r.secrets);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_end(&j);
	fputs(text.data, stdout);
	return EXIT_OK;
}

/* Take the tokens out of DIR/tokens. One that was revoked before is not an error: the API may not have answered then. */
static int take_out(struct arena *a, const struct request *r, struct strings *ids, struct error *err)
{
	_cleanup_folder_ struct pki_folder folder = {0};
	struct cluster_tokens tokens;

	if (pki_folder_lock(a, r->dir, NULL, &folder, err) < 0 || tokens_load(&folder, &tokens, err) < 0)
		return -1;
	for (char **id = r->ids; *id; id++) {
		const char *known = token_id(a, *id);

		if (!known || (!tokens_revoke(a, &tokens, known) && !strings_has(&tokens.revoked, known)))
			return error_set(err, "%s: there is no such token in %s/tokens; \"mkdl cluster token list %s\" shows which there are",
					 known ? known : *id, r->dir, r->dir);
		strings_add(a, ids, known);
	}
	return tokens_save(&folder, &tokens, err);
}

/* Delete the tokens' Secrets from the cluster. */
static int forget(struct arena *a, const struct cluster *c, const struct request *r, const struct strings *ids, struct error *err)
{
	struct api api;

	if (api_open(a, c, r->dir, r->server, &api, err) < 0)
		return -1;
	for (size_t i = 0; i < ids->count; i++) {
		_cleanup_strbuf_ struct strbuf answer = {0};
		long status = 0;

		if (api_request(&api, "DELETE", secrets_token_path(a, ids->items[i]), NULL, &status, &answer, err) < 0)
			return -1;
		if (status != 200 && status != 404)
			return error_set(err, "the API at %s: %s", api.server, api_reason(a, status, &answer));
	}
	return 0;
}

static int revoke_tokens(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	struct strings said = {0}, ids = {0};
	struct request r = {0};
	struct cluster c;

	if (parse(argc, argv, revoke_options, &r, err) < 0)
		return EXIT_USAGE;
	if (!*r.ids) {
		error_set(err, "%s: expected the IDs of tokens behind the folder", argv[0]);
		return EXIT_USAGE;
	}
	if (cluster_open_for_command(g, &a, r.dir, &c, err) < 0 || take_out(&a, &r, &ids, err) < 0 ||
	    cluster_init(&a, &c, r.dir, &said, err) < 0)
		return EXIT_FAILED;
	say(&said);
	if (!r.no_api && forget(&a, &c, &r, &ids, err) < 0) {
		error_set(err, "%s\nmkdl: the tokens are revoked in %s, but the cluster takes them until a server boots that reads that; "
			  "the same command again tries again", error_text(err), r.dir);
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < ids.count && !g->json; i++)
		printf("%s revoked%s\n", ids.items[i], r.no_api ? "; the cluster takes it until a server boots" : "");
	return EXIT_OK;
}

int cluster_cmd_token(const struct globals *g, int argc, char **argv, struct error *err)
{
	static const struct {
		const char *name;
		int (*run)(const struct globals *g, int argc, char **argv, struct error *err);
	} parts[] = {{"create", create_token}, {"list", list_tokens}, {"revoke", revoke_tokens}};

	_cleanup_arena_ struct arena a = {0};

	for (size_t i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(argv[1], parts[i].name) != 0)
			continue;
		argv[1] = arena_printf(&a, "%s %s", argv[0], parts[i].name);
		return parts[i].run(g, argc - 1, argv + 1, err);
	}
	error_set(err, "%s: expected create, list or revoke", argv[0]);
	return EXIT_USAGE;
}
