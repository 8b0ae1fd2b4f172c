/* The final message of a plan, as cloud-init has it: said when the node is up, with $UPTIME, $TIMESTAMP, $VERSION and $DATASOURCE
 * filled in. Each may be in small letters, and in braces; any other word behind a "$" stays as it is written. */
#pragma once

#include <stdint.h>
#include <time.h>

#include "base/strbuf.h"

/* Appended to out. up_ms: since the kernel started; now: the clock. */
void final_message_fill(const char *text, int64_t up_ms, time_t now, struct strbuf *out);
