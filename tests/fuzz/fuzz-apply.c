/* A configuration (cloud-config, or Ignition's JSON) brought about in a root of its own, with links that lead out of it and round
 * in circles (node/agent/handler.h, config_apply): nothing outside of that root changes, no password opens an account, and PID 1's
 * reader takes the plan. The root is made anew for each input, in RAM where there is some. */
#include "tests/fuzz/fuzz-config.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/plan.h"

enum { OPEN_FILES = 16, TEXT_SIZE = 65536 };

static char folder[64];
static int outside = -1;

static const struct {
	const char *path, *text;
} files[] = {
	{"root/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"},
	{"root/etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"},
	{"root/etc/shadow", "root:*:::::::\nnobody:*:::::::\n"},
	{"root/etc/shells", "/bin/sh\n"},
	{"root/etc/hostname", "n1\n"},
	{"root/srv/data", "of the image\n"},
	{"outside/kept", "nobody's\n"},
};

static const struct {
	const char *path, *target;
} links[] = {
	{"root/up", "../outside"}, {"root/far", "/outside"}, {"root/kept", "../outside/kept"}, {"root/loop", "loop"},
	{"root/etc/up", "../../../../outside"}, {"root/var", "srv"}, {"root/here", "."},
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static void remove_all(void)
{
	if (*folder)
		nftw(folder, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS);
}

static void put(int fd, const char *path, const char *text)
{
	int file = openat(fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
	close(file);
}

static int make_root(void)
{
	static const char *const folders[] = {"root", "root/etc", "root/srv", "root/root", "root/run", "outside"};
	int fd;

	nftw(folder, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS);
	MUST(mkdir(folder, 0700) == 0);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		MUST(mkdirat(fd, folders[i], 0755) == 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		put(fd, files[i].path, files[i].text);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		MUST(symlinkat(links[i].target, fd, links[i].path) == 0);
	outside = openat(fd, "outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(outside >= 0);
	close(fd);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(fd >= 0);
	return fd;
}

/* The text of a file, "" when there is none. */
static const char *text_of(int fd, const char *path, char text[static TEXT_SIZE])
{
	int file = openat(fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = file < 0 ? 0 : read(file, text, TEXT_SIZE - 1);

	text[n < 0 ? 0 : n] = '\0';
	if (file >= 0)
		close(file);
	return text;
}

/* As it was made: one file, with its text, and nothing beside. */
static void check_outside(int fd)
{
	static char text[TEXT_SIZE];
	struct stat st;

	MUST(!strcmp(text_of(fd, "outside/kept", text), "nobody's\n"));
	MUST(fstatat(fd, "outside/kept", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_nlink == 1 && (st.st_mode & 07777) == 0600);
	MUST(fstatat(fd, "outside", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_nlink == 2 && (st.st_mode & 07777) == 0755);
	/* Removed only if it is empty but for that file. */
	MUST(unlinkat(outside, "kept", 0) == 0 && unlinkat(fd, "outside", AT_REMOVEDIR) == 0);
}

/* What write_files puts into /etc/shadow is its own affair; what the accounts' part writes has a password that nothing matches. */
static void check_shadow(int fd)
{
	static char text[TEXT_SIZE];

	for (const char *line = text_of(fd, "root/etc/shadow", text); *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *password = strchr(line, ':');

		MUST(password && (password[1] == '*' || password[1] == '!'));
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_quiet();
	umask(022);
	snprintf(folder, sizeof(folder), "%s/mkdl-fuzz-apply-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	MUST(mkdtemp(folder));
	atexit(remove_all);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool ignition = size && data[0] == '{';
	struct arena arena = {0};
	struct config *c = fuzz_config(&arena);
	struct strbuf written = {0};
	struct error err = {0};
	int top = make_root(), root = openat(top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct plan plan, again;

	MUST(root >= 0);
	plan_init(&plan);
	plan.name = "fuzz";
	fuzz_add(c, ignition ? DOCUMENT_IGNITION : DOCUMENT_CLOUD_CONFIG, (const char *)data, size);
	if (config_apply(c, &arena, &plan, root, true, &err) < 0) {
		fuzz_failed(&err);
	} else {
		plan_write(&plan, &written);
		MUST(plan_parse(&arena, "plan", written.data, written.len, &again, &err) == 0);
		if (!memmem(data, size, "shadow", 6))
			check_shadow(top);
	}
	check_outside(top);
	strbuf_free(&written);
	close(outside);
	close(root);
	close(top);
	arena_free(&arena);
	return 0;
}
