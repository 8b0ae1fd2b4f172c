/* What texts of a profile may look like, beyond what the node's configuration has too (config/syntax.c). */
#include <arpa/inet.h>
#include <string.h>

#include "base/hash.h"
#include "builder/apt-text.h"
#include "builder/oci-reference.h"
#include "builder/profile-private.h"
#include "config/syntax.h"

/* What mkdl itself keeps in OUT and in the TFTP root. */
bool check_profile_name(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const taken[] = {
		"boot", "grub", "pxelinux.cfg", "pxelinux.0", "ldlinux.c32", "tftp", "build", "recipes",
	};
	size_t n = strlen(v->text);
	bool bad = n > 5 && !strcmp(v->text + n - 5, ".ipxe");

	if (!check_name(r, name, v))
		return false;
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		bad = bad || !strcmp(v->text, taken[i]);
	if (bad)
		complain(r, v, "a profile cannot be named \"%s\": mkdl keeps a file or folder of its own by this name "
			       "in out/ or in the TFTP root; set \"name\" to another", v->text);
	return !bad;
}

bool check_target(struct reader *r, const struct value *name, const struct value *v)
{
	return check_absolute(r, name, v);
}

bool check_pattern(struct reader *r, const struct value *name, const struct value *v)
{
	int depth = 0;

	if (!check_absolute(r, name, v))
		return false;
	for (const char *p = v->text; *p && depth >= 0; p++)
		depth += *p == '{' ? 1 : *p == '}' ? -1 : 0;
	return expect(r, name, v, depth == 0, "a pattern: its { and } do not match");
}

bool check_soname(struct reader *r, const struct value *name, const struct value *v)
{
	bool ok = !strchr(v->text, '/') && strstr(v->text, ".so") && check_plain(r, name, v);

	return expect(r, name, v, ok, "the name of a shared library, as in libm.so.6");
}

bool check_package(struct reader *r, const struct value *name, const struct value *v)
{
	return expect(r, name, v, apt_name_is_valid(v->text), "the name of a Debian package");
}

bool check_url(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const schemes[] = {"https://", "http://", "file:///"};

	return expect(r, name, v, has_scheme(v->text, schemes, 3), "an http://, https:// or file:// URL");
}

bool check_uri(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const schemes[] = {"https://", "http://", "file:/", "copy:/"};

	return expect(r, name, v, has_scheme(v->text, schemes, 4),
		      "the URI of a repository (http, https, file or copy)");
}

bool check_sha256(struct reader *r, const struct value *name, const struct value *v)
{
	struct hash hash;
	bool lower = !v->text[strcspn(v->text, UPPER)];

	return expect(r, name, v, lower && hash_parse(v->text, &hash), "a SHA-256 of 64 digits 0-9, a-f");
}

bool check_driver(struct reader *r, const struct value *name, const struct value *v)
{
	return expect(r, name, v, is_visible(v->text) && v->text[0] != '-', "a module's name, alias or path pattern");
}

bool check_argument(struct reader *r, const struct value *name, const struct value *v)
{
	bool ok = is_visible(v->text) || (strchr(v->text, '"') && v->text[0] != ' ');

	return check_plain(r, name, v) && expect(r, name, v, ok, "one kernel argument; write several as several items");
}

bool check_role(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const words[] = {"server", "worker", "standalone"};

	return choose(r, v, name->text, words, 3) >= 0;
}

/* name is the server's. */
bool check_member(struct reader *r, const struct value *name, const struct value *v)
{
	struct in_addr in;

	return expect(r, name, name, !strchr(name->text, '$'), "the host name of a server") && check_hostname(r, name, name) &&
	       expect(r, name, v, inet_pton(AF_INET, v->text, &in) == 1, "an IPv4 address");
}

bool check_snapshotter(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const words[] = {"overlayfs", "native"};

	return choose(r, v, name->text, words, 2) >= 0;
}

bool check_reference(struct reader *r, const struct value *name, const struct value *v)
{
	_cleanup_error_ struct error err = {0};
	const char *full;

	if (oci_reference_normalize(r->arena, v->text, &full, &err) < 0) {
		complain(r, v, "\"%s\": %s", name->text, error_text(&err));
		return false;
	}
	if (!strcmp(full, v->text))
		return true;
	/* A pod may use the short form; what it stands for should be seen here. */
	complain(r, v, "\"%s\": write the image's full name: %s", name->text, full);
	return false;
}
