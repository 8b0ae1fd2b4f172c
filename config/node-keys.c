/* The keys that a profile and the configuration of a node share. From these tables come the checks, the JSON and the
 * reference in mkdl-profile(5): to add a key, add a row (and, for a new kind of value, a type). */
#include "config/node.h"
#include "config/plan-check.h"
#include "config/syntax.h"

#define AT(type, field) offsetof(struct type, field)

static const struct key node_keys[] = {
	{"services", &type_services, AT(plan, services), NULL,
	 "What the node runs and keeps running. See SERVICES.NAME."},
	{"state", &type_states, 0, NULL,
	 "What is mounted where for files that change: a path, and a line (\"tmpfs 50%\", a share of the RAM "
	 "or a size in k, M, "
	 "G; \"nfs HOST:/EXPORT\"; \"disk LABEL=NAME\") or a map. See STATE.PATH."},
	{"sysctl", &type_pairs, AT(plan, sysctls), check_sysctl,
	 "Kernel settings, as in {net.ipv4.ip_forward: 1}."},
	{"network", &type_network, 0, NULL,
	 "Links with their addresses, as netplan and cloud-init write them (version 2). Default: DHCP on the "
	 "interface that the node "
	 "booted from. See NETWORK."},
	{"time", &type_time, 0, NULL,
	 "How the clock is set before anything that needs it. See TIME."},
	{"syslog", &type_syslog, 0, NULL,
	 "A server to which the logs of services and of the kernel are sent (RFC 5424), as in udp://10.0.0.1. "
	 "Default port: 514, of "
	 "tcp 601."},
	{"watchdog", &type_seconds, AT(plan, watchdog), NULL,
	 "The machine is reset when PID 1 has not been seen alive for so long (/dev/watchdog). Default: 0s, off."},
	{"final_message", &type_text, AT(plan, final_message), check_plain, "Said on the console when the node is up; $UPTIME, $TIMESTAMP, $VERSION and $DATASOURCE are filled in, as cloud-init does."},
};
const struct key_map map_node = KEY_MAP("", node_keys);

static const struct key service_keys[] = {
	{"run", &type_list, AT(plan_service, run), check_template,
	 "The program, with its absolute path on the node, and its arguments. No shell; variables are filled in on "
	 "the node. The "
	 "services kubelet and containerd need none: theirs follows from their version."},
	{"user", &type_text, AT(plan_service, user), check_user_name,
	 "The user that it runs as, one of the node's. Default: root."},
	{"env", &type_pairs, AT(plan_service, env), check_env,
	 "Environment variables."},
	{"needs", &type_set, AT(plan_service, needs), check_name,
	 "Services that must be ready before it starts."},
	{"exists", &type_set, AT(plan_service, exists), check_absolute,
	 "Paths on the node; the service is left out when one of them does not exist."},
	{"ready", &type_ready, 0, NULL,
	 "How one sees that it is ready; notify: it says so itself (sd_notify(3)). Default: when it runs."},
	{"ready_timeout", &type_seconds, AT(plan_service, ready_timeout), NULL,
	 "How long to wait for that. Default: 60s."},
	{"oneshot", &type_bool, AT(plan_service, oneshot), NULL,
	 "It runs to its end, and is ready when it ended well."},
	{"restart", &type_restart, 0, NULL,
	 "When to start it again. Default: always; for a oneshot: on-failure."},
	{"start", &type_start, 0, NULL,
	 "When it may start: early, without waiting for the network, or network, when network, configuration and state are there. "
	 "Early ones can have no variables in their words. Default: network; for containerd: early."},
	{"stop", &type_list, AT(plan_service, stop), check_template,
	 "A command, as in \"run\", that asks it to end; SIGTERM follows when it has run."},
	{"stop_timeout", &type_seconds, AT(plan_service, stop_timeout), NULL,
	 "Time between SIGTERM and SIGKILL. Default: 10s."},
	{"limits", &type_limits, 0, NULL,
	 "How much of the machine it may take, with all that it starts. See SERVICES.NAME.LIMITS."},
	{"log", &type_text, AT(plan_service, log), check_log,
	 "What becomes of its output: a size (k, M, G) at which its log is rotated, none, or console. Default: 1M."},
};
const struct key_map map_service = KEY_MAP("services.NAME", service_keys);

static const struct key ready_keys[] = {
	{"socket", &type_ready_kind, 0, check_absolute, "A Unix socket that accepts connections."},
	{"http", &type_ready_kind, 0, check_template, "An http:// URL that answers with 200."},
	{"port", &type_ready_kind, 0, NULL, "A TCP port of the node that accepts connections."},
	{"file", &type_ready_kind, 0, check_absolute, "A path that exists."},
	{"command", &type_ready_kind, 0, check_template, "A command that ends with 0, as a list."},
};
const struct key_map map_ready = KEY_MAP("services.NAME.ready", ready_keys);

static const struct key limit_keys[] = {
	{"memory", &type_limit, 0, check_memory, "Memory: a size (k, M, G), or a share of the RAM, as in 25%."},
	{"cpu", &type_limit, 0, check_percent, "Time of the CPUs, as in 50% or, for two of them, 200%."},
	{"pids", &type_limit, 0, check_pids, "Number of processes and threads."},
};
const struct key_map map_limits = KEY_MAP("services.NAME.limits", limit_keys);

static const struct key state_keys[] = {
	{"kind", &type_state_kind, 0, NULL,
	 "tmpfs (RAM), nfs, iscsi, loop (a file system in a file on NFS) or disk (one of the machine's own)."},
	{"size", &type_text, AT(plan_state, size), check_size,
	 "Of tmpfs: a share of the RAM (50%) or a size (512M). Of loop: the size of a file that is made."},
	{"server", &type_text, AT(plan_state, server), check_server, "Of nfs and loop: the server's name or address."},
	{"export", &type_text, AT(plan_state, export), check_export,
	 "Of nfs and loop: the path that the server exports, with variables."},
	{"file", &type_text, AT(plan_state, file), check_image_file, "Of loop: the file in the export, with variables."},
	{"portals", &type_set, AT(plan_state, portals), check_portal,
	 "Of iscsi: ADDRESS or ADDRESS:PORT of each way to the target."},
	{"target", &type_text, AT(plan_state, target), check_iscsi_target,
	 "Of iscsi: the target's name (iqn.…), with variables: a target has one node."},
	{"lun", &type_lun, 0, NULL, "Of iscsi: the number of the disk in the target. Default: 0."},
	{"chap", &type_chap, 0, NULL, "Of iscsi: who the node says that it is. See STATE.PATH.CHAP."},
	{"device", &type_text, AT(plan_state, device), check_device,
	 "Of disk: LABEL=…, UUID=…, or ID=… as in /dev/disk/by-id, with variables."},
	{"fs", &type_fs, 0, NULL, "Of iscsi, loop and disk: the file system. Default: ext4."},
	{"format", &type_format, 0, NULL,
	 "Empty: what is missing is made, the file system where nothing at all is yet, the folder of an nfs "
	 "export, the file "
	 "of a loop. Never (the default): nothing is made."},
	{"options", &type_set, AT(plan_state, options), check_plain, "Options of the mount, as for mount(8)."},
	{"away", &type_away, 0, NULL,
	 "When it cannot be mounted at boot: wait for it (the default), \"reboot 5m\" after a time, or go on "
	 "with an empty "
	 "\"tmpfs 50%\" in its place and say so."},
	{"one_node", &type_bool, AT(plan_state, one_node), NULL,
	 "True: only one node boots this image, so that names in this state need no ${mac}."},
};
const struct key_map map_state = KEY_MAP("state.PATH", state_keys);

static const struct key chap_keys[] = {
	{"user", &type_text, AT(plan_state, chap_user), check_url_template, "Its name, with variables."},
	{"password", &type_text, AT(plan_state, chap_password), check_plain, "Its password, which is in the image."},
};
const struct key_map map_chap = KEY_MAP("state.PATH.chap", chap_keys);

static const struct key time_keys[] = {
	{"ntp", &type_set, AT(plan, ntp), check_ntp,
	 "Servers, by name or address; before those that DHCP names."},
	{"wait", &type_seconds, AT(plan, time_wait), NULL,
	 "How long to wait for the first answer. Default: 15s; 0s: not at all."},
	{"required", &type_time_required, 0, NULL,
	 "Without an answer the boot stops. Default: it goes on, with a clock that is not before the image's "
	 "newest part."},
};
const struct key_map map_time = KEY_MAP("time", time_keys);
