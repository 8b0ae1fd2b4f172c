/* The outermost keys of a cloud-config, and the reference that is made of all tables. */
#include <string.h>

#include "node/agent/ignition.h"
#include "node/agent/mkdl.h"

#define AT(field) offsetof(struct settings, field)

static const struct cloud_key top_keys[] = {
	{"hostname", CLOUD_APPLIED, "The node's name; may hold ${mac} and ${machine_id}.", cloud_read_hostname,
	 AT(hostname), check_hostname, CLOUD_REPLACE, "set_hostname"},
	{"fqdn", CLOUD_APPLIED, "The name with its domain. Without hostname its first part is the node's name.",
	 cloud_read_hostname, AT(fqdn), check_hostname, CLOUD_REPLACE, "set_hostname"},
	{"prefer_fqdn_over_hostname", CLOUD_APPLIED, "true: fqdn is the node's name.", cloud_read_bool, AT(prefer_fqdn),
	 NULL, CLOUD_REPLACE, "set_hostname"},
	{"preserve_hostname", CLOUD_APPLIED, "true: the name stays as the profile or DHCP have it.", cloud_read_bool,
	 AT(preserve_hostname), NULL, CLOUD_REPLACE, "set_hostname"},
	{"manage_etc_hosts", CLOUD_APPLIED,
	 "/etc/hosts always holds localhost and the node's own name; false is ignored.", cloud_read_hosts, 0, NULL,
	 CLOUD_REPLACE, "update_etc_hosts"},
	{"users", CLOUD_APPLIED, "See below. \"default\" is root.", cloud_read_users, 0, NULL, CLOUD_USERS,
	 "users_groups"},
	{"user", CLOUD_APPLIED, "Brought to users: a name, or a map like one of users; without name it is root's.",
	 cloud_read_nothing, 0, NULL, CLOUD_REPLACE, "users_groups"},
	{"groups", CLOUD_APPLIED, "A list of names, or of maps of names to members. Made before users.",
	 cloud_read_groups, 0, NULL, CLOUD_MERGE_LISTS, "users_groups"},
	{"ssh_authorized_keys", CLOUD_APPLIED, "Keys of root.", cloud_read_keys, AT(root_keys), NULL, CLOUD_APPEND,
	 "ssh"},
	{"ssh_keys", CLOUD_APPLIED,
	 "The node's own key, see below. Without it the node has one that stays the same from boot to boot.",
	 cloud_read_ssh_keys, 0, NULL, CLOUD_REPLACE, "ssh"},
	{"write_files", CLOUD_APPLIED, "See below.", cloud_read_files, 0, NULL, CLOUD_FILES, "write_files"},
	{"directories", CLOUD_APPLIED, "mkdl's own: folders to make, see below.", cloud_read_directories, 0, NULL,
	 CLOUD_FILES, NULL},
	{"links", CLOUD_APPLIED, "mkdl's own: links to make, see below.", cloud_read_links, 0, NULL, CLOUD_FILES, NULL},
	{"bootcmd", CLOUD_APPLIED,
	 "Run by the agent with sh, at every boot, before anything is written; its output goes to the console. At most "
	 "5 minutes; "
	 "a failure is said and the boot goes on.",
	 cloud_read_commands, AT(bootcmd), NULL, CLOUD_APPEND, "bootcmd"},
	{"runcmd", CLOUD_APPLIED,
	 "The service \"runcmd\": run with sh, at every boot, once state is mounted, beside the other services.",
	 cloud_read_commands, AT(runcmd), NULL, CLOUD_APPEND, "runcmd"},
	{"mounts", CLOUD_APPLIED,
	 "Becomes state: [device, folder, type, options]; nfs, tmpfs, and ext4 or xfs by LABEL=, UUID= or "
	 "/dev/disk/by-id/. "
	 "\"nofail\" among the options is reported and ignored: see docs/state.md for what mkdl: {state: …} can do more.",
	 cloud_read_mounts, 1, NULL, CLOUD_MOUNTS, "mounts"},
	{"mount_default_fields", CLOUD_APPLIED, "What entries of mounts leave open.", cloud_read_mount_defaults, 0,
	 NULL, CLOUD_REPLACE, "mounts"},
	{"ntp", CLOUD_APPLIED, "See below.", cloud_read_ntp, 0, NULL, CLOUD_MERGE, "ntp"},
	{"timezone", CLOUD_APPLIED,
	 "A zone whose file is in the image (/usr/share/zoneinfo), UTC, or a rule as in TZ: "
	 "CET-1CEST,M3.5.0,M10.5.0/3.",
	 cloud_read_timezone, AT(timezone), NULL, CLOUD_REPLACE, "timezone"},
	{"ca_certs", CLOUD_APPLIED, "See below.", cloud_read_ca_certs, 0, NULL, CLOUD_MERGE_LISTS, "ca_certs"},
	{"network", CLOUD_APPLIED,
	 "Version 2 (netplan: ethernets, bonds, vlans), or version 1, which is brought to it. In place of the "
	 "profile's links. The keys are those of mkdl-profile(5), NETWORK.",
	 cloud_read_network, 0, NULL, CLOUD_REPLACE, "network"},
	{"manage_resolv_conf", CLOUD_APPLIED, "/etc/resolv.conf is always written; resolv_conf counts without it too.",
	 cloud_read_nothing, 0, NULL, CLOUD_REPLACE, "resolv_conf"},
	{"resolv_conf", CLOUD_APPLIED, "See below.", cloud_read_resolv_conf, 0, NULL, CLOUD_MERGE, "resolv_conf"},
	{"power_state", CLOUD_APPLIED, "See below. The service \"power-state\", after runcmd and scripts.",
	 cloud_read_power_state, 0, NULL, CLOUD_REPLACE, "power_state_change"},
	{"final_message", CLOUD_APPLIED,
	 "Said on the console when the node is up. $UPTIME, $TIMESTAMP, $VERSION (mkdl's) and $DATASOURCE (\"mkdl\") are filled in.",
	 cloud_read_text, AT(final_message), NULL, CLOUD_REPLACE, "final_message"},
	{"random_seed", CLOUD_APPLIED, "See below.", cloud_read_random_seed, 0, NULL, CLOUD_REPLACE, "seed_random"},
	{"mkdl", CLOUD_APPLIED, "What is mkdl's own: services, state, kubernetes and more, as in a profile. See below.",
	 cloud_read_mkdl, 0, NULL, CLOUD_MERGE_LISTS, NULL},
	{"merge_how", CLOUD_APPLIED, "How this document meets those before it, see \"Several documents\".",
	 cloud_read_nothing, 0, NULL, CLOUD_REPLACE, NULL},
	{"merge_type", CLOUD_APPLIED, "The older spelling of merge_how.", cloud_read_nothing, 0, NULL, CLOUD_REPLACE,
	 NULL},
	/* Not written by people: what documents of other kinds become. */
	{" local-hostname", CLOUD_APPLIED, "", cloud_read_hostname, AT(local_hostname), check_hostname, CLOUD_REPLACE,
	 NULL},
	{" instance-id", CLOUD_APPLIED, "", cloud_read_line, AT(instance_id), NULL, CLOUD_REPLACE, NULL},
	{" scripts", CLOUD_APPLIED, "", cloud_read_scripts, 0, NULL, CLOUD_APPEND, NULL},
};

const struct cloud_map cloud_top = CLOUD_MAP("", top_keys);

const struct cloud_map *const cloud_maps[] = {
	&cloud_user,	 &cloud_file,	     &cloud_file_source, &cloud_directory,   &cloud_link,     &cloud_ntp,
	&cloud_ca_certs, &cloud_resolv_conf, &cloud_power_state, &cloud_random_seed, &cloud_ssh_keys, NULL,
};

/* mounts is read when its defaults are known, whatever order they are written in. */
void cloud_read_settings(struct cloud *c, const struct value *v)
{
	const struct value *defaults = value_get(v, "mount_default_fields", NULL);

	c->settings->mount_defaults = defaults;
	for (size_t i = 0; i < v->count; i++) {
		const struct cloud_key *k = cloud_find(&cloud_top, v->keys[i]->text);

		if (k && v->items[i]->type != VALUE_NULL)
			k->read(c, k, v->keys[i], v->items[i], (char *)c->settings + k->offset);
	}
}

static const char *status_word(enum cloud_status status)
{
	static const char *const words[] = {"applied", "ignored", "**refused**"};

	return words[status];
}

/* A "|" would end the table's cell. */
static void add_cell(struct strbuf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '|')
			strbuf_puts(out, "\\");
		strbuf_add(out, p, 1);
	}
}

static void show_row(struct strbuf *out, const struct cloud_key *k, bool top)
{
	strbuf_printf(out, "| `%s` | ", k->name);
	if (top)
		strbuf_printf(out, "%s | ", k->module ? k->module : "");
	strbuf_printf(out, "%s | ", status_word(k->status));
	add_cell(out, k->help);
	strbuf_puts(out, " |\n");
}

void cloud_show_keys(struct strbuf *out)
{
	strbuf_puts(out, "### The outermost keys\n\n| key | cloud-init's module | here | what it does, or why not "
			 "|\n|---|---|---|---|\n");
	for (size_t i = 0; i < cloud_top.count; i++)
		if (cloud_top.keys[i].name[0] != ' ')
			show_row(out, &cloud_top.keys[i], true);
	for (size_t i = 0; i < cloud_ignored_count; i++)
		show_row(out, &cloud_ignored_keys[i], true);
	for (size_t i = 0; cloud_maps[i]; i++) {
		strbuf_printf(out, "\n### %s\n\n| key | here | what it does, or why not |\n|---|---|---|\n",
			      cloud_maps[i]->name);
		for (size_t j = 0; j < cloud_maps[i]->count; j++)
			show_row(out, &cloud_maps[i]->keys[j], false);
	}
}

static void show_map(struct strbuf *out, const struct key_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		strbuf_printf(out, "| `%s.%s` | ", map->name, map->keys[i].name);
		add_cell(out, map->keys[i].help);
		strbuf_puts(out, " |\n");
	}
}

void handler_show_keys(struct strbuf *out)
{
	cloud_show_keys(out);
	strbuf_puts(out, "\n### mkdl\n\n| key | what it does |\n|---|---|\n");
	show_map(out, &mkdl_map_own);
	show_map(out, &mkdl_map_kubernetes);
	strbuf_puts(out, "\n### CoreOS, RancherOS, k3OS\n\n");
	cloud_show_foreign(out);
	strbuf_puts(out, "\n### Ignition\n\n");
	ignition_show_keys(out);
}
