/* image-import: loads the container images that lie in the boot image into containerd, so that the kubelet finds them.
 * A oneshot service between the two. It does what `ctr images import` does, in a twentieth of the size: contents through the
 * content service, image records through the image service; unpacking is left to the CRI plugin, which does it on first use. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "node/images/containerd-client.h"
#include "node/images/image-list.h"

enum { LIST_LIMIT = 4 << 20, EXIT_USAGE_ERROR = 2 };

static const char usage[] = "usage: image-import --list FILE --blobs DIR --socket PATH [--namespace NAME] [--remove]\n";

struct options {
	const char *list, *blobs, *socket, *namespace;
	bool remove;
};

static int parse_options(int argc, char **argv, struct options *out)
{
	static const struct option known[] = {
		{"list", required_argument, NULL, 'l'}, {"blobs", required_argument, NULL, 'b'},
		{"socket", required_argument, NULL, 's'}, {"namespace", required_argument, NULL, 'n'},
		{"remove", no_argument, NULL, 'r'}, {NULL, 0, NULL, 0},
	};
	struct options o = {.namespace = "k8s.io"}; /* where the CRI plugin looks */
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'l': o.list = optarg; break;
		case 'b': o.blobs = optarg; break;
		case 's': o.socket = optarg; break;
		case 'n': o.namespace = optarg; break;
		case 'r': o.remove = true; break;
		default: return -1;
		}
	}
	if (optind != argc || !o.list || !o.blobs || !o.socket)
		return -1;
	*out = o;
	return 0;
}

/* containerd has a copy now; both in RAM would be one too many. A root that cannot be written to loses nothing. */
static int remove_blob(int dirfd, const struct image_record *blob, struct error *err)
{
	const char *hex = blob->digest + strlen("sha256:");

	if (unlinkat(dirfd, hex, 0) < 0 && errno != ENOENT && errno != EROFS)
		return error_errno(err, "%s: cannot be removed", hex);
	return 0;
}

static int import(struct grpc *g, int dirfd, const struct image_list *list, bool remove, struct error *err)
{
	uint64_t bytes = 0;
	int64_t start = clock_ms();

	for (size_t i = 0; i < list->count; i++) {
		const struct image_record *r = &list->records[i];

		if (!r->is_image) {
			if (containerd_load_blob(g, dirfd, r, &bytes, err) < 0 || (remove && remove_blob(dirfd, r, err) < 0))
				return -1;
			continue;
		}
		if (containerd_put_image(g, r, err) < 0)
			return -1;
		printf("image %s: %" PRIu64 " bytes in %" PRId64 " ms\n", r->name, bytes, clock_ms() - start);
		start = clock_ms();
		bytes = 0;
	}
	return 0;
}

static int connect_and_import(const struct options *o, const struct image_list *list, struct error *err)
{
	const struct grpc_header headers[] = {
		{"containerd-namespace", o->namespace}, {"containerd-lease", CONTAINERD_LEASE},
	};
	_cleanup_close_ int dirfd = open(o->blobs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct grpc *g;
	int result;

	if (dirfd < 0)
		return error_errno(err, "%s", o->blobs);
	g = grpc_connect(o->socket, headers, sizeof(headers) / sizeof(*headers), err);
	if (!g)
		return -1;
	result = containerd_lease(g, err);
	if (result == 0)
		result = import(g, dirfd, list, o->remove, err);
	if (result == 0)
		result = containerd_release(g, err);
	grpc_close(g);
	return result;
}

static int run(const struct options *o, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct image_list list;
	struct arena a = {0};
	int result;

	if (file_read_at(AT_FDCWD, o->list, LIST_LIMIT, &text, err) < 0)
		return -1;
	result = image_list_parse(&a, o->list, text.data, text.len, &list, err);
	if (result == 0)
		result = connect_and_import(o, &list, err);
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
