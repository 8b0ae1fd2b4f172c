#include "cluster/pki.h"

#include <string.h>
#include <time.h>

#include "cluster/kubeconfig.h"
#include "cluster/pki-keys.h"
#include "cluster/pki-pair.h"
#include "cluster/token.h"

enum { AUTHORITY_WARNING_DAYS = 365 };

static void free_authorities(struct authority (*all)[AUTHORITIES])
{
	for (size_t i = 0; i < AUTHORITIES; i++)
		authority_free(&(*all)[i]);
}

static bool is_in_use(const struct pki_folder *folder, const struct pki_wishes *wishes, enum authority_name name)
{
	for (size_t i = 0; i < wishes->count; i++)
		if (wishes->items[i].authority == name && pki_folder_has(folder, wishes->items[i].path))
			return true;
	return false;
}

static int ensure_authorities(const struct pki_folder *folder, const struct pki_wishes *wishes, int64_t now,
			      struct authority out[static AUTHORITIES], struct error *err)
{
	for (enum authority_name name = 0; name < AUTHORITIES; name++) {
		int64_t end;

		if (authority_make(folder, name, is_in_use(folder, wishes, name), now, err) < 0 ||
		    authority_read(folder, name, now, &out[name], err) < 0)
			return -1;
		end = certificate_end(out[name].pair.certificate);
		if (end - now < (int64_t)AUTHORITY_WARNING_DAYS * SECONDS_OF_DAY)
			pki_folder_say(folder, "%s.crt ends on %s, and with it everything that it signed: docs/cluster.md, \"A new "
				       "authority\", says how to replace it", authority_path(name),
				       certificate_time(folder->arena, end));
	}
	return 0;
}

/* Of what cannot be interrupted half-way: a file that is as it should be is not touched. */
static int update(const struct pki_folder *folder, const char *path, const struct strbuf *text, struct error *err)
{
	_cleanup_strbuf_ struct strbuf old = {0};
	bool found = false;

	if (pki_folder_read(folder, path, &old, &found, err) < 0)
		return -1;
	if (found && old.len == text->len && !memcmp(old.data, text->data, old.len))
		return 0;
	return pki_folder_write(folder, path, text, err);
}

static int ensure_kubeconfig(const struct pki_folder *folder, const struct cluster *c, const char *ca, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct kubeconfig k = {.cluster = c->name, .user = "kubernetes-admin", .ca = ca,
			       .server = kubeconfig_server(folder->arena, c)};

	if (pki_pair_read(folder, "pki/admin.pem", &k.certificate, &k.key, err) < 0)
		return -1;
	kubeconfig_write(folder->arena, &k, &text);
	return update(folder, "kubeconfig", &text, err);
}

static int ensure_all(const struct pki_folder *folder, const struct cluster *c, const struct pki_due *due, struct error *err)
{
	_cleanup_(free_authorities) struct authority authorities[AUTHORITIES] = {0};
	struct pki_wishes wishes;

	if (pki_wishes(folder->arena, c, &wishes, err) < 0 ||
	    ensure_authorities(folder, &wishes, due->now, authorities, err) < 0)
		return -1;
	for (size_t i = 0; i < wishes.count; i++)
		if (pki_pair_ensure(folder, &wishes.items[i], &authorities[wishes.items[i].authority], due, err) < 0)
			return -1;
	if (pki_service_account(folder, err) < 0 || pki_encryption(folder, err) < 0)
		return -1;
	return ensure_kubeconfig(folder, c, authorities[AUTHORITY_CLUSTER].certificate, err);
}

int pki_init(struct arena *a, const struct cluster *c, const char *dir, struct strings *said, struct error *err)
{
	struct pki_due due = {.now = time(NULL), .days = PKI_RENEW_DAYS};
	_cleanup_folder_ struct pki_folder folder = {0};

	if (pki_folder_lock(a, dir, said, &folder, err) < 0 || ensure_all(&folder, c, &due, err) < 0)
		return -1;
	return tokens_ensure(&folder, c, due.now, err);
}

int pki_renew(struct arena *a, const struct cluster *c, const char *dir, unsigned days, struct strings *said,
	      struct error *err)
{
	struct pki_due due = {.now = time(NULL), .days = days, .always = days == 0};
	_cleanup_folder_ struct pki_folder folder = {0};

	/* What init has to make first is not made by renewing nothing in a mistyped folder. */
	if (pki_folder_open(a, dir, &folder, err) < 0)
		return -1;
	pki_folder_close(&folder);
	if (pki_folder_lock(a, dir, said, &folder, err) < 0)
		return -1;
	return ensure_all(&folder, c, &due, err);
}

static int read_cluster_ca(struct arena *a, const char *dir, struct authority *out, struct error *err)
{
	_cleanup_folder_ struct pki_folder folder = {0};

	if (pki_folder_open(a, dir, &folder, err) < 0)
		return -1;
	return authority_read(&folder, AUTHORITY_CLUSTER, time(NULL), out, err);
}

int pki_cluster_ca(struct arena *a, const char *dir, const char **pem, struct error *err)
{
	_cleanup_(authority_free) struct authority ca = {0};

	if (read_cluster_ca(a, dir, &ca, err) < 0)
		return -1;
	*pem = ca.certificate;
	return 0;
}

int pki_cluster_ca_hash(struct arena *a, const char *dir, const char **hash, struct error *err)
{
	_cleanup_(authority_free) struct authority ca = {0};

	if (read_cluster_ca(a, dir, &ca, err) < 0)
		return -1;
	return certificate_key_hash(a, ca.pair.certificate, hash, err);
}
