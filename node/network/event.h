/* What busybox's clients call as their script: udhcpc and udhcpc6 with a lease in the environment, ntpd with the
 * clock's offset. It checks, writes a flat file, and ends; the network program that runs, and PID 1, look for the
 * files. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Does this word name an event of a client (deconfig, bound, renew, leasefail, nak; step, stratum, periodic,
 * unsync)? */
bool event_is(const char *word);

/* Handle it. run: the folder /run/mkdl. The environment says which client it is: client=dhcp4, dhcp6 or ntp. */
int event_handle(const char *run, const char *event, struct error *err);
