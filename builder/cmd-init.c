/* mkdl init DIR: a folder for profiles of one's own, which extend those that mkdl brings. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "builder/command.h"

/* What the folder gets; "text" NULL makes a folder. */
static const struct item {
	const char *path, *text;
} items[] = {
	{"README.md",
	 "# Diskless nodes\n"
	 "\n"
	 "    mkdl check profiles/my-worker.yml                     # is it in order?\n"
	 "    mkdl build profiles/my-worker.yml                     # into out/\n"
	 "    mkdl run profiles/my-worker.yml --until 'node up'     # try it in QEMU\n"
	 "\n"
	 "Then serve `out/tftp` by TFTP and let DHCP name `boot.ipxe` (to iPXE) or `pxelinux.0` as the boot file.\n"
	 "\n"
	 "| folder | holds |\n"
	 "|---|---|\n"
	 "| `profiles/` | one YAML file per kind of node; mkdl-profile(5) explains every key |\n"
	 "| `overlays/` | trees of files; a profile takes those that it names under `overlays:` |\n"
	 "| `hooks/` | programs that a profile runs: `hooks/build/` makes parts, `hooks/tree/` changes the tree, `hooks/image/` sees the outputs |\n"
	 "| `out/` | what was built; keep `out/NAME/lock` if you want the same bytes again (`mkdl build --locked`) |\n"},
	{".gitignore", "/out/\n"},
	{"profiles/my-worker.yml",
	 "# A worker of one's own: everything in mkdl's worker.yml, and what stands here. Maps merge, lists append, other values\n"
	 "# override.\n"
	 "extends: worker.yml\n"
	 "name: my-worker\n"
	 "\n"
	 "# The files below overlays/site/ go into the image, with the same paths.\n"
	 "overlays: [site]\n"
	 "\n"
	 "# Who may log in by SSH:\n"
	 "# users:\n"
	 "#   root: {ssh_keys: [\"ssh-ed25519 AAAA... me@desk\"]}\n"
	 "\n"
	 "# What else the kernel is told:\n"
	 "# cmdline: [quiet]\n"
	 "\n"
	 "# A tool more in the image, from Debian:\n"
	 "# components:\n"
	 "#   ethtool: {apt: ethtool, files: [/sbin/ethtool]}\n"
	 "\n"
	 "# RAM that changing files may take:\n"
	 "# state:\n"
	 "#   /var/lib/containerd: tmpfs 60%\n"},
	{"overlays/site/etc/motd", "This machine has no disk: whatever is changed here is gone with the next boot.\n"},
	{"hooks/build", NULL},
	{"hooks/tree", NULL},
	{"hooks/image", NULL},
};

static int make_item(int dir, const struct item *item, struct error *err)
{
	const char *slash = strrchr(item->path, '/');
	char folder[128];

	if (!item->text)
		return dir_make_at(dir, item->path, 0755, err);
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - item->path) : 0, item->path);
	if (slash && dir_make_at(dir, folder, 0755, err) < 0)
		return -1;
	return file_write_atomic_at(dir, item->path, item->text, strlen(item->text), 0644, err);
}

/* All are looked for before the first is made: nothing is overwritten, and nothing half-made is left by a refusal. */
static int refuse_existing(int dir, const char *name, struct error *err)
{
	struct stat s;

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (items[i].text && fstatat(dir, items[i].path, &s, AT_SYMLINK_NOFOLLOW) == 0)
			return error_set(err, "init: %s/%s is there already; nothing was changed", name, items[i].path);
	return 0;
}

static int make_folder(const char *name, struct error *err)
{
	_cleanup_close_ int dir = -1;

	if (dir_make_at(AT_FDCWD, name, 0755, err) < 0)
		return -1;
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return error_errno(err, "cannot open %s", name);
	if (refuse_existing(dir, name, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (make_item(dir, &items[i], err) < 0)
			return error_wrap(err, "init: %s", name);
	return 0;
}

int cmd_init(const struct globals *g, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {{0}};

	(void)g;
	if (command_getopt(argc, argv, "", options, err) != -1)
		return EXIT_USAGE;
	if (optind + 1 != argc) {
		error_set(err, "%s: expected one folder", argv[0]);
		return EXIT_USAGE;
	}
	if (make_folder(argv[optind], err) < 0)
		return EXIT_FAILED;
	printf("%s is ready. Next:\n\n    cd %s\n    mkdl build profiles/my-worker.yml\n", argv[optind], argv[optind]);
	return EXIT_OK;
}
