#include "builder/qemu-advice.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

unsigned advice_minimum_memory(const char *folder)
{
	char path[4096];
	json_t *manifest;
	json_int_t bytes;

	if (snprintf(path, sizeof(path), "%s/manifest.json", folder) >= (int)sizeof(path))
		return 0;
	manifest = json_load_file(path, 0, NULL);
	bytes = json_integer_value(json_object_get(manifest, "minimum_memory"));
	json_decref(manifest);
	return bytes > 0 && bytes >> 20 <= 1 << 20 ? (unsigned)(bytes >> 20) : 0;
}

const char *advice_panic(const char *line)
{
	static const struct {
		const char *words, *advice;
	} known[] = {
		{"deadlocked on memory", "not enough RAM to unpack the image; give the machine more with --memory"},
		{"Unable to mount root fs", "there was no initramfs that it could unpack; \"unpacking failed\" above, if it is "
					    "there, says why; build again"},
		{"No working init found", "there is no program to start in the initramfs; build again"},
		{"Requested init", "there is no such program in the initramfs"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strstr(line, known[i].words))
			return known[i].advice;
	return NULL;
}

int advice_forwards(const struct forward *forwards, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(forwards[i].host),
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		int on = 1;

		/* As QEMU does it, so that connections which have just ended do not count. */
		if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		    bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
			continue;
		if (errno == EADDRINUSE)
			return error_set(err, "port %u of this host (127.0.0.1) is in use; choose another HOSTPORT than in "
					 "--forward %u:%u", forwards[i].host, forwards[i].host, forwards[i].guest);
		return error_errno(err, "port %u of this host (127.0.0.1); choose another HOSTPORT than in --forward %u:%u",
				   forwards[i].host, forwards[i].host, forwards[i].guest);
	}
	return 0;
}
