/* An image archive into the lab's registry. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "builder/run-program.h"
#include "lab/lab-words.h"
#include "lab/servers.h"

enum { BLOCK = 65536 };

/* As skopeo names them (containers-transports(5)): an OCI layout says so in a file, docker's archives have none. */
static int transport_of(const char *path, const char **out, struct error *err)
{
	struct archive *tar = archive_read_new();
	struct archive_entry *entry;
	const char *found = "docker-archive";
	int code;

	archive_read_support_filter_all(tar);
	archive_read_support_format_tar(tar);
	if (archive_read_open_filename(tar, path, BLOCK) != ARCHIVE_OK) {
		error_set(err, "%s: %s", path, archive_error_string(tar));
		archive_read_free(tar);
		return -1;
	}
	while ((code = archive_read_next_header(tar, &entry)) == ARCHIVE_OK || code == ARCHIVE_WARN) {
		const char *name = archive_entry_pathname(entry);

		if (name && !strncmp(name, "./", 2))
			name += 2;
		if (name && !strcmp(name, "oci-layout"))
			found = "oci-archive";
		/* Both in one: docker save since version 25. */
	}
	if (code != ARCHIVE_EOF)
		error_set(err, "%s: %s", path, archive_error_string(tar));
	archive_read_free(tar);
	*out = found;
	return code == ARCHIVE_EOF ? 0 : -1;
}

/* Does the name begin with a registry's host, as docker's do: has its first part a dot, a port, or is it localhost? */
static bool names_registry(const char *name)
{
	size_t n = strcspn(name, "/");

	return name[n] == '/' && (memchr(name, '.', n) || memchr(name, ':', n) || (n == 9 && !strncmp(name, "localhost", n)));
}

int lab_push(const struct lab_call *call, struct error *err)
{
	struct arena *a = call->arena;
	const char *archive = call->words[0], *name = call->words[1], *transport = NULL, *program = program_find(a, "skopeo");
	struct lab_client c = {.fd = -1};
	struct strings argv = {0};
	struct stat st;
	int code;

	if (!program) {
		error_set(err, "this host lacks skopeo; on Debian: apt-get install --no-install-recommends skopeo");
		return EXIT_FAILED;
	}
	if (stat(archive, &st) < 0) {
		error_errno(err, "%s", archive);
		return EXIT_FAILED;
	}
	if (S_ISDIR(st.st_mode))
		transport = "oci";
	else if (transport_of(archive, &transport, err) < 0)
		return EXIT_FAILED;
	if (client_open(a, call->out, call->name, &c, err) < 0)
		return EXIT_FAILED;
	strings_add(a, &argv, program);
	strings_add(a, &argv, "--insecure-policy"); /* what is pushed is the user's own file */
	strings_add(a, &argv, "copy");
	strings_add(a, &argv, "--quiet");
	strings_add(a, &argv, "--dest-tls-verify=false");
	strings_add(a, &argv, arena_printf(a, "%s:%s", transport, archive));
	/* The lab's registry listens on the loopback of its network, too. */
	strings_add(a, &argv, arena_printf(a, "docker://%s%s", names_registry(name) ? "" : "127.0.0.1:5000/", name));
	if (client_run(a, &c, argv.items, &code, err) < 0)
		code = EXIT_FAILED;
	client_close(&c);
	return code;
}
