/* Text as a double-quoted string that YAML 1.2, TOML 1.0 and JSON read alike. */
#pragma once

#include "base/arena.h"

/* With its quotes; bytes from 0x80 on are kept as they are. */
const char *quote_text(struct arena *a, const char *text);
