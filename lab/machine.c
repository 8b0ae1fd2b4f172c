#include "lab/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"

static void note_phase(struct lab_machine *m)
{
	const struct phase *p = &m->phase;
	const char *name = m->node->node->name;

	if (p->step == PHASE_UP) {
		m->up_at = clock_ms();
		lab_event(m->lab, name, "up, %.1f s after its kernel started, %.1f s after power-on", p->up_after,
			  (double)(m->up_at - m->on_at) / 1000);
		return;
	}
	m->up_at = 0;
	if (p->step == PHASE_FAILED)
		lab_event(m->lab, name, "FAILED: %s", p->detail);
	else if (p->step == PHASE_KERNEL)
		lab_event(m->lab, name, "kernel started%s", p->boots > 1 ? " again" : "");
	else if (p->step == PHASE_DOWN)
		lab_event(m->lab, name, "shuts down: %s", p->said);
	else if (p->step == PHASE_FIRMWARE)
		lab_event(m->lab, name, "boots again");
}

/* What always goes as it should is not part of the story; how the machine was found, and what does not go, is. */
static bool is_news(const char *said)
{
	static const char *const usual[] = {
		"root ", "mounts ", "console ", "plan ", "cgroups ", "modules ", "coldplug ", "watchdog ", "sysctl ", "services ",
		"node up in ", "rebooting", "powering off", "halting",
	};

	/* More of the line before. */
	if (*said == ' ')
		return false;
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (!strncmp(said, usual[i], strlen(usual[i])))
			return false;
	return strncmp(said, "service ", 8) != 0 || !strstr(said, " ready (");
}

static void take_line(void *arg, const char *line)
{
	struct lab_machine *m = arg;
	bool was_up = m->phase.step == PHASE_UP, changed;
	char said[sizeof(m->phase.said)];

	memcpy(said, m->phase.said, sizeof(said));
	changed = phase_line(&m->phase, line);
	if (m->phase.step != PHASE_FAILED && strcmp(said, m->phase.said) != 0 && is_news(m->phase.said))
		lab_event(m->lab, m->node->node->name, "%s", m->phase.said);
	if (!changed)
		return;
	/* What is booting now is another boot than the Node's. */
	if (was_up)
		memcpy(m->stale_boot_id, m->boot_id, sizeof(m->boot_id));
	note_phase(m);
}

void machine_init(struct lab_machine *m, const struct lab *l, const struct lab_node *n)
{
	*m = (struct lab_machine){.lab = l, .node = n, .process = {.console = -1, .monitor = -1, .errors = -1}, .log = -1};
	m->console.on_line = take_line;
	m->console.arg = m;
}

int machine_start(struct lab_machine *m, struct error *err)
{
	const struct lab *l = m->lab;
	const struct cluster_kind *kind = &l->cluster->kinds[m->node->node->role];
	const char *name = m->node->node->name;
	struct arena a = {0};
	struct machine q = {.qemu = l->qemu, .boot = BOOT_PXE, .memory = kind->memory, .cpus = kind->cpus, .network = true,
			    .tap = m->node->tap, .mac = m->node->mac, .uuid = m->node->uuid, .name = name};
	int code;

	if (m->process.pid > 0)
		return error_set(err, "%s is on already", name);
	if (m->log < 0) {
		const char *path = arena_printf(&a, "%s/console/%s", l->dir, name);

		m->log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
		if (m->log < 0) {
			error_errno(err, "%s", path);
			arena_free(&a);
			return -1;
		}
	}
	code = qemu_start(&m->process, qemu_arguments(&a, &q, false), err);
	arena_free(&a);
	if (code < 0)
		return error_wrap(err, "%s", name);
	m->input.len = m->errors.len = 0;
	m->console.failure = CONSOLE_FINE;
	m->on_at = clock_ms();
	m->up_at = 0;
	m->starts++;
	phase_begin(&m->phase);
	memcpy(m->stale_boot_id, m->boot_id, sizeof(m->boot_id));
	lab_event(l, name, "switched on: %u MiB, %u CPUs, %s, %s", kind->memory, kind->cpus, m->node->mac, m->node->node->address);
	return 0;
}

static void close_all(struct lab_machine *m)
{
	cleanup_close(&m->process.console);
	cleanup_close(&m->process.monitor);
	cleanup_close(&m->process.errors);
	m->process = (struct qemu_process){.console = -1, .monitor = -1, .errors = -1};
	m->phase.step = PHASE_OFF;
	m->phase.detail[0] = '\0';
	m->on_at = m->up_at = 0;
}

void machine_stop(struct lab_machine *m)
{
	if (m->process.pid <= 0)
		return;
	kill(m->process.pid, SIGKILL);
	while (waitpid(m->process.pid, &m->process.status, 0) < 0 && errno == EINTR)
		;
	close_all(m);
}

void machine_button(struct lab_machine *m)
{
	if (m->process.pid > 0)
		qemu_power_button(&m->process);
}

void machine_ended(struct lab_machine *m, int status)
{
	_cleanup_strbuf_ struct strbuf rest = {0};
	const char *name = m->node->node->name;

	while (machine_read(m, &rest))
		;
	qemu_read_errors(&m->process, &m->errors);
	while (m->errors.len && m->errors.data[m->errors.len - 1] == '\n')
		m->errors.data[--m->errors.len] = '\0';
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		lab_event(m->lab, name, "switched itself off");
	else if (m->errors.len)
		lab_event(m->lab, name, "QEMU failed: %s%s", m->errors.data,
			  strstr(m->errors.data, "failed to find romfile") ? " (on Debian: apt-get install ipxe-qemu)" : "");
	else if (WIFSIGNALED(status))
		lab_event(m->lab, name, "QEMU was killed by signal %d", WTERMSIG(status));
	else
		lab_event(m->lab, name, "QEMU ended with status %d", WEXITSTATUS(status));
	close_all(m);
}

bool machine_read(struct lab_machine *m, struct strbuf *show)
{
	size_t start = show->len;
	char data[16384];
	ssize_t n;

	if (m->process.console < 0)
		return false;
	n = read(m->process.console, data, sizeof(data));
	if (n <= 0)
		return n < 0 && errno == EINTR;
	console_feed(&m->console, data, (size_t)n, show);
	/* A full disk costs the log, not the machine. */
	if (m->log >= 0 && fd_write(m->log, show->data + start, show->len - start) < 0)
		return true;
	return true;
}

void machine_type(struct lab_machine *m)
{
	ssize_t n;

	if (!m->input.len || m->process.console < 0)
		return;
	n = send(m->process.console, m->input.data, m->input.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n <= 0)
		return;
	memmove(m->input.data, m->input.data + n, m->input.len - (size_t)n);
	m->input.len -= (size_t)n;
}

bool machine_is_ready(const struct lab_machine *m)
{
	return m->phase.step == PHASE_UP && m->ready && strcmp(m->boot_id, m->stale_boot_id) != 0;
}

unsigned long machine_memory(const struct lab_machine *m)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};
	unsigned long kib = 0;
	const char *line;
	char path[64];

	if (m->process.pid <= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/status", m->process.pid);
	if (file_read_at(AT_FDCWD, path, 65536, &text, &ignored) < 0)
		return 0;
	strbuf_puts(&text, "");
	line = strstr(text.data, "\nVmRSS:");
	if (!line || sscanf(line, "\nVmRSS: %lu kB", &kib) != 1)
		return 0;
	return kib;
}
