/* ssh_keys: {ed25519_private: …}: the host's key as ssh-keygen writes it, kept for `agent ssh-key` in dropbear's form. */
#include <string.h>

#include "node/agent/apply.h"
#include "node/agent/ssh-key.h"

static int convert(struct apply *a, struct strbuf *out, struct error *err)
{
	const char *text = a->settings.host_key;
	uint8_t key[SSH_KEY_SIZE];

	return ssh_key_from_openssh(text, strlen(text), key, err) < 0 ? -1 : ssh_key_dropbear(key, out, err);
}

int apply_host_key_prepare(struct apply *a, struct error *err)
{
	_cleanup_strbuf_ struct strbuf key = {0};
	_cleanup_error_ struct error why = {0};

	if (!a->settings.host_key || convert(a, &key, &why) == 0)
		return 0;
	return place_error(err, a->settings.host_key_at, "the host's key cannot be used: %s", error_text(&why));
}

int apply_host_key(struct apply *a, struct error *err)
{
	_cleanup_strbuf_ struct strbuf key = {0};

	if (!a->settings.host_key)
		return 0;
	if (convert(a, &key, err) < 0)
		return -1;
	return root_write(&a->root, APPLY_HOST_KEY, key.data, key.len, 0600, 0, 0, err);
}
