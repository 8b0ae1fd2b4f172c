#include "builder/qemu-console.h"

#include <string.h>

enum { LINE_LIMIT = 8192, SEQUENCE_LIMIT = 64 };

static const struct failure {
	enum console_failure kind;
	const char *text;
} failures[] = {
	{CONSOLE_PANIC, "Kernel panic - not syncing"},
	{CONSOLE_PANIC, "Attempted to kill init"},
	{CONSOLE_INIT_FAILED, "mkdl: BOOT FAILED in "},
	{CONSOLE_NOT_BOOTED, "No bootable device."},              /* SeaBIOS */
	{CONSOLE_NOT_BOOTED, "BdsDxe: No bootable option"},       /* OVMF */
	{CONSOLE_NOT_BOOTED, "No more network devices"},          /* iPXE */
	{CONSOLE_NOT_BOOTED, "Could not boot: "},                 /* iPXE, at the end of a script */
	{CONSOLE_NOT_BOOTED, "Could not find kernel image"},      /* PXELINUX */
	{CONSOLE_NOT_BOOTED, "Failed to load ldlinux.c32"},
	{CONSOLE_NOT_BOOTED, "mkdl: cannot boot, next try"},      /* our own iPXE script */
};

static void keep_line(struct strbuf *to, const struct strbuf *line)
{
	to->len = 0;
	strbuf_add(to, line->data, line->len);
}

/* Look at the line as far as it has come. */
static void look(struct console *c)
{
	if (!c->line.len)
		return;
	if (strstr(c->line.data, "Linux version "))
		c->kernel = true;
	/* The command line holds whatever the user put there, the very words that are waited for among them. */
	if (strstr(c->line.data, "Kernel command line: ") || strstr(c->line.data, "] Command line: "))
		return;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if ((failures[i].kind > c->failure || (failures[i].kind == c->failure && c->failed_at == c->lines)) &&
		    strstr(c->line.data, failures[i].text)) {
			c->failure = failures[i].kind;
			c->failed_at = c->lines;
			keep_line(&c->failure_line, &c->line);
		}
	if (c->until && (!c->seen || c->seen_at == c->lines) && regexec(c->until, c->line.data, 0, NULL, 0) == 0) {
		c->seen = true;
		c->seen_at = c->lines;
		keep_line(&c->seen_line, &c->line);
	}
}

static void end_line(struct console *c)
{
	look(c);
	if (c->on_line && c->line.len)
		c->on_line(c->arg, c->line.data);
	c->lines++;
	c->line.len = 0;
	c->line_open = false;
}

static void text_byte(struct console *c, char byte)
{
	if (byte == '\n') {
		end_line(c);
		return;
	}
	if (byte == '\b' && c->line.len) {
		c->line.data[--c->line.len] = '\0';
		return;
	}
	if ((unsigned char)byte < ' ' && byte != '\t')
		return;
	/* A line without end is looked at in pieces. */
	if (c->line.len >= LINE_LIMIT)
		end_line(c);
	strbuf_add(&c->line, &byte, 1);
	c->line_open = true;
}

/* Sequences of firmware that would wipe the user's screen or leave the terminal changed: all but colors (ECMA-48 SGR). */
static bool is_for_user(const struct console *c)
{
	return c->kernel || c->sequence.data[c->sequence.len - 1] == 'm';
}

static void end_sequence(struct console *c, struct strbuf *show)
{
	if (is_for_user(c))
		strbuf_add(show, c->sequence.data, c->sequence.len);
	c->sequence.len = 0;
	c->state = CONSOLE_TEXT;
}

static void take_byte(struct console *c, char byte, struct strbuf *show)
{
	switch (c->state) {
	case CONSOLE_TEXT:
		if (byte == '\033') {
			c->state = CONSOLE_ESCAPE;
			strbuf_add(&c->sequence, &byte, 1);
			return;
		}
		strbuf_add(show, &byte, 1);
		text_byte(c, byte);
		return;
	case CONSOLE_ESCAPE:
		strbuf_add(&c->sequence, &byte, 1);
		if (byte == '[')
			c->state = CONSOLE_SEQUENCE;
		else
			end_sequence(c, show);
		return;
	case CONSOLE_SEQUENCE:
		strbuf_add(&c->sequence, &byte, 1);
		/* ECMA-48 5.4: a final byte ends it. */
		if ((byte >= 0x40 && byte <= 0x7e) || c->sequence.len >= SEQUENCE_LIMIT)
			end_sequence(c, show);
		return;
	}
}

void console_feed(struct console *c, const char *data, size_t n, struct strbuf *show)
{
	for (size_t i = 0; i < n; i++)
		take_byte(c, data[i], show);
	look(c);
}

void console_free(struct console *c)
{
	strbuf_free(&c->line);
	strbuf_free(&c->sequence);
	strbuf_free(&c->seen_line);
	strbuf_free(&c->failure_line);
}
