#include "node/agent/sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "base/strbuf.h"
#include "base/strings.h"
#include "init/names.h"
#include "node/agent/url.h"

#define FOLDER "etc/mkdl/config.d"

int sources_add(struct arena *a, struct sources *list, struct source source, struct error *err)
{
	if (list->count == SOURCES_LIMIT)
		return error_set(err, "more than %d sources of configuration", SOURCES_LIMIT);
	list->items = arena_grow(a, list->items, list->count, &list->cap, sizeof(*list->items));
	list->items[list->count++] = source;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), length = strlen(end);

	return n >= length && !strcmp(text + n - length, end);
}

int sources_add_folder(struct arena *a, int rootfd, struct sources *out, struct error *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct strings names = {0};
	struct dirent *e;
	int fd = openat(rootfd, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, "/" FOLDER);
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return error_errno(err, "/" FOLDER);
	}
	while (errno = 0, (e = readdir(dir)))
		if (e->d_name[0] != '.' && !ends_with(e->d_name, "~") && !ends_with(e->d_name, ".sig"))
			strings_add(a, &names, arena_strdup(a, e->d_name));
	if (errno)
		return error_errno(err, "/" FOLDER);
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items), compare_names);
	for (size_t i = 0; i < names.count; i++)
		if (sources_add(a, out, (struct source){
			.url = arena_printf(a, "/" FOLDER "/%s", names.items[i]), .from = "image",
		}, err) < 0)
			return -1;
	return 0;
}

/* The command line being read: URLs go into the list at once, settings come before them all in the end. */
struct reader {
	struct arena *arena;
	struct sources *urls;
	struct strbuf settings; /* cloud-config */
};

static int read_url(struct reader *r, const char *key, const char *value, struct error *err)
{
	return sources_add(r->arena, r->urls, (struct source){
		.url = value, .from = arena_printf(r->arena, "kernel command line (%s=)", key),
	}, err);
}

/* In YAML's double quotes. */
static void add_quoted(struct strbuf *out, const char *text, size_t n)
{
	strbuf_puts(out, "\"");
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"' || text[i] == '\\')
			strbuf_puts(out, "\\");
		strbuf_add(out, &text[i], 1);
	}
	strbuf_puts(out, "\"");
}

static int read_hostname(struct reader *r, const char *key, const char *value, struct error *err)
{
	if (!names_is_hostname(value))
		return error_set(err, "%s=%s is no host name", key, value);
	strbuf_puts(&r->settings, "hostname: ");
	add_quoted(&r->settings, value, strlen(value));
	strbuf_puts(&r->settings, "\n");
	return 0;
}

static int read_ntp(struct reader *r, const char *key, const char *value, struct error *err)
{
	const char *separator = "";

	if (!*value)
		return error_set(err, "%s= names no server", key);
	strbuf_puts(&r->settings, "ntp: {servers: [");
	for (const char *p = value; *p;) {
		size_t n = strcspn(p, ",");

		if (n == 0)
			return error_set(err, "%s=%s: a server without a name", key, value);
		strbuf_puts(&r->settings, separator);
		add_quoted(&r->settings, p, n);
		separator = ", ";
		p += n + (p[n] == ',');
	}
	strbuf_puts(&r->settings, "]}\n");
	return 0;
}

static int add_seed(struct reader *r, const char *seed, struct error *err)
{
	static const struct {
		const char *name;
		enum source_content content;
		bool optional;
	} files[] = { /* in this order, as the later overrides the earlier; which may be missing: cloud-init's NoCloud */
		{"meta-data", SOURCE_META_DATA, false},
		{"network-config", SOURCE_NETWORK_CONFIG, true},
		{"vendor-data", SOURCE_USER_DATA, true},
		{"user-data", SOURCE_USER_DATA, false},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (sources_add(r->arena, r->urls, (struct source){
			.content = files[i].content,
			.url = url_seed(r->arena, seed, files[i].name),
			.from = "kernel command line (ds=)",
			.optional = files[i].optional,
		}, err) < 0)
			return -1;
	return 0;
}

/* nocloud;s=URL;h=NAME */
static int read_seed(struct reader *r, const char *key, const char *value, struct error *err)
{
	char *copy = arena_strdup(r->arena, value), *rest = copy, *word = strsep(&rest, ";");
	const char *seed = NULL;

	if (strcasecmp(word, "nocloud") != 0 && strcasecmp(word, "nocloud-net") != 0)
		return error_set(err, "%s=%s: the only data source is nocloud: ds=nocloud;s=URL", key, value);
	while ((word = strsep(&rest, ";"))) {
		char *text = strchr(word, '=');

		if (!*word)
			continue;
		if (!text)
			return error_set(err, "%s=: \"%s\" is not KEY=VALUE", key, word);
		*text++ = '\0';
		if (!strcmp(word, "s") || !strcmp(word, "seedfrom"))
			seed = text;
		else if (!strcmp(word, "h") || !strcmp(word, "local-hostname")) {
			if (read_hostname(r, "ds=nocloud;h", text, err) < 0)
				return -1;
		} else if (strcmp(word, "i") != 0 && strcmp(word, "instance-id") != 0)
			return error_set(err, "%s=nocloud: unknown key \"%s\" (s or seedfrom, h or local-hostname, "
					 "i or instance-id)", key, word);
	}
	return seed ? add_seed(r, seed, err) : 0;
}

static const struct {
	const char *key;
	int (*read)(struct reader *r, const char *key, const char *value, struct error *err);
} keys[] = {
	{"mkdl.config", read_url}, {"cloud-config-url", read_url}, {"ds", read_seed},
	{"mkdl.hostname", read_hostname}, {"mkdl.ntp", read_ntp},
};

static int read_word(struct reader *r, char *word, struct error *err)
{
	char *value = strchr(word, '=');

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		size_t n = strlen(keys[i].key);

		if (strncmp(word, keys[i].key, n) != 0 || (word[n] && word[n] != '='))
			continue;
		if (!value || !value[1])
			return error_set(err, "%s= has no value", keys[i].key);
		return keys[i].read(r, keys[i].key, value + 1, err);
	}
	return 0;
}

/* "cc: ssh_import_id: [me]\nruncmd: …  end_cc", the text percent-encoded or not, "\n" for a line end. */
static int read_inline(struct reader *r, const char *text, size_t n, struct error *err)
{
	struct strbuf *out = &r->settings;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c == '\\' && i + 1 < n && text[i + 1] == 'n') {
			c = '\n';
			i++;
		} else if (c == '%' && i + 2 < n && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
			c = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
			i += 2;
		}
		if (c == '\0')
			return error_set(err, "cc: holds a zero byte");
		strbuf_add(out, &c, 1);
	}
	strbuf_puts(out, "\n");
	return 0;
}

/* Cut the next word out of the line, as the kernel does: blanks in double quotes do not end it, the quotes go. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t\n"), *out = word, *p;
	bool quoted = false;

	if (!*word)
		return NULL;
	for (p = word; *p && (quoted || !strchr(" \t\n", *p)); p++) {
		if (*p == '"')
			quoted = !quoted;
		else
			*out++ = *p;
	}
	*line = *p ? p + 1 : p;
	*out = '\0';
	return word;
}

/* Words, and inline cloud-config between "cc:" at the beginning of a word and "end_cc" or the end of the line. */
static int read_line(struct reader *r, char *line, struct error *err)
{
	for (;;) {
		char *word;

		line += strspn(line, " \t\n");
		if (!strncmp(line, "cc:", 3)) {
			char *text = line + 3, *end;

			text += strspn(text, " \t");
			end = strstr(text, "end_cc");
			if (read_inline(r, text, end ? (size_t)(end - text) : strlen(text), err) < 0)
				return -1;
			if (!end)
				return 0;
			line = end + strlen("end_cc");
			continue;
		}
		word = next_word(&line);
		if (!word)
			return 0;
		if (read_word(r, word, err) < 0)
			return -1;
	}
}

int sources_read_cmdline(struct arena *a, const char *cmdline, struct sources *settings, struct sources *urls,
			 struct error *err)
{
	struct sources own_urls = {0}, own_settings = {0};
	struct reader r = {.arena = a, .urls = &own_urls};
	int status = read_line(&r, arena_strdup(a, cmdline), err);

	if (status == 0 && r.settings.len) {
		const char *text = arena_printf(a, "#cloud-config\n%s", r.settings.data);

		status = sources_add(a, &own_settings, (struct source){
			.text = text, .size = strlen(text), .from = "kernel command line",
		}, err);
	}
	strbuf_free(&r.settings);
	if (status < 0)
		return error_wrap(err, "kernel command line");
	*settings = own_settings;
	*urls = own_urls;
	return 0;
}
