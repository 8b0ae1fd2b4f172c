#include <string.h>

#include "base/path.h"
#include "cluster/cluster-read.h"
#include "config/plan-check.h"
#include "config/syntax.h"

const char *const cluster_role_names[CLUSTER_ROLES] = {[CLUSTER_SERVER] = "server", [CLUSTER_WORKER] = "worker"};

/* RFC 1123. */
static bool is_dns_label(const char *text, size_t limit)
{
	size_t n = strlen(text);

	return consists_of(text, LOWER DIGIT, LOWER DIGIT "-") && text[n - 1] != '-' && n <= limit;
}

bool check_dns_label(struct reader *r, const struct value *name, const struct value *v)
{
	return expect(r, name, v, is_dns_label(v->text, 63),
		      "a host name: at most 63 of a-z, 0-9 and \"-\", a letter or digit first and last");
}

/* "NAME-server" is the name of a profile. */
bool check_cluster_name(struct reader *r, const struct value *name, const struct value *v)
{
	return expect(r, name, v, is_dns_label(v->text, 40),
		      "a name of at most 40 of a-z, 0-9 and \"-\", a letter or digit first and last");
}

bool check_ipv4(struct reader *r, const struct value *name, const struct value *v)
{
	uint32_t address;

	return expect(r, name, v, ipv4_parse(v->text, &address), "an IPv4 address, as in 10.77.0.11");
}

bool check_network(struct reader *r, const struct value *name, const struct value *v)
{
	struct cidr c;
	bool exact;

	if (!expect(r, name, v, cidr_parse(v->text, &c, &exact) && c.bits >= 8 && c.bits <= 30,
		    "an IPv4 network of a prefix from /8 to /30, as in 10.77.0.0/24"))
		return false;
	if (!exact)
		complain(r, v, "\"%s\": %s is an address in a network, which is written %s", name->text, v->text,
			 cidr_text(r->arena, c));
	return exact;
}

/* "1.20", "v1.20.2" */
bool check_version(struct reader *r, const struct value *name, const struct value *v)
{
	const char *text = v->text + (*v->text == 'v'), *dot = strchr(text, '.');
	unsigned long major, minor;
	bool ok = dot && parse_number(arena_strndup(r->arena, text, (size_t)(dot - text)), 1, 1, &major) &&
		  parse_number(arena_strndup(r->arena, dot + 1, strspn(dot + 1, DIGIT)), 0, 99, &minor) &&
		  !text[strspn(text, DIGIT ".")];

	return expect(r, name, v, ok, "a version of Kubernetes, as in \"1.20\"");
}

/* KEY=VALUE:EFFECT or KEY:EFFECT. */
bool check_cluster_taint(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
	const char *colon = strrchr(v->text, ':');
	size_t n = colon ? (size_t)(colon - v->text) : 0, key = strcspn(v->text, "=:");
	const char *rest = n > key ? arena_strndup(r->arena, v->text + key + 1, n - key - 1) : "";
	bool known = false;

	for (size_t i = 0; colon && i < 3; i++)
		known = known || !strcmp(colon + 1, effects[i]);
	return expect(r, name, v, known && consists_of(arena_strndup(r->arena, v->text, key), LOWER UPPER DIGIT,
						       LOWER UPPER DIGIT "-._/") &&
				   (!*rest || consists_of(rest, LOWER UPPER DIGIT, LOWER UPPER DIGIT "-._")),
		      "a taint: KEY=VALUE:NoSchedule, :PreferNoSchedule or :NoExecute");
}

/* It becomes a word of YAML. */
bool check_profile_file(struct reader *r, const struct value *name, const struct value *v)
{
	return check_plain(r, name, v) && expect(r, name, v, is_visible(v->text) && strlen(v->text) > 4 &&
								  !strcmp(v->text + strlen(v->text) - 4, ".yml"),
						 "the file name of a profile, as in server.yml");
}

static void write_nothing(struct json *j, const struct key *k, const void *field)
{
	(void)j, (void)k, (void)field;
}

/* Maps of roles. The field of "profiles", "state" and "lab" is the cluster. */
static void read_roles(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field)
{
	const struct key_target target = {
		k->type == &type_cluster_profiles ? &map_cluster_roles_profile :
		k->type == &type_cluster_states	  ? &map_cluster_roles_state :
						    &map_cluster_roles_lab,
		field,
	};

	if (is_map(r, name, v, " of roles: server, worker"))
		read_map(r, &target, 1, v);
}

const struct key_type type_cluster_profiles = {"map of roles to files", read_roles, write_nothing, NULL};
const struct key_type type_cluster_states = {"map of roles to maps", read_roles, write_nothing, NULL};
const struct key_type type_cluster_lab = {"map of roles to maps", read_roles, write_nothing, NULL};

/* The field is the struct cluster_kind. */
static void read_machine(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field)
{
	const struct key_target target = {&map_cluster_machine, field};

	(void)k;
	if (is_map(r, name, v, ", as in {memory: 2G, cpus: 2}"))
		read_map(r, &target, 1, v);
}

const struct key_type type_cluster_machine = {"map", read_machine, write_nothing, NULL};

enum { MEMORY_LEAST = 256, MEMORY_LIMIT = 1 << 20 };

/* The field is an unsigned, MiB. */
static void read_size(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field)
{
	size_t n = strlen(v->type == VALUE_SCALAR ? v->text : "");
	unsigned long value;

	(void)k;
	if (!is_text(r, name, v))
		return;
	if (n > 1 && strchr("MG", v->text[n - 1]) &&
	    parse_number(arena_strndup(r->arena, v->text, n - 1), 1, MEMORY_LIMIT, &value)) {
		value *= v->text[n - 1] == 'G' ? 1024 : 1;
		if (value >= MEMORY_LEAST && value <= MEMORY_LIMIT) {
			*(unsigned *)field = (unsigned)value;
			return;
		}
	}
	complain(r, v, "\"%s\": expected a size of 256M to 1024G, as in 512M or 2G", name->text);
}

const struct key_type type_cluster_size = {"size", read_size, write_nothing, NULL};

/* HOST[:PORT]; the field is the cluster. */
static void read_api(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field)
{
	struct cluster *c = field;
	unsigned long port = c->api_port;
	uint32_t address;
	const char *colon;
	struct value host = *v;

	(void)k;
	if (!is_text(r, name, v))
		return;
	colon = strchr(v->text, ':');
	if (colon)
		host.text = arena_strndup(r->arena, v->text, (size_t)(colon - v->text));
	if ((colon && !parse_number(colon + 1, 1, 65535, &port)) ||
	    !(ipv4_parse(host.text, &address) ||
	      (consists_of(host.text, LOWER, LOWER DIGIT ".-") && !strstr(host.text, "..") && strlen(host.text) <= 253))) {
		complain(r, v, "\"%s\": expected a name or an IPv4 address, as in 10.77.0.11 or k8s.example.org:6443", name->text);
		return;
	}
	c->api = host.text;
	c->api_port = (unsigned)port;
}

const struct key_type type_cluster_api = {"HOST or HOST:PORT", read_api, write_nothing, NULL};

static void read_registry(struct reader *r, const struct value *name, const struct value *list, struct cluster *c)
{
	static const char *const schemes[] = {"http://", "https://"};
	struct cluster_registry registry = {.host = name->text, .at = name->at};

	if (!expect(r, name, name, consists_of(name->text, LOWER UPPER DIGIT "_", LOWER UPPER DIGIT "_.:-"),
		    "the name of a registry, as in docker.io, or _default") ||
	    !is_list(r, name, list))
		return;
	for (size_t i = 0; i < list->count; i++) {
		const struct value *url = list->items[i];

		if (is_text(r, name, url) &&
		    expect(r, name, url, has_scheme(url->text, schemes, 2) && is_visible(url->text) && !strpbrk(url->text, "\"\\"),
			   "the http:// or https:// address of a mirror"))
			strings_add(r->arena, &registry.mirrors, url->text);
	}
	c->registries = arena_grow(r->arena, c->registries, c->registry_count, &c->registry_cap, sizeof(*c->registries));
	c->registries[c->registry_count++] = registry;
}

/* The field is the cluster. */
static void read_registries(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field)
{
	(void)k;
	if (!is_map(r, name, v, " of registries, as in {docker.io: [\"http://10.0.0.1:5000\"]}"))
		return;
	for (size_t i = 0; i < v->count; i++)
		read_registry(r, v->keys[i], v->items[i], field);
}

const struct key_type type_cluster_registries = {"map of registries to lists of mirrors", read_registries, write_nothing, NULL};

static void read_role(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field)
{
	int i = is_text(r, name, v) ? choose(r, v, k->name, cluster_role_names, CLUSTER_ROLES) : -1;

	if (i >= 0)
		*(enum cluster_role *)field = (enum cluster_role)i;
}

const struct key_type type_cluster_role = {"server or worker", read_role, write_nothing, NULL};

/* In small letters, whatever it was written in. */
static void read_mac(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field)
{
	struct value lower = *v;
	char *text;

	if (!is_text(r, name, v))
		return;
	lower.text = text = arena_strdup(r->arena, v->text);
	for (; *text; text++)
		*text = (char)(*text >= 'A' && *text <= 'F' ? *text - 'A' + 'a' : *text == '-' ? ':' : *text);
	if (is_accepted(r, k, name, &lower))
		*(const char **)field = lower.text;
}

const struct key_type type_cluster_mac = {"MAC address", read_mac, write_nothing, NULL};

static void begin_node(struct reader *r, const struct value *name, void *item)
{
	(void)r;
	*(struct cluster_node *)item = (struct cluster_node){.name = name->text, .role = CLUSTER_ROLES, .at = name->at};
}

static void end_node(struct reader *r, const struct value *name, const struct value *v, void *item)
{
	(void)item;
	if (!value_get(v, "role", NULL))
		complain(r, name, "node %s needs \"role\": server or worker", name->text);
	if (!value_get(v, "mac", NULL))
		complain(r, name, "node %s needs \"mac\", of the card that it boots from", name->text);
	if (!value_get(v, "address", NULL))
		complain(r, name, "node %s needs \"address\", which it always has", name->text);
}

static const char *name_node(const void *item)
{
	return ((const struct cluster_node *)item)->name;
}

static const struct part part_nodes = {
	.map = &map_cluster_node,
	.size = sizeof(struct cluster_node),
	.check_name = check_dns_label,
	.begin = begin_node,
	.end = end_node,
	.name = name_node,
};
const struct key_type type_cluster_nodes = {"map of names to nodes", read_parts, write_nothing, &part_nodes};
