/* The records of the whole node. */
#include <arpa/inet.h>
#include <string.h>

#include "init/plan-private.h"

static const char *const policies[] = {"require", "continue", NULL};
static const char *const config_policies[] = {"require", "degraded", NULL};

static int check_name(const char *word, const char *value, struct error *err)
{
	(void)value;
	return plan_word_is_name(word) ? 0 : error_set(err, "\"%s\" is no name", word);
}

static int check_hostname(const char *word, const char *value, struct error *err)
{
	(void)value;
	return plan_check_variables(word, plan_hostname_variables, err);
}

int plan_check_node_ip(const char *word, const char *value, struct error *err)
{
	_cleanup_error_ struct error ignored = {0};

	if (!strcmp(word, "boot-interface") || plan_word_is_cidr(word) || plan_check_address(word, value, &ignored) == 0 ||
	    plan_check_interface(word, value, &ignored) == 0)
		return 0;
	return error_set(err, "\"%s\" is neither boot-interface nor an interface, an address or a network", word);
}

static int check_trust(const char *word, const char *value, struct error *err)
{
	(void)value;
	if (strlen(word) == 64 && strspn(word, "0123456789abcdef") == 64)
		return 0;
	return error_set(err, "\"%s\" is no Ed25519 public key in 64 hexadecimal digits", word);
}

static int check_sysctl(const char *word, const char *value, struct error *err)
{
	(void)value;
	if (!word[0] || word[0] == '/' || word[0] == '.' || strstr(word, "..") || strstr(word, "//"))
		return error_set(err, "\"%s\" is no key", word);
	return 0;
}

/* The field of these is the plan itself: a policy with its seconds. */
static int read_policy(const char **words, const char *const *choices, enum plan_policy *policy, unsigned *seconds,
		       struct error *err)
{
	int i = plan_choose(words[0], choices, err);

	if (i < 0 || plan_read_seconds(words[1], seconds, err) < 0)
		return -1;
	*policy = (enum plan_policy)i;
	return 0;
}

static int read_time(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		     struct error *err)
{
	struct plan *p = field;

	(void)r, (void)record, (void)count;
	return read_policy(words, policies, &p->time_policy, &p->time_wait, err);
}

static void write_time(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct plan *p = field;

	if (p->time_policy != PLAN_CONTINUE || p->time_wait != 15)
		strbuf_printf(out, "%s %s %u\n", record->word, policies[p->time_policy], p->time_wait);
}

static int read_config(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		       struct error *err)
{
	struct plan *p = field;

	(void)r, (void)record, (void)count;
	return read_policy(words, config_policies, &p->config_policy, &p->config_wait, err);
}

static void write_config(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct plan *p = field;

	if (p->config_policy != PLAN_REQUIRE || p->config_wait != 300)
		strbuf_printf(out, "%s %s %u\n", record->word, config_policies[p->config_policy], p->config_wait);
}

static int read_failure(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
			struct error *err)
{
	struct plan *p = field;

	(void)r, (void)record, (void)count;
	if (!strcmp(words[0], "reboot"))
		p->failure = PLAN_FAILURE_REBOOT;
	else if (!strcmp(words[0], "shell"))
		p->failure = PLAN_FAILURE_SHELL;
	else
		return error_set(err, "\"%s\" is neither reboot nor shell", words[0]);
	return plan_read_seconds(words[1], &p->failure_delay, err);
}

static void write_failure(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct plan *p = field;

	strbuf_printf(out, "%s %s %u\n", record->word, p->failure == PLAN_FAILURE_SHELL ? "shell" : "reboot", p->failure_delay);
}

static int read_built(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		      struct error *err)
{
	(void)r, (void)record, (void)count;
	/* As far as a 64-bit time_t and four-digit years go. */
	if (!plan_word_number(words[0], UINT64_C(253402300799), field))
		return error_set(err, "\"%s\" is no unix time", words[0]);
	return 0;
}

static void write_built(const struct plan_record *record, const void *field, struct strbuf *out)
{
	uint64_t built = *(const uint64_t *)field;

	if (built)
		strbuf_printf(out, "%s %llu\n", record->word, (unsigned long long)built);
}

static int read_syslog(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		       struct error *err)
{
	struct plan *p = field;
	uint64_t port;

	(void)r, (void)record, (void)count;
	if (strcmp(words[0], "udp") != 0 && strcmp(words[0], "tcp") != 0)
		return error_set(err, "\"%s\" is neither udp nor tcp", words[0]);
	if (plan_check_host(words[1], NULL, err) < 0)
		return -1;
	if (!plan_word_number(words[2], 65535, &port) || port == 0)
		return error_set(err, "\"%s\" is no port from 1 to 65535", words[2]);
	p->syslog_protocol = words[0][0] == 'u' ? PLAN_UDP : PLAN_TCP;
	p->syslog_host = words[1];
	p->syslog_port = (unsigned)port;
	return 0;
}

static void write_syslog(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct plan *p = field;

	if (p->syslog_host)
		strbuf_printf(out, "%s %s %s %u\n", record->word, p->syslog_protocol == PLAN_UDP ? "udp" : "tcp", p->syslog_host,
			      p->syslog_port);
}

static const struct plan_type type_failure = {2, 2, false, read_failure, write_failure};
static const struct plan_type type_built = {1, 1, false, read_built, write_built};
static const struct plan_type type_time = {2, 2, false, read_time, write_time};
static const struct plan_type type_config = {2, 2, false, read_config, write_config};
static const struct plan_type type_syslog = {3, 3, false, read_syslog, write_syslog};

#define AT(field) offsetof(struct plan, field)

const struct plan_record plan_node_records[] = {
	{"name", &plan_type_text, AT(name), check_name, 0, NULL},
	{"hostname", &plan_type_text, AT(hostname), check_hostname, 0, NULL},
	{"failure", &type_failure, 0, NULL, 0, NULL},
	{"interface", &plan_type_text, AT(interface), plan_check_interface, 0, NULL},
	{"node-ip", &plan_type_text, AT(node_ip), plan_check_node_ip, 0, NULL},
	{"built", &type_built, AT(built), NULL, 0, NULL},
	{"time", &type_time, 0, NULL, 0, NULL},
	{"ntp", &plan_type_words, AT(ntp), plan_check_host, 0, NULL},
	{"config", &type_config, 0, NULL, 0, NULL},
	{"config-file", &plan_type_list, AT(config_files), plan_check_path, 0, NULL},
	{"config-url", &plan_type_list, AT(config_urls), plan_check_url_words, 0, NULL},
	{"config-ca", &plan_type_text, AT(config_ca), plan_check_path, 0, NULL},
	{"trust", &plan_type_text, AT(trust), check_trust, 0, NULL},
	{"watchdog", &plan_type_number, AT(watchdog), NULL, 0, NULL},
	{"syslog", &type_syslog, 0, NULL, 0, NULL},
	{"final-message", &plan_type_text, AT(final_message), NULL, 0, NULL},
	{"nameserver", &plan_type_list, AT(nameservers), plan_check_address, 0, NULL},
	{"search", &plan_type_list, AT(search), plan_check_domain, 0, NULL},
	{"sysctl", &plan_type_pairs, AT(sysctls), check_sysctl, 0, NULL},
	{NULL, NULL, 0, NULL, 0, NULL},
};
