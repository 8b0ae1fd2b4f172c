/* A machine without any disk, in QEMU: what it boots and from where, as data; its command line; the running process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

enum boot_way {
	BOOT_PXE,      /* iPXE in the network card's ROM runs NAME.ipxe from the TFTP root */
	BOOT_PXELINUX, /* the same ROM loads pxelinux.0 */
	BOOT_UEFI,     /* OVMF firmware, iPXE as the card's EFI driver */
	BOOT_DIRECT,   /* QEMU puts kernel and initramfs into memory itself */
};

/* The QEMU of this host. */
struct qemu {
	const char *program; /* absolute path */
	unsigned major, minor;
	bool kvm;            /* use it: it was tried and boots this kernel */
};

/* A TCP port of the host's loopback that leads to one of the machine. */
struct forward {
	uint16_t host, guest;
};

struct machine {
	struct qemu qemu;
	enum boot_way boot;
	unsigned memory; /* MiB */
	unsigned cpus;
	const char *tftp, *bootfile;               /* unless BOOT_DIRECT: folder and file name therein */
	const char *kernel, *initramfs, *cmdline;  /* BOOT_DIRECT; initramfs may be NULL */
	const char *ovmf_code, *ovmf_vars;         /* BOOT_UEFI: firmware and the template of its variables */
	bool network;
	const struct forward *forwards;
	size_t forward_count;
	/* A machine of a lab, where tap is not NULL: its one card ends in that tap, it has an identity of its own, and boots
	 * again when it is reset. What it boots is the network's to say. */
	const char *tap, *mac, *uuid, *name;
};

/* The MAC address of every machine's one network card (QEMU's own default, stated because scripts refer to it). */
#define QEMU_MAC "52:54:00:12:34:56"
/* The same as a boot loader states it on the kernel's command line; 01 is Ethernet. */
#define QEMU_BOOTIF "01-52-54-00-12-34-56"

/* In the process that qemu_start makes, the serial console and the QMP monitor are these descriptors. */
enum { QEMU_CONSOLE_FD = 3, QEMU_MONITOR_FD = 4 };

/* The command line, NULL-terminated. by_hand: for a person to paste, with the console on the terminal. */
const char **qemu_arguments(struct arena *a, const struct machine *m, bool by_hand);

/* Find QEMU in PATH and ask for its version. kvm is left false: see qemu_kvm_works. */
int qemu_find(struct arena *a, struct qemu *out, struct error *err);

/* OVMF, where Debian and others keep it. */
int qemu_find_ovmf(struct machine *m, struct error *err);

/* Does /dev/kvm boot this kernel up to the point where it misses a root filesystem? It is there on many hosts that cannot
 * (nested, emulated). Takes about two seconds when it does; the answer is remembered until the host reboots. */
bool qemu_kvm_works(const struct qemu *q, const char *kernel);

struct qemu_process {
	pid_t pid;      /* 0: not running */
	int console;    /* both ways; end of file when QEMU is gone */
	int monitor;
	int errors;     /* its standard error */
	int status;     /* of waitpid, once reaped */
};

/* Start; the process dies with the calling thread, and ignores the terminal's signals. */
int qemu_start(struct qemu_process *p, const char *const *argv, struct error *err);
/* The ACPI power button: a guest that listens shuts down. */
void qemu_power_button(struct qemu_process *p);
/* Switch off and reap: QMP quit, then SIGKILL after two seconds. Nothing happens when it is gone already. */
void qemu_stop(struct qemu_process *p);
/* What QEMU wrote to its standard error so far, appended; works after qemu_stop too. */
void qemu_read_errors(struct qemu_process *p, struct strbuf *out);
/* Stop and close everything; for _cleanup_. */
void qemu_close(struct qemu_process *p);
