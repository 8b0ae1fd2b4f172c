/* The command line of a machine. */
#include "builder/qemu.h"

#include <stdarg.h>
#include <string.h>

struct arguments {
	struct arena *arena;
	const char **items;
	size_t count, cap;
};

static void add(struct arguments *l, const char *s)
{
	l->items = arena_grow(l->arena, l->items, l->count, &l->cap, sizeof(*l->items));
	l->items[l->count++] = s;
}

static __attribute__((format(printf, 3, 4))) void option(struct arguments *l, const char *name, const char *fmt, ...)
{
	va_list ap;

	add(l, name);
	va_start(ap, fmt);
	add(l, arena_vprintf(l->arena, fmt, ap));
	va_end(ap);
}

/* A value among QEMU's comma-separated ones: a comma in it is doubled (qemu(1)). */
static const char *value(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, strlen(s) * 2 + 1), *p = out;

	for (; *s; s++) {
		if (*s == ',')
			*p++ = ',';
		*p++ = *s;
	}
	return out;
}

/* QEMU before 10 emulates cmpxchg16b with wrong flags, and kernels since 6.12 use it and panic at random: hide it.
 * Other than the default model "max" has RDRAND, without which Go programs wait for entropy at boot. Without ERMS the kernel copies and
 * clears pages by words, which are emulated one by one as bytes are: an image of 80 MB is unpacked in 0.56 s instead of 0.79. */
static const char *cpu_model(const struct qemu *q)
{
	if (q->kvm)
		return "host";
	return q->major < 10 ? "max,-cx16,-erms" : "max,-erms";
}

static void add_network(struct arguments *l, const struct machine *m)
{
	struct arena *a = l->arena;
	const char *netdev = "user,id=n0";

	if (!m->network)
		return;
	if (m->tap) {
		option(l, "-netdev", "tap,id=n0,ifname=%s,script=no,downscript=no", m->tap);
		option(l, "-device", "virtio-net-pci,netdev=n0,mac=%s", m->mac);
		return;
	}
	if (m->boot != BOOT_DIRECT)
		netdev = arena_printf(a, "%s,tftp=%s,bootfile=%s", netdev, value(a, m->tftp), value(a, m->bootfile));
	for (size_t i = 0; i < m->forward_count; i++)
		netdev = arena_printf(a, "%s,hostfwd=tcp:127.0.0.1:%u-:%u", netdev, m->forwards[i].host,
				      m->forwards[i].guest);
	option(l, "-netdev", "%s", netdev);
	/* Without boot ROM where nothing is booted from the network: one package less to need. */
	option(l, "-device", "virtio-net-pci,netdev=n0,mac=%s%s", QEMU_MAC, m->boot == BOOT_DIRECT ? ",romfile=" : "");
}

const char **qemu_arguments(struct arena *a, const struct machine *m, bool by_hand)
{
	struct arguments l = {.arena = a};

	add(&l, m->qemu.program);
	/* graphics=off makes firmware and boot loaders talk on the serial console. */
	option(&l, "-M", "q35,graphics=off");
	option(&l, "-accel", "%s", m->qemu.kvm ? "kvm" : "tcg,thread=multi");
	option(&l, "-cpu", "%s", cpu_model(&m->qemu));
	option(&l, "-smp", "%u", m->cpus);
	option(&l, "-m", "%uM", m->memory);
	add(&l, "-nodefaults");
	add(&l, "-no-user-config");
	option(&l, "-display", "none");
	if (m->tap) {
		option(&l, "-name", "%s", value(a, m->name));
		option(&l, "-uuid", "%s", m->uuid);
		option(&l, "-smbios", "type=1,manufacturer=mkdl,product=lab,serial=%s", value(a, m->name));
	} else {
		add(&l, "-no-reboot");
	}
	if (by_hand) {
		option(&l, "-serial", "mon:stdio");
	} else {
		option(&l, "-chardev", "socket,id=console,fd=%d", QEMU_CONSOLE_FD);
		option(&l, "-serial", "chardev:console");
		option(&l, "-chardev", "socket,id=monitor,fd=%d", QEMU_MONITOR_FD);
		option(&l, "-mon", "chardev=monitor,mode=control");
	}
	option(&l, "-device", "virtio-rng-pci");
	add_network(&l, m);
	if (m->boot == BOOT_DIRECT) {
		option(&l, "-kernel", "%s", m->kernel);
		if (m->initramfs)
			option(&l, "-initrd", "%s", m->initramfs);
		option(&l, "-append", "%s", m->cmdline);
	} else if (m->boot == BOOT_UEFI) {
		option(&l, "-drive", "if=pflash,format=raw,readonly=on,file=%s", value(a, m->ovmf_code));
		/* A private, unnamed copy: the machine forgets its variables as it does everything else. */
		option(&l, "-drive", "if=pflash,format=raw,snapshot=on,file=%s", value(a, m->ovmf_vars));
	} else {
		option(&l, "-boot", "n");
	}
	add(&l, NULL);
	return l.items;
}
