#include "lab/wire.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "builder/run-program.h"

static const char *prefix_of(const char *cidr)
{
	const char *slash = strchr(cidr, '/');

	return slash ? slash : "/24";
}

int wire_open(const struct lab *l, struct error *err)
{
	_cleanup_strbuf_ struct strbuf batch = {0}, errors = {0};
	const char *file = lab_path(l, "run/ip"), *argv[] = {"ip", "-batch", file, NULL};
	const struct cluster *c = l->cluster;

	strbuf_puts(&batch, "link set lo up\n"
			    /* An address of its own: a bridge has that of a tap otherwise, and another with the next tap. No
			     * spanning tree: it would keep a port shut for the first 30 seconds. */
			    "link add lan address 52:54:00:6d:6b:64 type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n");
	strbuf_printf(&batch, "address add %s%s dev lan\n", c->provisioner, prefix_of(c->subnet));
	/* iPXE waits 16 s for a router advertisement where nobody sends one. */
	strbuf_puts(&batch, "address add " CLUSTER_RA_ADDRESS "/64 dev lan nodad\nlink set lan up\n");
	for (size_t i = 0; i < c->node_count; i++)
		strbuf_printf(&batch, "tuntap add dev %s mode tap\nlink set %s master lan up\n", l->nodes[i].tap, l->nodes[i].tap);
	/* The routes that the nodes have among themselves, for who looks at the cluster from here. */
	for (size_t i = 0; i < c->node_count; i++)
		if (c->nodes[i].pod_cidr)
			strbuf_printf(&batch, "route add %s via %s\n", c->nodes[i].pod_cidr, c->nodes[i].address);
	if (file_write_atomic_at(AT_FDCWD, file, batch.data, batch.len, 0600, err) < 0)
		return -1;
	if (run_program(&(struct program){.argv = argv, .err = &errors}, NULL, err) < 0)
		return error_wrap(err, "the lab's network%s",
				  errors.len && strstr(errors.data, "/dev/net/tun") ? " (is /dev/net/tun open to you?)" : "");
	return 0;
}
