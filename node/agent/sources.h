/* Where configuration comes from: files of the image, then the kernel command line's settings, then its URLs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum { SOURCES_LIMIT = 64 };

/* What a source holds. */
enum source_content {
	SOURCE_ANYTHING,       /* told apart by content */
	SOURCE_USER_DATA,      /* the same, and may be empty: NoCloud's user-data and vendor-data */
	SOURCE_META_DATA,
	SOURCE_NETWORK_CONFIG,
};

struct source {
	enum source_content content;
	const char *url;  /* a template, or the path of a file; NULL: it is here, as text */
	const char *text;
	size_t size;      /* of text, bytes */
	const char *from; /* who named the URL, for messages ("kernel command line (mkdl.config=)"); the name of the text */
	bool optional;    /* the server may not have it */
};

struct sources {
	struct source *items; /* each overrides those before it */
	size_t count, cap;
};

/* Append one; more than SOURCES_LIMIT are an error. */
int sources_add(struct arena *a, struct sources *list, struct source source, struct error *err);

/* The files in /etc/mkdl/config.d below rootfd, in the order of their names (bytes); those that begin with "." or end in "~"
 * or ".sig" are not looked at. Without the folder there are none. */
int sources_add_folder(struct arena *a, int rootfd, struct sources *out, struct error *err);

/* What the text of /proc/cmdline says. URLs, in the order of the words:
 *	mkdl.config=URL, cloud-config-url=URL               one document each
 *	ds=nocloud[-net][;KEY=VALUE…]                       s or seedfrom: URL or path of a folder, of which meta-data, user-data and,
 *	                                                    where there are, vendor-data and network-config are read, in the order
 *	                                                    meta-data, network-config, vendor-data, user-data; h or local-hostname
 * Settings, which are put together as one cloud-config: cc: YAML end_cc, mkdl.hostname=NAME, mkdl.ntp=SERVER,… and h. */
int sources_read_cmdline(struct arena *a, const char *cmdline, struct sources *settings, struct sources *urls,
			 struct error *err);

