/* What a server gets of DIR/pki. */
#include <string.h>

#include "cluster/kubeconfig.h"
#include "cluster/pki-keys.h"
#include "cluster/pki-pair.h"
#include "cluster/secrets.h"

#define ETC "/etc/kubernetes"

/* Files of DIR that go there as they are. The keys of the authorities: the controller-manager signs kubelets' certificates
 * with ca.key; the other two stay behind. */
static const struct {
	const char *path, *to;
} copied[] = {
	{"pki/ca.crt", ETC "/pki/ca.crt"},
	{"pki/ca.key", ETC "/pki/ca.key"},
	{"pki/etcd/ca.crt", ETC "/pki/etcd/ca.crt"},
	{"pki/front-proxy-ca.crt", ETC "/pki/front-proxy-ca.crt"},
	{PKI_SA_KEY, ETC "/pki/sa.key"},
	{PKI_SA_PUB, ETC "/pki/sa.pub"},
	{PKI_ENCRYPTION, ETC "/encryption.yaml"},
};

static void add(struct arena *a, struct pki_files *to, const char *path, const char *text)
{
	to->items = arena_grow(a, to->items, to->count, &to->cap, sizeof(*to->items));
	to->items[to->count++] = (struct pki_file){path, text, 0600};
}

static int add_copies(const struct pki_folder *folder, struct pki_files *to, struct error *err)
{
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
		_cleanup_strbuf_ struct strbuf text = {0};

		if (pki_folder_read(folder, copied[i].path, &text, NULL, err) < 0)
			return -1;
		add(folder->arena, to, copied[i].to, arena_strndup(folder->arena, text.data, text.len));
	}
	return 0;
}

static int add_pair(const struct pki_folder *folder, const struct cluster *c, const struct pki_wish *wish, const char *ca,
		    struct pki_files *to, struct error *err)
{
	struct arena *a = folder->arena;
	_cleanup_strbuf_ struct strbuf text = {0};
	struct kubeconfig k = {.cluster = c->name, .user = wish->wish.common_name, .ca = ca};

	if (pki_pair_read(folder, wish->path, &k.certificate, &k.key, err) < 0)
		return -1;
	if (wish->delivery == PKI_FILES) {
		add(a, to, arena_printf(a, ETC "/pki/%s.crt", wish->name), k.certificate);
		add(a, to, arena_printf(a, ETC "/pki/%s.key", wish->name), k.key);
		return 0;
	}
	/* To the API beside it: each server's parts work as long as their own API does. */
	k.server = arena_printf(a, "https://127.0.0.1:%u", c->api_port);
	kubeconfig_write(a, &k, &text);
	add(a, to, arena_printf(a, ETC "/%s.kubeconfig", wish->name), arena_strdup(a, text.data));
	return 0;
}

static int add_addons(const struct pki_folder *folder, const struct cluster *c, const char *dir, const char *ca,
		      struct pki_files *to, struct error *err)
{
	_cleanup_strbuf_ struct strbuf info = {0}, secrets = {0}, revoked = {0};
	struct arena *a = folder->arena;
	struct cluster_tokens tokens;

	if (tokens_read(a, dir, &tokens, err) < 0)
		return -1;
	secrets_cluster_info(a, c, ca, &info);
	add(a, to, ETC "/addons/20-cluster-info.yaml", arena_strdup(a, info.data));
	secrets_tokens(a, &tokens, &secrets);
	if (secrets.len)
		add(a, to, ETC "/addons/21-tokens.yaml", arena_strdup(a, secrets.data));
	for (size_t i = 0; i < tokens.revoked.count; i++)
		strbuf_printf(&revoked, "%s\n", tokens.revoked.items[i]);
	if (revoked.len)
		add(a, to, ETC "/addons/90-revoked", arena_strdup(a, revoked.data));
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct pki_file *)a)->path, ((const struct pki_file *)b)->path);
}

int pki_server_files(struct arena *a, const struct cluster *c, const char *dir, const struct cluster_node *server,
		     struct pki_files *out, struct error *err)
{
	_cleanup_folder_ struct pki_folder folder = {0};
	struct pki_files made = {0};
	struct pki_wishes wishes;
	const char *ca;

	if (pki_folder_open(a, dir, &folder, err) < 0 || pki_wishes(a, c, &wishes, err) < 0 ||
	    pki_cluster_ca(a, dir, &ca, err) < 0 || add_copies(&folder, &made, err) < 0)
		return -1;
	for (size_t i = 0; i < wishes.count; i++)
		if (string_equal(wishes.items[i].server ? wishes.items[i].server->name : NULL, server->name) &&
		    add_pair(&folder, c, &wishes.items[i], ca, &made, err) < 0)
			return -1;
	if (add_addons(&folder, c, dir, ca, &made, err) < 0)
		return -1;
	qsort(made.items, made.count, sizeof(*made.items), by_path);
	*out = made;
	return 0;
}
