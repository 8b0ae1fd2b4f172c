#include "init/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "init/phases.h"

#define UUID "/sys/class/dmi/id/product_uuid"

int identity_find(struct node *node, const char *mac, bool leave_open, struct error *err)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_strbuf_ struct strbuf uuid = {0};
	struct facts *f = &node->facts;
	const char *template = node->plan.hostname;

	if (file_read_at(AT_FDCWD, UUID, 256, &uuid, &ignored) < 0 ||
	    !names_machine_id_from_uuid(uuid.data, f->machine_id))
		names_machine_id_from_mac(mac, f->machine_id);
	if (node->options.hostname[0])
		template = node->options.hostname;
	else if (node->options.ip.hostname[0])
		template = node->options.ip.hostname;
	else if (!*template)
		template = node->lease.hostname[0] ? node->lease.hostname : leave_open ? "" : "node-${mac}";
	f->hostname[0] = '\0';
	if (*template && !names_hostname(template, mac, f->machine_id, f->hostname))
		return error_set(err, "\"%s\" makes no host name of at most 63 letters, digits and dashes", template);
	return 0;
}

static int write_file(const char *path, const struct strbuf *text, struct error *err)
{
	return file_write_atomic_at(AT_FDCWD, path, text->data, text->len, 0644, err);
}

static int write_hosts(const struct node *node, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *name = node->facts.hostname;

	strbuf_puts(&text, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	strbuf_printf(&text, "%s\t", node->facts.node_ip[0] ? node->facts.node_ip : "127.0.1.1");
	if (node->lease.domain[0] && !strchr(name, '.'))
		strbuf_printf(&text, "%s.%s ", name, node->lease.domain);
	strbuf_printf(&text, "%s\n", name);
	return write_file("/etc/hosts", &text, err);
}

/* Without name servers from the network the image's own file, if any, stays. */
static int write_resolv_conf(const struct lease *lease, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (lease->domain[0])
		strbuf_printf(&text, "search %s\n", lease->domain);
	for (size_t i = 0; i < 3 && lease->dns[i][0]; i++)
		strbuf_printf(&text, "nameserver %s\n", lease->dns[i]);
	if (!text.len && access("/etc/resolv.conf", F_OK) == 0)
		return 0;
	if (!text.data)
		strbuf_puts(&text, "");
	return write_file("/etc/resolv.conf", &text, err);
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
	    write_hosts(node, err) < 0 || write_resolv_conf(&node->lease, err) < 0)
		return -1;
	snprintf(detail, DETAIL_SIZE, "%s, machine-id %s", f->hostname, f->machine_id);
	return 0;
}
