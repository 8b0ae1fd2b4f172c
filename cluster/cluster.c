#include "cluster/cluster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "cluster/cluster-read.h"
#include "cluster/folder.h"
#include "cluster/follow.h"
#include "cluster/pki.h"

#define FILE_NAME "cluster.yml"
#define NODE_OBJECTS "/etc/kubernetes/addons/40-nodes.yaml"

/* The absolute path of what need not be there yet. */
static const char *absolute(struct arena *a, const char *path)
{
	_cleanup_free_ char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);

	return here ? path_join(a, here, path) : path;
}

/* Which cluster.yml and TFTP root; the first is not noted where one would look for it anyway. */
static int resolve(struct folder *f, const struct cluster *c, struct folder_source *out, struct error *err)
{
	_cleanup_free_ char *file = realpath(c->file, NULL), *own = realpath(path_join(f->arena, f->name, FILE_NAME), NULL);
	struct folder_source before;

	if (folder_source_read(f->arena, f->name, &before, err) < 0)
		return -1;
	if (!file)
		return error_errno(err, "%s", c->file);
	out->file = own && !strcmp(own, file) ? NULL : arena_strdup(f->arena, file);
	out->tftp = absolute(f->arena, c->tftp ? c->tftp : before.tftp ? before.tftp : "out/tftp");
	/* They become words of other programs' configuration, where no quotes help. */
	if (out->tftp[strcspn(out->tftp, " \t\n\"\\;#,{}$")] || f->name[strcspn(f->name, " \t\n\"\\;#,{}$")])
		return error_set(err, "%s: neither the folder of a cluster nor its TFTP root may have blanks or one of \"\\;#,{}$ in its path",
				 f->name);
	return folder_source_write(f, out, err);
}

/* A profile beside cluster.yml is meant; else one of mkdl's own, or what its path says. */
static void find_profiles(struct arena *a, struct cluster *c)
{
	const char *slash = strrchr(c->file, '/');
	const char *folder = slash ? arena_strndup(a, c->file, (size_t)(slash - c->file) + 1) : "./";

	for (size_t i = 0; i < CLUSTER_ROLES; i++) {
		struct cluster_kind *kind = &c->kinds[i];
		_cleanup_free_ char *beside = kind->profile[0] == '/' ? NULL : realpath(path_join(a, folder, kind->profile), NULL);

		if (beside)
			kind->profile = arena_strdup(a, beside);
	}
}

static int write_node(struct folder *f, const struct cluster *c, const struct cluster_node *node, const char *token,
		      const char *ca, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0}, objects = {0};
	bool server = node->role == CLUSTER_SERVER;
	struct pki_files files = {0};

	if (server) {
		if (pki_server_files(f->arena, c, f->name, node, &files, err) < 0)
			return -1;
		follow_node_objects(f->arena, &objects, c);
		files.items = arena_grow(f->arena, files.items, files.count, &files.cap, sizeof(*files.items));
		files.items[files.count++] =
			(struct pki_file){.path = NODE_OBJECTS, .text = arena_strdup(f->arena, objects.data), .mode = 0600};
	}
	follow_node_config(&text, c, node, token, ca, server ? &files : NULL);
	return folder_write(f, arena_printf(f->arena, "nodes/%s.yml", node->name), &text, 0600, err);
}

static int write_nodes(struct folder *f, const struct cluster *c, struct error *err)
{
	struct cluster_tokens tokens = {0};
	struct strings keep = {0};
	const char *ca;

	if (tokens_read(f->arena, f->name, &tokens, err) < 0 || pki_cluster_ca(f->arena, f->name, &ca, err) < 0)
		return -1;
	for (size_t i = 0; i < c->node_count; i++) {
		const struct cluster_node *node = &c->nodes[i];
		const struct cluster_token *token = tokens_of_node(&tokens, node->name);

		if (!token)
			return error_set(err, "%s/tokens: there is none of node %s", f->name, node->name);
		if (write_node(f, c, node, arena_printf(f->arena, "%s.%s", token->id, token->secret), ca, err) < 0)
			return error_wrap(err, "node %s", node->name);
		strings_add(f->arena, &keep, arena_printf(f->arena, "%s.yml", node->name));
	}
	return folder_keep(f, "nodes", &keep, err);
}

static int write_public(struct folder *f, const struct cluster *c, struct error *err)
{
	for (size_t i = 0; i < CLUSTER_ROLES; i++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		const char *name = arena_printf(f->arena, "%s.yml", cluster_role_names[i]);

		follow_profile(f->arena, &text, c, (enum cluster_role)i);
		if (folder_write(f, path_join(f->arena, "profiles", name), &text, 0644, err) < 0)
			return -1;
	}
	return 0;
}

static int write_serve(struct folder *f, const struct cluster *c, struct error *err)
{
	_cleanup_strbuf_ struct strbuf dnsmasq = {0}, nginx = {0};

	follow_dnsmasq(f->arena, &dnsmasq, c, f->name);
	follow_nginx(&nginx, c);
	if (folder_write(f, "serve/dnsmasq.conf", &dnsmasq, 0644, err) < 0)
		return -1;
	return folder_write(f, "serve/nginx.conf", &nginx, 0644, err);
}

static int make(struct folder *f, const struct cluster *c, struct error *err)
{
	struct cluster own = *c;
	struct folder_source source;

	if (resolve(f, c, &source, err) < 0)
		return -1;
	own.tftp = source.tftp;
	find_profiles(f->arena, &own);
	if (pki_init(f->arena, &own, f->name, f->said, err) < 0 || write_nodes(f, &own, err) < 0 || write_public(f, &own, err) < 0)
		return -1;
	return write_serve(f, &own, err);
}

int cluster_init(struct arena *a, const struct cluster *c, const char *dir, struct strings *said, struct error *err)
{
	struct folder f;
	int result;

	if (folder_open(a, dir, said, &f, err) < 0)
		return -1;
	result = make(&f, c, err);
	folder_close(&f);
	return result;
}

int cluster_open(struct arena *a, const char *dir, struct diagnostics *diag, struct cluster *out, struct error *err)
{
	struct folder_source source;
	const char *file;

	if (folder_source_read(a, dir, &source, err) < 0)
		return -1;
	file = source.file ? source.file : path_join(a, dir, FILE_NAME);
	if (access(file, F_OK) < 0 && errno == ENOENT && !source.file)
		return error_set(err, "%s is not there: it says what the cluster is. \"mkdl cluster example >%s\" begins one; --file names "
				      "another", file, file);
	if (cluster_read(a, file, diag, out, err) < 0)
		return -1;
	out->tftp = source.tftp;
	return 0;
}
