/* The plan: what PID 1 is to do, as plain validated facts in flat files (base/flat.h). The builder writes it from the
 * profile into the image as /etc/mkdl/plan; the agent, if it has configuration to add, reads that, changes it and writes
 * /run/mkdl/plan, which PID 1 then takes instead. One reader, one writer: plan.c and the tables of records by concern
 * (plan-node.c, plan-network.c, plan-state.c, plan-service.c).
 *
 *	mkdl-plan 1
 *	name worker                         profile
 *	hostname node-${mac}                default: the one that DHCP gives
 *	failure reboot 30 | failure shell 0 default: reboot 30
 *	interface NAME|boot                 which interface is the node's; boot (default): the one it booted from
 *	node-ip boot-interface|NAME|ADDRESS|CIDR  the address of the node: of that interface, that one, or the first within
 *	built SECONDS                       unix time of the newest input: the clock is never before it
 *	time require|continue SECONDS       how long to wait for NTP, and then: stop, or go on; default: continue 15
 *	ntp SERVER…
 *	config require|degraded SECONDS     how long to try to read configuration, and then: stop (default, 300), or go on
 *	config-file PATH                    configuration in the image, in this order (repeatable)
 *	config-url URL                      more of it, after that (repeatable); variables of plan_url_variables
 *	config-ca PATH                      certificates (PEM) in the image: https servers of configuration are trusted by these
 *	                                    alone
 *	trust HEX                           Ed25519 public key (64 hexadecimal digits): what is fetched must be signed
 *	watchdog SECONDS                    0 (default): none
 *	syslog udp|tcp HOST PORT            where logs are sent
 *	final-message TEXT                  said when the node is up
 *	sysctl KEY VALUE                    KEY as in sysctl(8): net.ipv4.ip_forward
 *	nameserver ADDRESS                  of the node, before those of leases (repeatable)
 *	search DOMAIN                       (repeatable)
 *
 *	link NAME                           the records below belong to it, until the next link, state or service
 *	mac MAC                             the physical interface with this address; default: the one of this name
 *	vlan ID PARENT                      a VLAN on another link
 *	bond MODE MEMBER…                   a bond of other links; MODE as in the kernel's bonding.rst
 *	bond-option KEY VALUE               as in /sys/class/net/BOND/bonding/
 *	mtu N
 *	dhcp4, dhcp6                        addresses by DHCP
 *	ra yes|no                           router advertisements; default: as the kernel does
 *	address CIDR                        (repeatable)
 *	route DEST VIA [METRIC]             DEST: CIDR or "default"; VIA: address, or "link" (repeatable)
 *	nameserver ADDRESS, search DOMAIN   (repeatable)
 *	optional                            the boot does not wait for it
 *
 *	state PATH KIND                     tmpfs, nfs, iscsi, loop (a file system image on NFS), disk; then, of it:
 *	size SIZE                           tmpfs: as mount(8)'s size= ("50%", "512M"); loop: of an image that is made
 *	server HOST, export PATH            nfs, loop
 *	file PATH                           loop: of the image in the export
 *	portal ADDRESS[:PORT]               iscsi (repeatable)
 *	target IQN, lun N                   iscsi
 *	chap USER PASSWORD                  iscsi
 *	device LABEL=…|UUID=…|ID=…          disk: ID as in /dev/disk/by-id
 *	fs ext4|xfs                         iscsi, loop, disk; default ext4
 *	format never|empty                  make the file system if there is none yet; default never
 *	options OPTION…                     of the mount
 *	away wait|reboot SECONDS|tmpfs SIZE  when the server does not answer at boot; default wait
 *	one-node                            only one node has this plan: names in it need no variable
 *	                                    export, file, target, device and chap may hold variables of plan_url_variables
 *
 *	service NAME                        not one of those that PID 1 keeps for itself (init, kernel, shell …)
 *	run ARG…                            argv, the program an absolute path; variables of plan_service_variables are filled
 *	                                    in, here and in env, ready and stop
 *	user NAME                           default: root
 *	env KEY VALUE                       (repeatable)
 *	needs NAME…                         started when these are ready
 *	exists PATH                         started only if PATH exists (repeatable); otherwise counted as ready
 *	oneshot                             runs to its end; ready when it exited with 0 (without ready, restart always)
 *	ready socket PATH | http URL | port N | file PATH | command ARG… | notify
 *	ready-timeout SECONDS               not ready after so long: restarted (default 120)
 *	restart always|on-failure|never     default: always, for a oneshot on-failure
 *	start early|network                 early: before the network, if nothing keeps it (init/early.h); its words then hold no
 *	                                    variables (default network)
 *	stop ARG…                           run before SIGTERM, within the time below
 *	stop-timeout SECONDS                until SIGKILL (default 10)
 *	limit memory|cpu|pids VALUE         memory.max ("512M"), cpu.max in percent of a CPU, pids.max (repeatable)
 *	log SIZE|none|console               bytes of its log before it is rotated (default 1M)
 *
 * Records that hold one value may appear once; those of the whole node come first.
 *
 * /etc/mkdl/modules:   "load PATH [PARAMETER…]" in the order to load
 * /etc/mkdl/modalias:  "PATTERN PATH…": for a device whose modalias matches (fnmatch), load the paths in this order
 * /etc/mkdl/manifest:  the image's last member:
 *	mkdl-manifest 1
 *	image NAME ID
 *	kernel VERSION
 *	file PATH SIZE | dir PATH | link PATH TARGET | node PATH
 *	end COUNT                           last record; COUNT of file, dir, link and node records
 *
 * The builder reads what it wrote with these same functions before it puts it into an image. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/pairs.h"
#include "base/place.h"
#include "base/strbuf.h"
#include "base/strings.h"

enum plan_failure { PLAN_FAILURE_REBOOT, PLAN_FAILURE_SHELL };
enum plan_policy { PLAN_REQUIRE, PLAN_CONTINUE };
enum plan_protocol { PLAN_UDP, PLAN_TCP };
enum plan_state_kind { PLAN_STATE_TMPFS, PLAN_STATE_NFS, PLAN_STATE_ISCSI, PLAN_STATE_LOOP, PLAN_STATE_DISK };
enum plan_fs { PLAN_FS_EXT4, PLAN_FS_XFS };
enum plan_format { PLAN_FORMAT_NEVER, PLAN_FORMAT_EMPTY };
enum plan_away { PLAN_AWAY_WAIT, PLAN_AWAY_REBOOT, PLAN_AWAY_TMPFS };
enum plan_ra { PLAN_RA_KERNEL, PLAN_RA_YES, PLAN_RA_NO };
enum plan_ready {
	PLAN_READY_NONE,
	PLAN_READY_SOCKET,
	PLAN_READY_HTTP,
	PLAN_READY_PORT,
	PLAN_READY_FILE,
	PLAN_READY_COMMAND,
	PLAN_READY_NOTIFY,
};
/* DEFAULT: as plan_service_restart says. */
enum plan_restart { PLAN_RESTART_DEFAULT, PLAN_RESTART_ALWAYS, PLAN_RESTART_ON_FAILURE, PLAN_RESTART_NEVER };
enum plan_start { PLAN_START_DEFAULT, PLAN_START_EARLY, PLAN_START_NETWORK };

/* Lists of strings in a plan that was read end in NULL behind their count, where there are any. */
struct plan_route {
	const char *to, *via; /* "default" or CIDR; address or "link" */
	unsigned metric;      /* 0: the kernel's */
};

struct plan_link {
	const char *name;
	const char *mac;         /* NULL: by name */
	const char *vlan_parent; /* NULL: no VLAN */
	unsigned vlan_id;        /* 1 to 4094 */
	const char *bond_mode;   /* NULL: no bond */
	struct strings bond_members;
	struct pairs bond_options;
	unsigned mtu;            /* 0: as it is */
	bool dhcp4, dhcp6, optional;
	enum plan_ra ra;
	struct strings addresses; /* CIDR */
	struct plan_route *routes;
	size_t route_count, route_cap;
	struct strings nameservers, search;
	struct place at;
};

struct plan_state {
	const char *path;
	enum plan_state_kind kind;
	const char *size, *server, *export, *file, *target, *device; /* NULL where not given */
	struct strings portals, options;
	unsigned lun;
	const char *chap_user, *chap_password; /* NULL: none */
	enum plan_fs fs;
	enum plan_format format;
	enum plan_away away;
	unsigned away_seconds;  /* of PLAN_AWAY_REBOOT */
	const char *away_size;  /* of PLAN_AWAY_TMPFS */
	bool one_node;          /* only one node has this plan: nothing that names the node is wanted in it */
	struct place at;
};

struct plan_service {
	const char *name;
	struct strings run;
	const char *user; /* NULL: root */
	struct pairs env, limits;
	struct strings needs, exists;
	bool oneshot;
	enum plan_ready ready;
	struct strings ready_words; /* what follows the kind */
	unsigned ready_timeout, stop_timeout; /* seconds */
	enum plan_restart restart;
	enum plan_start start;
	struct strings stop;
	const char *log; /* NULL: default */
	struct place at;
};

struct plan {
	const char *name, *hostname, *interface; /* hostname: "" when not given; interface: "boot" */
	const char *node_ip;                     /* NULL: boot-interface */
	enum plan_failure failure;
	unsigned failure_delay; /* seconds */
	uint64_t built;         /* unix time; 0: not known */
	enum plan_policy time_policy, config_policy; /* PLAN_CONTINUE is "degraded" for the configuration */
	unsigned time_wait, config_wait;             /* seconds */
	struct strings ntp, config_files, config_urls, nameservers, search;
	const char *config_ca; /* NULL: the authorities that the image trusts */
	const char *trust; /* NULL: none */
	unsigned watchdog; /* seconds, 0: none */
	enum plan_protocol syslog_protocol;
	const char *syslog_host; /* NULL: none */
	unsigned syslog_port;
	const char *final_message; /* NULL: none */
	struct pairs sysctls;
	struct plan_link *links;
	size_t link_count, link_cap;
	struct plan_state *states;
	size_t state_count, state_cap;
	struct plan_service *services;
	size_t service_count, service_cap;
};

/* A plan with every default, and the defaults of its parts: where one begins that is filled in by code. */
void plan_init(struct plan *p);
struct plan_link plan_link_new(const char *name);
struct plan_state plan_state_new(const char *path, enum plan_state_kind kind);
struct plan_service plan_service_new(const char *name);

/* Append a part; the array grows in the arena. Returns the new one, valid until the next is appended. */
struct plan_link *plan_add_link(struct arena *a, struct plan *p, struct plan_link link);
struct plan_state *plan_add_state(struct arena *a, struct plan *p, struct plan_state state);
struct plan_service *plan_add_service(struct arena *a, struct plan *p, struct plan_service service);

/* NULL when there is none of that name. */
struct plan_service *plan_find_service(const struct plan *p, const char *name);

/* Does a service's command line, environment, readiness or stop command hold variables? */
bool plan_service_has_variables(const struct plan_service *s);

/* always or on-failure where the plan says nothing. */
enum plan_restart plan_service_restart(const struct plan_service *s);

/* Append the plan's text: what differs from the defaults, in a fixed order. plan_parse reads it back to the same. */
void plan_write(const struct plan *p, struct strbuf *out);

enum { PLAN_TEXT_LIMIT = 1 << 20, PLAN_SECONDS_LIMIT = 86400 };

/* Parse the text of a plan (n bytes). name is for messages. Everything is checked: unknown records, missing fields,
 * numbers, needs that name no service, cycles, relative paths. Strings live in the arena. */
int plan_parse(struct arena *a, const char *name, const char *text, size_t n, struct plan *out, struct error *err);

/* Is value made of text and of variables from the list of names (NULL-terminated) only? A "${" that is not closed or
 * holds another name is an error; a "$" alone is text. */
int plan_check_variables(const char *value, const char *const names[], struct error *err);

/* The variables that a service's words, the hostname, and URLs and places of state may hold. */
extern const char *const plan_service_variables[];
extern const char *const plan_hostname_variables[];
extern const char *const plan_url_variables[];

/* One module to load: its file and its parameters joined by spaces, as finit_module(2) takes them. */
struct plan_module {
	const char *path;
	const char *parameters; /* "" for none */
};

struct plan_modules {
	struct plan_module *items;
	size_t count;
};

int plan_parse_modules(struct arena *a, const char *name, const char *text, size_t n, struct plan_modules *out,
		       struct error *err);

struct plan_alias {
	const char *pattern;
	size_t literal;     /* length of the pattern's start without wildcards, where most devices differ already */
	const char **paths; /* NULL-terminated, in the order to load */
};

struct plan_aliases {
	struct plan_alias *items; /* in the file's order */
	size_t count;
};

int plan_parse_modalias(struct arena *a, const char *name, const char *text, size_t n, struct plan_aliases *out,
			struct error *err);

/* Does this device's modalias (from sysfs, without its newline) match the entry? */
bool plan_alias_matches(const struct plan_alias *alias, const char *modalias);

enum plan_entry_kind { PLAN_ENTRY_FILE, PLAN_ENTRY_DIR, PLAN_ENTRY_LINK, PLAN_ENTRY_NODE };

struct plan_entry {
	enum plan_entry_kind kind;
	const char *path, *target; /* target: of a link, else NULL */
	uint64_t size;             /* of a file, bytes */
};

struct plan_manifest {
	const char *image, *id, *kernel; /* kernel: NULL when the image holds no modules */
	struct plan_entry *entries;
	size_t count;
};

int plan_parse_manifest(struct arena *a, const char *name, const char *text, size_t n, struct plan_manifest *out,
			struct error *err);

/* Is every entry of the manifest there below rootfd, of its kind and size? The first that is not is an error:
 * "/usr/bin/kubelet is missing", "/usr/bin/runc has 4096 of 8800000 bytes". */
int plan_check_manifest(const struct plan_manifest *m, int rootfd, struct error *err);
