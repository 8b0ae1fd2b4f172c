#include "node/images/containerd-client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "node/grpc/protobuf.h"

enum { CHUNK = 256 << 10, LEASE_SECONDS = 3600 };
/* WriteAction of containerd.services.content.v1 */
enum write_action { WRITE_STAT = 0, WRITE_WRITE = 1, WRITE_COMMIT = 2 };

static int status_error(const struct grpc *g, int status, struct error *err)
{
	return error_set(err, "containerd: %s (status %d)", grpc_status_text(g), status);
}

static void add_labels(struct strbuf *out, unsigned field, const char *const *labels)
{
	for (; *labels; labels++) {
		const char *equals = strchr(*labels, '=');

		protobuf_entry(out, field, *labels, (size_t)(equals - *labels), equals + 1);
	}
}

int containerd_lease(struct grpc *g, struct error *err)
{
	_cleanup_strbuf_ struct strbuf request = {0}, response = {0};
	static const char expire[] = "containerd.io/gc.expire";
	time_t until = time(NULL) + LEASE_SECONDS;
	char text[sizeof("2000-01-01T00:00:00Z") + 16];
	struct tm tm;
	int status;

	gmtime_r(&until, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	protobuf_string(&request, 1, CONTAINERD_LEASE);
	protobuf_entry(&request, 3, expire, sizeof(expire) - 1, text);
	if (grpc_call(g, "/containerd.services.leases.v1.Leases/Create", &request, &response, &status, err) < 0)
		return -1;
	return status == GRPC_OK || status == GRPC_ALREADY_EXISTS ? 0 : status_error(g, status, err);
}

int containerd_release(struct grpc *g, struct error *err)
{
	_cleanup_strbuf_ struct strbuf request = {0}, response = {0};
	int status;

	protobuf_string(&request, 1, CONTAINERD_LEASE);
	if (grpc_call(g, "/containerd.services.leases.v1.Leases/Delete", &request, &response, &status, err) < 0)
		return -1;
	return status == GRPC_OK ? 0 : status_error(g, status, err);
}

/* One WriteContentRequest, and its answer: 1 with the offset that containerd has reached, 0 when it ended the call. */
static int write_step(struct grpc *g, enum write_action action, const struct image_record *blob, uint64_t offset,
		      const void *data, size_t n, uint64_t *reached, struct error *err)
{
	_cleanup_strbuf_ struct strbuf message = {0}, answer = {0};
	struct protobuf_reader reader;
	struct protobuf_field f;
	int more;

	protobuf_number(&message, 1, action);
	protobuf_string(&message, 2, blob->digest); /* ref: the name of the ingest */
	protobuf_number(&message, 3, blob->size);
	protobuf_string(&message, 4, blob->digest);
	protobuf_number(&message, 5, offset);
	protobuf_bytes(&message, 6, data, n);
	if (action == WRITE_COMMIT)
		add_labels(&message, 7, blob->labels);
	if (grpc_send(g, &message, action == WRITE_COMMIT, err) < 0)
		return -1;
	more = grpc_receive(g, &answer, err);
	if (more <= 0)
		return more;
	reader = (struct protobuf_reader){(const uint8_t *)answer.data, (const uint8_t *)answer.data + answer.len};
	*reached = 0;
	while ((more = protobuf_next(&reader, &f)) > 0)
		if (f.number == 4 && !f.data)
			*reached = f.value;
	return more < 0 ? error_set(err, "containerd's answer is malformed") : 1;
}

static int read_chunk(int fd, void *chunk, size_t n, off_t offset, struct error *err)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(fd, (char *)chunk + done, n - done, offset + (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, "its file");
		if (got == 0)
			return error_set(err, "its file is shorter than the list says");
		done += (size_t)got;
	}
	return 0;
}

/* Send it all, then commit. 1 when the commit was answered, 0 when containerd ended the call. It may hold a part from an earlier
 * try: the first write, at offset 0, discards that, for who knows what it was made of. */
static int send_content(struct grpc *g, int dirfd, const struct image_record *blob, uint64_t *loaded, struct error *err)
{
	const char *hex = blob->digest + strlen("sha256:");
	_cleanup_close_ int fd = openat(dirfd, hex, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_free_ char *chunk = malloc(CHUNK);
	uint64_t reached = 0;
	int more = 1;

	if (!chunk)
		return error_set(err, "out of memory");
	if (fd < 0)
		return error_errno(err, "its file");
	while (more > 0 && reached < blob->size) {
		size_t n = blob->size - reached < CHUNK ? (size_t)(blob->size - reached) : CHUNK;
		uint64_t at = reached;

		if (read_chunk(fd, chunk, n, (off_t)at, err) < 0)
			return -1;
		more = write_step(g, WRITE_WRITE, blob, at, chunk, n, &reached, err);
		if (more > 0 && reached != at + n)
			return error_set(err, "containerd took %llu of %llu bytes", (unsigned long long)reached,
					 (unsigned long long)(at + n));
		*loaded += more > 0 ? n : 0;
	}
	return more > 0 ? write_step(g, WRITE_COMMIT, blob, blob->size, NULL, 0, &reached, err) : more;
}

int containerd_load_blob(struct grpc *g, int dirfd, const struct image_record *blob, uint64_t *loaded, struct error *err)
{
	_cleanup_strbuf_ struct strbuf rest = {0};
	uint64_t reached, sent = 0;
	int more;

	if (grpc_begin(g, "/containerd.services.content.v1.Content/Write", err) < 0)
		return -1;
	more = write_step(g, WRITE_STAT, blob, 0, NULL, 0, &reached, err);
	if (more > 0)
		more = send_content(g, dirfd, blob, &sent, err);
	while (more > 0)
		more = grpc_receive(g, &rest, err);
	if (more < 0) {
		grpc_cancel(g);
		return error_wrap(err, "%s", blob->digest);
	}
	if (grpc_status(g) != GRPC_OK && grpc_status(g) != GRPC_ALREADY_EXISTS) {
		status_error(g, grpc_status(g), err);
		return error_wrap(err, "%s", blob->digest);
	}
	if (loaded)
		*loaded += sent;
	return 0;
}

/* Image of containerd.services.images.v1, with its Descriptor. */
static void add_image(struct strbuf *request, const struct image_record *image)
{
	_cleanup_strbuf_ struct strbuf message = {0}, target = {0};

	protobuf_string(&target, 1, image->media_type);
	protobuf_string(&target, 2, image->digest);
	protobuf_number(&target, 3, image->size);
	protobuf_string(&message, 1, image->name);
	add_labels(&message, 2, image->labels);
	protobuf_message(&message, 3, &target);
	protobuf_message(request, 1, &message);
}

int containerd_put_image(struct grpc *g, const struct image_record *image, struct error *err)
{
	_cleanup_strbuf_ struct strbuf request = {0}, response = {0};
	int status;

	add_image(&request, image);
	if (grpc_call(g, "/containerd.services.images.v1.Images/Create", &request, &response, &status, err) < 0)
		return -1;
	if (status == GRPC_ALREADY_EXISTS &&
	    grpc_call(g, "/containerd.services.images.v1.Images/Update", &request, &response, &status, err) < 0)
		return -1;
	if (status == GRPC_OK)
		return 0;
	status_error(g, status, err);
	return error_wrap(err, "%s", image->name);
}
