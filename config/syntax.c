#include "config/syntax.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "init/plan-words.h"
#include "init/plan.h"

bool consists_of(const char *text, const char *first, const char *allowed)
{
	return *text && strchr(first, *text) && !text[strspn(text, allowed)];
}

bool begins_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

bool parse_number(const char *text, unsigned long min, unsigned long max, unsigned long *out)
{
	size_t n = strlen(text);
	unsigned long value;

	if (n == 0 || n > 10 || strspn(text, DIGIT) != n)
		return false;
	value = strtoul(text, NULL, 10);
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

bool parse_seconds(const char *text, unsigned *out)
{
	size_t n = strspn(text, DIGIT);
	const char *unit = text + n;
	unsigned long factor = !*unit || !strcmp(unit, "s") ? 1
			       : !strcmp(unit, "m")	    ? 60
			       : !strcmp(unit, "h")	    ? 3600
							    : 0;
	unsigned long value = n > 0 && n < 8 ? strtoul(text, NULL, 10) : 0;

	if (n == 0 || n >= 8 || !factor || value * factor > 86400)
		return false;
	*out = (unsigned)(value * factor);
	return true;
}

bool is_tmpfs_size(const char *text)
{
	size_t n = strspn(text, DIGIT);
	unsigned long value = n > 0 && n < 8 ? strtoul(text, NULL, 10) : 0;

	if (value == 0 || text[0] == '0' || strlen(text) != n + 1)
		return false;
	return text[n] == '%' ? value <= 100 : strchr("kKmMgG", text[n]) != NULL;
}

int choose(struct reader *r, const struct value *v, const char *what, const char *const *words, size_t count)
{
	const char *near = did_you_mean(v->text, words, count);
	const char *list = words[0];

	for (size_t i = 0; i < count; i++)
		if (!strcmp(v->text, words[i]))
			return (int)i;
	for (size_t i = 1; i < count; i++)
		list = arena_printf(r->arena, "%s%s%s", list, i + 1 < count ? ", " : " or ", words[i]);
	if (near)
		complain(r, v, "\"%s\" cannot be \"%s\", did you mean \"%s\"? (%s)", what, v->text, near, list);
	else
		complain(r, v, "\"%s\" cannot be \"%s\", only %s", what, v->text, list);
	return -1;
}

bool expect(struct reader *r, const struct value *name, const struct value *v, bool ok, const char *what)
{
	if (ok)
		return true;
	if (name == v)
		complain(r, v, "\"%s\": expected %s", v->text, what);
	else
		complain(r, v, "\"%s\": \"%s\" is not %s", name->text, v->text, what);
	return false;
}

static bool is_name(const char *s)
{
	return consists_of(s, LOWER DIGIT, LOWER DIGIT "._-") && strlen(s) <= 63;
}

bool check_name(struct reader *r, const struct value *name, const struct value *v)
{
	return expect(r, name, v, is_name(v->text),
		      "a name of at most 63 of a-z, 0-9, \".\", \"_\" and \"-\", letter or digit first");
}

bool check_plain(struct reader *r, const struct value *name, const struct value *v)
{
	bool ok = true;

	for (const char *p = v->text; *p; p++)
		ok = ok && (unsigned char)*p >= 0x20 && *p != 0x7f;
	return expect(r, name, v, ok, "text without line breaks and control characters");
}

bool check_absolute(struct reader *r, const struct value *name, const struct value *v)
{
	_cleanup_error_ struct error err = {0};
	const char *clean;

	if (v->text[0] != '/')
		return expect(r, name, v, false, "an absolute path");
	if (path_clean(r->arena, v->text, &clean, &err) == 0)
		return true;
	complain(r, v, "\"%s\": %s", name->text, error_text(&err));
	return false;
}

bool check_program(struct reader *r, const struct value *name, const struct value *v)
{
	const struct value *program = v->type == VALUE_LIST && v->count ? v->items[0] : NULL;

	if (!program || program->type != VALUE_SCALAR || plan_word_is_path(program->text))
		return true;
	complain(r, program,
		 "\"%s\": the program \"%s\" needs its absolute path on the node, nothing is looked for in a PATH",
		 name->text, program->text);
	return false;
}

bool is_visible(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= 0x20 || *p == 0x7f)
			return false;
	return true;
}

bool has_scheme(const char *text, const char *const *schemes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (begins_with(text, schemes[i]) && text[strlen(schemes[i])])
			return is_visible(text);
	return false;
}

bool check_https(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const schemes[] = {"https://"};

	return expect(r, name, v, has_scheme(v->text, schemes, 1), "the https:// URL of an API server");
}

bool check_module(struct reader *r, const struct value *name, const struct value *v)
{
	const char *module = arena_strndup(r->arena, v->text, strcspn(v->text, " ")), *rest = v->text + strlen(module);

	/* Parameters may follow: "nbd max_part=8". */
	for (const char *p = rest; *p; p++)
		if ((unsigned char)*p < 0x20)
			module = "";
	return expect(r, name, v, consists_of(module, LOWER UPPER DIGIT, LOWER UPPER DIGIT "_-"),
		      "the name of a kernel module, without folder and .ko");
}

/* Dots or slashes between words, as sysctl(8) takes them. */
bool check_sysctl(struct reader *r, const struct value *name, const struct value *v)
{
	const char *s = name->text;
	bool ok = consists_of(s, LOWER UPPER, LOWER UPPER DIGIT "._/-") && !strstr(s, "..") && !strstr(s, "//") &&
		  s[strlen(s) - 1] != '.' && s[strlen(s) - 1] != '/' && strpbrk(s, "./");

	return expect(r, name, name, ok, "a sysctl's name, as in net.ipv4.ip_forward") && check_plain(r, name, v);
}

bool check_flag(struct reader *r, const struct value *name, const struct value *v)
{
	return check_plain(r, name, v) &&
	       expect(r, name, v, begins_with(v->text, "--") && v->text[2], "a flag that begins with --");
}

/* A kubelet that is told otherwise than its container runtime starts no pod. */
bool check_kubelet_flag(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const own[] = {
		"--cgroup-driver", "--container-runtime", "--container-runtime-endpoint", "--docker-endpoint",
	};

	if (!check_flag(r, name, v))
		return false;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		size_t n = strlen(own[i]);

		if (strncmp(v->text, own[i], n) != 0 || (v->text[n] && v->text[n] != '='))
			continue;
		complain(r, v, "\"%s\": %s follows from the image's container runtime, so that both sides agree; leave it out",
			 name->text, own[i]);
		return false;
	}
	return true;
}

/* words are those that PID 1 knows (init/plan.h), so that both agree. */
bool check_variables(struct reader *r, const struct value *v, const char *const *words)
{
	size_t count = 0;

	while (words[count])
		count++;
	for (const char *p = strstr(v->text, "${"); p; p = strstr(p + 2, "${")) {
		const char *end = strchr(p, '}'), *near, *word;
		bool known = false;

		if (!end) {
			complain(r, v, "\"${\" without its \"}\"");
			return false;
		}
		word = arena_strndup(r->arena, p + 2, (size_t)(end - p - 2));
		for (size_t i = 0; i < count; i++)
			known = known || !strcmp(word, words[i]);
		if (known)
			continue;
		near = did_you_mean(word, words, count);
		complain(r, v, "unknown variable ${%s}%s%s%s", word, near ? ", did you mean ${" : "", near ? near : "",
			 near ? "}?" : "; mkdl-profile(5) lists them under VARIABLES");
		return false;
	}
	return true;
}

bool check_template(struct reader *r, const struct value *name, const struct value *v)
{
	return check_plain(r, name, v) && check_variables(r, v, plan_service_variables);
}

bool check_url_template(struct reader *r, const struct value *name, const struct value *v)
{
	return check_plain(r, name, v) && check_variables(r, v, plan_url_variables);
}

bool check_env(struct reader *r, const struct value *name, const struct value *v)
{
	return expect(r, name, name, consists_of(name->text, LOWER UPPER "_", LOWER UPPER DIGIT "_"),
		      "the name of a variable") &&
	       check_template(r, name, v);
}

/* RFC 1123, with variables in it; the node writes a MAC with dashes. */
bool check_hostname(struct reader *r, const struct value *name, const struct value *v)
{
	char *plain = arena_strdup(r->arena, v->text), *w = plain;

	if (!check_plain(r, name, v) || !check_variables(r, v, plan_hostname_variables))
		return false;
	for (const char *p = v->text; *p; p++) {
		if (begins_with(p, "${")) {
			*w++ = 'x';
			p = strchr(p, '}');
			continue;
		}
		*w++ = *p;
	}
	*w = '\0';
	return expect(r, name, v, consists_of(plain, LOWER DIGIT, LOWER DIGIT ".-") && strlen(plain) <= 63,
		      "a host name (a-z, 0-9, \"-\", \".\", ${mac}, ${machine_id})");
}

static bool is_address(const char *text)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

bool check_address(struct reader *r, const struct value *name, const struct value *v)
{
	return expect(r, name, v, is_address(v->text), "an IP address");
}

static bool is_cidr(struct reader *r, const char *text)
{
	const char *slash = strchr(text, '/');
	const char *address = slash ? arena_strndup(r->arena, text, (size_t)(slash - text)) : "";
	unsigned long bits;

	return slash && is_address(address) && parse_number(slash + 1, 1, strchr(address, ':') ? 128 : 32, &bits);
}

bool check_cidr(struct reader *r, const struct value *name, const struct value *v)
{
	return expect(r, name, v, is_cidr(r, v->text), "a network, as in 10.88.0.0/16");
}

bool check_node_ip(struct reader *r, const struct value *name, const struct value *v)
{
	bool interface = consists_of(v->text, LOWER UPPER, LOWER UPPER DIGIT "._-") && strlen(v->text) <= 15;

	return expect(r, name, v, interface || !strcmp(v->text, "boot-interface") || is_address(v->text) || is_cidr(r, v->text),
		      "\"boot-interface\", the name of an interface, an IP address or a network");
}

bool check_domain(struct reader *r, const struct value *name, const struct value *v)
{
	bool ok =
		consists_of(v->text, LOWER DIGIT, LOWER DIGIT ".-") && !strstr(v->text, "..") && strlen(v->text) <= 253;

	return expect(r, name, v, ok, "a domain, as in cluster.local");
}

/* A label's key may have a domain before a slash (Kubernetes documentation, "Labels and Selectors"). */
bool check_label(struct reader *r, const struct value *name, const struct value *v)
{
	const char *slash = strchr(name->text, '/'), *word = slash ? slash + 1 : name->text;
	bool key = consists_of(word, LOWER UPPER DIGIT, LOWER UPPER DIGIT "._-") && strlen(word) <= 63 &&
		   (!slash || consists_of(name->text, LOWER DIGIT, LOWER DIGIT ".-/"));
	bool value = consists_of(v->text, LOWER UPPER DIGIT, LOWER UPPER DIGIT "._-") && strlen(v->text) <= 63;

	return expect(r, name, name, key, "a label's key, as in example.org/rack") &&
	       expect(r, name, v, value, "a label's value");
}

bool check_ssh_key(struct reader *r, const struct value *name, const struct value *v)
{
	bool ok = begins_with(v->text, "ssh-") || begins_with(v->text, "ecdsa-sha2-") || begins_with(v->text, "sk-");

	return check_plain(r, name, v) &&
	       expect(r, name, v, ok && strchr(v->text, ' '), "a public key, as in \"ssh-ed25519 AAAA… me@desk\"");
}

/* useradd(8)'s names, without capitals; ":" and line breaks would end a field of passwd(5). */
bool check_user_name(struct reader *r, const struct value *name, const struct value *v)
{
	return expect(r, name, v, consists_of(v->text, LOWER "_", LOWER DIGIT "_-") && strlen(v->text) <= 32,
		      "a user's name (a-z, 0-9, \"_\" and \"-\", not a digit first, at most 32)");
}
