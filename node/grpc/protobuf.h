/* As much of the Protocol Buffers wire format (protobuf.dev/programming-guides/encoding) as containerd's services need:
 * varints, length-delimited fields, maps of strings. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* Append one field. Zero numbers and empty strings are left out, as proto3 has it. */
void protobuf_number(struct strbuf *out, unsigned field, uint64_t value);
void protobuf_bytes(struct strbuf *out, unsigned field, const void *data, size_t n);
void protobuf_string(struct strbuf *out, unsigned field, const char *text);
/* One entry of a map<string, string>. */
void protobuf_entry(struct strbuf *out, unsigned field, const char *key, size_t key_size, const char *value);
/* An embedded message; written even when empty. */
void protobuf_message(struct strbuf *out, unsigned field, const struct strbuf *message);

/* A message being read; p advances. */
struct protobuf_reader {
	const uint8_t *p, *end;
};

struct protobuf_field {
	unsigned number;
	uint64_t value;      /* of a varint or a fixed number */
	const uint8_t *data; /* of a length-delimited field, else NULL */
	size_t size;
};

/* 1 with the next field, 0 at the end, -1 when the message is malformed. */
int protobuf_next(struct protobuf_reader *r, struct protobuf_field *out);
