/* Versions of the programs whose configuration follows them: only major and minor matter. */
#pragma once

#include <stdbool.h>

struct version {
	unsigned major, minor;
};

#define VERSION_ANY ((struct version){0, 0}) /* as a limit: none */

/* The major and minor number in "v1.36.4", "1.6.20~ds1-1+deb12u3", "2:1.20.5+really1.20.2-1". False when there are none. */
bool version_parse(const char *text, struct version *out);

/* The same of an address: the last path component that is a version ("…/v1.36.4/bin/linux/amd64/kubelet"). */
bool version_parse_url(const char *url, struct version *out);

/* Below, equal, above: -1, 0, 1. */
int version_compare(struct version a, struct version b);

/* since ≤ v < until, either of them VERSION_ANY for no limit. */
bool version_within(struct version v, struct version since, struct version until);
