#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "node/network/network.h"

#define MODALIAS "/etc/mkdl/modalias"

enum { MODALIAS_LIMIT = 8 << 20, MII_MS = 100 };

void network_say(struct link *l, const char *fmt, ...)
{
	char text[PROBLEM_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (l && !strcmp(l->problem, text))
		return;
	if (l)
		strcpy(l->problem, text);
	printf("%s\n", text);
	fflush(stdout);
}

/* The kernel would start modprobe for a kind of link that it does not know; a node has a table instead. */
static void load_kind(const char *kind)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};
	_cleanup_arena_ struct arena a = {0};
	struct plan_aliases aliases;
	char alias[32];

	snprintf(alias, sizeof(alias), "rtnl-link-%s", kind);
	if (file_read_at(AT_FDCWD, MODALIAS, MODALIAS_LIMIT, &text, &ignored) < 0 ||
	    plan_parse_modalias(&a, MODALIAS, text.data, text.len, &aliases, &ignored) < 0)
		return;
	for (size_t i = 0; i < aliases.count; i++) {
		if (!plan_alias_matches(&aliases.items[i], alias))
			continue;
		for (const char **path = aliases.items[i].paths; *path; path++) {
			_cleanup_close_ int fd = open(*path, O_RDONLY | O_CLOEXEC);

			/* Otherwise it makes a bond0 of its own (bonding.rst); other modules pass over what they do
			 * not know. */
			if (fd >= 0)
				syscall(SYS_finit_module, fd, !strcmp(kind, "bond") ? "max_bonds=0" : "", 0);
		}
	}
}

static int make(struct network *n, struct message *m, const char *kind, char why[static 128])
{
	struct message again = *m;

	if (netlink_call(&n->netlink, m, why) == 0)
		return 0;
	if (errno != EOPNOTSUPP)
		return -1;
	load_kind(kind);
	return netlink_call(&n->netlink, &again, why);
}

static void begin_link(struct message *m, const char *name)
{
	const struct ifinfomsg body = {.ifi_family = AF_UNSPEC};

	message_begin(m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
	message_put_string(m, IFLA_IFNAME, name);
}

static void change_link(struct message *m, int index, bool change_up, bool up)
{
	const struct ifinfomsg body = {
		.ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = up ? IFF_UP : 0,
		.ifi_change = change_up ? IFF_UP : 0,
	};

	message_begin(m, RTM_NEWLINK, 0, &body, sizeof(body));
}

static void complain_kind(struct link *l, const char *kind, const char *module, const char *why)
{
	if (errno == EOPNOTSUPP)
		network_say(l, "%s: the kernel knows no %s: add the module %s to the profile's drivers", l->plan.name,
			    kind, module);
	else
		network_say(l, "%s cannot be made: %s%s%s", l->plan.name, strerror(errno), *why ? ": " : "", why);
}

static void make_vlan(struct network *n, struct link *l)
{
	const struct link *parent = network_find(n, l->plan.vlan_parent);
	size_t info, data;
	struct message m;
	char why[128];

	if (!parent || !parent->index)
		return;
	begin_link(&m, l->plan.name);
	message_put_u32(&m, IFLA_LINK, (uint32_t)parent->index);
	info = message_open(&m, IFLA_LINKINFO);
	message_put_string(&m, IFLA_INFO_KIND, "vlan");
	data = message_open(&m, IFLA_INFO_DATA);
	message_put_u16(&m, IFLA_VLAN_ID, (uint16_t)l->plan.vlan_id);
	message_close(&m, data);
	message_close(&m, info);
	if (make(n, &m, "vlan", why) < 0)
		complain_kind(l, "VLANs", "8021q", why);
}

/* The order is the kernel's numbering (bonding.rst, IFLA_BOND_MODE). */
static const char *const bond_modes[] = {
	"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb",
};

static unsigned find_mode(const char *name)
{
	for (unsigned i = 0; i < sizeof(bond_modes) / sizeof(*bond_modes); i++)
		if (!strcmp(name, bond_modes[i]) || (name[0] == (char)('0' + i) && !name[1]))
			return i;
	return 0;
}

/* The kernel itself knows every option by name; those it refuses are named. */
static void set_bond_option(struct link *l, const char *key, const char *value)
{
	_cleanup_close_ int fd = -1;
	char path[160];

	snprintf(path, sizeof(path), "/sys/class/net/%s/bonding/%s", l->plan.name, key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		network_say(l, "%s: bonds have no option %s", l->plan.name, key);
	else if (write(fd, value, strlen(value)) < 0)
		network_say(l, "%s: the kernel does not take %s=%s: %s", l->plan.name, key, value, strerror(errno));
}

static void make_bond(struct network *n, struct link *l)
{
	size_t info, data;
	struct message m;
	char why[128];

	begin_link(&m, l->plan.name);
	info = message_open(&m, IFLA_LINKINFO);
	message_put_string(&m, IFLA_INFO_KIND, "bond");
	data = message_open(&m, IFLA_INFO_DATA);
	message_put_u8(&m, IFLA_BOND_MODE, (uint8_t)find_mode(l->plan.bond_mode));
	/* Without it a bond never learns that a cable was pulled. */
	message_put_u32(&m, IFLA_BOND_MIIMON, MII_MS);
	message_close(&m, data);
	message_close(&m, info);
	if (make(n, &m, "bond", why) < 0) {
		complain_kind(l, "bonds", "bonding", why);
		return;
	}
	for (size_t i = 0; i < l->plan.bond_options.count; i++)
		set_bond_option(l, l->plan.bond_options.items[i].key, l->plan.bond_options.items[i].value);
}

/* Links that are made carry an alias: that is how those of an older plan are known later. */
static void mark(struct network *n, const struct kernel_link *k)
{
	struct message m;
	char why[128];

	change_link(&m, k->index, false, false);
	message_put_string(&m, IFLA_IFALIAS, KERNEL_ALIAS);
	netlink_call(&n->netlink, &m, why);
}

static void unmake(struct network *n, const struct kernel_link *k)
{
	const struct ifinfomsg body = {.ifi_family = AF_UNSPEC, .ifi_index = k->index};
	struct message m;
	char why[128];

	message_begin(&m, RTM_DELLINK, 0, &body, sizeof(body));
	if (netlink_call(&n->netlink, &m, why) < 0)
		network_say(NULL, "%s cannot be taken away: %s", k->name, strerror(errno));
}

/* Is the link that is there the one that is wanted? Another mode or number needs a new one. */
static bool fits(struct network *n, const struct link *l, const struct kernel_link *k)
{
	const struct link *parent = l->plan.vlan_parent ? network_find(n, l->plan.vlan_parent) : NULL;

	if (l->plan.vlan_parent)
		return !strcmp(k->kind, "vlan") && k->vlan_id == l->plan.vlan_id && parent &&
		       k->parent == parent->index;
	if (l->plan.bond_mode)
		return !strcmp(k->kind, "bond") && k->bond_mode == find_mode(l->plan.bond_mode);
	return !k->ours;
}

/* Take away what is ours and not wanted. True when something was. */
static bool unmake_old(struct network *n)
{
	bool any = false;

	for (size_t i = 0; i < n->kernel.link_count; i++) {
		const struct kernel_link *k = &n->kernel.links[i];
		const struct link *l = network_find(n, k->name);

		if (!k->ours || (l && fits(n, l, k)))
			continue;
		unmake(n, k);
		any = true;
	}
	return any;
}

/* The bond0 that the module made when it was loaded: nobody's. */
static bool is_idle_bond(const struct network *n, const struct kernel_link *k)
{
	for (size_t i = 0; i < n->kernel.link_count; i++)
		if (n->kernel.links[i].master == k->index)
			return false;
	return !strcmp(k->kind, "bond") && !k->up;
}

/* No card is renamed: what has its old name in a script or a lease would be lost. */
static void say_name(struct link *l, const struct kernel_link *k)
{
	if (!l->plan.mac || !k || l->name_said || !strcmp(k->name, l->plan.name))
		return;
	l->name_said = true;
	network_say(NULL, "%s is %s (%s): a card keeps the name that the kernel gave it", l->plan.name, k->name, l->plan.mac);
}

static bool make_missing(struct network *n)
{
	bool any = false;

	for (size_t i = 0; i < n->count; i++) {
		struct link *l = &n->links[i];
		const struct kernel_link *k = network_kernel_link(n, l);
		bool made = l->plan.vlan_parent || l->plan.bond_mode;

		if (!made) {
			say_name(l, k);
			continue;
		}
		if (k && l->plan.bond_mode && !fits(n, l, k) && is_idle_bond(n, k)) {
			unmake(n, k);
			k = NULL;
		}
		if (k && !fits(n, l, k))
			network_say(l, "%s: a link of this name is there and is another", l->plan.name);
		if (k && !k->ours && fits(n, l, k))
			mark(n, k);
		if (k)
			continue;
		any = true;
		if (l->plan.vlan_parent)
			make_vlan(n, l);
		else
			make_bond(n, l);
	}
	return any;
}

static void set_up(struct network *n, struct link *l, const struct kernel_link *k, bool up)
{
	struct message m;
	char why[128];

	/* Even unchanged flags make the kernel program the card's receiver anew, which some cards answer by dropping
	 * packets. */
	if (k->up == up)
		return;
	change_link(&m, k->index, true, up);
	if (netlink_call(&n->netlink, &m, why) < 0)
		network_say(l, "%s cannot be switched %s: %s%s%s", k->name, up ? "on" : "off", strerror(errno),
			    *why ? ": " : "", why);
}

/* A link takes part in a bond only while it is off; the bond then switches it on. */
static void set_master(struct network *n, struct link *l, const struct kernel_link *k, int master)
{
	struct message m;
	char why[128];

	if (k->master == master)
		return;
	set_up(n, l, k, false);
	change_link(&m, k->index, false, false);
	message_put_u32(&m, IFLA_MASTER, (uint32_t)master);
	if (netlink_call(&n->netlink, &m, why) < 0)
		network_say(l, "%s cannot %s a bond: %s%s%s", k->name, master ? "join" : "leave", strerror(errno),
			    *why ? ": " : "", why);
}

static void set_mtu(struct network *n, struct link *l, const struct kernel_link *k)
{
	unsigned mtu = l->plan.mtu ? l->plan.mtu : l->leases[LEASE_DHCP4].there ? l->leases[LEASE_DHCP4].mtu : 0;
	struct message m;
	char why[128];

	if (mtu == 0 || k->mtu == mtu)
		return;
	change_link(&m, k->index, false, false);
	message_put_u32(&m, IFLA_MTU, mtu);
	if (netlink_call(&n->netlink, &m, why) < 0)
		network_say(l, "%s does not take an MTU of %u: %s%s%s", k->name, mtu, strerror(errno), *why ? ": " : "",
			    why);
}

static void write_sysctl(const char *link, const char *key, const char *value)
{
	_cleanup_close_ int fd = -1;
	char path[128], now[16] = "";

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", link, key);
	fd = open(path, O_RDWR | O_CLOEXEC);
	/* A kernel without IPv6 has none of them. */
	if (fd < 0 || read(fd, now, sizeof(now) - 1) < 0 || !strncmp(now, value, strlen(value)))
		return;
	if (lseek(fd, 0, SEEK_SET) == 0 && write(fd, value, strlen(value)) < 0)
		printf("%s: %s\n", path, strerror(errno));
}

/* 2: also while the node forwards packets, which every node with pods does (ip-sysctl.rst). */
static void set_ra(const struct link *l, const struct kernel_link *k)
{
	if (l->plan.ra == PLAN_RA_NO)
		write_sysctl(k->name, "accept_ra", "0");
	else if (network_has_addressing(l))
		write_sysctl(k->name, "accept_ra", "2");
}

static int find_master(struct network *n, const struct link *l)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->links[i].plan.bond_mode && strings_has(&n->links[i].plan.bond_members, l->plan.name))
			return n->links[i].index;
	return 0;
}

static bool is_bond_of_ours(const struct network *n, int index)
{
	const struct kernel_link *k = kernel_find_index(&n->kernel, index);

	return k && k->ours;
}

static void settle(struct network *n, struct link *l, const struct kernel_link *k)
{
	int master = find_master(n, l);

	if (master || (k->master && is_bond_of_ours(n, k->master)))
		set_master(n, l, k, master);
	set_mtu(n, l, k);
	set_ra(l, k);
	/* Its bond switches a member on, when it joins and ever after. */
	if (!master || k->master == master)
		set_up(n, l, k, !l->left);
}

static void refresh(struct network *n)
{
	struct error err = {0};

	if (kernel_read(&n->kernel, &n->netlink, &err) < 0)
		network_say(NULL, "%s", error_text(&err));
	error_clear(&err);
	network_resolve(n);
}

void network_apply_links(struct network *n)
{
	struct kernel_link *lo = kernel_find(&n->kernel, "lo");

	if (lo)
		set_up(n, NULL, lo, true);
	if (unmake_old(n))
		refresh(n);
	/* A VLAN on a bond needs the bond's number. */
	for (int i = 0; i < 2 && make_missing(n); i++)
		refresh(n);
	for (size_t i = 0; i < n->count; i++) {
		const struct kernel_link *k = network_kernel_link(n, &n->links[i]);

		if (k)
			settle(n, &n->links[i], k);
	}
}
