/* The keys of Ignition's specification, with the version that brought each (docs: "Configuration Specification v3.x").
 */
#include "node/agent/ignition.h"

#define MAP(text, table)                                                                                               \
	{                                                                                                              \
		.name = (text), .keys = (table), .count = sizeof(table) / sizeof((table)[0])                           \
	}
#define APPLIED CLOUD_APPLIED
#define IGNORED CLOUD_IGNORED
#define REFUSED CLOUD_REFUSED

static const char no_disk[] = "a node has no disk of its own; mkdl: {state: …} in a cloud-config mounts what is kept";
static const char no_password[] = "no password opens anything on a node; write sshAuthorizedKeys";

static const struct ignition_key top_keys[] = {
	{"ignition", 0, APPLIED, "See below."},
	{"storage", 0, APPLIED, "See below."},
	{"passwd", 0, APPLIED, "See below."},
	{"systemd", 0, REFUSED,
	 "there is no systemd on a node; write daemons under mkdl: {services: …} in a cloud-config"},
	{"kernelArguments", 3, REFUSED, "the kernel runs already; its arguments are the profile's cmdline"},
};
const struct ignition_map ignition_top = MAP("", top_keys);

static const struct ignition_key ignition_keys[] = {
	{"version", 0, APPLIED, "3.0.0 to 3.5.0."},
	{"config", 0, APPLIED, "merge and replace: at most 16 configurations, 4 of them naming each other."},
	{"security", 0, APPLIED, "tls.certificateAuthorities: trusted by what runs on the node (as ca_certs)."},
	{"timeouts", 0, IGNORED, "the profile says how long configuration is waited for (config)"},
	{"proxy", 1, IGNORED, "configuration is fetched without a proxy"},
};
const struct ignition_map ignition_ignition = MAP("ignition", ignition_keys);

static const struct ignition_key config_keys[] = {
	{"merge", 0, APPLIED, "Configurations that override this one, in this order."},
	{"replace", 0, APPLIED, "One that takes the place of this one."},
};
const struct ignition_map ignition_config = MAP("ignition.config", config_keys);

static const struct ignition_key security_keys[] = {{"tls", 0, APPLIED, "certificateAuthorities."}};
const struct ignition_map ignition_security = MAP("ignition.security", security_keys);

static const struct ignition_key tls_keys[] = {
	{"certificateAuthorities", 0, APPLIED, "Resources that hold PEM; data: URLs only."}};
const struct ignition_map ignition_tls = MAP("ignition.security.tls", tls_keys);

static const struct ignition_key resource_keys[] = {
	{"source", 0, APPLIED, "data: (with base64), http:, https:, tftp:; others are errors."},
	{"compression", 0, APPLIED, "gzip."},
	{"verification", 0, APPLIED, "hash."},
	{"httpHeaders", 1, REFUSED, "requests carry no headers of yours; let the server know the node by its address"},
};
const struct ignition_map ignition_resource = MAP("a resource: contents, append[], merge[] …", resource_keys);

static const struct ignition_key verification_keys[] = {
	{"hash", 0, APPLIED, "sha256-… or sha512-…, of the content unpacked."}};
const struct ignition_map ignition_verification = MAP("verification", verification_keys);

static const struct ignition_key storage_keys[] = {
	{"files", 0, APPLIED, "As write_files."},
	{"directories", 0, APPLIED, "As directories."},
	{"links", 0, APPLIED, "As links."},
	{"disks", 0, REFUSED, no_disk},
	{"raid", 0, REFUSED, no_disk},
	{"filesystems", 0, REFUSED, no_disk},
	{"luks", 2, REFUSED, no_disk},
};
const struct ignition_map ignition_storage = MAP("storage", storage_keys);

static const struct ignition_key file_keys[] = {
	{"path", 0, APPLIED, "Absolute."},
	{"overwrite", 0, APPLIED, "Without true it is an error when the image has the file, and contents are given."},
	{"contents", 0, APPLIED, "A resource."},
	{"append", 0, APPLIED, "Resources that are appended."},
	{"mode", 0, APPLIED, "A decimal number: 420 is 0644."},
	{"user", 0, APPLIED, "id or name."},
	{"group", 0, APPLIED, "id or name."},
};
const struct ignition_map ignition_file = MAP("storage.files[]", file_keys);

static const struct ignition_key directory_keys[] = {
	{"path", 0, APPLIED, "Absolute."},
	{"overwrite", 0, APPLIED, "A folder that is there stays, with what is in it."},
	{"mode", 0, APPLIED, "A decimal number: 493 is 0755."},
	{"user", 0, APPLIED, "id or name."},
	{"group", 0, APPLIED, "id or name."},
};
const struct ignition_map ignition_directory = MAP("storage.directories[]", directory_keys);

static const struct ignition_key link_keys[] = {
	{"path", 0, APPLIED, "Absolute."},
	{"overwrite", 0, APPLIED, "Without true it is an error when something is there."},
	{"user", 0, APPLIED, "id or name."},
	{"group", 0, APPLIED, "id or name."},
	{"target", 0, APPLIED, "What it points to."},
	{"hard", 0, APPLIED, "A hard link."},
};
const struct ignition_map ignition_link = MAP("storage.links[]", link_keys);

static const struct ignition_key node_user_keys[] = {{"id", 0, APPLIED, "A number."}, {"name", 0, APPLIED, "A name."}};
const struct ignition_map ignition_node_user = MAP("user, group", node_user_keys);

static const struct ignition_key passwd_keys[] = {{"users", 0, APPLIED, "As users."},
						  {"groups", 0, APPLIED, "As groups."}};
const struct ignition_map ignition_passwd = MAP("passwd", passwd_keys);

static const struct ignition_key user_keys[] = {
	{"name", 0, APPLIED, "As name."},
	{"sshAuthorizedKeys", 0, APPLIED, "As ssh_authorized_keys."},
	{"uid", 0, APPLIED, "As uid."},
	{"gecos", 0, APPLIED, "As gecos."},
	{"homeDir", 0, APPLIED, "As homedir."},
	{"noCreateHome", 0, APPLIED, "As no_create_home."},
	{"primaryGroup", 0, APPLIED, "As primary_group."},
	{"groups", 0, APPLIED, "As groups."},
	{"noUserGroup", 0, APPLIED, "As no_user_group."},
	{"shell", 0, APPLIED, "As shell."},
	{"system", 0, APPLIED, "As system."},
	{"noLogInit", 0, IGNORED, "there are no lastlog and faillog on a node"},
	{"passwordHash", 0, REFUSED, no_password},
	{"shouldExist", 2, REFUSED, "accounts of the image are the profile's; leave them out there"},
};
const struct ignition_map ignition_user = MAP("passwd.users[]", user_keys);

static const struct ignition_key group_keys[] = {
	{"name", 0, APPLIED, "Its name."},
	{"gid", 0, APPLIED, "Its number. Default: the next that is free."},
	{"system", 0, IGNORED, "write gid"},
	{"passwordHash", 0, REFUSED, no_password},
	{"shouldExist", 2, REFUSED, "groups of the image are the profile's; leave them out there"},
};
const struct ignition_map ignition_group = MAP("passwd.groups[]", group_keys);

const struct ignition_map *const ignition_maps[] = {
	&ignition_top,	  &ignition_ignition,  &ignition_config,   &ignition_security,
	&ignition_tls,	  &ignition_storage,   &ignition_file,	   &ignition_directory,
	&ignition_link,	  &ignition_node_user, &ignition_resource, &ignition_verification,
	&ignition_passwd, &ignition_user,      &ignition_group,	   NULL,
};

void ignition_show_keys(struct strbuf *out)
{
	static const char *const words[] = {"applied", "ignored", "**refused**"};

	strbuf_puts(out, "| where | key | since | here | what it does, or why not |\n|---|---|---|---|---|\n");
	for (size_t i = 0; ignition_maps[i]; i++)
		for (size_t j = 0; j < ignition_maps[i]->count; j++) {
			const struct ignition_key *k = &ignition_maps[i]->keys[j];

			strbuf_printf(out, "| %s | `%s` | 3.%u | %s | %s |\n", ignition_maps[i]->name, k->name,
				      k->since, words[k->status], k->help);
		}
}
