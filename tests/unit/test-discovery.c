/* What a cluster says of itself: signatures, cluster-info, kubeconfigs (node/agent/discovery.h); dates of HTTP; join files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "node/agent/api.h"
#include "node/agent/base64.h"
#include "node/agent/discovery.h"
#include "node/agent/join-file.h"

/* RFC 7515, A.1, whose payload is detached here; its header names no key. */
static void test_signature(void **state)
{
	static const char secret[] = "\x03\x23\x35\x4b\x2b\x0f\xa5\xbc\x83\x7e\x06\x65\x77\x7b\xa6\x8f\x5a\xb3\x28\xe6\xf0\x54\xc9\x28"
				     "\xa9\x0f\x84\xb2\xd2\x50\x2e\xbf\xd3\xfb\x5a\x92\xd2\x06\x47\xef\x96\x8a\xb4\xc3\x77\x62\x3d\x22"
				     "\x3d\x2e\x21\x72\x05\x2e\x4f\x08\xc0\xcd\x9a\xf5\x67\xd0\x80\xa3";
	static const char payload[] = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
	static const char jws[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9..dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	static const char *const bad[][2] = {
		{"", "its signature is no detached JWS"},
		{"a.b.c", "its signature is no detached JWS"},
		{"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9..dBjf.x", "its signature is no detached JWS"},
		{"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9..", "its signature is not one by this token"},
		{"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9..dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK",
		 "its signature is not one by this token"},
		/* {"alg":"none"}, {"alg":"HS256","kid":"other"}, {"alg":"HS256","crit":["b64"]}, 1 */
		{"eyJhbGciOiJub25lIn0..", "its signature is made by none, not by HS256"},
		{"eyJhbGciOiJIUzI1NiIsImtpZCI6Im90aGVyIn0..x", "its signature is by another token"},
		{"eyJhbGciOiJIUzI1NiIsImNyaXQiOlsiYjY0Il19..x", "its signature asks for extensions"},
		{"MQ..x", "its signature's header: not what it should be"},
	};

	(void)state;
	assert_int_equal(discovery_check_signature(&arena, jws, payload, "abcdef", secret, &err), 0);
	assert_int_equal(discovery_check_signature(&arena, jws, "{}", "abcdef", secret, &err), -1);
	error_clear(&err);
	assert_int_equal(discovery_check_signature(&arena, jws, payload, "abcdef", "x", &err), -1);
	error_clear(&err);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(discovery_check_signature(&arena, bad[i][0], payload, "abcdef", secret, &err), -1);
		assert_string_equal(error_text(&err), bad[i][1]);
		error_clear(&err);
	}
}

/* As a controller-manager's bootstrapsigner makes it; the authority is the text "ca". */
#define KUBECONFIG                                                                                                      \
	"apiVersion: v1\\nclusters:\\n- cluster:\\n    certificate-authority-data: Y2E=\\n    server: https://10.9.9.9:6443\\n" \
	"  name: \\\"\\\"\\ncontexts: null\\ncurrent-context: \\\"\\\"\\nkind: Config\\npreferences: {}\\nusers: null\\n"
#define SIGNATURE "eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9..o3qDqGmXsAf4wbGD3RfZ3uw4kL6PZIsaXnXwpV4ARu8"

static enum discovery read_info(const char *json, const char **ca)
{
	*ca = NULL;
	error_clear(&err);
	return discovery_read(&arena, json, strlen(json), "abcdef.0123456789abcdef", ca, &err);
}

static void test_cluster_info(void **state)
{
	static const char good[] = "{\"kind\":\"ConfigMap\",\"data\":{\"jws-kubeconfig-abcdef\":\"" SIGNATURE
				   "\",\"kubeconfig\":\"" KUBECONFIG "\"}}",
			  other[] = "{\"data\":{\"jws-kubeconfig-ghijkl\":\"" SIGNATURE "\",\"kubeconfig\":\"" KUBECONFIG "\"}}",
			  forged[] = "{\"data\":{\"jws-kubeconfig-abcdef\":\"" SIGNATURE "\",\"kubeconfig\":\"" KUBECONFIG " \"}}";
	static const char *const malformed[] = {"", "{", "[]", "1", "{}", "{\"data\":[]}", "{\"data\":{}}", "{\"data\":{\"kubeconfig\":{}}}"};
	const char *ca;

	(void)state;
	assert_int_equal(read_info(good, &ca), DISCOVERY_SIGNED);
	assert_string_equal(ca, "ca");
	assert_int_equal(read_info(other, &ca), DISCOVERY_UNSIGNED);
	assert_int_equal(read_info(forged, &ca), DISCOVERY_FORGED);
	assert_null(ca);
	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++)
		assert_int_equal(read_info(malformed[i], &ca), DISCOVERY_MALFORMED);
}

static void test_tokens(void **state)
{
	static const char *const bad[] = {"", "abcdef", "abcdef.0123456789abcde", "Abcdef.0123456789abcdef", "abcdef:0123456789abcdef",
					  "abcdef.0123456789abcdef0", "abcdef.0123456789abcde."};

	(void)state;
	assert_int_equal(discovery_check_token("abcdef.0123456789abcdef", &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(discovery_check_token(bad[i], &err), -1);
		error_clear(&err);
	}
}

static void test_kubeconfig(void **state)
{
	static const char text[] = "clusters: [{cluster: {server: 'https://a', certificate-authority: /ca.crt}}]\nusers: [{user: {token: t}}]\n";
	struct kubeconfig k;

	(void)state;
	assert_int_equal(kubeconfig_read(&arena, text, sizeof(text) - 1, &k, &err), 0);
	assert_string_equal(k.server, "https://a");
	assert_string_equal(k.ca_file, "/ca.crt");
	assert_string_equal(k.token, "t");
	assert_null(k.ca);
	assert_int_equal(kubeconfig_read(&arena, "a: b\n", 5, &k, &err), -1);
	assert_string_equal(error_text(&err), "kubeconfig: it names no cluster");
	error_clear(&err);
}

static void test_dates(void **state)
{
	(void)state;
	assert_int_equal(api_read_date("Sun, 06 Nov 1994 08:49:37 GMT\r\n"), 784111777);
	assert_int_equal(api_read_date("Sun, 06 Nov 1994 08:49:37 GMT!"), 0);
	assert_int_equal(api_read_date("yesterday"), 0);
	assert_int_equal(api_read_date(""), 0);
	assert_string_equal(api_show_date(&arena, 784111777), "1994-11-06 08:49:37 UTC");
}

static void test_join_file(void **state)
{
	static const char text[] = "server https://a\ntoken t\nca a\\nb\npin sha256:1\npin sha256:2\nunsafe\n";
	_cleanup_strbuf_ struct strbuf back = {0};
	struct join_file j;

	(void)state;
	assert_int_equal(join_file_parse(&arena, "f", text, sizeof(text) - 1, &j, &err), 0);
	assert_string_equal(j.ca, "a\nb");
	assert_int_equal(j.pins.count, 2);
	join_file_write(&j, &back);
	assert_string_equal(back.data, text);
	assert_int_equal(join_file_parse(&arena, "f", "server\n", 7, &j, &err), -1);
	assert_string_equal(error_text(&err), "f:1: unknown record \"server\"");
	error_clear(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature), cmocka_unit_test(test_cluster_info), cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_kubeconfig), cmocka_unit_test(test_dates), cmocka_unit_test(test_join_file),
	};

	return cmocka_run_group_tests(tests, NULL, fixture_teardown);
}
