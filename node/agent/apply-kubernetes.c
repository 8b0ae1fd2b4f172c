/* What the configuration says of the cluster that the node joins: the kubelet's command line, and what the service "join"
 * reads. */
#include <string.h>

#include "node/agent/apply.h"
#include "node/agent/join-file.h"

enum { FLAGS_LIMIT = 200 };

/* Index of the word that gives a flag ("--node-labels=…"), or the count. */
static size_t find_flag(const struct strings *run, const char *flag)
{
	size_t n = strcspn(flag, "="), i = 0;

	while (i < run->count &&
	       (strncmp(run->items[i], flag, n) != 0 || (run->items[i][n] != '=' && run->items[i][n])))
		i++;
	return i;
}

static void set_flag(struct apply *a, struct plan_service *s, const char *word)
{
	size_t at = find_flag(&s->run, word);
	struct strings run = {0};

	/* The list may be another's array: it is written anew. */
	for (size_t i = 0; i < s->run.count; i++)
		strings_add(a->arena, &run, i == at ? word : s->run.items[i]);
	if (at == s->run.count)
		strings_add(a->arena, &run, word);
	s->run = run;
}

/* The profile's labels with ours, one of the same name replaced. */
static void set_labels(struct apply *a, struct plan_service *s, const struct pairs *labels)
{
	static const char flag[] = "--node-labels=";
	size_t at = find_flag(&s->run, flag);
	const char *known = at < s->run.count ? s->run.items[at] + strcspn(s->run.items[at], "=") : "", *out = "";

	for (const char *p = known + (*known == '='); *p;) {
		size_t n = strcspn(p, ",");
		const char *label = arena_strndup(a->arena, p, n),
			   *key = arena_strndup(a->arena, p, strcspn(label, "="));

		if (n && !pairs_get(labels, key))
			out = arena_printf(a->arena, "%s%s%s", out, *out ? "," : "", label);
		p += n + (p[n] == ',');
	}
	for (size_t i = 0; i < labels->count; i++)
		out = arena_printf(a->arena, "%s%s%s=%s", out, *out ? "," : "", labels->items[i].key,
				   labels->items[i].value);
	set_flag(a, s, arena_printf(a->arena, "%s%s", flag, out));
}

static void set_taints(struct apply *a, struct plan_service *s, const struct strings *taints)
{
	const char *out = "";

	for (size_t i = 0; i < taints->count; i++)
		out = arena_printf(a->arena, "%s%s%s", out, *out ? "," : "", taints->items[i]);
	set_flag(a, s, arena_printf(a->arena, "--register-with-taints=%s", out));
}

static bool wants_kubelet(const struct mkdl *m)
{
	return m->server || m->token || m->ca || m->pins.count || m->node_ip || m->labels.count || m->taints.count || m->args.count;
}

/* Can what was asked for be had? The rest is found out when the node joins, which says so then. */
static int check_join(struct apply *a, const struct mkdl *m, struct error *err)
{
	if (!m->server && !m->token && !m->ca && !m->pins.count)
		return 0;
	if (!plan_find_service(a->plan, "join"))
		return place_error(err, m->kubernetes_at,
				   "the image's kubelet runs without an API server; give its profile "
				   "kubernetes: {role: worker, server: config}");
	return 0;
}

int apply_kubernetes_prepare(struct apply *a, struct error *err)
{
	const struct mkdl *m = a->settings.mkdl;
	struct plan_service *kubelet = plan_find_service(a->plan, "kubelet");

	if (!m || !wants_kubelet(m))
		return 0;
	if (!kubelet)
		return place_error(err, m->kubernetes_at,
				   "there is no service \"kubelet\" in the image that \"kubernetes\" could be for");
	/* More would not fit a command line anyway. */
	if (m->labels.count > FLAGS_LIMIT || m->taints.count > FLAGS_LIMIT || m->args.count > FLAGS_LIMIT)
		return place_error(err, m->kubernetes_at, "more than %d labels, taints or args", FLAGS_LIMIT);
	if (check_join(a, m, err) < 0)
		return -1;
	if (m->labels.count)
		set_labels(a, kubelet, &m->labels);
	if (m->taints.count)
		set_taints(a, kubelet, &m->taints);
	if (m->node_ip) {
		a->plan->node_ip = m->node_ip;
		set_flag(a, kubelet, "--node-ip=${node_ip}");
	}
	for (size_t i = 0; i < m->args.count; i++)
		set_flag(a, kubelet, m->args.items[i]);
	return 0;
}

/* For the service "join": what the image has, and the configuration in its place. */
static int write_join(struct apply *a, const struct mkdl *m, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct join_file j;
	const char *baked;
	size_t n;

	if (!m->server && !m->token && !m->ca && !m->pins.count)
		return 0;
	if (root_read(&a->root, JOIN_BAKED, JOIN_FILE_LIMIT, &baked, &n, NULL, err) < 0 ||
	    join_file_parse(a->arena, JOIN_BAKED, baked, n, &j, err) < 0)
		return -1;
	j.server = m->server ? m->server : j.server;
	j.token = m->token ? m->token : j.token;
	j.ca = m->ca ? m->ca : j.ca;
	if (m->pins.count) {
		j.pins = (struct strings){0};
		j.unsafe = false;
		join_file_add_pins(a->arena, &j, &m->pins);
	}
	join_file_write(&j, &text);
	return root_write(&a->root, JOIN_FILE, text.data, text.len, 0600, 0, 0, err);
}

int apply_kubernetes(struct apply *a, struct error *err)
{
	const struct mkdl *m = a->settings.mkdl;

	return m ? write_join(a, m, err) : 0;
}
