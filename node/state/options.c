#include <string.h>
#include <sys/mount.h>

#include "base/strbuf.h"
#include "node/state/state.h"

/* Of any file system: flags of mount(2), not data. */
static const struct {
	const char *word;
	unsigned long set, clear;
} flags[] = {
	{"ro", MS_RDONLY, 0},
	{"rw", 0, MS_RDONLY},
	{"nosuid", MS_NOSUID, 0},
	{"suid", 0, MS_NOSUID},
	{"nodev", MS_NODEV, 0},
	{"dev", 0, MS_NODEV},
	{"noexec", MS_NOEXEC, 0},
	{"exec", 0, MS_NOEXEC},
	{"sync", MS_SYNCHRONOUS, 0},
	{"async", 0, MS_SYNCHRONOUS},
	{"dirsync", MS_DIRSYNC, 0},
	{"noatime", MS_NOATIME, MS_RELATIME},
	{"nodiratime", MS_NODIRATIME, 0},
	{"relatime", MS_RELATIME, MS_NOATIME},
	{"strictatime", MS_STRICTATIME, MS_NOATIME | MS_RELATIME},
	{"lazytime", MS_LAZYTIME, 0},
	{"defaults", 0, 0},
};

static bool is_flag(const char *word, unsigned long *all)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (!strcmp(flags[i].word, word)) {
			*all = (*all & ~flags[i].clear) | flags[i].set;
			return true;
		}
	return false;
}

struct mount_options mount_options(struct arena *a, const struct strings *words)
{
	_cleanup_strbuf_ struct strbuf data = {0};
	struct mount_options o = {0};

	for (size_t i = 0; i < words->count; i++)
		if (!is_flag(words->items[i], &o.flags))
			strbuf_printf(&data, "%s%s", data.len ? "," : "", words->items[i]);
	o.data = data.len ? arena_strdup(a, data.data) : "";
	return o;
}

const char *option_value(const struct strings *words, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < words->count; i++)
		if (!strncmp(words->items[i], name, n) && (words->items[i][n] == '=' || !words->items[i][n]))
			return words->items[i] + n + (words->items[i][n] == '=');
	return NULL;
}

bool option_is_nfs(const char *word)
{
	static const char *const names[] = {"vers",	"nfsvers", "port",  "proto", "sec",
					    "nconnect", "rsize",   "wsize", "timeo", "retrans"};
	size_t n = strcspn(word, "=");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == n && !strncmp(names[i], word, n))
			return true;
	return false;
}
