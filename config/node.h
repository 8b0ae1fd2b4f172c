/* The sections that a profile and the configuration of a node (the map "mkdl:" of a cloud-config) have in common,
 * read into a struct plan. What the plan has already is changed or replaced: members of "services", "state" and
 * "network" by name, the rest key by key. The texts are checked by the checks that the plan's own reader has
 * (init/plan.h), so that PID 1 takes whatever this takes.
 *
 *   node-keys.c  the tables of keys
 *   service.c    services
 *   state.c      state, with the types of its keys in state-types.c
 *   settings.c   time, syslog
 *   network.c    network (network.h)
 *   plan-check.c the plan's checks as checks of keys */
#pragma once

#include "config/plan-check.h"
#include "config/reader.h"
#include "init/plan.h"

/* Of a struct plan. */
extern const struct key_map map_node;
/* Inside of it: of a struct plan_service, and of that too; of a struct plan_state, and of
 * that too; of the struct plan. */
extern const struct key_map map_service, map_ready, map_limits, map_state, map_chap, map_time;

/* Types whose field is the struct around the key (offset 0). */
extern const struct key_type type_states, type_ready, type_ready_kind, type_restart, type_start, type_limits, type_limit, type_state_kind,
	type_network, type_fs, type_format, type_away, type_lun, type_chap,
	type_time, type_time_required, type_syslog;
/* The field is the array of services and its length. */
extern const struct key_type type_services;

/* "tmpfs" … */
const char *state_kind_name(enum plan_state_kind kind);
