#include "node/grpc/protobuf.h"

#include <string.h>

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static void add_varint(struct strbuf *out, uint64_t value)
{
	uint8_t bytes[10];
	size_t n = 0;

	do {
		bytes[n] = (uint8_t)(value & 0x7f);
		value >>= 7;
		if (value)
			bytes[n] |= 0x80;
		n++;
	} while (value);
	strbuf_add(out, bytes, n);
}

static void add_tag(struct strbuf *out, unsigned field, enum wire wire)
{
	add_varint(out, (uint64_t)field << 3 | wire);
}

void protobuf_number(struct strbuf *out, unsigned field, uint64_t value)
{
	if (!value)
		return;
	add_tag(out, field, WIRE_VARINT);
	add_varint(out, value);
}

void protobuf_bytes(struct strbuf *out, unsigned field, const void *data, size_t n)
{
	if (!n)
		return;
	add_tag(out, field, WIRE_BYTES);
	add_varint(out, n);
	strbuf_add(out, data, n);
}

void protobuf_string(struct strbuf *out, unsigned field, const char *text)
{
	protobuf_bytes(out, field, text, strlen(text));
}

void protobuf_entry(struct strbuf *out, unsigned field, const char *key, size_t key_size, const char *value)
{
	_cleanup_strbuf_ struct strbuf entry = {0};

	protobuf_bytes(&entry, 1, key, key_size);
	protobuf_string(&entry, 2, value);
	protobuf_message(out, field, &entry);
}

void protobuf_message(struct strbuf *out, unsigned field, const struct strbuf *message)
{
	add_tag(out, field, WIRE_BYTES);
	add_varint(out, message->len);
	if (message->len)
		strbuf_add(out, message->data, message->len);
}

static bool read_varint(struct protobuf_reader *r, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && r->p < r->end; shift += 7) {
		uint8_t byte = *r->p++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out = value;
			return true;
		}
	}
	return false;
}

/* Little-endian numbers of fixed size. */
static bool read_fixed(struct protobuf_reader *r, size_t n, uint64_t *out)
{
	uint64_t value = 0;

	if ((size_t)(r->end - r->p) < n)
		return false;
	for (size_t i = 0; i < n; i++)
		value |= (uint64_t)r->p[i] << (8 * i);
	r->p += n;
	*out = value;
	return true;
}

int protobuf_next(struct protobuf_reader *r, struct protobuf_field *out)
{
	struct protobuf_field f = {0};
	uint64_t tag, n;
	bool ok;

	if (r->p == r->end)
		return 0;
	if (!read_varint(r, &tag) || tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3)
		return -1;
	f.number = (unsigned)(tag >> 3);
	switch (tag & 7) {
	case WIRE_VARINT: ok = read_varint(r, &f.value); break;
	case WIRE_64: ok = read_fixed(r, 8, &f.value); break;
	case WIRE_32: ok = read_fixed(r, 4, &f.value); break;
	case WIRE_BYTES:
		ok = read_varint(r, &n) && n <= (uint64_t)(r->end - r->p);
		if (ok) {
			f.data = r->p;
			f.size = (size_t)n;
			r->p += n;
		}
		break;
	default: ok = false; /* groups: not in proto3 */
	}
	if (!ok)
		return -1;
	*out = f;
	return 1;
}
