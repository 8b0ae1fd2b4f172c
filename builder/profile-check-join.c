/* What a worker needs to join a cluster by. */
#include <string.h>

#include "builder/profile-private.h"

/* Everybody who reaches the TFTP or HTTP server can read an image. */
static void warn_of_token(struct loader *l, const struct value *kubernetes)
{
	const struct value *key, *token = value_get(kubernetes, "token", &key);

	if (token)
		diagnose(l->reader.diag, SEVERITY_WARNING, key->at, key->width,
			 "the token becomes part of the image, which everybody on the boot network can read, and with it a machine "
			 "can make itself a node: give it in each node's configuration (mkdl: {kubernetes: {token: …}}), by https");
}

void check_profile_join(struct loader *l)
{
	const struct value *kubernetes = value_get(l->merged, "kubernetes", NULL), *key;

	if (!kubernetes || kubernetes->type != VALUE_MAP)
		return;
	warn_of_token(l, kubernetes);
	if (!l->profile->kubernetes.server && (value_get(kubernetes, "token", &key) || value_get(kubernetes, "ca_cert_hash", &key)))
		diagnose(l->reader.diag, SEVERITY_ERROR, key->at, key->width,
			 "\"%s\" is for joining a cluster, and no \"server\" is named: give its URL, or the word config if each node's "
			 "configuration names it", key->text);
}
