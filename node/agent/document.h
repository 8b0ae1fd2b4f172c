/* Documents: what the sources of configuration hold, taken out of every container (gzip, MIME) and told apart by content.
 * sources.c finds the sources, fetch.c reads them, unpack.c makes documents of them, the handlers (handler.h) read these. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum document_kind {
	DOCUMENT_CLOUD_CONFIG,   /* "#cloud-config": YAML, the first line included. Also what is made of the kernel command
				  * line's settings (mkdl.hostname=… → "hostname: …"). */
	DOCUMENT_SCRIPT,         /* "#!": a program, to be run once, when the node is up (cloud-init: scripts-user) */
	DOCUMENT_BOOTHOOK,       /* "#cloud-boothook": a program, to be run before the rest; the first line is kept */
	DOCUMENT_IGNITION,       /* JSON with ignition.version 3.x */
	DOCUMENT_META_DATA,      /* NoCloud's meta-data: YAML (instance-id, local-hostname, public-keys) */
	DOCUMENT_NETWORK_CONFIG, /* NoCloud's network-config: YAML, version 1 or 2, with or without a map "network" around it */
};

/* Where a document came from, for messages and for the effective configuration: never for a decision. */
struct document {
	enum document_kind kind;
	const char *source; /* "/etc/mkdl/config.d/10-site.yml", "http://10.0.0.1/node.yml", "kernel command line"; passwords
			     * in URLs are left out */
	const char *part;   /* of a MIME message: "part 2" or "part 2 (users.yml)"; NULL: it is all of the source */
	const char *name;   /* what messages about its lines begin with: source, with " part 2 (users.yml)" */
	const char *merge_how; /* of a MIME part's header Merge-Type; NULL: none */
	unsigned line;      /* line of the source, from 1, at which text begins; 1 for what was encoded (gzip, base64) */
	const char *text;   /* NUL-terminated; NULs inside are refused before */
	size_t size;        /* bytes, without that NUL */
};

struct documents {
	struct document *items; /* in the order in which each overrides those before it */
	size_t count, cap;
};

/* "cloud-config", "script" … for messages. */
const char *document_kind_name(enum document_kind kind);
