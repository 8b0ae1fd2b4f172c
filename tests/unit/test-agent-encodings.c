/* base64, gzip, quoted-printable and signatures, as the agent reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <zlib.h>

#include "node/agent/base64.h"
#include "node/agent/gunzip.h"
#include "node/agent/mime.h"
#include "node/agent/signature.h"

#include "fixture.h"

static void expect_base64(const char *text, const char *wanted)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	assert_int_equal(base64_decode(text, strlen(text), &out, &err), 0);
	assert_string_equal(out.data ? out.data : "", wanted);
}

static void test_base64(void **state)
{
	static const char *const bad[] = {"a", "aGk=aGk=", "aG!r", "aGl", "a===", "aG\xc3\xa4h"};
	_cleanup_strbuf_ struct strbuf out = {0}, text = {0};

	(void)state;
	expect_base64("", "");
	expect_base64("aGk=", "hi");
	expect_base64("aGk", "hi");
	expect_base64(" a G\r\nV s\tbG8=\n", "hello");
	strbuf_puts(&out, "kept");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(base64_decode(bad[i], strlen(bad[i]), &out, &err), -1);
		assert_string_equal(out.data, "kept");
		error_clear(&err);
	}
	base64_encode("hello", 5, &text);
	base64_encode("hi!", 3, &text);
	assert_string_equal(text.data, "aGVsbG8=aGkh");
}

static size_t pack(const void *data, size_t n, uint8_t *out, size_t room)
{
	z_stream z = {0};
	size_t size;

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)n;
	z.next_out = out;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	size = room - z.avail_out;
	deflateEnd(&z);
	return size;
}

static void test_gunzip(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	uint8_t packed[512];
	size_t n = pack("hello ", 6, packed, sizeof(packed)), both = n + pack("world", 5, packed + n, sizeof(packed) - n);

	(void)state;
	assert_true(gunzip_is(packed, n));
	assert_int_equal(gunzip(packed, both, 4096, &out, &err), 0);
	assert_string_equal(out.data, "hello world");
	for (size_t cut = 3; cut < n; cut++) {
		assert_int_equal(gunzip(packed, cut, 4096, &out, &err), -1);
		assert_string_equal(out.data, "hello world");
		error_clear(&err);
	}
	packed[both] = 'x';
	assert_int_equal(gunzip(packed, both + 1, 4096, &out, &err), -1);
	assert_string_equal(error_text(&err), "gzip: something else follows it");
	error_clear(&err);
	packed[n - 6] ^= 1; /* its checksum */
	assert_int_equal(gunzip(packed, n, 4096, &out, &err), -1);
	assert_string_equal(error_text(&err), "gzip: it is damaged (incorrect data check)");
}

static void test_bomb(void **state)
{
	static const char zeros[1 << 20];
	_cleanup_strbuf_ struct strbuf out = {0};
	uint8_t packed[4096];
	size_t n = pack(zeros, sizeof(zeros), packed, sizeof(packed));

	(void)state;
	assert_int_equal(gunzip(packed, n, sizeof(zeros) - 1, &out, &err), -1);
	assert_string_equal(error_text(&err), "gzip: it unpacks to more than is allowed");
	error_clear(&err);
	assert_int_equal(gunzip(packed, n, sizeof(zeros), &out, &err), 0);
	assert_int_equal(out.len, sizeof(zeros));
}

static void expect_decoded(const char *message, const char *wanted)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct mime_entity e;

	assert_int_equal(mime_parse(&arena, message, strlen(message), 1, &e, &err), 0);
	assert_int_equal(mime_decode(&e, &out, &err), 0);
	assert_string_equal(out.data ? out.data : "", wanted);
}

static void test_quoted_printable(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	static const char bad[] = "Content-Transfer-Encoding: quoted-printable\n\nok\na=2\n";
	struct mime_entity e;

	(void)state;
	expect_decoded("Content-Transfer-Encoding: Quoted-Printable\r\n\r\na=3Db=C3=A4 \t\r\nlong =\r\nline\r\n", "a=b\xc3\xa4\nlong line\n");
	expect_decoded("Content-Transfer-Encoding: quoted-printable\n\nend=", "end");
	assert_int_equal(mime_parse(&arena, bad, strlen(bad), 1, &e, &err), 0);
	assert_int_equal(mime_decode(&e, &out, &err), -1);
	assert_string_equal(error_text(&err), "line 4: no quoted-printable: a \"=\" that nothing follows");
}

static void test_header(void **state)
{
	static const char *const bad[] = {
		"Content-Type: multipart/mixed\n\nx", "Content-Type: multipart/mixed; boundary=\"\"\n\nx", "No field\n\nx",
		"Content-Transfer-Encoding: uuencode\n\nx", "Content-Type: multipart/mixed; boundary=x\n",
	};
	static const char good[] = "From me Sat Jan  1\nContent-Type: TEXT/Cloud-Config;\n charset=\"us-ascii\"\n"
				   "Content-Disposition: attachment; filename=\"a \\\"b\\\".yml\"\nX-Other: 1\n\nbody\n";
	struct mime_entity e;

	(void)state;
	assert_int_equal(mime_parse(&arena, good, strlen(good), 10, &e, &err), 0);
	assert_string_equal(e.type, "text/cloud-config");
	assert_string_equal(e.filename, "a \"b\".yml");
	assert_null(e.boundary);
	assert_int_equal(e.line, 16);
	assert_string_equal(e.body, "body\n");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(mime_parse(&arena, bad[i], strlen(bad[i]), 1, &e, &err), -1);
		error_clear(&err);
	}
}

/* RFC 8032, 7.1, test 2. */
static void test_signature(void **state)
{
	static const char hex[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
	static const uint8_t signature[] = {
		0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82, 0x0b, 0x5f, 0x64, 0x25, 0x40,
		0xa2, 0xb2, 0x7b, 0x54, 0x16, 0x50, 0x3f, 0x8f, 0xb3, 0x76, 0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda,
		0x08, 0x5a, 0xc1, 0xe4, 0x3e, 0x15, 0x99, 0x6e, 0x45, 0x8f, 0x36, 0x13, 0xd0, 0xf1, 0x1d, 0x8c,
		0x38, 0x7b, 0x2e, 0xae, 0xb4, 0x30, 0x2a, 0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00,
	};
	_cleanup_strbuf_ struct strbuf text = {0};
	uint8_t key[SIGNATURE_KEY_SIZE];

	(void)state;
	assert_int_equal(signature_key("3d40", key, &err), -1);
	error_clear(&err);
	assert_int_equal(signature_key(hex, key, &err), 0);
	assert_int_equal(signature_check(key, "\x72", 1, (const char *)signature, sizeof(signature), &err), 0);
	base64_encode(signature, sizeof(signature), &text);
	strbuf_puts(&text, "\n");
	assert_int_equal(signature_check(key, "\x72", 1, text.data, text.len, &err), 0);
	assert_int_equal(signature_check(key, "\x73", 1, text.data, text.len, &err), -1);
	assert_string_equal(error_text(&err), "its signature is not one by the trusted key");
	error_clear(&err);
	assert_int_equal(signature_check(key, "\x72", 1, "", 0, &err), -1);
	assert_string_equal(error_text(&err), "what should be its signature is neither 64 bytes nor base64 of them");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64), cmocka_unit_test(test_gunzip), cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_quoted_printable), cmocka_unit_test(test_header), cmocka_unit_test(test_signature),
	};

	return cmocka_run_group_tests(tests, NULL, fixture_teardown);
}
