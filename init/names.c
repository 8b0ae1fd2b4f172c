#include "init/names.h"

#include <stdio.h>
#include <string.h>

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

/* What stands in the firmware of boards whose maker never set a UUID. */
static const char *const shared_uuids[] = {
	"03000200040005000006000700080009",
	"00020003000400050006000700080009",
	"12345678123456789012345678901234",
	"01234567890123456789abcdefabcdef",
	"fefefefefefefefefefefefefefefefe",
};

bool names_machine_id_from_uuid(const char *uuid, char out[static 33])
{
	char id[33];
	size_t n = 0;
	bool differ = false;

	for (const char *p = uuid; *p && *p != '\n'; p++) {
		char c = *p >= 'A' && *p <= 'F' ? (char)(*p - 'A' + 'a') : *p;

		if (c == '-')
			continue;
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) || n == 32)
			return false;
		id[n++] = c;
		differ = differ || c != id[0];
	}
	id[n] = '\0';
	/* All zeros and all ones: "not set" in the SMBIOS specification (7.2.1). */
	if (n != 32 || !differ)
		return false;
	for (size_t i = 0; i < sizeof(shared_uuids) / sizeof(*shared_uuids); i++)
		if (!strcmp(id, shared_uuids[i]))
			return false;
	memcpy(out, id, sizeof(id));
	return true;
}

void names_machine_id_from_mac(const char *mac, char out[static 33])
{
	/* "mkdl-mac-" and a zero byte in hex, so that it cannot meet one made from a UUID. */
	size_t n = (size_t)snprintf(out, 33, "6d6b646c2d6d61632d00");

	for (const char *p = mac; *p && n < 32; p++)
		if (*p != ':')
			out[n++] = *p;
	while (n < 32)
		out[n++] = '0';
	out[n] = '\0';
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
