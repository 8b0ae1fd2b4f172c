#include "builder/node-config.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "builder/node-private.h"
#include "builder/public-key.h"
#include "builder/progress.h"

#define FOLDER "/etc/mkdl/config.d"
#define SECRET "/etc/mkdl/secret"

enum { FILE_LIMIT = 4 << 20, SECRET_LEAST = 16, SECRET_LIMIT = 4096, FIRST = 10 };

struct strings node_config_paths(struct arena *a, const struct profile *p)
{
	struct strings out = {0};

	/* Overlays may bring more, which the agent takes after these, by name. */
	for (size_t i = 0; i < p->config_files.count; i++)
		strings_add(a, &out, arena_printf(a, FOLDER "/%02zu-%s", FIRST + i, path_base(p->config_files.items[i])));
	return out;
}

/* Certificates are public. */
static int add_ca(struct build *b, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (certificates_read(b->profile.config_ca, &text, err) < 0)
		return error_wrap(err, "config: ca: %s", b->profile.config_ca);
	return node_put_file(b, NODE_CONFIG_CA, 0644, 0, 0, text.data, text.len, "config: ca", err);
}

static int add_secret(struct build *b, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (file_read_at(AT_FDCWD, b->profile.secret, SECRET_LIMIT, &text, err) < 0)
		return error_wrap(err, "identity: secret");
	if (text.len < SECRET_LEAST)
		return error_set(err, "identity: secret: %s has %zu bytes; a secret has at least %d (openssl rand -hex 32)",
				 b->profile.secret, text.len, SECRET_LEAST);
	return node_put_file(b, SECRET, 0600, 0, 0, text.data, text.len, "identity: secret", err);
}

/* The service "ssh-key" of base.yml then derives the node's SSH key from its UUID or MAC alone
 * (node/agent/ssh-key.h). */
static void warn_of_guessable_keys(struct build *b)
{
	const struct profile *p = &b->profile;
	const struct plan_service *s = plan_find_service(&p->plan, "ssh-key");
	bool logs_in = false;

	for (size_t i = 0; i < p->user_count; i++)
		logs_in = logs_in || p->users[i].ssh_keys.count;
	for (size_t i = 0; i < p->plan.state_count; i++)
		if (path_is_below("/var/lib/mkdl", p->plan.states[i].path) && p->plan.states[i].kind != PLAN_STATE_TMPFS)
			return;
	if (p->secret || !logs_in || !s || s->run.count < 2 || strcmp(s->run.items[1], "ssh-key") != 0)
		return;
	progress_say(b->progress, 0, "warning: whoever knows the UUID or the MAC of a node can compute its SSH host key: give the profile "
		     "a secret (identity: {secret: FILE}; openssl rand -hex 32 >FILE)");
}

int node_config_add(struct build *b, struct error *err)
{
	const struct profile *p = &b->profile;
	struct strings paths = node_config_paths(b->arena, p);

	if (node_config_check(&p->config_files, err) < 0)
		return place_wrap(err, p->config_at);
	for (size_t i = 0; i < paths.count; i++) {
		_cleanup_strbuf_ struct strbuf text = {0};

		if (file_read_at(AT_FDCWD, p->config_files.items[i], FILE_LIMIT, &text, err) < 0)
			return place_wrap(err, p->config_at);
		/* It may hold passwords and keys. */
		if (node_put_file(b, paths.items[i], 0600, 0, 0, text.data ? text.data : "", text.len, "config: files", err) < 0)
			return -1;
	}
	if (p->config_ca && add_ca(b, err) < 0)
		return place_wrap(err, p->config_at);
	warn_of_guessable_keys(b);
	return p->secret ? add_secret(b, err) : 0;
}
