/* Texts that go into the plan as they are: checked by the checks of the plan's own reader, so that both take the
 * same. */
#pragma once

#include "config/reader.h"

/* Does a record of a scope (enum plan_scope of init/plan-private.h) take this word? Complains when not. */
bool plan_takes(struct reader *r, const struct value *name, const struct value *v, int scope, const char *record);

key_check check_interface;
/* state */
key_check check_server, check_export, check_image_file, check_portal, check_iscsi_target, check_device, check_size;
/* network, time, config */
key_check check_mac, check_link_address, check_mtu, check_search, check_ntp, check_trust, check_config_url;
/* services */
key_check check_log, check_memory, check_percent, check_pids;
