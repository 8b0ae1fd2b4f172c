/* CoreOS, RancherOS and k3OS took over cloud-config and put what was theirs under keys of their own. What has a
 * counterpart here is moved to it, with its place; the rest is said. Spellings: docs of coreos-cloudinit, RancherOS 1.x
 * and k3OS 0.2x. */
#include <string.h>

#include "node/agent/cloud.h"

/* Where a foreign key goes: words joined by "/", from the outermost map on. NULL: it is ignored, help says why. */
struct foreign {
	const char *from, *to, *help;
};

static const char no_modules[] = "modules are loaded before configuration is read; name them in the profile's modules";
static const char no_password[] = "no password opens anything on a node; write ssh_authorized_keys";
static const char no_update[] = "a node is updated by booting another image";
static const char no_units[] = "there is no systemd; write services under mkdl: {services: …}";
static const char no_docker[] = "containers are containerd's and the kubelet's; write daemons under mkdl: {services: "
				"…}";
static const char no_disk[] = "a node has no disk of its own; mkdl: {state: …} mounts what is kept";
static const char no_overlay[] = "the network of pods and the cluster's store are the cluster's own";

static const struct foreign foreigns[] = {
	{"k3os/server_url", "mkdl/kubernetes/server", NULL},
	{"k3os/token", "mkdl/kubernetes/token", NULL},
	{"k3os/labels", "mkdl/kubernetes/labels", NULL},
	{"k3os/taints", "mkdl/kubernetes/taints", NULL},
	{"k3os/sysctls", "mkdl/sysctl", NULL},
	{"k3os/sysctl", "mkdl/sysctl", NULL},
	{"k3os/dns_nameservers", "resolv_conf/nameservers", NULL},
	{"k3os/dnsNameservers", "resolv_conf/nameservers", NULL},
	{"k3os/ntp_servers", "ntp/servers", NULL},
	{"k3os/ntpServers", "ntp/servers", NULL},
	{"k3os/modules", NULL, no_modules},
	{"k3os/password", NULL, no_password},
	{"k3os/upgrade", NULL, no_update},
	{"k3os/install", NULL, "nothing is installed: the node boots over the network"},
	{"k3os/data_sources", NULL,
	 "sources of configuration are named in the profile or on the kernel's command line"},
	{"k3os/wifi", NULL, "a node that boots over the network has a cable"},
	{"k3os/environment", NULL, "each service has its own: mkdl: {services: {NAME: {env: …}}}"},
	{"k3os/k3s_args", NULL, "the kubelet is not k3s; its flags are kubernetes: {args: …} of the profile"},
	{"rancher/network/dns/nameservers", "resolv_conf/nameservers", NULL},
	{"rancher/network/dns/search", "resolv_conf/searchdomains", NULL},
	{"rancher/network/http_proxy", NULL, "each service has its own: mkdl: {services: {containerd: {env: …}}}"},
	{"rancher/network/https_proxy", NULL, "each service has its own: mkdl: {services: {containerd: {env: …}}}"},
	{"rancher/network/no_proxy", NULL, "each service has its own: mkdl: {services: {containerd: {env: …}}}"},
	{"rancher/sysctl", "mkdl/sysctl", NULL},
	{"rancher/ssh/keys", NULL, "write ssh_keys: {ed25519_private: …}"},
	{"rancher/modules", NULL, no_modules},
	{"rancher/password", NULL, no_password},
	{"rancher/state", NULL, no_disk},
	{"rancher/resize_device", NULL, no_disk},
	{"rancher/upgrade", NULL, no_update},
	{"rancher/services", NULL, no_docker},
	{"rancher/services_include", NULL, no_docker},
	{"rancher/bootstrap", NULL, no_docker},
	{"rancher/autoformat", NULL, no_disk},
	{"rancher/docker", NULL, no_docker},
	{"rancher/system_docker", NULL, no_docker},
	{"rancher/bootstrap_docker", NULL, no_docker},
	{"rancher/registry_auths", NULL, "write containerd's configuration, or imagePullSecrets in the cluster"},
	{"rancher/repositories", NULL, no_docker},
	{"rancher/environment", NULL, "each service has its own: mkdl: {services: {NAME: {env: …}}}"},
	{"rancher/console", NULL, "the image is the console"},
	{"rancher/debug", NULL, "nodectl logs shows what services say"},
	{"rancher/cloud_init", NULL,
	 "sources of configuration are named in the profile or on the kernel's command line"},
	{"rancher/defaults", NULL, "defaults are the profile's"},
	{"coreos/units", NULL, no_units},
	{"coreos/update", NULL, no_update},
	{"coreos/locksmith", NULL, no_update},
	{"coreos/etcd", NULL, no_overlay},
	{"coreos/etcd2", NULL, no_overlay},
	{"coreos/fleet", NULL, no_overlay},
	{"coreos/flannel", NULL, no_overlay},
	{"coreos/oem", NULL, "it describes an image of CoreOS"},
};

static const char *const families[] = {"k3os", "rancher", "coreos"};

/* The value at a path, *key as written; NULL when there is none. */
static struct value *find(const struct value *map, const char *path, struct arena *a, const struct value **key)
{
	struct value *v = (struct value *)(uintptr_t)map;

	while (*path && v) {
		size_t n = strcspn(path, "/");

		v = value_get(v, arena_strndup(a, path, n), key);
		path += n + (path[n] == '/');
	}
	return v;
}

static void put(struct cloud *c, struct value *map, const struct value *key, const char *path, struct value *v)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(path, '/')) {
		map = cloud_dig(c, map, key, arena_strndup(c->r.arena, path, (size_t)(slash - path)));
		path = slash + 1;
	}
	if (value_get(map, path, NULL))
		complain(&c->r, key, "\"%s\" is here too, under its own name \"%s\"", key->text, path);
	else
		cloud_set(c, map, key, path, v);
}

/* RancherOS' "eth0: {address: 10.0.0.5/24, gateway: 10.0.0.1, mtu: 1500, dhcp: false}" as netplan has it. */
static struct value *rancher_interface(struct cloud *c, const struct value *v)
{
	static const char *const plain[][2] = {
		{"mtu", "mtu"}, {"dhcp", "dhcp4"}, {"gateway", "gateway4"}, {"gateway_ipv6", "gateway6"}};
	struct value *out = value_new(c->r.arena, VALUE_MAP, v->at), *list = value_new(c->r.arena, VALUE_LIST, v->at);
	const struct value *key = NULL;

	for (size_t i = 0; i < v->count; i++) {
		const char *name = v->keys[i]->text;
		bool known = false;

		for (size_t j = 0; j < sizeof(plain) / sizeof(*plain); j++) {
			if (strcmp(plain[j][0], name) != 0)
				continue;
			known = true;
			if (v->items[i]->type == VALUE_SCALAR && *v->items[i]->text)
				cloud_set(c, out, v->keys[i], plain[j][1], v->items[i]);
		}
		if (!strcmp(name, "address") && v->items[i]->type == VALUE_SCALAR) {
			key = v->keys[i];
			value_add(c->r.arena, list, NULL, v->items[i]);
		} else if (!strcmp(name, "addresses") && v->items[i]->type == VALUE_LIST) {
			key = v->keys[i];
			for (size_t j = 0; j < v->items[i]->count; j++)
				value_add(c->r.arena, list, NULL, v->items[i]->items[j]);
		} else if (!known) {
			diagnose(c->r.diag, SEVERITY_WARNING, v->keys[i]->at, v->keys[i]->width,
				 "\"%s\" is ignored: interfaces have address, addresses, gateway, gateway_ipv6, mtu, "
				 "dhcp; for more write \"network\"",
				 name);
		}
	}
	if (key)
		cloud_set(c, out, key, "addresses", list);
	return out;
}

static void adopt_rancher_interfaces(struct cloud *c, struct value *map)
{
	const struct value *key = NULL;
	struct value *v = find(map, "rancher/network/interfaces", c->r.arena, &key), *ethernets;

	if (!v || v->type != VALUE_MAP)
		return;
	ethernets = value_new(c->r.arena, VALUE_MAP, v->at);
	for (size_t i = 0; i < v->count; i++) {
		struct value *link;
		const char *name = v->keys[i]->text;

		if (v->items[i]->type != VALUE_MAP || !strcmp(name, "lo"))
			continue;
		link = rancher_interface(c, v->items[i]);
		/* "mac=52:54:…" names a card by its address; a pattern (eth*) is complained about by the reader of
		 * "match". */
		if (!strncmp(name, "mac=", 4) || strpbrk(name, "*?")) {
			struct value *match = cloud_dig(c, link, v->keys[i], "match");
			bool mac = name[0] == 'm' && name[3] == '=';

			cloud_set(c, match, v->keys[i], mac ? "macaddress" : "name",
				  cloud_text_value(c, v->keys[i]->at, name + (mac ? 4 : 0)));
			name = arena_printf(c->r.arena, "link%zu", i);
		}
		cloud_set(c, ethernets, v->keys[i], name, link);
	}
	put(c, map, key, "network/ethernets", ethernets);
	cloud_remove(find(map, "rancher/network", c->r.arena, NULL), "interfaces");
}

static void ignore(struct cloud *c, const struct value *key, const char *why)
{
	diagnose(c->r.diag, SEVERITY_WARNING, key->at, key->width, "\"%s\" is ignored: %s", key->text, why);
}

/* What the table did not take. */
static void ignore_rest(struct cloud *c, const struct value *v)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->items[i]->type == VALUE_MAP && !strcmp(v->keys[i]->text, "network"))
			ignore_rest(c, v->items[i]);
		else if (v->items[i]->type != VALUE_MAP || v->items[i]->count || !strcmp(v->keys[i]->text, "ssh"))
			ignore(c, v->keys[i], "it has no counterpart here");
}

/* k3OS names commands after their stage. */
static void adopt_commands(struct cloud *c, struct value *map)
{
	static const char *const names[][2] = {
		{"init_cmd", "bootcmd"}, {"initCmd", "bootcmd"}, {"boot_cmd", "bootcmd"},
		{"bootCmd", "bootcmd"},	 {"run_cmd", "runcmd"},	 {"runCmd", "runcmd"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct value *key = NULL;
		struct value *v = value_get(map, names[i][0], &key), *known = value_get(map, names[i][1], NULL);

		if (!v)
			continue;
		cloud_remove(map, names[i][0]);
		if (known && known->type == VALUE_LIST && v->type == VALUE_LIST)
			for (size_t j = 0; j < v->count; j++)
				value_add(c->r.arena, known, NULL, v->items[j]);
		else
			cloud_set(c, map, key, names[i][1], v);
	}
}

void cloud_adopt_foreign(struct cloud *c, struct value *map)
{
	adopt_commands(c, map);
	adopt_rancher_interfaces(c, map);
	for (size_t i = 0; i < sizeof(foreigns) / sizeof(*foreigns); i++) {
		const struct foreign *f = &foreigns[i];
		const char *last = strrchr(f->from, '/');
		const struct value *key = NULL;
		struct value *v = find(map, f->from, c->r.arena, &key);

		if (!v)
			continue;
		cloud_remove(find(map, arena_strndup(c->r.arena, f->from, (size_t)(last - f->from)), c->r.arena, NULL),
			     last + 1);
		if (!f->to)
			ignore(c, key, f->help);
		else if (v->type != VALUE_NULL)
			put(c, map, key, f->to, v);
	}
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		const struct value *key = NULL;
		struct value *v = value_get(map, families[i], &key);

		if (v && v->type == VALUE_MAP)
			ignore_rest(c, v);
		else if (v && v->type != VALUE_NULL)
			complain(&c->r, v, "\"%s\": expected a map", key->text);
		if (v)
			cloud_remove(map, families[i]);
	}
}

void cloud_show_foreign(struct strbuf *out)
{
	strbuf_puts(out, "| key | here |\n|---|---|\n");
	for (size_t i = 0; i < sizeof(foreigns) / sizeof(*foreigns); i++) {
		const char *p = foreigns[i].from;

		strbuf_puts(out, "| `");
		for (; *p; p++)
			strbuf_add(out, *p == '/' ? "." : p, 1);
		strbuf_puts(out, "` | ");
		if (foreigns[i].to) {
			strbuf_puts(out, "becomes `");
			for (p = foreigns[i].to; *p; p++)
				strbuf_add(out, *p == '/' ? "." : p, 1);
			strbuf_puts(out, "` |\n");
		} else {
			strbuf_printf(out, "ignored: %s |\n", foreigns[i].help);
		}
	}
}
