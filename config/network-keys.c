/* The keys of "network": those of netplan's version 2, with what becomes of each on a node. */
#include "config/network.h"
#include "config/syntax.h"

#define AT(field) offsetof(struct link_reading, field)

static const struct key network_keys[] = {
	{"version", &type_version, 0, NULL, "2, which may be left out."},
	{"ethernets", &type_ethernets, 0, NULL, "Cards. See NETWORK.ETHERNETS.NAME."},
	{"bonds", &type_bonds, 0, NULL, "Bonds of links. See NETWORK.BONDS.NAME."},
	{"vlans", &type_vlans, 0, NULL, "VLANs on links. See NETWORK.VLANS.NAME."},
	{"renderer", &type_ignored, 0, NULL, "links are set up by mkdl's own program"},
	{"bridges", &type_refused, 0, NULL, "the node has no bridges but those of its containers"},
	{"wifis", &type_refused, 0, NULL, "a node that boots over the network has a cable"},
	{"modems", &type_refused, 0, NULL, "a node that boots over the network has a cable"},
	{"tunnels", &type_refused, 0, NULL, "the node sets up no tunnels; run them as a service"},
	{"vrfs", &type_refused, 0, NULL, "there is one table of routes, the main one"},
};
const struct key_map map_network = KEY_MAP("network", network_keys);

static const char no_overrides[] = "a lease is taken as a whole; write addresses, routes and nameservers instead of dhcp4";

#define COMMON_KEYS \
	{"dhcp4", &type_bool, AT(link.dhcp4), NULL, "An IPv4 address by DHCP, renewed for as long as the node is up."}, \
	{"dhcp6", &type_bool, AT(link.dhcp6), NULL, "An IPv6 address by DHCPv6."}, \
	{"accept-ra", &type_ra, AT(link.ra), NULL, "Take part in router advertisements (SLAAC). Default: as the kernel does."}, \
	{"addresses", &type_set, AT(link.addresses), check_link_address, "Addresses with their prefixes, as in 10.0.0.5/24."}, \
	{"routes", &type_routes, 0, NULL, "Routes over the link. See NETWORK.ROUTES."}, \
	{"gateway4", &type_text, AT(gateway4), check_gateway4, "The default route of IPv4."}, \
	{"gateway6", &type_text, AT(gateway6), check_gateway6, "The default route of IPv6."}, \
	{"nameservers", &type_nameservers, 0, NULL, "DNS. See NETWORK.NAMESERVERS."}, \
	{"mtu", &type_mtu, AT(link.mtu), NULL, "The largest packet, in bytes."}, \
	{"optional", &type_bool, AT(link.optional), NULL, "The boot does not wait for it."}, \
	{"macaddress", &type_ignored, 0, NULL, "cards keep the address that they have"}, \
	{"dhcp4-overrides", &type_ignored, 0, NULL, no_overrides}, \
	{"dhcp6-overrides", &type_ignored, 0, NULL, no_overrides}, \
	{"dhcp-identifier", &type_ignored, 0, NULL, "the client's identifier is the MAC address"}, \
	{"link-local", &type_ignored, 0, NULL, "as the kernel does"}, \
	{"critical", &type_ignored, 0, NULL, "addresses stay until the node goes down"}, \
	{"renderer", &type_ignored, 0, NULL, "links are set up by mkdl's own program"}, \
	{"routing-policy", &type_refused, 0, NULL, "there is one table of routes, the main one"}

static const struct key ethernet_keys[] = {
	{"match", &type_match, 0, NULL, "Which card it is. Default: the one that the kernel calls by this name."},
	{"set-name", &type_text, AT(set_name), check_interface, "What the configuration calls the card. It keeps the name that the kernel gave it; if that is another, the boot says so."},
	COMMON_KEYS,
	{"wakeonlan", &type_ignored, 0, NULL, "the card is left as the firmware set it up"},
	{"emit-lldp", &type_ignored, 0, NULL, "nothing speaks LLDP on a node"},
};
const struct key_map map_ethernet = KEY_MAP("network.ethernets.NAME", ethernet_keys);

static const struct key bond_keys[] = {
	{"interfaces", &type_set, AT(link.bond_members), check_plain, "The links that it is made of."},
	{"parameters", &type_parameters, 0, NULL, "How it works. See NETWORK.BONDS.NAME.PARAMETERS."},
	COMMON_KEYS,
};
const struct key_map map_bond = KEY_MAP("network.bonds.NAME", bond_keys);

static const struct key vlan_keys[] = {
	{"id", &type_vlan_id, AT(link.vlan_id), NULL, "Its number, 1 to 4094."},
	{"link", &type_text, AT(link.vlan_parent), check_plain, "The link that it is on."},
	COMMON_KEYS,
};
const struct key_map map_vlan = KEY_MAP("network.vlans.NAME", vlan_keys);

static const struct key match_keys[] = {
	{"macaddress", &type_mac, AT(link.mac), check_mac, "The card's address."},
	{"name", &type_text, AT(match_name), check_exact, "The kernel's name, without wildcards."},
	{"driver", &type_ignored, 0, NULL, "match by macaddress or name"},
};
const struct key_map map_match = KEY_MAP("network.ethernets.NAME.match", match_keys);

static const struct key nameserver_keys[] = {
	{"addresses", &type_set, AT(link.nameservers), check_address, "Name servers."},
	{"search", &type_set, AT(link.search), check_search, "Domains in which short names are looked for."},
};
const struct key_map map_nameservers = KEY_MAP("network.nameservers", nameserver_keys);

static const struct key route_keys[] = {
	{"to", &type_text, offsetof(struct plan_route, to), check_destination, "\"default\", or a network with its prefix."},
	{"via", &type_text, offsetof(struct plan_route, via), check_address,
	 "The gateway's address. Without it the network is on the link itself."},
	{"metric", &type_metric, offsetof(struct plan_route, metric), NULL, "Lower is preferred."},
	{"on-link", &type_ignored, 0, NULL, "a gateway has to be within one of the link's networks"},
	{"type", &type_ignored, 0, NULL, "routes are unicast routes"},
	{"scope", &type_ignored, 0, NULL, "the kernel chooses it"},
	{"table", &type_ignored, 0, NULL, "there is one table, the main one"},
	{"from", &type_ignored, 0, NULL, "the kernel chooses the address"},
	{"mtu", &type_ignored, 0, NULL, "write the link's mtu"},
};
const struct key_map map_route = KEY_MAP("network.routes", route_keys);

#define PARAMETER(name, help) {name, &type_parameter, 0, NULL, help}

static const struct key parameter_keys[] = {
	{"mode", &type_bond_mode, 0, NULL,
	 "balance-rr (the default), active-backup, balance-xor, broadcast, 802.3ad, balance-tlb or balance-alb."},
	PARAMETER("lacp-rate", "slow or fast, of 802.3ad."),
	PARAMETER("mii-monitor-interval", "Milliseconds between looks at the members' carriers."),
	PARAMETER("min-links", "Members with a carrier that the bond needs."),
	PARAMETER("transmit-hash-policy", "layer2, layer3+4, layer2+3 …"),
	PARAMETER("ad-select", "stable, bandwidth or count."),
	PARAMETER("all-slaves-active", "Take frames that arrive at inactive members."),
	PARAMETER("arp-interval", "Milliseconds between ARP probes."),
	PARAMETER("arp-ip-targets", "Addresses that are probed."),
	PARAMETER("arp-validate", "none, active, backup or all."),
	PARAMETER("arp-all-targets", "any or all."),
	PARAMETER("up-delay", "Milliseconds before a member with a carrier is used."),
	PARAMETER("down-delay", "Milliseconds before a member without a carrier is left."),
	PARAMETER("fail-over-mac-policy", "none, active or follow."),
	PARAMETER("gratuitous-arp", "Announcements after a change of members."),
	PARAMETER("packets-per-slave", "Of balance-rr."),
	PARAMETER("primary", "The member that is used while it can be."),
	PARAMETER("primary-reselect-policy", "always, better or failure."),
	PARAMETER("resend-igmp", "Membership reports after a change of members."),
	PARAMETER("learn-packet-interval", "Seconds between learning packets to switches."),
};
const struct key_map map_parameters = KEY_MAP("network.bonds.NAME.parameters", parameter_keys);
