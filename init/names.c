#include "init/names.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/sha256.h"

static bool is_name(const char *name, size_t limit)
{
	size_t n = strlen(name);

	if (n == 0 || n > limit)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = name[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		bool edge = i == 0 || name[i - 1] == '.' || i + 1 == n || name[i + 1] == '.';

		if (!letter && (edge || (c != '-' && c != '.')))
			return false;
	}
	return true;
}

bool names_is_hostname(const char *name)
{
	return is_name(name, 63);
}

bool names_is_domain(const char *name)
{
	return is_name(name, 253);
}

/* What stands in the firmware of boards whose maker never set a UUID of their own. */
static const char *const shared_uuids[] = {
	"03000200-0400-0500-0006-000700080009", /* AMI's reference code: Gigabyte, Beelink … (oshi#2417, system-bridge#3532) */
	"00020003-0004-0005-0006-000700080009", /* the same in the byte order of SMBIOS before 2.6 */
	"00000000-0000-0000-0807-060504030201", /* rockstor-core#2143 */
	"8a95d198-7f46-11e5-bf8b-08002704d48e", /* SolidRun LX2160A (lx2160a_uefi#4) */
	"12345678-1234-5678-90ab-cddeefaabbcc", /* samples that were never replaced */
	"12345678-1234-1234-1234-123456789abc",
	"12345678-9012-3456-7890-123456789012",
	"01234567-8901-2345-6789-abcdefabcdef",
	"01234567-89ab-cdef-0123-456789abcdef",
};

bool names_own_uuid(const char *text, char out[static NAMES_UUID_SIZE])
{
	char uuid[NAMES_UUID_SIZE];
	char first = '\0';
	bool differ = false;
	size_t n = 0;

	for (const char *p = text; *p && *p != '\n'; p++, n++) {
		char c = *p >= 'A' && *p <= 'F' ? (char)(*p - 'A' + 'a') : *p;

		if (n + 1 == sizeof(uuid) || (n == 8 || n == 13 || n == 18 || n == 23 ? c != '-' : hex_digit(c) < 0))
			return false;
		uuid[n] = c;
		if (c == '-')
			continue;
		first = first ? first : c;
		differ = differ || c != first;
	}
	uuid[n] = '\0';
	/* All zeros, all ones: "not set" in the SMBIOS specification (7.2.1). Other repetitions mean as little; "fefe…" was seen. */
	if (n + 1 != sizeof(uuid) || !differ || !strncmp(uuid, "fefefefe-fefe-fefe", 18))
		return false;
	for (size_t i = 0; i < sizeof(shared_uuids) / sizeof(*shared_uuids); i++)
		if (!strcmp(uuid, shared_uuids[i]))
			return false;
	memcpy(out, uuid, sizeof(uuid));
	return true;
}

/* dmidecode(8) shows them all over the world. */
static const char *const no_serials[] = {
	"", "none", "n/a", "na", "0", "00000000", "0123456789", "123456789", "1234567890", "not specified", "not applicable",
	"not available", "not settable", "not present", "unspecified", "unknown", "invalid", "default string", "default",
	"system serial number", "serial number", "to be filled by o.e.m.", "to be filled by o.e.m", "o.e.m.", "oem", "empty",
};

bool names_own_serial(const char *text, char out[static NAMES_SERIAL_SIZE])
{
	size_t n;

	while (*text == ' ')
		text++;
	n = strcspn(text, "\n");
	while (n && text[n - 1] == ' ')
		n--;
	if (n >= NAMES_SERIAL_SIZE)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	for (size_t i = 0; i < sizeof(no_serials) / sizeof(*no_serials); i++)
		if (strlen(no_serials[i]) == n && !strncasecmp(no_serials[i], text, n))
			return false;
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

void names_seed(const char *uuid, const char *mac, char out[static NAMES_SEED_SIZE])
{
	snprintf(out, NAMES_SEED_SIZE, "%s:%s", *uuid ? "uuid" : "mac", *uuid ? uuid : mac);
}

/* SHA-256 of "mkdl PURPOSE SEED": of one name none of the others can be told. */
static void derive(const char *purpose, const char *seed, uint8_t out[static SHA256_SIZE])
{
	char text[NAMES_SEED_SIZE + 32];
	int n = snprintf(text, sizeof(text), "mkdl %s %s", purpose, seed);

	sha256(text, (size_t)n, out);
}

static void to_hex(const uint8_t *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void names_machine_id(const char *seed, char out[static 33])
{
	uint8_t hash[SHA256_SIZE];

	derive("machine-id", seed, hash);
	hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x40);
	hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
	to_hex(hash, 16, out);
}

void names_initiator(const char *seed, char out[static NAMES_INITIATOR_SIZE])
{
	uint8_t hash[SHA256_SIZE];
	int n = snprintf(out, NAMES_INITIATOR_SIZE, "iqn.2018-05.node.mkdl:");

	derive("initiator", seed, hash);
	to_hex(hash, 12, out + n);
}

size_t names_fill(const char *text, const struct names_variable *variables, char *out, size_t size)
{
	size_t n = 0;

	while (*text) {
		const char *piece = text;
		size_t length = 1;

		if (text[0] == '$' && text[1] == '{') {
			size_t name = strcspn(text + 2, "}");

			for (const struct names_variable *v = variables; v->name; v++) {
				if (strlen(v->name) != name || memcmp(v->name, text + 2, name) != 0 ||
				    text[2 + name] != '}')
					continue;
				piece = v->value;
				length = strlen(v->value);
				text += name + 2;
				break;
			}
		}
		text++;
		for (size_t i = 0; i < length; i++, n++)
			if (n + 1 < size)
				out[n] = piece[i];
	}
	if (size)
		out[n < size ? n : size - 1] = '\0';
	return n;
}

bool names_hostname(const char *template, const char *mac, const char *machine_id, char out[static 64])
{
	char dashed[18], name[64];
	const struct names_variable variables[] = {{"mac", dashed}, {"machine_id", machine_id}, {NULL, NULL}};

	snprintf(dashed, sizeof(dashed), "%s", mac);
	for (char *p = dashed; *p; p++)
		if (*p == ':')
			*p = '-';
	if (names_fill(template, variables, name, sizeof(name)) >= sizeof(name))
		return false;
	for (char *p = name; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	if (!names_is_hostname(name))
		return false;
	memcpy(out, name, sizeof(name));
	return true;
}
