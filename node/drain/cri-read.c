#include "node/drain/cri.h"

#include <string.h>

#include "node/grpc/protobuf.h"

enum { SANDBOX_READY = 0, CONTAINER_RUNNING = 1 };

static struct protobuf_reader reader_of(const void *data, size_t n)
{
	/* A number where a message belongs has no data. */
	return data ? (struct protobuf_reader){data, (const uint8_t *)data + n} : (struct protobuf_reader){0};
}

static const char *text_of(struct arena *a, const struct protobuf_field *f)
{
	return f->data ? arena_strndup(a, (const char *)f->data, f->size) : "";
}

int cri_malformed(struct error *err)
{
	return error_set(err, "containerd's answer is malformed");
}

/* Fields of PodSandboxMetadata and ContainerMetadata: name is the first of both. */
static int read_names(struct arena *a, const struct protobuf_field *message, const char **name, const char **namespace)
{
	struct protobuf_reader r = reader_of(message->data, message->size);
	struct protobuf_field f;
	int more;

	if (!message->data)
		return -1;
	while ((more = protobuf_next(&r, &f)) > 0)
		if (f.number == 1)
			*name = text_of(a, &f);
		else if (f.number == 3 && namespace)
			*namespace = text_of(a, &f);
	return more;
}

static int read_sandbox(struct arena *a, const struct protobuf_field *message, struct pod_sandbox *out, uint64_t *state)
{
	struct protobuf_reader r = reader_of(message->data, message->size);
	struct pod_sandbox s = {"", "", ""};
	struct protobuf_field f;
	int more;

	*state = 0;
	while ((more = protobuf_next(&r, &f)) > 0)
		switch (f.number) {
		case 1: s.id = text_of(a, &f); break;
		case 2:
			if (read_names(a, &f, &s.name, &s.namespace) < 0)
				return -1;
			break;
		case 3: *state = f.value; break;
		}
	*out = s;
	return more;
}

int cri_read_sandboxes(struct arena *a, const void *data, size_t n, struct pod_sandboxes *out, struct error *err)
{
	struct protobuf_reader r = reader_of(data, n);
	struct pod_sandboxes all = {0};
	struct protobuf_field f;
	int more;

	while ((more = protobuf_next(&r, &f)) > 0) {
		struct pod_sandbox s;
		uint64_t state;

		if (f.number != 1 || !f.data)
			continue;
		if (read_sandbox(a, &f, &s, &state) < 0)
			return cri_malformed(err);
		if (state != SANDBOX_READY || !*s.id)
			continue;
		all.items = arena_grow(a, all.items, all.count, &all.cap, sizeof(*all.items));
		all.items[all.count++] = s;
	}
	if (more < 0)
		return cri_malformed(err);
	*out = all;
	return 0;
}

/* An entry of the map of annotations. */
static int read_annotation(struct arena *a, const struct protobuf_field *message, int64_t *grace)
{
	struct protobuf_reader r = reader_of(message->data, message->size);
	const char *key = "", *value = "";
	struct protobuf_field f;
	int more;

	if (!message->data)
		return -1;
	while ((more = protobuf_next(&r, &f)) > 0)
		if (f.number == 1)
			key = text_of(a, &f);
		else if (f.number == 2)
			value = text_of(a, &f);
	if (strcmp(key, POD_GRACE_KEY) == 0)
		*grace = pod_grace(value, *grace);
	return more;
}

static int read_container(struct arena *a, const struct protobuf_field *message, struct pod_container *out, uint64_t *state)
{
	struct protobuf_reader r = reader_of(message->data, message->size);
	struct pod_container c = {"", "", "", POD_DEFAULT_GRACE};
	struct protobuf_field f;
	int more;

	*state = 0;
	while ((more = protobuf_next(&r, &f)) > 0)
		switch (f.number) {
		case 1: c.id = text_of(a, &f); break;
		case 2: c.sandbox_id = text_of(a, &f); break;
		case 3:
			if (read_names(a, &f, &c.name, NULL) < 0)
				return -1;
			break;
		case 6: *state = f.value; break;
		case 9:
			if (read_annotation(a, &f, &c.grace) < 0)
				return -1;
			break;
		}
	*out = c;
	return more;
}

int cri_read_containers(struct arena *a, const void *data, size_t n, struct pod_containers *out, struct error *err)
{
	struct protobuf_reader r = reader_of(data, n);
	struct pod_containers all = {0};
	struct protobuf_field f;
	int more;

	while ((more = protobuf_next(&r, &f)) > 0) {
		struct pod_container c;
		uint64_t state;

		if (f.number != 1 || !f.data)
			continue;
		if (read_container(a, &f, &c, &state) < 0)
			return cri_malformed(err);
		if (state != CONTAINER_RUNNING || !*c.id)
			continue;
		all.items = arena_grow(a, all.items, all.count, &all.cap, sizeof(*all.items));
		all.items[all.count++] = c;
	}
	if (more < 0)
		return cri_malformed(err);
	*out = all;
	return 0;
}
