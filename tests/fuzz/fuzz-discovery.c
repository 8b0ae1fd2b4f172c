/* What an API server that nobody vouches for says of its cluster (node/agent/discovery.h), and certificates
 * (node/agent/certificate.h). Who does not have the token signs nothing: what is taken is the seed's authority. */
#include "tests/fuzz/fuzz.h"

#include "node/agent/certificate.h"
#include "node/agent/discovery.h"

static void read_certificates(struct arena *a, const char *text, struct error *err)
{
	struct certificates all;

	if (certificates_parse(a, text, &all, err) < 0) {
		fuzz_failed(err);
		return;
	}
	MUST(all.count > 0 && all.count <= CERTIFICATES_LIMIT);
	for (size_t i = 0; i < all.count; i++) {
		MUST(strlen(all.items[i].hash) == CERTIFICATE_HASH - 1);
		certificate_is_by(&all.items[i], &all);
	}
	certificate_has_key(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct kubeconfig k;
	struct arena a = {0};
	struct error err = {0};
	const char *ca = NULL;

	if (discovery_read(&a, (const char *)data, size, "abcdef.0123456789abcdef", &ca, &err) == DISCOVERY_SIGNED)
		MUST(!strcmp(ca, "ca"));
	else
		fuzz_failed(&err);
	if (kubeconfig_read(&a, text, strlen(text), &k, &err) < 0)
		fuzz_failed(&err);
	if (discovery_check_signature(&a, text, "payload", "abcdef", "0123456789abcdef", &err) < 0)
		fuzz_failed(&err);
	read_certificates(&a, text, &err);
	arena_free(&a);
	free(text);
	return 0;
}
