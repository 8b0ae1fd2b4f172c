#include "builder/runtime-check.h"

#include <string.h>

#include "builder/containerd-config.h"
#include "builder/docker-config.h"
#include "builder/kubelet-config.h"
#include "config/yaml.h"
#include "init/plan-state-advice.h"

enum { FILE_LIMIT = 1 << 20 };

#define EXEC_OPT "native.cgroupdriver="
#define LEAVE_OUT "; leave it out, mkdl says the same to both sides"

/* The value of a flag in words, as --flag=VALUE or --flag VALUE, from *from on, which becomes the word behind it. NULL: none. */
static const char *flag_value(const struct strings *words, const char *flag, size_t *from)
{
	size_t n = strlen(flag);

	for (size_t i = *from; i < words->count; i++) {
		const char *word = words->items[i];

		if (strncmp(word, flag, n) != 0 || (word[n] && word[n] != '='))
			continue;
		*from = i + 1;
		if (word[n])
			return word + n + 1;
		return i + 1 < words->count ? words->items[i + 1] : "";
	}
	return NULL;
}

/* The last one counts, as it does for the programs. */
static int check_flag_is(const struct plan_service *s, const char *flag, const char *want, struct error *err)
{
	const char *value = NULL, *next;
	size_t from = 0;

	while ((next = flag_value(&s->run, flag, &from)))
		value = next;
	if (!value || !strcmp(value, want))
		return 0;
	return place_error(err, s->at, "service %s: %s %s does not go with this image, where it is %s" LEAVE_OUT, s->name, flag,
			   value, want);
}

static int check_kubelet(const struct plan_service *s, enum container_runtime runtime, const char *endpoint, struct error *err)
{
	bool shim = runtime == RUNTIME_DOCKERSHIM;

	if (check_flag_is(s, "--cgroup-driver", CGROUP_DRIVER, err) < 0 ||
	    check_flag_is(s, "--container-runtime", shim ? "docker" : "remote", err) < 0)
		return -1;
	return check_flag_is(s, shim ? "--docker-endpoint" : "--container-runtime-endpoint", endpoint, err);
}

static int check_exec_opts(const struct plan_service *s, struct error *err)
{
	const char *value;
	size_t from = 0;

	while ((value = flag_value(&s->run, "--exec-opt", &from)))
		if (!strncmp(value, EXEC_OPT, strlen(EXEC_OPT)) && strcmp(value + strlen(EXEC_OPT), CGROUP_DRIVER) != 0)
			return place_error(err, s->at, "service %s: --exec-opt %s: the kubelet's cgroup driver is " CGROUP_DRIVER
					   ", as there is no systemd" LEAVE_OUT, s->name, value);
	return 0;
}

int runtime_check_services(const struct plan *plan, enum container_runtime runtime, const char *endpoint, struct error *err)
{
	for (size_t i = 0; i < plan->service_count; i++) {
		const struct plan_service *s = &plan->services[i];

		if (!strcmp(s->name, "kubelet") && check_kubelet(s, runtime, endpoint, err) < 0)
			return -1;
		if (!strcmp(s->name, "docker") && check_exec_opts(s, err) < 0)
			return -1;
		if (!strcmp(s->name, "cri-dockerd") &&
		    check_flag_is(s, "--container-runtime-endpoint", "unix://" CRI_DOCKERD_SOCKET, err) < 0)
			return -1;
	}
	return 0;
}

static int file_error(const struct node *n, unsigned line, struct error *err, const char *text)
{
	return error_set(err, "%s: %s:%u: %s", n->origin, n->path, line, text);
}

/* "SystemdCgroup = true", wherever the version in use has it. */
static int check_containerd(const struct node *n, const char *text, struct error *err)
{
	static const char key[] = "SystemdCgroup";
	unsigned line = 1;

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n', line++) {
		const char *word = p + strspn(p, " \t\"'");

		if (strncmp(word, key, sizeof(key) - 1) != 0)
			continue;
		word += sizeof(key) - 1;
		word += strspn(word, " \t\"'=");
		if (!strncmp(word, "true", 4))
			return file_error(n, line, err, "SystemdCgroup = true, but the kubelet's cgroup driver is " CGROUP_DRIVER
					  ", as there is no systemd: make it false");
	}
	return 0;
}

/* NULL when it is none of the YAML that config/yaml.h reads; JSON is. */
static const struct value *parse(struct build *b, const struct node *n, const struct strbuf *text, struct diagnostics *diag)
{
	*diag = (struct diagnostics){.arena = b->arena};
	return yaml_parse(b->arena, n->path, text->data ? text->data : "", text->len, diag);
}

static int check_kubelet_file(struct build *b, const struct node *n, const struct strbuf *text, struct error *err)
{
	struct diagnostics ignored;
	const struct value *all = parse(b, n, text, &ignored);
	const struct value *driver = all && all->type == VALUE_MAP ? value_get(all, "cgroupDriver", NULL) : NULL;

	if (!driver || driver->type != VALUE_SCALAR || !strcmp(driver->text, CGROUP_DRIVER))
		return 0;
	return file_error(n, driver->at.line, err, "the cgroupDriver is " CGROUP_DRIVER
			  " on a node, for its runtime too, as there is no systemd");
}

static const struct value *list_of(const struct value *map, const char *name)
{
	const struct value *v = value_get(map, name, NULL);

	return v && v->type == VALUE_LIST ? v : NULL;
}

/* Does dockerd listen where the kubelet looks for it? Without "hosts" it does. */
static int check_hosts(const struct node *n, const struct value *all, struct error *err)
{
	const struct value *hosts = list_of(all, "hosts");

	if (!hosts)
		return 0;
	for (size_t i = 0; i < hosts->count; i++)
		if (hosts->items[i]->type == VALUE_SCALAR && (!strcmp(hosts->items[i]->text, "unix://" DOCKER_SOCKET) ||
							       !strcmp(hosts->items[i]->text, "unix:///var" DOCKER_SOCKET)))
			return 0;
	return file_error(n, hosts->at.line, err, "\"hosts\" lacks unix://" DOCKER_SOCKET ", where the node looks for dockerd");
}

static int check_docker_file(struct build *b, const struct node *n, const struct strbuf *text, struct error *err)
{
	struct diagnostics diag;
	const struct value *all = parse(b, n, text, &diag), *options, *driver;

	if (!all || all->type != VALUE_MAP)
		return file_error(n, diag.count ? diag.items[0].at.line : 1, err, diag.count ? diag.items[0].text : "is no JSON object");
	options = list_of(all, "exec-opts");
	for (size_t i = 0; options && i < options->count; i++) {
		const struct value *v = options->items[i];

		if (v->type == VALUE_SCALAR && !strncmp(v->text, EXEC_OPT, strlen(EXEC_OPT)) &&
		    strcmp(v->text + strlen(EXEC_OPT), CGROUP_DRIVER) != 0)
			return file_error(n, v->at.line, err, arena_printf(b->arena, "\"%s\", but the kubelet's cgroup driver is "
					  CGROUP_DRIVER ", as there is no systemd: write \"" EXEC_OPT CGROUP_DRIVER "\"", v->text));
	}
	driver = value_get(all, "storage-driver", NULL);
	if (driver && driver->type == VALUE_SCALAR && !strncmp(driver->text, "overlay", 7) &&
	    plan_docker_needs_vfs(&b->profile.plan))
		return file_error(n, driver->at.line, err, "overlay2 cannot have its upper layers on NFS, where " DOCKER_ROOT
				  " is: leave the driver out, or take vfs");
	return check_hosts(n, all, err);
}

int runtime_check_files(struct build *b, struct error *err)
{
	static const char *const paths[] = {DOCKER_CONFIG, CONTAINERD_CONFIG, KUBELET_CONFIG};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		const struct node *n = tree_find(&b->tree, paths[i]);
		_cleanup_strbuf_ struct strbuf text = {0};
		int result;

		if (!n || n->type != NODE_FILE || !strcmp(n->origin, "generated"))
			continue;
		if (store_read_blob(&b->store, &n->content, FILE_LIMIT, &text, err) < 0)
			return error_wrap(err, "%s: %s", n->origin, n->path);
		strbuf_puts(&text, "");
		result = i == 0 ? check_docker_file(b, n, &text, err)
			 : i == 1 ? check_containerd(n, text.data, err) : check_kubelet_file(b, n, &text, err);
		if (result < 0)
			return -1;
	}
	return 0;
}
