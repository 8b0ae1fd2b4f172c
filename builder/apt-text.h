/* What apt prints and reads, as text: no processes, no files. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "builder/lock.h"

/* One line of --print-uris: 'URI' FILE SIZE SHA256:HEX. FILE is name_version_arch.deb or a file of a source package.
 * Anything else than SHA256 is an error: the repository has only weak hashes. */
int apt_parse_uri(struct arena *a, const char *line, struct download *out, struct error *err);

/* "libc6_2.36-9%2bdeb12u13_amd64.deb" into its parts, %XX decoded. False when it is not of that form. */
bool apt_split_file_name(struct arena *a, const char *file, const char **name, const char **version, const char **arch);

/* The control stanza (deb822(5)) that begins at *text; moves *text behind it. False at the end. */
struct apt_stanza {
	const char *package, *version, *pre_depends, *depends, *provides; /* NULL when absent */
	const char *checksums;                                            /* of a source: Checksums-Sha256 */
};
bool apt_next_stanza(struct arena *a, const char **text, struct apt_stanza *out);

/* Set depends of every package of one repository in the lock from their stanzas (the output of `apt-cache show`):
 * Pre-Depends, then Depends, each name that the lock has, or, for a virtual package, all in the lock that provide it. */
void apt_link_depends(struct lock *l, const char *repository, const char *stanzas);

/* The host's sources with deb-src beside every deb: a file in the one-line style (sources.list(5)), or in deb822 style. */
void apt_add_source_types(const char *text, bool deb822, struct strbuf *out);

/* Is it a Debian package name (Policy 5.6.1), perhaps with "=VERSION"? Keeps options, globs and the suffixes "-" and "/suite",
 * which mean something to apt, out of its command line. */
bool apt_name_is_valid(const char *name);
