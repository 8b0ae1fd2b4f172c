/* The reason of a failed boot, kept for the next one where the machine has memory that outlives a reset: the kernel's pstore
 * (Documentation/admin-guide/ramoops.rst). PID 1 writes a line to /dev/pmsg0, and to the kernel's log, of which some backends keep the
 * end when the machine reboots; a panic's own words are kept by the kernel. */
#pragma once

enum { PSTORE_REASON = 512 };

/* Keep why the boot failed in this phase, as far as this machine can. */
void pstore_write(const char *phase, const char *reason);

/* Look what the last boot left in /sys/fs/pstore: copies of at most a few records go to /run/mkdl/pstore, the records are
 * removed, the reason is said on the console. Once the modules are loaded, for the backend may be one. */
void pstore_read(void);

/* The reason that was found: "network: no answer from a DHCP server", "kernel panic: …"; "" for none. */
const char *pstore_last(void);
