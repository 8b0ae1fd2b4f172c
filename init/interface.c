#include "init/interface.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define NET "/sys/class/net"
#define PCI "/sys/bus/pci/devices"

/* The first line of a small sysfs file; "" when it cannot be read (carrier of an interface that is down). */
static void read_attribute(const char *folder, const char *device, const char *attribute, char *out, size_t size)
{
	_cleanup_close_ int fd = -1;
	char path[128];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%.32s/%s", folder, device, attribute);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static bool has(const char *interface, const char *attribute)
{
	char path[96];

	snprintf(path, sizeof(path), NET "/%s/%s", interface, attribute);
	return access(path, F_OK) == 0;
}

static int by_name(const void *a, const void *b)
{
	const struct interface *x = a, *y = b;

	return strcmp(x->name, y->name);
}

size_t interface_list(struct interface out[static INTERFACES])
{
	_cleanup_closedir_ DIR *dir = opendir(NET);
	struct dirent *e;
	size_t n = 0;

	while (dir && n < INTERFACES && (e = readdir(dir))) {
		struct interface i = {0};
		char text[32];

		if (e->d_name[0] == '.' || strlen(e->d_name) >= sizeof(i.name))
			continue;
		strcpy(i.name, e->d_name);
		/* ARPHRD_ETHER is 1 (linux/if_arp.h). */
		read_attribute(NET, i.name, "type", text, sizeof(text));
		if (strcmp(text, "1") != 0 || !has(i.name, "device") || has(i.name, "phy80211"))
			continue;
		read_attribute(NET, i.name, "address", text, sizeof(text));
		if (!cmdline_mac(text, i.mac))
			continue;
		read_attribute(NET, i.name, "carrier", text, sizeof(text));
		i.carrier = !strcmp(text, "1");
		out[n++] = i;
	}
	qsort(out, n, sizeof(*out), by_name);
	return n;
}

bool interface_without_driver(char out[static 16])
{
	_cleanup_closedir_ DIR *dir = opendir(PCI);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char class[16], vendor[16], device[16], path[128];

		read_attribute(PCI, e->d_name, "class", class, sizeof(class));
		snprintf(path, sizeof(path), PCI "/%.32s/driver", e->d_name);
		/* Class 02, subclass 00: Ethernet controller. */
		if (strncmp(class, "0x0200", 6) != 0 || access(path, F_OK) == 0)
			continue;
		read_attribute(PCI, e->d_name, "vendor", vendor, sizeof(vendor));
		read_attribute(PCI, e->d_name, "device", device, sizeof(device));
		if (strncmp(vendor, "0x", 2) != 0 || strncmp(device, "0x", 2) != 0)
			continue;
		snprintf(out, 16, "%.4s:%.4s", vendor + 2, device + 2);
		return true;
	}
	return false;
}

static struct ifreq request_for(const char *name)
{
	struct ifreq r = {0};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	return r;
}

static int set_flags(int fd, const char *name, bool up)
{
	struct ifreq r = request_for(name);
	int flags;

	if (ioctl(fd, SIOCGIFFLAGS, &r) < 0)
		return -1;
	flags = up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP;
	/* Even unchanged flags make the kernel program the card's receiver anew, which some cards answer by dropping
	 * packets. */
	if (flags == r.ifr_flags)
		return 0;
	r.ifr_flags = (short)flags;
	return ioctl(fd, SIOCSIFFLAGS, &r);
}

int interface_up(const char *name, struct error *err)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 || set_flags(fd, name, true) < 0 ? error_errno(err, "switching %s on", name) : 0;
}

static int set_address(int fd, unsigned long command, const char *name, const char *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct ifreq r = request_for(name);

	inet_pton(AF_INET, address, &in.sin_addr);
	memcpy(&r.ifr_addr, &in, sizeof(in));
	return ioctl(fd, (int)command, &r);
}

void interface_drop(const char *name)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	set_address(fd, SIOCSIFADDR, name, "0.0.0.0");
	set_flags(fd, name, false);
}

static int add_default_route(int fd, const char *gateway)
{
	struct sockaddr_in via = {.sin_family = AF_INET}, any = {.sin_family = AF_INET};
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};

	inet_pton(AF_INET, gateway, &via.sin_addr);
	memcpy(&route.rt_gateway, &via, sizeof(via));
	memcpy(&route.rt_dst, &any, sizeof(any));
	memcpy(&route.rt_genmask, &any, sizeof(any));
	return ioctl(fd, SIOCADDRT, &route) < 0 && errno != EEXIST ? -1 : 0;
}

int interface_configure(const char *name, const struct static_address *ip, unsigned *prefix, struct error *err)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct in_addr mask;

	if (fd < 0 || set_address(fd, SIOCSIFADDR, name, ip->address) < 0 ||
	    set_address(fd, SIOCSIFNETMASK, name, ip->netmask) < 0)
		return error_errno(err, "address %s on %s", ip->address, name);
	if (ip->gateway[0] && add_default_route(fd, ip->gateway) < 0)
		return error_errno(err, "default route via %s", ip->gateway);
	inet_pton(AF_INET, ip->netmask, &mask);
	*prefix = (unsigned)__builtin_popcount(mask.s_addr);
	return 0;
}
