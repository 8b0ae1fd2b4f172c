#include "init/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/flat.h"
#include "init/phases.h"

#define DMI "/sys/class/dmi/id/"
#define FACTS "/run/mkdl/facts"
#define INITIATOR "/etc/iscsi/initiatorname.iscsi"

/* Is there a file, and is what it holds the machine's own? */
static void read_dmi(const char *path, char *out, bool (*check)(const char *text, char *out))
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_strbuf_ struct strbuf text = {0};

	if (file_read_at(AT_FDCWD, path, 256, &text, &ignored) < 0 || !text.data || !check(text.data, out))
		*out = '\0';
}

int identity_find(struct node *node, const char *mac, bool leave_open, struct error *err)
{
	struct facts *f = &node->facts;
	const char *template = node->plan.hostname;

	read_dmi(DMI "product_uuid", f->uuid, names_own_uuid);
	read_dmi(DMI "product_serial", f->serial, names_own_serial);
	names_seed(f->uuid, mac, f->seed);
	names_machine_id(f->seed, f->machine_id);
	if (!node->renamed && node->options.hostname[0])
		template = node->options.hostname;
	else if (!node->renamed && *cmdline_hostname(&node->options))
		template = cmdline_hostname(&node->options);
	else if (!*template)
		template = node->network.hostname[0] ? node->network.hostname : leave_open ? "" : "node-${mac}";
	f->hostname[0] = '\0';
	if (*template && !names_hostname(template, mac, f->machine_id, f->hostname))
		return error_set(err, "\"%s\" makes no host name of at most 63 letters, digits and dashes", template);
	return 0;
}

static int write_file(const char *path, const struct strbuf *text, struct error *err)
{
	return file_write_atomic_at(AT_FDCWD, path, text->data, text->len, 0644, err);
}

int identity_write_facts(const struct node *node, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const struct facts *f = &node->facts;
	const struct {
		const char *key, *value;
	} facts[] = {
		{"mac", f->mac}, {"interface", f->interface}, {"node_ip", f->node_ip}, {"hostname", f->hostname},
		{"machine_id", f->machine_id}, {"uuid", f->uuid}, {"serial", f->serial}, {"seed", f->seed},
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		if (facts[i].value[0])
			flat_add(&text, facts[i].key, facts[i].value, NULL);
	return file_write_atomic_at(AT_FDCWD, FACTS, text.data ? text.data : "", text.len, 0600, err);
}

/* For whatever speaks iSCSI; one that the image brings stays. */
static int write_initiator(const struct facts *f, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char name[NAMES_INITIATOR_SIZE];

	if (access(INITIATOR, F_OK) == 0)
		return 0;
	names_initiator(f->seed, name);
	strbuf_printf(&text, "InitiatorName=%s\n", name);
	return dir_make_at(AT_FDCWD, "/etc/iscsi", 0755, err) < 0 ? -1 : write_file(INITIATOR, &text, err);
}

int identity_write_hosts(const struct node *node, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *name = node->facts.hostname;

	strbuf_puts(&text, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	strbuf_printf(&text, "%s\t", node->facts.node_ip[0] ? node->facts.node_ip : "127.0.1.1");
	if (node->network.domain[0] && !strchr(name, '.'))
		strbuf_printf(&text, "%s.%s ", name, node->network.domain);
	strbuf_printf(&text, "%s\n", name);
	return write_file("/etc/hosts", &text, err);
}

int phase_identity(struct node *node, char *detail, struct error *err)
{
	_cleanup_strbuf_ struct strbuf name = {0}, id = {0};
	struct facts *f = &node->facts;

	if (identity_find(node, f->mac, false, err) < 0)
		return -1;
	if (sethostname(f->hostname, strlen(f->hostname)) < 0)
		return error_errno(err, "setting the host name %s", f->hostname);
	strbuf_printf(&name, "%s\n", f->hostname);
	strbuf_printf(&id, "%s\n", f->machine_id);
	if (write_file("/etc/hostname", &name, err) < 0 || write_file("/etc/machine-id", &id, err) < 0 ||
	    write_initiator(f, err) < 0 || identity_write_facts(node, err) < 0 || identity_write_hosts(node, err) < 0)
		return -1;
	node->settled = true;
	snprintf(detail, DETAIL_SIZE, "%s, machine-id %s", f->hostname, f->machine_id);
	return 0;
}
