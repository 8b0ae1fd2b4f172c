/* Time zone, certificates, randomness, the key of SSH's host. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "node/agent/apply.h"

#define LOCALTIME "/etc/localtime"
#define ZONES "/usr/share/zoneinfo"
#define CERTIFICATES "/etc/ssl/certs/ca-certificates.crt"
enum { ZONE_LIMIT = 1 << 20, BUNDLE_LIMIT = 8 << 20 };

/* A rule of TZ has an offset, a digit, right after the name of the zone; names such as Etc/GMT+5 have a slash before
 * it. */
static bool is_rule(const char *zone)
{
	const char *first = strpbrk(zone, "/0123456789");

	return first && *first != '/';
}

static const char *zone_file(struct apply *a)
{
	return arena_printf(a->arena, ZONES "/%s", a->settings.timezone);
}

static bool is_utc(const char *zone)
{
	return !strcmp(zone, "UTC") || !strcmp(zone, "Etc/UTC") || !strcmp(zone, "Etc/UCT") || !strcmp(zone, "GMT") ||
	       !strcmp(zone, "Etc/GMT");
}

static int check_zone(struct apply *a, struct error *err)
{
	const char *zone = a->settings.timezone;

	if (!zone || is_utc(zone) || root_exists(&a->root, zone_file(a)) || is_rule(zone))
		return 0;
	return place_error(err, a->settings.timezone_at,
			   "the image does not know the time zone %s; give its profile the component "
			   "tzdata: {apt: tzdata, files: [" ZONES "/%s]}, or write a rule here, as in "
								  "CET-1CEST,M3.5.0,M10.5.0/3",
			   zone, zone);
}

/* The header of a block: counts of leap seconds and the like are 0; so many transitions, one type, a name of 4 bytes.
 */
static void add_header(struct strbuf *out, char transitions)
{
	static const char magic[5] = "TZif2", zero[27];
	const char counts[12] = {0, 0, 0, transitions, 0, 0, 0, 1, 0, 0, 0, 4};

	strbuf_add(out, magic, sizeof(magic));
	strbuf_add(out, zero, sizeof(zero));
	strbuf_add(out, counts, sizeof(counts));
}

/* A file of RFC 8536 (version 2) whose footer is the rule. glibc looks at the footer only for times after a transition:
 * there is one, in 1901, to the only type, which is UTC. musl, glibc and Go read it. */
static void make_zone(const char *rule, struct strbuf *out)
{
	static const char type[10] = "\0\0\0\0\0\0UTC"; /* offset 0, no summer time, its name the first: "UTC" */
	static const char transition[9] = {'\xff', '\xff', '\xff', '\xff', '\x80', 0, 0, 0, 0};

	add_header(out, 0);
	strbuf_add(out, type, sizeof(type));
	add_header(out, 1);
	strbuf_add(out, transition, sizeof(transition));
	strbuf_add(out, type, sizeof(type));
	strbuf_printf(out, "\n%s\n", rule);
}

static int apply_zone(struct apply *a, struct error *err)
{
	const char *zone = a->settings.timezone;
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *data;
	bool found;
	size_t n;

	if (!zone)
		return 0;
	if (root_read(&a->root, zone_file(a), ZONE_LIMIT, &data, &n, &found, err) < 0)
		return -1;
	if (!found) {
		make_zone(is_utc(zone) ? "UTC0" : zone, &text);
		data = text.data;
		n = text.len;
	}
	if (root_write(&a->root, LOCALTIME, data, n, 0644, 0, 0, err) < 0)
		return -1;
	zone = arena_printf(a->arena, "%s\n", zone);
	return root_write(&a->root, "/etc/timezone", zone, strlen(zone), 0644, 0, 0, err);
}

/* Every certificate of the text is read, so that none is left out by a typing mistake without a word. */
static int check_certificate(const char *text, struct place at, struct error *err)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	unsigned count = 0, begun = 0;

	for (const char *p = strstr(text, "-----BEGIN "); p; p = strstr(p + 1, "-----BEGIN "))
		begun++;
	for (X509 *x; bio && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL));) {
		X509_free(x);
		count++;
	}
	BIO_free(bio);
	return count && count == begun ? 0
				       : place_error(err, at, "this is no certificate that can be read (X.509, PEM)");
}

static int apply_certificates(struct apply *a, struct error *err)
{
	const struct settings *s = &a->settings;
	_cleanup_strbuf_ struct strbuf out = {0};
	const char *known = "";

	if (!s->certificates.count && !s->no_default_certificates)
		return 0;
	if (!s->no_default_certificates && root_read(&a->root, CERTIFICATES, BUNDLE_LIMIT, &known, NULL, NULL, err) < 0)
		return -1;
	strbuf_puts(&out, known);
	if (out.len && out.data[out.len - 1] != '\n')
		strbuf_puts(&out, "\n");
	for (size_t i = 0; i < s->certificates.count; i++) {
		const char *text = s->certificates.items[i];

		strbuf_printf(&out, "%s%s", text, text[strlen(text) - 1] == '\n' ? "" : "\n");
	}
	return root_write(&a->root, CERTIFICATES, out.data, out.len, 0644, 0, 0, err);
}

static int apply_seed(struct apply *a, struct error *err)
{
	_cleanup_close_ int fd = -1;

	if (!a->settings.seed || a->offline)
		return 0;
	fd = root_open(&a->root, "/dev/urandom", O_WRONLY);
	if (fd < 0)
		return error_errno(err, "/dev/urandom");
	return fd_write_all(fd, a->settings.seed, a->settings.seed_size, "/dev/urandom", err);
}

int apply_system_prepare(struct apply *a, struct error *err)
{
	const struct settings *s = &a->settings;

	if (check_zone(a, err) < 0)
		return -1;
	for (size_t i = 0; i < s->certificates.count; i++)
		if (check_certificate(s->certificates.items[i],
				      s->certificates.places ? s->certificates.places[i] : (struct place){0}, err) < 0)
			return -1;
	return apply_host_key_prepare(a, err);
}

int apply_system(struct apply *a, struct error *err)
{
	if (apply_zone(a, err) < 0 || apply_certificates(a, err) < 0 || apply_seed(a, err) < 0)
		return -1;
	return apply_host_key(a, err);
}
