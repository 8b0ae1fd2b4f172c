/* What single texts about a cluster look like: tokens, hashes of authorities, taints. */
#include <string.h>

#include "config/syntax.h"

/* A bearer token (RFC 6750): kubeadm's form, or any other. */
bool check_token(struct reader *r, const struct value *name, const struct value *v)
{
	bool ok = strlen(v->text) <= 4096 && consists_of(v->text, LOWER UPPER DIGIT, LOWER UPPER DIGIT "-._~+/=:");

	/* A secret is not repeated in a message. */
	if (!ok)
		complain(r, v, "\"%s\": this is no token, as in \"abcdef.0123456789abcdef\"", name->text);
	return ok;
}

/* As kubeadm writes them (RFC 7469 over the SubjectPublicKeyInfo, in hexadecimal digits). */
bool check_ca_hash(struct reader *r, const struct value *name, const struct value *v)
{
	static const char prefix[] = "sha256:";
	bool hash = begins_with(v->text, prefix) && strlen(v->text) == strlen(prefix) + 64 &&
		    consists_of(v->text + strlen(prefix), DIGIT "abcdef", DIGIT "abcdef");

	return expect(r, name, v, hash || !strcmp(v->text, "unsafe"),
		      "\"sha256:\" and 64 hexadecimal digits in lower case, as kubeadm prints it");
}

/* KEY=VALUE:EFFECT, as the kubelet's --register-with-taints. */
bool check_taint(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
	const char *colon = strrchr(v->text, ':');
	size_t n = colon ? (size_t)(colon - v->text) : 0, key = strcspn(v->text, "=:");
	bool ok = n && key &&
		  consists_of(arena_strndup(r->arena, v->text, n), LOWER UPPER DIGIT, LOWER UPPER DIGIT "-._/=");

	for (size_t i = 0; ok && i < 3; i++)
		if (!strcmp(colon + 1, effects[i]))
			return true;
	return expect(r, name, v, false, "a taint: KEY=VALUE:NoSchedule, :PreferNoSchedule or :NoExecute");
}

/* The image may leave it to the node's configuration. */
bool check_api_server(struct reader *r, const struct value *name, const struct value *v)
{
	return !strcmp(v->text, "config") || check_https(r, name, v);
}
