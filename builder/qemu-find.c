/* What the host has to run machines with. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "builder/qemu-console.h"
#include "builder/qemu.h"
#include "builder/run-program.h"

enum { KVM_TRY_MILLISECONDS = 10000 };

int qemu_find(struct arena *a, struct qemu *out, struct error *err)
{
	static const char name[] = "qemu-system-x86_64";
	_cleanup_strbuf_ struct strbuf text = {0};
	struct qemu q = {.program = program_find(a, name)};
	const char *const argv[] = {q.program, "--version", NULL};
	const char *version;

	if (!q.program)
		return error_set(err, "%s is not in PATH; on Debian: apt-get install qemu-system-x86", name);
	if (run_program(&(struct program){.argv = argv, .out = &text, .limit = 4096}, NULL, err) < 0)
		return -1;
	strbuf_puts(&text, "");
	version = strstr(text.data, "version ");
	if (!version || sscanf(version, "version %u.%u", &q.major, &q.minor) != 2)
		return error_set(err, "%s --version does not say which version it is", q.program);
	*out = q;
	return 0;
}

int qemu_find_ovmf(struct machine *m, struct error *err)
{
	static const struct {
		const char *code, *vars;
	} places[] = {
		{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
		{"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
		{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
		{"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i].code, R_OK) == 0 && access(places[i].vars, R_OK) == 0) {
			m->ovmf_code = places[i].code;
			m->ovmf_vars = places[i].vars;
			return 0;
		}
	return error_set(err, "no UEFI firmware for QEMU found (looked for %s); on Debian: apt-get install ovmf",
			 places[0].code);
}

/* Boot the kernel without initramfs: reaching its panic over the missing root takes paging, interrupts and a clock. */
static bool try_kvm(const struct qemu *q, const char *kernel)
{
	_cleanup_(qemu_close) struct qemu_process p = {.console = -1, .monitor = -1, .errors = -1};
	struct machine m = {.qemu = *q, .boot = BOOT_DIRECT, .memory = 256, .cpus = 1, .kernel = kernel,
			    .cmdline = "console=ttyS0 panic=-1"};
	_cleanup_(console_free) struct console console = {0};
	_cleanup_error_ struct error ignored = {0};
	struct arena a = {0};
	int64_t until;
	bool started;

	m.qemu.kvm = true;
	started = qemu_start(&p, qemu_arguments(&a, &m, false), &ignored) == 0;
	arena_free(&a);
	if (!started)
		return false;
	until = clock_ms() + KVM_TRY_MILLISECONDS;
	do {
		_cleanup_strbuf_ struct strbuf show = {0};
		struct pollfd from = {.fd = p.console, .events = POLLIN};
		char text[4096];
		ssize_t n;

		if (poll(&from, 1, 200) > 0) {
			n = read(p.console, text, sizeof(text));
			if (n == 0)
				break;
			if (n > 0)
				console_feed(&console, text, (size_t)n, &show);
		}
	} while (console.failure != CONSOLE_PANIC && clock_ms() < until);
	return console.failure == CONSOLE_PANIC;
}

/* The answer is kept for this boot of the host, this user and this version of QEMU. */
static const char *answer_path(struct arena *a, const struct qemu *q)
{
	_cleanup_strbuf_ struct strbuf id = {0};
	_cleanup_error_ struct error ignored = {0};
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (file_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &id, &ignored) < 0 || id.len < 36)
		return NULL;
	if (!dir || !*dir)
		dir = getenv("XDG_CACHE_HOME");
	if (!dir || !*dir) {
		const char *home = getenv("HOME");

		if (!home || !*home)
			return NULL;
		dir = arena_printf(a, "%s/.cache", home);
	}
	return arena_printf(a, "%s/mkdl/kvm-%.36s-%u.%u", dir, id.data, q->major, q->minor);
}

bool qemu_kvm_works(const struct qemu *q, const char *kernel)
{
	_cleanup_strbuf_ struct strbuf known = {0};
	_cleanup_error_ struct error ignored = {0};
	struct arena a = {0};
	const char *path;
	bool works;

	if (access("/dev/kvm", R_OK | W_OK) < 0)
		return false;
	path = answer_path(&a, q);
	if (path && file_read_at(AT_FDCWD, path, 16, &known, &ignored) == 0 && known.len) {
		works = known.data[0] == 'y';
	} else {
		works = try_kvm(q, kernel);
		if (path && dir_make_at(AT_FDCWD, arena_strndup(&a, path, (size_t)(strrchr(path, '/') - path)), 0700, &ignored) == 0)
			file_write_atomic_at(AT_FDCWD, path, works ? "yes\n" : "no\n", works ? 4 : 3, 0600, &ignored);
	}
	arena_free(&a);
	return works;
}
