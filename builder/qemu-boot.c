#include "builder/qemu-boot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { CONFIG_LIMIT = 1024 * 1024 };

/* Is the first word of line (up to its end or a newline) this one, whatever its case? */
static bool begins_with(const char *line, const char *word)
{
	size_t n = strlen(word);

	line += strspn(line, " \t");
	return !strncasecmp(line, word, n) && strchr(" \t\r\n", line[n]);
}

static const char *line_end(const char *line)
{
	return line + strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
	line = line_end(line);
	return *line ? line + 1 : line;
}

/* The line's words up to a newline or "||", from the first that is no option. */
struct words {
	char *rest;
};

static const char *next_word(struct words *w)
{
	char *word;

	do {
		word = strtok_r(NULL, " \t\r", &w->rest);
	} while (word && !strncmp(word, "--", 2));
	return word && strcmp(word, "||") != 0 ? word : NULL;
}

/* The words after the first line's that begins with command. */
static bool find_line(struct arena *a, const char *text, const char *command, struct words *out)
{
	while (*text && !begins_with(text, command))
		text = next_line(text);
	if (!*text)
		return false;
	text += strspn(text, " \t") + strlen(command);
	out->rest = arena_strndup(a, text, (size_t)(line_end(text) - text));
	return true;
}

bool boot_script_read(struct arena *a, const char *text, struct boot_script *out)
{
	_cleanup_strbuf_ struct strbuf cmdline = {0};
	struct boot_script s = {0};
	struct words words;
	const char *word;

	strbuf_puts(&cmdline, "");
	if (!find_line(a, text, "kernel", &words))
		return false;
	s.kernel = next_word(&words);
	while (s.kernel && (word = next_word(&words)))
		if (strncmp(word, "initrd=", 7) != 0 && !strstr(word, "${"))
			strbuf_printf(&cmdline, "%s%s", cmdline.len ? " " : "", word);
	if (!find_line(a, text, "initrd", &words))
		return false;
	s.initramfs = next_word(&words);
	if (!s.kernel || !s.initramfs)
		return false;
	s.cmdline = arena_strdup(a, cmdline.data);
	*out = s;
	return true;
}

const char *boot_append(struct arena *a, const char *text, const char *word, const char *append)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	strbuf_puts(&out, "");
	for (const char *line = text; *line; line = next_line(line)) {
		size_t n = strcspn(line, "\r\n");
		const char *other = memmem(line, n, " || ", 4);
		size_t command = other ? (size_t)(other - line) : n;

		strbuf_add(&out, line, command);
		if (begins_with(line, word))
			strbuf_printf(&out, " %s", append);
		strbuf_add(&out, line + command, n - command);
		strbuf_puts(&out, "\n");
	}
	return arena_strdup(a, out.data);
}

bool boot_pxelinux_is(const char *text, const char *name)
{
	size_t n = strlen(name);

	while (*text && !begins_with(text, "default"))
		text = next_line(text);
	if (!*text)
		return false;
	text += strspn(text, " \t") + strlen("default");
	text += strspn(text, " \t");
	return !strncmp(text, name, n) && strchr(" \t\r\n", text[n]);
}

static int not_built(const struct published *from, const char *path, struct error *err)
{
	/* A bare name is that of an output folder; where its profile is, is not known. */
	if (!strchr(from->profile, '/') && !strstr(from->profile, ".yml"))
		return error_set(err, "%s is not there; build the profile whose name is %s first: mkdl build FILE", path,
				 from->profile);
	return error_set(err, "%s is not there; build it first: mkdl build %s", path, from->profile);
}

static int need_file(const struct published *from, const char *path, struct error *err)
{
	return access(path, R_OK) == 0 ? 0 : not_built(from, path, err);
}

static int read_config(struct arena *a, const struct published *from, const char *path, const char **text, struct error *err)
{
	_cleanup_strbuf_ struct strbuf data = {0};

	if (need_file(from, path, err) < 0 || file_read_at(AT_FDCWD, path, CONFIG_LIMIT, &data, err) < 0)
		return -1;
	strbuf_puts(&data, "");
	*text = arena_strdup(a, data.data);
	return 0;
}

/* The profile's iPXE script says how it is booted, whatever boots it. */
static int read_script(struct arena *a, const struct published *from, const char **text, struct boot_script *out,
		       struct error *err)
{
	const char *path = arena_printf(a, "%s/%s.ipxe", from->tftp, from->name);

	if (read_config(a, from, path, text, err) < 0)
		return -1;
	if (!boot_script_read(a, *text, out))
		return error_set(err, "%s does not say what to boot: no \"kernel\" and \"initrd\" lines", path);
	return 0;
}

static int prepare_direct(struct arena *a, const struct published *from, const char *append, struct machine *m,
			  struct error *err)
{
	struct boot_script script = {0};
	const char *text = NULL;

	m->kernel = arena_printf(a, "%s/%s/vmlinuz", from->out, from->name);
	m->initramfs = arena_printf(a, "%s/%s/initramfs.img", from->out, from->name);
	if (need_file(from, m->kernel, err) < 0 || need_file(from, m->initramfs, err) < 0 ||
	    read_script(a, from, &text, &script, err) < 0)
		return -1;
	m->cmdline = arena_printf(a, "%s BOOTIF=%s%s%s", script.cmdline, QEMU_BOOTIF, append ? " " : "", append ? append : "");
	return 0;
}

/* A link in the view for everything in the TFTP root but the name own. */
static int link_all(struct arena *a, const char *root, const char *view, const char *own, struct error *err)
{
	_cleanup_closedir_ DIR *dir = opendir(root);
	const struct dirent *entry;

	if (!dir)
		return error_errno(err, "cannot read %s", root);
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") || !strcmp(entry->d_name, own))
			continue;
		if (symlink(arena_printf(a, "%s/%s", root, entry->d_name), arena_printf(a, "%s/%s", view, entry->d_name)) < 0)
			return error_errno(err, "cannot link %s into %s", entry->d_name, view);
	}
	return 0;
}

/* The TFTP root as links, with text in place of the file own (or, when below is not NULL, as own/below). */
static int make_view(struct arena *a, const char *root, const char *own, const char *below, const char *text, const char **view,
		     struct error *err)
{
	const char *tmp = getenv("TMPDIR");
	char *path = arena_printf(a, "%s/mkdl-run-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	const char *file;

	if (!mkdtemp(path))
		return error_errno(err, "cannot make %s", path);
	*view = path; /* from here on it is the caller's to remove */
	file = arena_printf(a, "%s/%s", path, own);
	if (below && mkdir(file, 0755) < 0)
		return error_errno(err, "cannot make %s", file);
	if (below)
		file = arena_printf(a, "%s/%s", file, below);
	if (link_all(a, root, path, own, err) < 0)
		return -1;
	return file_write_atomic_at(AT_FDCWD, file, text, strlen(text), 0644, err);
}

static int prepare_pxelinux(struct arena *a, const struct published *from, const char *append, struct machine *m,
			    const char **view, struct error *err)
{
	const char *text = NULL, *ipxe = NULL;
	struct boot_script script = {0};

	m->bootfile = "pxelinux.0";
	if (need_file(from, arena_printf(a, "%s/pxelinux.0", from->tftp), err) < 0 ||
	    read_config(a, from, arena_printf(a, "%s/pxelinux.cfg/default", from->tftp), &text, err) < 0 ||
	    read_script(a, from, &ipxe, &script, err) < 0)
		return -1;
	/* There is one default, of the profile that was built last. */
	if (!boot_pxelinux_is(text, from->name))
		text = arena_printf(a, "DEFAULT %s\nLABEL %s\n  KERNEL %s\n  INITRD %s\n  IPAPPEND 2\n  APPEND %s\n", from->name,
				    from->name, script.kernel, script.initramfs, script.cmdline);
	else if (!append)
		return 0;
	if (append)
		text = boot_append(a, text, "append", append);
	return make_view(a, from->tftp, "pxelinux.cfg", "default", text, view, err);
}

static int prepare_ipxe(struct arena *a, const struct published *from, const char *append, struct machine *m,
			const char **view, struct error *err)
{
	struct boot_script script = {0};
	const char *text = NULL;

	m->bootfile = arena_printf(a, "%s.ipxe", from->name);
	if (read_script(a, from, &text, &script, err) < 0)
		return -1;
	if (need_file(from, arena_printf(a, "%s/%s", from->tftp, script.kernel), err) < 0)
		return -1;
	if (!append)
		return 0;
	return make_view(a, from->tftp, m->bootfile, NULL, boot_append(a, text, "kernel", append), view, err);
}

int boot_prepare(struct arena *a, const struct published *from, const char *append, struct machine *m, const char **view,
		 struct error *err)
{
	_cleanup_free_ char *root = NULL;
	struct published p = *from;

	*view = NULL;
	if (m->boot == BOOT_DIRECT)
		return prepare_direct(a, from, append, m, err);
	/* Links in a view need the whole path. */
	root = realpath(from->tftp, NULL);
	if (!root)
		return not_built(from, from->tftp, err);
	p.tftp = m->tftp = arena_strdup(a, root);
	if ((m->boot == BOOT_PXELINUX ? prepare_pxelinux : prepare_ipxe)(a, &p, append, m, view, err) < 0)
		return -1;
	if (*view)
		m->tftp = *view;
	return 0;
}
