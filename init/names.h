/* Names of the node: host name and machine-id, made from what never changes about the machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* One label of a host name or several with dots (RFC 1123): letters, digits, "-"; not longer than 63 bytes in all, the
 * most that Linux takes (HOST_NAME_MAX is 64) and that a Kubernetes label value takes. */
bool names_is_hostname(const char *name);

/* A domain name: the same characters, up to 253 bytes. */
bool names_is_domain(const char *name);

/* The SMBIOS UUID as the kernel shows it → 32 lower-case hex digits. False for what is no UUID and for those that board
 * makers leave in place of one, which many machines share. */
bool names_machine_id_from_uuid(const char *uuid, char out[static 33]);

/* A MAC address (aa:bb:cc:dd:ee:ff) → 32 lower-case hex digits. */
void names_machine_id_from_mac(const char *mac, char out[static 33]);

/* Fill the template of a host name: ${mac} as aa-bb-cc-dd-ee-ff, ${machine_id}; lower case. False when the result is no
 * host name. */
bool names_hostname(const char *template, const char *mac, const char *machine_id, char out[static 64]);

struct names_variable {
	const char *name, *value;
};

/* Copy text with ${name} replaced by the values of the variables (ended by a NULL name), as snprintf: returns the
 * length wanted, writes at most size bytes with the NUL. Unknown variables stay as they are. */
size_t names_fill(const char *text, const struct names_variable *variables, char *out, size_t size);
