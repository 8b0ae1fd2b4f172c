/* What a merged configuration comes to, before it is applied: plain structs, every value checked, each with the place
 * that it was written at. cloud-*.c fill them from values, apply*.c bring them about. Nothing here is optional in
 * silence: what cannot be applied was complained about when it was read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/place.h"
#include "base/strings.h"
#include "init/plan.h"

struct setting_user {
	const char *name;
	int64_t uid;		   /* -1: a free one */
	const char *gecos, *group; /* NULL: not given; group: the primary one */
	const char *home, *shell;  /* NULL: not given */
	struct strings groups, keys;
	bool system, no_home, no_group;
	struct place at;
};

struct setting_group {
	const char *name;
	int64_t gid; /* -1: a free one */
	struct strings members;
	struct place at;
};

/* Where the content of a file comes from: data, or a URL that is fetched before anything is written. */
struct setting_content {
	const char *data; /* size bytes; NULL with a url */
	size_t size;
	const char *url;  /* NULL: data */
	bool gzip;	  /* what comes from the url is unpacked */
	const char *hash; /* "sha256-HEX" or "sha512-HEX", of the content, unpacked; NULL: none */
	struct place at;
};

enum setting_node { SETTING_FILE, SETTING_DIR, SETTING_LINK, SETTING_HARD_LINK };

/* A file, folder or link to make. */
struct setting_file {
	enum setting_node type;
	const char *path; /* clean, absolute */
	struct setting_content content;
	bool no_content;	  /* a file without content: an empty one is made, an existing one is kept */
	const char *target;	  /* of a link */
	const char *user, *group; /* names or numbers; NULL: root, or what a file that is there has */
	int mode;		  /* below 0: 0644 for files, 0755 for folders */
	bool append, keep, defer; /* keep: it is an error when something else is there */
	struct place at;
};

struct value;
struct mkdl;

enum setting_power { POWER_NONE, POWER_OFF, POWER_REBOOT, POWER_HALT };

/* A program given as a whole (a document that begins with "#!" or "#cloud-boothook"). */
struct setting_script {
	const char *name, *text;
	bool early;
	struct place at;
};

struct setting_mount {
	const char *device, *path, *type, *options;
	struct place at;
};

struct settings {
	const char *hostname, *fqdn, *local_hostname; /* the last: from meta-data, when there are no others */
	const char *instance_id;
	bool prefer_fqdn, preserve_hostname;

	struct setting_user *users;
	size_t user_count, user_cap;
	struct setting_group *groups;
	size_t group_count, group_cap;
	struct strings root_keys; /* ssh_authorized_keys of nobody in particular */
	struct setting_file *files;
	size_t file_count, file_cap;

	struct strings bootcmd, runcmd; /* lines of a shell script each */
	struct setting_script *scripts;
	size_t script_count, script_cap;

	bool have_ntp, ntp_off;
	struct strings ntp_servers, ntp_pools;
	const char *timezone;
	struct place timezone_at;

	struct strings certificates; /* PEM, with places */
	bool no_default_certificates;

	struct strings nameservers, search;

	const struct value *mount_defaults; /* mount_default_fields, found before mounts is read */
	struct setting_mount *mounts;
	size_t mount_count, mount_cap;

	enum setting_power power;
	unsigned power_delay, power_timeout;	     /* minutes, seconds */
	const char *power_message, *power_condition; /* condition: a line of shell; NULL: always */
	struct place power_at;
	const char *final_message;

	const char *seed; /* random bytes for the kernel */
	size_t seed_size;
	const char *host_key; /* OpenSSH private key of SSH's host (ed25519), or NULL */
	struct place host_key_at;

	const struct mkdl *mkdl; /* what is mkdl's own, see mkdl.h; NULL: nothing */
};
