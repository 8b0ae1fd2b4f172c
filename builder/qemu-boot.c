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

const char *boot_script_cmdline(struct arena *a, const char *script)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	char *line, *rest = NULL;
	unsigned number = 0;

	while (*script && !begins_with(script, "kernel"))
		script = next_line(script);
	if (!*script)
		return NULL;
	line = arena_strndup(a, script, (size_t)(line_end(script) - script));
	strbuf_puts(&out, "");
	for (char *word = strtok_r(line, " \t\r", &rest); word; word = strtok_r(NULL, " \t\r", &rest)) {
		/* The first two are the command and the file, which options may stand between. */
		if (number < 2 && strncmp(word, "--", 2) != 0) {
			number++;
			continue;
		}
		if (number < 2 || !strncmp(word, "initrd=", 7) || strstr(word, "${"))
			continue;
		strbuf_printf(&out, "%s%s", out.len ? " " : "", word);
	}
	return arena_strdup(a, out.data);
}

const char *boot_append(struct arena *a, const char *text, const char *word, const char *append)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	strbuf_puts(&out, "");
	for (const char *line = text; *line; line = next_line(line)) {
		size_t n = strcspn(line, "\r\n");

		strbuf_add(&out, line, n);
		if (begins_with(line, word))
			strbuf_printf(&out, " %s", append);
		strbuf_puts(&out, "\n");
	}
	return arena_strdup(a, out.data);
}

static bool names_label(const char *line, const char *name)
{
	size_t n = strlen(name);

	if (!begins_with(line, "label"))
		return false;
	line += strspn(line, " \t") + strlen("label");
	line += strspn(line, " \t");
	return !strncmp(line, name, n) && strchr(" \t\r\n", line[n]);
}

const char *boot_pxelinux_default(struct arena *a, const char *text, const char *name)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	bool found = false;

	strbuf_printf(&out, "DEFAULT %s\nPROMPT 0\n", name);
	for (const char *line = text; *line; line = next_line(line)) {
		found |= names_label(line, name);
		/* A menu would wait for a key. */
		if (begins_with(line, "default") || begins_with(line, "prompt") || begins_with(line, "ui") ||
		    begins_with(line, "timeout"))
			continue;
		strbuf_add(&out, line, (size_t)(line_end(line) - line));
		strbuf_puts(&out, "\n");
	}
	return found ? arena_strdup(a, out.data) : NULL;
}

static int not_built(const struct published *from, const char *path, struct error *err)
{
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

static int prepare_direct(struct arena *a, const struct published *from, const char *append, struct machine *m,
			  struct error *err)
{
	const char *script_path = arena_printf(a, "%s/%s.ipxe", from->tftp, from->name);
	const char *script = NULL, *cmdline;

	m->kernel = arena_printf(a, "%s/%s/vmlinuz", from->out, from->name);
	m->initramfs = arena_printf(a, "%s/%s/initramfs.img", from->out, from->name);
	if (need_file(from, m->kernel, err) < 0 || need_file(from, m->initramfs, err) < 0 ||
	    read_config(a, from, script_path, &script, err) < 0)
		return -1;
	cmdline = boot_script_cmdline(a, script);
	if (!cmdline)
		return error_set(err, "%s has no \"kernel\" line", script_path);
	m->cmdline = arena_printf(a, "%s BOOTIF=%s%s%s", cmdline, QEMU_BOOTIF, append ? " " : "", append ? append : "");
	return 0;
}

/* A link in the view for everything in the TFTP root but the names in own. */
static int link_all(struct arena *a, const char *root, const char *view, const char *const *own, struct error *err)
{
	_cleanup_closedir_ DIR *dir = opendir(root);
	const struct dirent *entry;

	if (!dir)
		return error_errno(err, "cannot read %s", root);
	while ((entry = readdir(dir))) {
		bool skip = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");

		for (size_t i = 0; own[i]; i++)
			skip |= !strcmp(entry->d_name, own[i]);
		if (!skip && symlink(arena_printf(a, "%s/%s", root, entry->d_name),
				     arena_printf(a, "%s/%s", view, entry->d_name)) < 0)
			return error_errno(err, "cannot link %s into %s", entry->d_name, view);
	}
	return 0;
}

static int fill_view(struct arena *a, const char *root, const char *view, const char *script_name, const char *script,
		     const char *pxelinux, struct error *err)
{
	const char *const own[] = {pxelinux ? "pxelinux.cfg" : script_name, NULL};
	const char *file = pxelinux ? "pxelinux.cfg/default" : script_name;
	const char *text = pxelinux ? pxelinux : script;

	if (link_all(a, root, view, own, err) < 0)
		return -1;
	if (pxelinux && mkdir(arena_printf(a, "%s/pxelinux.cfg", view), 0755) < 0)
		return error_errno(err, "cannot make a folder in %s", view);
	return file_write_atomic_at(AT_FDCWD, arena_printf(a, "%s/%s", view, file), text, strlen(text), 0644, err);
}

static int make_view(struct arena *a, const char *root, const char *script_name, const char *script, const char *pxelinux,
		     const char **view, struct error *err)
{
	const char *tmp = getenv("TMPDIR");
	char *path = arena_printf(a, "%s/mkdl-run-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (!mkdtemp(path))
		return error_errno(err, "cannot make %s", path);
	if (fill_view(a, root, path, script_name, script, pxelinux, err) < 0) {
		_cleanup_error_ struct error ignored = {0};

		dir_remove_at(AT_FDCWD, path, &ignored);
		return -1;
	}
	*view = path;
	return 0;
}

static int prepare_pxelinux(struct arena *a, const struct published *from, const char *append, const char *root,
			    struct machine *m, const char **view, struct error *err)
{
	const char *path = arena_printf(a, "%s/pxelinux.cfg/default", root);
	const char *text = NULL, *changed;

	m->bootfile = "pxelinux.0";
	if (need_file(from, arena_printf(a, "%s/pxelinux.0", root), err) < 0 || read_config(a, from, path, &text, err) < 0)
		return -1;
	changed = boot_pxelinux_default(a, text, from->name);
	if (!changed)
		return error_set(err, "%s has no label \"%s\"; build it first: mkdl build %s", path, from->name, from->profile);
	if (append)
		changed = boot_append(a, changed, "append", append);
	return make_view(a, root, NULL, NULL, changed, view, err);
}

static int prepare_ipxe(struct arena *a, const struct published *from, const char *append, const char *root,
			struct machine *m, const char **view, struct error *err)
{
	const char *name = arena_printf(a, "%s.ipxe", from->name);
	const char *text = NULL;

	m->bootfile = name;
	if (read_config(a, from, arena_printf(a, "%s/%s", root, name), &text, err) < 0)
		return -1;
	if (!append)
		return 0;
	return make_view(a, root, name, boot_append(a, text, "kernel", append), NULL, view, err);
}

int boot_prepare(struct arena *a, const struct published *from, const char *append, struct machine *m, const char **view,
		 struct error *err)
{
	_cleanup_free_ char *root = NULL;

	*view = NULL;
	if (m->boot == BOOT_DIRECT)
		return prepare_direct(a, from, append, m, err);
	/* Links in a view need the whole path. */
	root = realpath(from->tftp, NULL);
	if (!root)
		return not_built(from, from->tftp, err);
	m->tftp = arena_strdup(a, root);
	if ((m->boot == BOOT_PXELINUX ? prepare_pxelinux : prepare_ipxe)(a, from, append, m->tftp, m, view, err) < 0)
		return -1;
	if (*view)
		m->tftp = *view;
	return 0;
}
