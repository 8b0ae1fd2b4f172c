/* What the kubelet reads of the cluster: its authority, and a kubeconfig (client-go's clientcmd v1; JSON, which is YAML) with
 * the token for its first certificate or with the one that it has. */
#include <string.h>

#include "base/json.h"
#include "node/agent/member.h"

struct user {
	const char *token;       /* or … */
	const char *certificate; /* … a file that holds the key too */
};

static void add_clusters(struct json *j, const struct member *m)
{
	json_open_array(j, "clusters");
	json_open_object(j, NULL);
	json_string(j, "name", "cluster");
	json_open_object(j, "cluster");
	json_string(j, "server", m->server);
	json_string(j, "certificate-authority", MEMBER_CA);
	json_close_object(j);
	json_close_object(j);
	json_close_array(j);
}

static void add_users(struct json *j, const struct user *user)
{
	json_open_array(j, "users");
	json_open_object(j, NULL);
	json_string(j, "name", "node");
	json_open_object(j, "user");
	if (user->token) {
		json_string(j, "token", user->token);
	} else {
		json_string(j, "client-certificate", user->certificate);
		json_string(j, "client-key", user->certificate);
	}
	json_close_object(j);
	json_close_object(j);
	json_close_array(j);
}

static void add_contexts(struct json *j)
{
	json_open_array(j, "contexts");
	json_open_object(j, NULL);
	json_string(j, "name", "node");
	json_open_object(j, "context");
	json_string(j, "cluster", "cluster");
	json_string(j, "user", "node");
	json_close_object(j);
	json_close_object(j);
	json_close_array(j);
}

static int write_kubeconfig(struct member *m, const char *path, const struct user *user, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);

	json_open_object(&j, NULL);
	json_string(&j, "apiVersion", "v1");
	json_string(&j, "kind", "Config");
	json_string(&j, "current-context", "node");
	add_clusters(&j, m);
	add_users(&j, user);
	add_contexts(&j);
	json_close_object(&j);
	json_end(&j);
	return root_write(&m->root, path, text.data, text.len, 0600, 0, 0, err);
}

int join_write(struct member *m, struct error *err)
{
	static const struct user own = {.certificate = MEMBER_CERTIFICATE};
	const struct user bootstrap = {.token = m->token};

	if (root_write(&m->root, MEMBER_CA, m->ca, strlen(m->ca), 0644, 0, 0, err) < 0)
		return -1;
	if (m->token_given && write_kubeconfig(m, MEMBER_BOOTSTRAP, &bootstrap, err) < 0)
		return -1;
	/* With a certificate the kubelet asks for none; the server may have moved since it got it. Without one it has to. */
	if (m->certificate)
		return write_kubeconfig(m, MEMBER_KUBECONFIG, &own, err);
	return root_remove(&m->root, "/var/lib/kubelet", "kubeconfig", err);
}
