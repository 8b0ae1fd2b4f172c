/* What the files of the sources share among themselves. */
#pragma once

#include "builder/source.h"

/* This package will probably be opened: fetch it with the others. */
void source_hint(struct build *b, struct package *p);
struct package **source_hints(struct build *b, size_t *count);
