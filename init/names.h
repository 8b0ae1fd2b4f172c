/* Names of the node: host name and machine-id, made from what never changes about the machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* One label of a host name or several with dots (RFC 1123): letters, digits, "-"; not longer than 63 bytes in all, the
 * most that Linux takes (HOST_NAME_MAX is 64) and that a Kubernetes label value takes. */
bool names_is_hostname(const char *name);

/* A domain name: the same characters, up to 253 bytes. */
bool names_is_domain(const char *name);

enum { NAMES_UUID_SIZE = 37, NAMES_SERIAL_SIZE = 65, NAMES_SEED_SIZE = 48, NAMES_INITIATOR_SIZE = 64 };

/* The SMBIOS UUID as the kernel shows it → in lower case. False for what is no UUID and for those that board makers leave in
 * place of one, which many machines share. */
bool names_own_uuid(const char *text, char out[static NAMES_UUID_SIZE]);

/* The SMBIOS serial number without blanks at its ends. False for what stands there when there is none ("Not Specified", "To be
 * filled by O.E.M."), for one that is longer than 64 bytes and for what is not printable ASCII. */
bool names_own_serial(const char *text, char out[static NAMES_SERIAL_SIZE]);

/* What all names of a machine are derived from: "uuid:…" when it has a UUID of its own, else "mac:…". Both lower case; uuid may
 * be "". */
void names_seed(const char *uuid, const char *mac, char out[static NAMES_SEED_SIZE]);

/* The machine-id(5): half of a SHA-256 of the seed, as a UUID of version 4, as the manual wants it; so it gives neither UUID
 * nor MAC away. */
void names_machine_id(const char *seed, char out[static 33]);

/* The name of the iSCSI initiator (RFC 3720, 3.2.6.3.1), "iqn.2018-05.node.mkdl:" and 24 hex digits. */
void names_initiator(const char *seed, char out[static NAMES_INITIATOR_SIZE]);

/* Fill the template of a host name: ${mac} as aa-bb-cc-dd-ee-ff, ${machine_id}; lower case. False when the result is no
 * host name. */
bool names_hostname(const char *template, const char *mac, const char *machine_id, char out[static 64]);

struct names_variable {
	const char *name, *value;
};

/* Copy text with ${name} replaced by the values of the variables (ended by a NULL name), as snprintf: returns the
 * length wanted, writes at most size bytes with the NUL. Unknown variables stay as they are. */
size_t names_fill(const char *text, const struct names_variable *variables, char *out, size_t size);
