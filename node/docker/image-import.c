/* image-import, for nodes whose pods run in dockerd: loads the container images that lie in the boot image, as `docker load` does.
 * The archive that dockerd wants is made on its way there: manifest, configuration and layers are blobs of the image already. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "node/docker/answers.h"
#include "node/docker/http.h"
#include "node/docker/image-list.h"
#include "node/docker/tar.h"

enum { LIST_LIMIT = 4 << 20, CHUNK = 256 << 10, EXIT_USAGE_ERROR = 2, OK = 200 };
/* How long dockerd may be silent: it answers only once it has unpacked the image, and machines may be emulated. */
enum { PATIENCE_MS = 240 * 1000 };

static const char usage[] = "usage: image-import --list FILE --blobs DIR --socket PATH [--remove]\n";

struct options {
	const char *list, *blobs, *socket;
	bool remove;
};

static int parse_options(int argc, char **argv, struct options *out)
{
	static const struct option known[] = {
		{"list", required_argument, NULL, 'l'}, {"blobs", required_argument, NULL, 'b'},
		{"socket", required_argument, NULL, 's'}, {"remove", no_argument, NULL, 'r'}, {NULL, 0, NULL, 0},
	};
	struct options o = {0};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'l': o.list = optarg; break;
		case 'b': o.blobs = optarg; break;
		case 's': o.socket = optarg; break;
		case 'r': o.remove = true; break;
		default: return -1;
		}
	}
	if (optind != argc || !o.list || !o.blobs || !o.socket)
		return -1;
	*out = o;
	return 0;
}

/* Does dockerd have just this one, from an earlier boot or an earlier try? */
static int is_loaded(const struct options *o, const struct docker_image *image, bool *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf target = {0};
	struct http_answer answer;
	const char *id = "";
	struct arena a = {0};
	int result = 0;

	strbuf_printf(&target, "/images/%s/json", image->name);
	if (http_call(o->socket, PATIENCE_MS, "GET", target.data, &answer, err) < 0)
		return -1;
	if (answer.status == OK)
		result = docker_read_image_id(&a, answer.body.data, answer.body.len, &id, err);
	if (result == 0)
		*out = !strcmp(id, image->id);
	strbuf_free(&answer.body);
	arena_free(&a);
	return result;
}

static int send_file(int to, int dirfd, const struct docker_member *m, char *chunk, struct error *err)
{
	_cleanup_close_ int fd = openat(dirfd, m->blob, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint64_t left = m->size;

	if (fd < 0)
		return error_errno(err, "%s", m->blob);
	while (left) {
		ssize_t n = fd_read(fd, chunk, left < CHUNK ? (size_t)left : CHUNK);

		if (n < 0)
			return error_errno(err, "%s", m->blob);
		if (n == 0)
			return error_set(err, "%s: is shorter than the list says", m->blob);
		if (http_send(to, chunk, (size_t)n, err) < 0)
			return -1;
		left -= (uint64_t)n;
	}
	memset(chunk, 0, TAR_BLOCK);
	return http_send(to, chunk, (size_t)(tar_space(m->size) - TAR_BLOCK - m->size), err);
}

static int send_archive(int to, int dirfd, const struct docker_image *image, struct error *err)
{
	_cleanup_free_ char *chunk = malloc(CHUNK);

	if (!chunk)
		return error_set(err, "out of memory");
	for (size_t i = 0; i < image->count; i++) {
		const struct docker_member *m = &image->members[i];

		tar_header(chunk, m->path, m->size);
		if (http_send(to, chunk, TAR_BLOCK, err) < 0 || send_file(to, dirfd, m, chunk, err) < 0)
			return -1;
	}
	memset(chunk, 0, TAR_END);
	return http_send(to, chunk, TAR_END, err);
}

static int load(const struct options *o, int dirfd, const struct docker_image *image, struct error *err)
{
	_cleanup_close_ int fd = -1;
	struct http_answer answer;
	uint64_t size = TAR_END;
	int result;

	for (size_t i = 0; i < image->count; i++)
		size += tar_space(image->members[i].size);
	fd = http_request(o->socket, PATIENCE_MS, "POST", "/images/load?quiet=1", "application/x-tar", size, err);
	if (fd < 0 || send_archive(fd, dirfd, image, err) < 0 || http_receive(fd, &answer, err) < 0)
		return -1;
	result = answer.status == OK ? docker_check_load(answer.body.data, answer.body.len, err)
				     : docker_refused(answer.status, answer.body.data, answer.body.len, err);
	strbuf_free(&answer.body);
	return result;
}

static bool is_needed(const struct docker_images *images, size_t from, const char *blob)
{
	for (size_t i = from; i < images->count; i++)
		for (size_t j = 0; j < images->items[i].count; j++)
			if (!strcmp(images->items[i].members[j].blob, blob))
				return true;
	return false;
}

/* dockerd has it unpacked now; both in RAM would be one too many. A root that cannot be written to loses nothing. */
static int remove_blobs(int dirfd, const struct docker_images *images, size_t i, struct error *err)
{
	const struct docker_image *image = &images->items[i];

	for (size_t j = 0; j < image->count; j++) {
		const char *blob = image->members[j].blob;

		if (!is_needed(images, i + 1, blob) && unlinkat(dirfd, blob, 0) < 0 && errno != ENOENT && errno != EROFS)
			return error_errno(err, "%s: cannot be removed", blob);
	}
	return 0;
}

static int import(const struct options *o, int dirfd, const struct docker_images *images, struct error *err)
{
	for (size_t i = 0; i < images->count; i++) {
		const struct docker_image *image = &images->items[i];
		int64_t start = clock_ms();
		uint64_t bytes = 0;
		bool known = false;

		if (is_loaded(o, image, &known, err) < 0 || (!known && load(o, dirfd, image, err) < 0))
			return error_wrap(err, "image %s", image->name);
		for (size_t j = 0; j < image->count && !known; j++)
			bytes += image->members[j].size;
		printf("image %s: %" PRIu64 " bytes in %" PRId64 " ms\n", image->name, bytes, clock_ms() - start);
		if (o->remove && remove_blobs(dirfd, images, i, err) < 0)
			return -1;
	}
	return 0;
}

static int run(const struct options *o, struct error *err)
{
	_cleanup_close_ int dirfd = open(o->blobs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct docker_images images;
	struct arena a = {0};
	int result;

	if (dirfd < 0)
		return error_errno(err, "%s", o->blobs);
	if (file_read_at(AT_FDCWD, o->list, LIST_LIMIT, &text, err) < 0)
		return -1;
	result = docker_images_parse(&a, o->list, text.data, text.len, &images, err);
	if (result == 0)
		result = import(o, dirfd, &images, err);
	arena_free(&a);
	return result;
}

int main(int argc, char **argv)
{
	_cleanup_error_ struct error err = {0};
	struct options o;

	if (parse_options(argc, argv, &o) < 0) {
		fputs(usage, stderr);
		return EXIT_USAGE_ERROR;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (run(&o, &err) == 0)
		return 0;
	fprintf(stderr, "image-import: %s\n", error_text(&err));
	return 1;
}
