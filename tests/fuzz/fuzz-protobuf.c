/* Messages of containerd (node/grpc/protobuf.h): each field lies inside of the message, and the reader always gets on. */
#include "tests/fuzz/fuzz.h"

#include "node/drain/cri.h"
#include "node/grpc/protobuf.h"

enum { DEPTH = 4 };

static void walk(const uint8_t *data, size_t size, unsigned depth)
{
	struct protobuf_reader r = {data, data + size};
	struct protobuf_field field;
	const uint8_t *before = r.p;
	int got;

	while ((got = protobuf_next(&r, &field)) > 0) {
		MUST(r.p > before && r.p <= r.end);
		before = r.p;
		if (!field.data)
			continue;
		MUST(field.data >= data && field.size <= size && field.data + field.size <= data + size);
		if (depth < DEPTH)
			walk(field.data, field.size, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pod_sandboxes sandboxes = {0};
	struct pod_containers containers = {0};
	struct arena arena = {0};
	struct error err = {0};

	walk(data, size, 0);
	if (cri_read_sandboxes(&arena, data, size, &sandboxes, &err) < 0)
		fuzz_failed(&err);
	if (cri_read_containers(&arena, data, size, &containers, &err) < 0)
		fuzz_failed(&err);
	arena_free(&arena);
	return 0;
}
