/* mkdl run: boot the published outputs in QEMU as a machine without any disk. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "builder/command.h"
#include "config/diagnostics.h"
#include "base/json.h"
#include "builder/output.h"
#include "builder/profile.h"
#include "builder/qemu-advice.h"
#include "builder/qemu-boot.h"
#include "builder/qemu-session.h"
#include "builder/units.h"

enum { DEFAULT_MEMORY = 512, DEFAULT_CPUS = 2, DEFAULT_TIMEOUT = 300, MIB = 1024 * 1024 };

static const char *const boot_ways[] = {
	[BOOT_PXE] = "pxe", [BOOT_PXELINUX] = "pxelinux", [BOOT_UEFI] = "uefi", [BOOT_DIRECT] = "direct",
};

struct run_options {
	struct arena *arena;
	const char *profile, *until, *append, *out, *tftp;
	enum boot_way boot;
	unsigned memory, cpus, timeout;
	unsigned least; /* MiB that the image needs; 0: not known */
	struct forward *forwards;
	size_t forward_count, forward_cap;
	bool timeout_given, keep, dry_run;
};

static bool parse_unsigned(const char *text, unsigned min, unsigned max, unsigned *out)
{
	unsigned long n;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || n < min || n > max)
		return false;
	*out = (unsigned)n;
	return true;
}

static int parse_boot(struct run_options *o, const char *text, struct error *err)
{
	for (size_t i = 0; i < sizeof(boot_ways) / sizeof(boot_ways[0]); i++)
		if (!strcmp(text, boot_ways[i])) {
			o->boot = (enum boot_way)i;
			return 0;
		}
	return error_set(err, "run: --boot %s: there is pxe, pxelinux, uefi and direct", text);
}

static int parse_memory(struct run_options *o, const char *text, struct error *err)
{
	uint64_t bytes;

	if (!units_parse(text, &bytes) || bytes < 64ULL * MIB || bytes > 1024ULL * 1024 * MIB)
		return error_set(err, "run: --memory %s: a size like 512M or 1G, from 64M to 1024G", text);
	o->memory = (unsigned)(bytes / MIB);
	return 0;
}

static int parse_forward(struct run_options *o, const char *text, struct error *err)
{
	const char *colon = strchr(text, ':');
	unsigned host = 0, guest = 0;

	if (!colon || !parse_unsigned(arena_strndup(o->arena, text, (size_t)(colon - text)), 1, 65535, &host) ||
	    !parse_unsigned(colon + 1, 1, 65535, &guest))
		return error_set(err, "run: --forward %s: HOSTPORT:GUESTPORT, each from 1 to 65535", text);
	for (size_t i = 0; i < o->forward_count; i++)
		if (o->forwards[i].host == host)
			return error_set(err, "run: --forward %s: %u is the HOSTPORT of another --forward", text, host);
	o->forwards = arena_grow(o->arena, o->forwards, o->forward_count, &o->forward_cap, sizeof(*o->forwards));
	o->forwards[o->forward_count++] = (struct forward){.host = (uint16_t)host, .guest = (uint16_t)guest};
	return 0;
}

static int parse_number(const char *option, const char *text, unsigned max, unsigned *out, struct error *err)
{
	if (parse_unsigned(text, 1, max, out))
		return 0;
	return error_set(err, "run: --%s %s: a number from 1 to %u", option, text, max);
}

enum { OPT_BOOT = 256, OPT_MEMORY, OPT_CPUS, OPT_FORWARD, OPT_UNTIL, OPT_KEEP, OPT_TIMEOUT, OPT_APPEND, OPT_OUT, OPT_TFTP,
       OPT_DRY_RUN };

static const struct option long_options[] = {
	{"boot", required_argument, NULL, OPT_BOOT},
	{"memory", required_argument, NULL, OPT_MEMORY},
	{"cpus", required_argument, NULL, OPT_CPUS},
	{"forward", required_argument, NULL, OPT_FORWARD},
	{"until", required_argument, NULL, OPT_UNTIL},
	{"keep", no_argument, NULL, OPT_KEEP},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"append", required_argument, NULL, OPT_APPEND},
	{"out", required_argument, NULL, OPT_OUT},
	{"tftp", required_argument, NULL, OPT_TFTP},
	{"dry-run", no_argument, NULL, OPT_DRY_RUN},
	{NULL, 0, NULL, 0},
};

static int parse_option(struct run_options *o, int option, struct error *err)
{
	switch (option) {
	case OPT_BOOT:
		return parse_boot(o, optarg, err);
	case OPT_MEMORY:
		return parse_memory(o, optarg, err);
	case OPT_CPUS:
		return parse_number("cpus", optarg, 255, &o->cpus, err);
	case OPT_FORWARD:
		return parse_forward(o, optarg, err);
	case OPT_TIMEOUT:
		o->timeout_given = true;
		return parse_number("timeout", optarg, 1000000, &o->timeout, err);
	case OPT_UNTIL:
		o->until = optarg;
		return 0;
	case OPT_KEEP:
		o->keep = true;
		return 0;
	case OPT_APPEND:
		/* It goes into a line of the boot loader's script. */
		if (strpbrk(optarg, "\r\n"))
			return error_set(err, "run: --append: more than one line");
		o->append = optarg;
		return 0;
	case OPT_OUT:
		o->out = optarg;
		return 0;
	case OPT_TFTP:
		o->tftp = optarg;
		return 0;
	case OPT_DRY_RUN:
		o->dry_run = true;
		return 0;
	}
	return -1;
}

static int parse(struct run_options *o, int argc, char **argv, struct error *err)
{
	int option;

	while ((option = command_getopt(argc, argv, "", long_options, err)) != -1)
		if (option == '?' || parse_option(o, option, err) < 0)
			return -1;
	if (optind != argc - 1)
		return error_set(err, "run: give one profile");
	o->profile = argv[optind];
	if (o->keep && !o->until)
		return error_set(err, "run: --keep is for --until; without it the machine stays anyway");
	if (o->until && !o->timeout_given)
		o->timeout = DEFAULT_TIMEOUT;
	return 0;
}

/* The outputs that PROFILE means. */
static int find_published(const struct globals *g, struct run_options *o, struct published *out, struct error *err)
{
	struct diagnostics diag = {.arena = o->arena};
	struct profile p = {.name = o->profile};
	size_t n = strlen(o->profile);

	/* A bare name is one of the output folder's: what it was built from may be elsewhere, or gone. */
	if (strchr(o->profile, '/') || (n > 4 && !strcmp(o->profile + n - 4, ".yml"))) {
		int result = profile_load(o->arena, o->profile, &p, &diag);

		diagnostics_print(&diag, !g->no_color && isatty(STDERR_FILENO));
		if (result < 0)
			return error_set(err, "run: %s is not in order, so it is not known what was built from it", o->profile);
	}
	*out = (struct published){.name = p.name, .profile = o->profile, .out = o->out, .tftp = o->tftp};
	if (!out->tftp)
		out->tftp = output_tftp(o->arena, o->out, p.tftp ? p.tftp : "out/tftp");
	return 0;
}

/* For a shell: words that need it in single quotes. */
static void print_command(const char *const *argv)
{
	for (size_t i = 0; argv[i]; i++) {
		const char *word = argv[i];

		if (i)
			putchar(' ');
		if (*word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=.,:/+@%")]) {
			fputs(word, stdout);
			continue;
		}
		putchar('\'');
		for (; *word; word++)
			if (*word == '\'')
				fputs("'\\''", stdout);
			else
				putchar(*word);
		putchar('\'');
	}
	putchar('\n');
}

static const char *const end_names[] = {
	[SESSION_OFF] = "off", [SESSION_SEEN] = "seen", [SESSION_TIMEOUT] = "timeout", [SESSION_FAILED] = "failed",
	[SESSION_INTERRUPTED] = "interrupted",
};

static void time_member(struct json *j, const char *key, const struct session *s, int64_t at)
{
	if (at)
		json_number(j, key, (uint64_t)(at - s->started));
	else
		json_string(j, key, NULL);
}

static void print_json(const struct run_options *o, const struct machine *m, struct session *s, int code)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct json j = json_begin(&out);

	json_open_object(&j, NULL);
	json_string(&j, "profile", o->profile);
	json_string(&j, "boot", boot_ways[m->boot]);
	json_string(&j, "accelerator", m->qemu.kvm ? "kvm" : "tcg");
	json_number(&j, "memory_mib", m->memory);
	json_number(&j, "cpus", m->cpus);
	json_string(&j, "end", end_names[s->end]);
	json_bool(&j, "seen", s->seen);
	json_string(&j, "line", s->seen ? s->console.seen_line.data : NULL);
	json_string(&j, "failure", s->console.failure ? s->console.failure_line.data : NULL);
	json_open_object(&j, "milliseconds");
	time_member(&j, "kernel", s, s->kernel_at);
	time_member(&j, "seen", s, s->seen_at);
	time_member(&j, "answered", s, s->answered_at);
	time_member(&j, "end", s, s->ended_at);
	json_close_object(&j);
	json_number(&j, "lines", s->console.lines);
	json_open_array(&j, "forwards");
	for (size_t i = 0; i < s->probes.count; i++) {
		const struct probe *p = &s->probes.items[i];

		json_open_object(&j, NULL);
		json_number(&j, "host", p->forward.host);
		json_number(&j, "guest", p->forward.guest);
		json_bool(&j, "answers", p->answered);
		json_number(&j, "status", p->status > 0 ? (uint64_t)p->status : 0);
		json_string(&j, "body", p->answered && p->body.len ? p->body.data : NULL);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_number(&j, "exit", (uint64_t)code);
	json_close_object(&j);
	json_end(&j);
	fputs(out.data, stdout);
}

static const char *failure_text(const struct session *s)
{
	switch (s->console.failure) {
	case CONSOLE_PANIC:
		return "the kernel gave up";
	case CONSOLE_INIT_FAILED:
		return "the init stopped the boot";
	default:
		return "the machine found nothing to boot";
	}
}

/* Not seen: which part was missing. */
static void set_timeout(const struct run_options *o, const struct session *s, struct error *err)
{
	if (!o->until) {
		error_set(err, "run: stopped after %u seconds", o->timeout);
		return;
	}
	if (!s->seen) {
		error_set(err, "run: no line matched \"%s\" within %u seconds", o->until, o->timeout);
		return;
	}
	error_set(err, "run: \"%s\" was seen after %lld seconds, but", o->until, (long long)(s->seen_at - s->started) / 1000);
	for (size_t i = 0; i < s->probes.count; i++)
		if (!s->probes.items[i].answered)
			error_set(err, "%s port %u (127.0.0.1:%u) did not answer within %u seconds", error_text(err),
				  s->probes.items[i].forward.guest, s->probes.items[i].forward.host, o->timeout);
}

static int judge(const struct run_options *o, const struct session *s, struct error *err)
{
	/* Whatever came after: a machine that panicked is never fine. */
	if (s->console.failure) {
		const char *advice = advice_panic(s->console.failure_line.data);

		error_set(err, "run: %s: %s%s%s", failure_text(s), s->console.failure_line.data, advice ? "\n" : "",
			  advice ? advice : "");
		return s->console.failure == CONSOLE_NOT_BOOTED ? EXIT_FAILED : EXIT_PANIC;
	}
	if (s->end == SESSION_TIMEOUT) {
		set_timeout(o, s, err);
		return EXIT_FAILED;
	}
	if (o->until && !s->answered) {
		error_set(err, "run: %s before \"%s\" was seen%s", s->end == SESSION_INTERRUPTED ? "interrupted" : "the machine ended",
			  o->until, s->seen ? " and the forwarded ports answered" : "");
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

static void say_end(const struct session *s)
{
	const char *what = s->seen ? "seen" : s->end == SESSION_OFF ? "the machine switched itself off" : "stopped";

	fprintf(stderr, "mkdl: %s after %.1f s", what, (double)((s->seen ? s->seen_at : s->ended_at) - s->started) / 1000);
	if (s->answered_at)
		fprintf(stderr, ", answered after %.1f s", (double)(s->answered_at - s->started) / 1000);
	fputc('\n', stderr);
}

static int run_machine(const struct globals *g, const struct run_options *o, const struct machine *m, struct error *err)
{
	_cleanup_(session_free) struct session s = {.forwards = o->forwards, .forward_count = o->forward_count,
						    .timeout = o->timeout, .keep = o->keep, .output = g->json ? 2 : 1};
	regex_t until;
	int code;

	if (o->until) {
		code = regcomp(&until, o->until, REG_EXTENDED | REG_NOSUB);
		if (code) {
			char text[128];

			regerror(code, &until, text, sizeof(text));
			error_set(err, "run: --until %s: %s", o->until, text);
			return EXIT_USAGE;
		}
		s.until = &until;
	}
	if (m->memory < o->least)
		fprintf(stderr, "mkdl: warning: the image needs a machine with at least %u MB\n", o->least);
	fprintf(stderr, "mkdl: a machine with %u MB, %u processors and no disk (%s, %s); Ctrl-C stops it\n", m->memory, m->cpus,
		boot_ways[m->boot], m->qemu.kvm ? "KVM" : "emulated");
	code = session_run(&s, qemu_arguments(o->arena, m, false), err) < 0 ? EXIT_FAILED : judge(o, &s, err);
	if (o->until)
		regfree(&until);
	if (code == EXIT_OK)
		say_end(&s);
	if (g->json)
		print_json(o, m, &s, code);
	return code;
}

/* An emulated timer is late when the host is busy: the kernel takes it for broken and panics ("IO-APIC + timer doesn't work"), unless
 * it is told not to look. What is published stays as it is; this machine's command line has a word more. */
static const char *append_of(const struct run_options *o, const struct machine *m)
{
	/* A command line to be copied does without a folder of its own, which somebody would have to remove. */
	if (m->qemu.kvm || (o->dry_run && !o->append && m->boot != BOOT_DIRECT))
		return o->append;
	return o->append ? arena_printf(o->arena, "%s no_timer_check", o->append) : "no_timer_check";
}

static int prepare(const struct globals *g, struct run_options *o, struct machine *m, const char **view, struct error *err)
{
	struct published from;

	if (find_published(g, o, &from, err) < 0)
		return -1;
	*m = (struct machine){.boot = o->boot, .memory = o->memory, .cpus = o->cpus, .network = true,
			      .forwards = o->forwards, .forward_count = o->forward_count};
	if (qemu_find(o->arena, &m->qemu, err) < 0 || (m->boot == BOOT_UEFI && qemu_find_ovmf(m, err) < 0))
		return -1;
	m->qemu.kvm = qemu_kvm_works(&m->qemu, arena_printf(o->arena, "%s/%s/vmlinuz", from.out, from.name));
	if (boot_prepare(o->arena, &from, append_of(o, m), m, view, err) < 0)
		return -1;
	o->least = advice_minimum_memory(arena_printf(o->arena, "%s/%s", from.out, from.name));
	return 0;
}

int cmd_run(const struct globals *g, int argc, char **argv, struct error *err)
{
	struct arena a = {0};
	struct run_options o = {.arena = &a, .out = "out", .memory = DEFAULT_MEMORY, .cpus = DEFAULT_CPUS};
	const char *view = NULL;
	struct machine m;
	int code = EXIT_USAGE;

	if (parse(&o, argc, argv, err) == 0) {
		code = EXIT_FAILED;
		if (prepare(g, &o, &m, &view, err) == 0) {
			if (o.dry_run) {
				print_command(qemu_arguments(&a, &m, true));
				code = EXIT_OK;
			} else {
				code = run_machine(g, &o, &m, err);
			}
		}
	}
	/* The command line that was printed needs it. */
	if (view && o.dry_run) {
		fprintf(stderr, "mkdl: made %s for this command line; remove it after use\n", view);
	} else if (view) {
		_cleanup_error_ struct error ignored = {0};

		dir_remove_at(AT_FDCWD, view, &ignored);
	}
	arena_free(&a);
	return code;
}
