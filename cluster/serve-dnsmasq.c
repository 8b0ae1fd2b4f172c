/* Of dnsmasq: addresses for the nodes and for nobody else, the way into iPXE, TFTP. */
#include "cluster/cidr.h"
#include "cluster/cluster-read.h"
#include "cluster/follow.h"

static void add_option(struct strbuf *out, const char *name, const struct strings *addresses)
{
	uint32_t ignored;
	bool any = false;

	for (size_t i = 0; i < addresses->count; i++) {
		/* Names do not fit into the option; the profile has them. */
		if (!ipv4_parse(addresses->items[i], &ignored))
			continue;
		strbuf_printf(out, any ? ",%s" : "dhcp-option=option:%s", any ? addresses->items[i] : name);
		if (!any)
			strbuf_printf(out, ",%s", addresses->items[i]);
		any = true;
	}
	strbuf_puts(out, any ? "\n" : "");
}

static void add_names(struct arena *a, struct strbuf *out, const struct cluster *c)
{
	struct strings own = {0};

	strings_add(a, &own, c->provisioner);
	if (!c->nameservers.count || strings_has(&c->nameservers, c->provisioner))
		strbuf_puts(out, "\n# DNS: the nodes' names; all others from the servers of this machine.\nbogus-priv\n");
	else
		strbuf_puts(out, "\n# The nodes have other name servers.\nport=0\n");
	add_option(out, "dns-server", c->nameservers.count ? &c->nameservers : &own);
}

static void add_hosts(struct arena *a, struct strbuf *out, const struct cluster *c)
{
	struct cidr subnet;

	cidr_parse(c->subnet, &subnet, NULL);
	strbuf_printf(out, "\n# The nodes, and nobody else.\ndhcp-authoritative\ndhcp-range=%s,static,%s,12h\ndhcp-ignore=tag:!known\n",
		      ipv4_text(a, subnet.first), ipv4_text(a, subnet.bits ? UINT32_MAX << (32 - subnet.bits) : 0));
	if (c->gateway)
		strbuf_printf(out, "dhcp-option=option:router,%s\n", c->gateway);
	else
		strbuf_puts(out, "dhcp-option=option:router\n");
	add_option(out, "ntp-server", &c->ntp);
	for (size_t i = 0; i < c->node_count; i++)
		strbuf_printf(out, "dhcp-host=%s,set:%s,%s,%s,12h\n", c->nodes[i].mac, cluster_role_names[c->nodes[i].role],
			      c->nodes[i].address, c->nodes[i].name);
}

static void add_boot(struct strbuf *out, const struct cluster *c)
{
	strbuf_printf(out,
		      "\n# Firmware loads iPXE by TFTP; iPXE (which sends option 175) loads the script of the node's role.\n"
		      "enable-tftp\ntftp-root=%s\ndhcp-match=set:ipxe,175\ndhcp-match=set:efi,option:client-arch,7\n"
		      "dhcp-match=set:efi,option:client-arch,9\n"
		      "dhcp-boot=tag:!ipxe,tag:efi,snponly.efi\ndhcp-boot=tag:!ipxe,tag:!efi,undionly.kpxe\n", c->tftp);
	for (size_t i = 0; i < CLUSTER_ROLES; i++)
		strbuf_printf(out, "dhcp-boot=tag:ipxe,tag:%s,http://%s/%s-%s.ipxe\n", cluster_role_names[i], c->provisioner, c->name,
			      cluster_role_names[i]);
}

void follow_dnsmasq(struct arena *a, struct strbuf *out, const struct cluster *c, const char *dir)
{
	strbuf_printf(out,
		      "# DHCP, TFTP and DNS for the nodes of the cluster %s; made by \"mkdl cluster init\".\n"
		      "#\n"
		      "#	dnsmasq --conf-file=DIR/serve/dnsmasq.conf [--interface=NAME]\n"
		      "#\n"
		      "# With --interface, and the address " CLUSTER_RA_ADDRESS "/64 on it, iPXE does not wait 16 s for a router of IPv6.\n"
		      "listen-address=%s\nbind-dynamic\nexcept-interface=lo\nno-hosts\n"
		      "pid-file=%s/serve/dnsmasq.pid\ndhcp-leasefile=%s/serve/dnsmasq.leases\n",
		      c->name, c->provisioner, dir, dir);
	add_names(a, out, c);
	add_hosts(a, out, c);
	strbuf_puts(out, "enable-ra\ndhcp-range=" CLUSTER_RA_NETWORK ",ra-only,64\ndhcp-option=option6:dns-server\n");
	add_boot(out, c);
}
