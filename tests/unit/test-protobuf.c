#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/grpc/protobuf.h"

static struct protobuf_reader reader_of(const struct strbuf *b)
{
	return (struct protobuf_reader){(const uint8_t *)b->data, (const uint8_t *)b->data + b->len};
}

/* The examples of the format's own description: field 1 = 150, field 2 = "testing". */
static void test_known_bytes(void **state)
{
	static const uint8_t want[] = {0x08, 0x96, 0x01, 0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g'};
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	protobuf_number(&b, 1, 150);
	protobuf_string(&b, 2, "testing");
	protobuf_number(&b, 3, 0);
	protobuf_string(&b, 4, "");
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.data, want, sizeof(want));
}

static void test_round_trip(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	struct protobuf_reader r, entry;
	struct protobuf_field f;

	(void)state;
	protobuf_number(&b, 536870911, UINT64_MAX);
	protobuf_entry(&b, 7, "key=x", 3, "value");
	protobuf_message(&b, 3, &(struct strbuf){0});
	r = reader_of(&b);
	assert_int_equal(protobuf_next(&r, &f), 1);
	assert_int_equal(f.number, 536870911);
	assert_true(f.value == UINT64_MAX);
	assert_null(f.data);
	assert_int_equal(protobuf_next(&r, &f), 1);
	assert_int_equal(f.number, 7);
	entry = (struct protobuf_reader){f.data, f.data + f.size};
	assert_int_equal(protobuf_next(&r, &f), 1);
	assert_int_equal(f.number, 3);
	assert_non_null(f.data);
	assert_int_equal(f.size, 0);
	assert_int_equal(protobuf_next(&r, &f), 0);
	assert_int_equal(protobuf_next(&entry, &f), 1);
	assert_int_equal(f.size, 3);
	assert_memory_equal(f.data, "key", 3);
	assert_int_equal(protobuf_next(&entry, &f), 1);
	assert_memory_equal(f.data, "value", 5);
	assert_int_equal(protobuf_next(&entry, &f), 0);
}

static void refuse(const char *bytes, size_t n)
{
	struct protobuf_field f = {.number = 77};
	uint8_t *copy = malloc(n); /* so that a sanitizer sees a read past its end */
	struct protobuf_reader r = {copy, copy + n};

	memcpy(copy, bytes, n);
	assert_int_equal(protobuf_next(&r, &f), -1);
	assert_int_equal(f.number, 77);
	free(copy);
}

static void test_malformed(void **state)
{
	(void)state;
	refuse("\x08", 1);                                         /* no value */
	refuse("\x80", 1);                                         /* a tag that goes on */
	refuse("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12); /* a varint of 11 bytes */
	refuse("\x12\x05" "abcd", 6);                              /* five bytes announced, four there */
	refuse("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11); /* a length beyond all memory */
	refuse("\x0d\x01\x02\x03", 4);                             /* fixed32 cut off */
	refuse("\x09\x01\x02\x03\x04\x05\x06\x07", 8);             /* fixed64 cut off */
	refuse("\x0b", 1);                                         /* a group */
	refuse("\x00\x01", 2);                                     /* field 0 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_bytes), cmocka_unit_test(test_round_trip), cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
