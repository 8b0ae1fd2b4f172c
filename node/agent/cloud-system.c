/* Time, names, certificates and randomness. */
#include <string.h>

#include "node/agent/cloud.h"

#define AT(field) offsetof(struct settings, field)

static bool check_server(struct reader *r, const struct value *name, const struct value *v)
{
	unsigned char c = (unsigned char)v->text[0];
	bool ok = c != '-' && v->text[strspn(v->text, LOWER UPPER DIGIT ".:-_")] == '\0' && strlen(v->text) <= 253;

	return expect(r, name, v, ok, "a host name or an address");
}

/* Names are lower case, as in Kubernetes; DNS does not tell the difference. */
void cloud_read_hostname(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			 void *field)
{
	struct value lower = *v;
	char *text;

	if (!is_text(&c->r, name, v))
		return;
	lower.text = text = arena_strdup(c->r.arena, v->text);
	for (char *p = text; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	cloud_read_line(c, k, name, &lower, field);
}

static void read_enabled(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			 void *field)
{
	bool enabled = true;

	cloud_read_bool(c, k, name, v, &enabled);
	*(bool *)field = !enabled;
}

static const char no_ntp_client[] = "PID 1 sets the clock by busybox ntpd, whatever client is named";

static const struct cloud_key ntp_keys[] = {
	{"servers", CLOUD_APPLIED, "Asked for the time, in place of those of the profile and of DHCP.", cloud_read_list,
	 AT(ntp_servers), check_server, 0, NULL},
	{"pools", CLOUD_APPLIED, "Like servers.", cloud_read_list, AT(ntp_pools), check_server, 0, NULL},
	{"enabled", CLOUD_APPLIED, "false: no servers, the clock is not set.", read_enabled, AT(ntp_off), NULL, 0,
	 NULL},
	{"ntp_client", CLOUD_IGNORED, no_ntp_client, NULL, 0, NULL, 0, NULL},
	{"config", CLOUD_IGNORED, no_ntp_client, NULL, 0, NULL, 0, NULL},
	{"peers", CLOUD_IGNORED, "a node asks for the time and tells nobody", NULL, 0, NULL, 0, NULL},
	{"allow", CLOUD_IGNORED, "a node asks for the time and tells nobody", NULL, 0, NULL, 0, NULL},
};

const struct cloud_map cloud_ntp = CLOUD_MAP("ntp", ntp_keys);

void cloud_read_ntp(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		    void *field)
{
	(void)k, (void)field;
	c->settings->have_ntp = cloud_read_map(c, &cloud_ntp, name, v, c->settings);
}

/* A name of the zone database, or a rule as TZ has it (POSIX.1, "CET-1CEST,M3.5.0,M10.5.0/3"). */
void cloud_read_timezone(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			 void *field)
{
	bool ok;

	(void)k;
	if (!is_text(&c->r, name, v))
		return;
	ok = consists_of(v->text, LOWER UPPER "<", LOWER UPPER DIGIT "/_+-<>,.:") && !strstr(v->text, "..") &&
	     strlen(v->text) <= 100;
	if (!expect(&c->r, name, v, ok, "a time zone, as in Europe/Berlin or CET-1CEST,M3.5.0,M10.5.0/3"))
		return;
	*(const char **)field = v->text;
	c->settings->timezone_at = v->at;
}

static bool check_certificate(struct reader *r, const struct value *name, const struct value *v)
{
	const char *begin = strstr(v->text, "-----BEGIN CERTIFICATE-----");

	if (begin && strstr(begin, "-----END CERTIFICATE-----"))
		return true;
	complain(r, v, "\"%s\": this is no certificate (-----BEGIN CERTIFICATE----- … -----END CERTIFICATE-----)",
		 name->text);
	return false;
}

static const struct cloud_key ca_keys[] = {
	{"trusted", CLOUD_APPLIED,
	 "Certificates (PEM), appended to /etc/ssl/certs/ca-certificates.crt: what containerd, the kubelet and curl "
	 "trust.",
	 cloud_read_list, AT(certificates), check_certificate, 0, NULL},
	{"remove_defaults", CLOUD_APPLIED, "true: the image's own are not trusted.", cloud_read_bool,
	 AT(no_default_certificates), NULL, 0, NULL},
	{"remove-defaults", CLOUD_APPLIED, "The older spelling of remove_defaults.", cloud_read_bool,
	 AT(no_default_certificates), NULL, 0, NULL},
};

const struct cloud_map cloud_ca_certs = CLOUD_MAP("ca_certs", ca_keys);

void cloud_read_ca_certs(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			 void *field)
{
	(void)k, (void)field;
	cloud_read_map(c, &cloud_ca_certs, name, v, c->settings);
}

static void read_domain(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			void *field)
{
	struct strings *search = field;
	const char *domain = NULL;

	cloud_read_line(c, k, name, v, &domain);
	if (domain && !strings_has(search, domain))
		strings_add(c->r.arena, search, domain);
}

static const struct cloud_key resolv_keys[] = {
	{"nameservers", CLOUD_APPLIED, "In place of those of DHCP.", cloud_read_list, AT(nameservers), check_address, 0,
	 NULL},
	{"searchdomains", CLOUD_APPLIED, "Where short names are looked for.", cloud_read_list, AT(search), check_domain,
	 0, NULL},
	{"domain", CLOUD_APPLIED, "One more of them.", read_domain, AT(search), check_domain, 0, NULL},
	{"sortlist", CLOUD_IGNORED, "musl's resolver does not know it", NULL, 0, NULL, 0, NULL},
	{"options", CLOUD_IGNORED, "resolv.conf holds name servers and search domains only", NULL, 0, NULL, 0, NULL},
};

const struct cloud_map cloud_resolv_conf = CLOUD_MAP("resolv_conf", resolv_keys);

void cloud_read_resolv_conf(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			    void *field)
{
	(void)k, (void)field;
	cloud_read_map(c, &cloud_resolv_conf, name, v, c->settings);
}

void cloud_read_hosts(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		      void *field)
{
	(void)k, (void)field;
	if (!is_text(&c->r, name, v))
		return;
	if (cloud_truth(v->text) == 0)
		diagnose(c->r.diag, SEVERITY_WARNING, name->at, name->width,
			 "\"%s: %s\" is ignored: PID 1 always writes the node's own name into /etc/hosts", name->text,
			 v->text);
	else if (cloud_truth(v->text) < 0 && strcmp(v->text, "localhost") != 0 && strcmp(v->text, "template") != 0)
		complain(&c->r, v, "\"%s\": \"%s\" is none of true, false, localhost, template", name->text, v->text);
}

struct seed {
	const char *file, *data, *encoding;
};

static const struct cloud_key seed_keys[] = {
	{"data", CLOUD_APPLIED, "Given to the kernel's random number generator.", cloud_read_text,
	 offsetof(struct seed, data), NULL, 0, NULL},
	{"encoding", CLOUD_APPLIED, "raw (default), base64, b64, gzip, gz: as of write_files.", cloud_read_line,
	 offsetof(struct seed, encoding), NULL, 0, NULL},
	{"file", CLOUD_APPLIED, "Only /dev/urandom, which is the default.", cloud_read_path,
	 offsetof(struct seed, file), NULL, 0, NULL},
	{"command", CLOUD_IGNORED, "write it as bootcmd", NULL, 0, NULL, 0, NULL},
	{"command_required", CLOUD_IGNORED, "write the command as bootcmd", NULL, 0, NULL, 0, NULL},
};

const struct cloud_map cloud_random_seed = CLOUD_MAP("random_seed", seed_keys);

void cloud_read_random_seed(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			    void *field)
{
	_cleanup_error_ struct error err = {0};
	struct settings *s = c->settings;
	struct seed seed = {0};
	bool gzip, base64;

	(void)k, (void)field;
	if (!cloud_read_map(c, &cloud_random_seed, name, v, &seed))
		return;
	if (seed.file && strcmp(seed.file, "/dev/urandom") != 0)
		complain(&c->r, value_get(v, "file", NULL), "\"file\": only /dev/urandom takes a seed here");
	if (!seed.data)
		return;
	gzip = seed.encoding && (!strcmp(seed.encoding, "gzip") || !strcmp(seed.encoding, "gz"));
	base64 = seed.encoding && (!strcmp(seed.encoding, "base64") || !strcmp(seed.encoding, "b64"));
	if (seed.encoding && !gzip && !base64 && strcmp(seed.encoding, "raw") != 0)
		complain(&c->r, value_get(v, "encoding", NULL),
			 "\"encoding\": \"%s\" is none of raw, base64, b64, gzip, gz", seed.encoding);
	s->seed = seed.data;
	s->seed_size = strlen(seed.data);
	if (((base64 || gzip) && cloud_base64(c->r.arena, s->seed, s->seed_size, &s->seed, &s->seed_size, &err) < 0) ||
	    (gzip && cloud_gunzip(c->r.arena, s->seed, s->seed_size, 1 << 16, &s->seed, &s->seed_size, &err) < 0))
		complain(&c->r, value_get(v, "data", NULL), "\"data\": %s", error_text(&err));
}

static bool check_private_key(struct reader *r, const struct value *name, const struct value *v)
{
	if (strstr(v->text, "-----BEGIN OPENSSH PRIVATE KEY-----") && strstr(v->text, "-----END OPENSSH PRIVATE "
										      "KEY-----"))
		return true;
	complain(r, v, "\"%s\": this is no private key as ssh-keygen writes it (-----BEGIN OPENSSH PRIVATE KEY-----)",
		 name->text);
	return false;
}

static const char only_ed25519[] = "the node's SSH has one host key, of type ed25519: write ed25519_private";
static const char from_private[] = "it follows from the private key";

static const struct cloud_key host_key_rows[] = {
	{"ed25519_private", CLOUD_APPLIED,
	 "The node's own key, as ssh-keygen -t ed25519 writes it, without a passphrase.", cloud_read_text, AT(host_key),
	 check_private_key, 0, NULL},
	{"ed25519_public", CLOUD_IGNORED, from_private, NULL, 0, NULL, 0, NULL},
	{"ed25519_certificate", CLOUD_IGNORED, "dropbear knows no certificates", NULL, 0, NULL, 0, NULL},
	{"rsa_private", CLOUD_IGNORED, only_ed25519, NULL, 0, NULL, 0, NULL},
	{"rsa_public", CLOUD_IGNORED, only_ed25519, NULL, 0, NULL, 0, NULL},
	{"rsa_certificate", CLOUD_IGNORED, only_ed25519, NULL, 0, NULL, 0, NULL},
	{"ecdsa_private", CLOUD_IGNORED, only_ed25519, NULL, 0, NULL, 0, NULL},
	{"ecdsa_public", CLOUD_IGNORED, only_ed25519, NULL, 0, NULL, 0, NULL},
	{"ecdsa_certificate", CLOUD_IGNORED, only_ed25519, NULL, 0, NULL, 0, NULL},
	{"dsa_private", CLOUD_IGNORED, only_ed25519, NULL, 0, NULL, 0, NULL},
	{"dsa_public", CLOUD_IGNORED, only_ed25519, NULL, 0, NULL, 0, NULL},
};

const struct cloud_map cloud_ssh_keys = CLOUD_MAP("ssh_keys", host_key_rows);

void cloud_read_ssh_keys(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			 void *field)
{
	const struct value *private = value_get(v, "ed25519_private", NULL);

	(void)k, (void)field;
	if (cloud_read_map(c, &cloud_ssh_keys, name, v, c->settings) && private)
		c->settings->host_key_at = private->at;
}
