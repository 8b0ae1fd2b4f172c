/* What becomes of the texts that sources hold: kinds, names, lines, order, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "base/strings.h"
#include "node/agent/unpack.h"

#include "fixture.h"

static struct documents documents;
static struct strings included;

static int include(void *data, const char *url, struct error *e)
{
	(void)data;
	if (!strcmp(url, "http://bad"))
		return error_set(e, "%s: no", url);
	strings_add(&arena, &included, url);
	return 0;
}

static int open_text(enum source_content content, const char *text, size_t n)
{
	struct unpack u = {.arena = &arena, .documents = &documents, .include = include};

	documents = (struct documents){0};
	included = (struct strings){0};
	return unpack(&u, "SRC", content, text, n, &err);
}

static void expect(const char *text, enum document_kind kind, const char *inner)
{
	assert_int_equal(open_text(SOURCE_ANYTHING, text, strlen(text)), 0);
	assert_int_equal(documents.count, 1);
	assert_int_equal(documents.items[0].kind, kind);
	assert_string_equal(documents.items[0].text, inner);
	assert_string_equal(documents.items[0].source, "SRC");
}

static void refuse(const char *text, const char *message)
{
	assert_int_equal(open_text(SOURCE_ANYTHING, text, strlen(text)), -1);
	assert_string_equal(error_text(&err), message);
	error_clear(&err);
}

static void test_content(void **state)
{
	(void)state;
	expect("#cloud-config\na: 1\n", DOCUMENT_CLOUD_CONFIG, "#cloud-config\na: 1\n");
	expect("#cloud-config\r\na: 1\r\n", DOCUMENT_CLOUD_CONFIG, "#cloud-config\r\na: 1\r\n");
	expect("#cloud-config", DOCUMENT_CLOUD_CONFIG, "#cloud-config");
	expect("\xef\xbb\xbf#cloud-config\n", DOCUMENT_CLOUD_CONFIG, "#cloud-config\n");
	expect("#!/bin/sh\n", DOCUMENT_SCRIPT, "#!/bin/sh\n");
	expect("#cloud-boothook\nx\n", DOCUMENT_BOOTHOOK, "#cloud-boothook\nx\n");
	expect("\n {\"ignition\": {}}", DOCUMENT_IGNITION, "\n {\"ignition\": {}}");
}

static void test_refused(void **state)
{
	(void)state;
	refuse("", "SRC: it is empty");
	refuse("hostname: x\n", "SRC: it begins with \"hostname: x\", which is neither \"#cloud-config\" nor \"#!\", a MIME message, "
				"gzip nor an Ignition configuration");
	refuse("#cloud-configuration\n", "SRC: it begins with \"#cloud-configuration\", which is neither \"#cloud-config\" nor "
					 "\"#!\", a MIME message, gzip nor an Ignition configuration");
	refuse("\x1b[2Jx", "SRC: it begins with \"?[2Jx\", which is neither \"#cloud-config\" nor \"#!\", a MIME message, gzip nor "
			   "an Ignition configuration");
	refuse("## template: jinja\n#cloud-config\n",
	       "SRC: templates (jinja) are not filled in on the node: send it filled in, or use the variables that mkdl knows, "
	       "${mac} ${hostname} …");
	refuse("#part-handler\n", "SRC: a part handler is Python, which the node does not have");
	assert_int_equal(open_text(SOURCE_ANYTHING, "#!x\0y", 5), -1);
	assert_string_equal(error_text(&err), "SRC: a zero byte at offset 3: this is no text");
}

static void test_seed(void **state)
{
	(void)state;
	assert_int_equal(open_text(SOURCE_USER_DATA, " \n", 2), 0);
	assert_int_equal(documents.count, 0);
	assert_int_equal(open_text(SOURCE_META_DATA, "a: b", 4), 0);
	assert_int_equal(documents.items[0].kind, DOCUMENT_META_DATA);
	assert_int_equal(open_text(SOURCE_NETWORK_CONFIG, "version: 2", 10), 0);
	assert_int_equal(documents.items[0].kind, DOCUMENT_NETWORK_CONFIG);
}

static void test_include(void **state)
{
	static const char text[] = "#include\n# comment\n\n  http://a/1  \r\nhttp://a/2";

	(void)state;
	assert_int_equal(open_text(SOURCE_ANYTHING, text, strlen(text)), 0);
	assert_int_equal(included.count, 2);
	assert_string_equal(included.items[0], "http://a/1");
	assert_string_equal(included.items[1], "http://a/2");
	refuse("#include-once\nhttp://bad\n", "SRC: line 2: http://bad: no");
}

static const char message[] =
	"Content-Type: multipart/mixed; boundary=\"=b=\"\n"
	"MIME-Version: 1.0\n"
	"\n"
	"preamble\n"
	"--=b=\n"
	"Content-Type: text/cloud-config; charset=\"us-ascii\"\n"
	"Content-Disposition: attachment; filename=\"users.yml\"\n"
	"\n"
	"users: []\n"
	"--=b=  \n"
	"Content-Type: text/plain\n"
	"Content-Transfer-Encoding: base64\n"
	"\n"
	"IyEvYmluL3NoCg==\n"
	"--=b=\n"
	"Content-Type: multipart/mixed; boundary=in\n"
	"\n"
	"--in\n"
	"\n"
	"#cloud-config\n"
	"a: 1\n"
	"--in\n"
	"Content-Type: text/x-include-url\n"
	"\n"
	"http://a/1\n"
	"--in--\n"
	"--=b=--\n"
	"epilogue\n";

static void test_mime(void **state)
{
	const struct document *d;

	(void)state;
	assert_int_equal(open_text(SOURCE_ANYTHING, message, strlen(message)), 0);
	assert_int_equal(documents.count, 3);
	d = documents.items;
	assert_int_equal(d[0].kind, DOCUMENT_CLOUD_CONFIG);
	assert_string_equal(d[0].text, "users: []");
	assert_int_equal(d[0].line, 9);
	assert_string_equal(d[0].part, "part 1 (users.yml)");
	assert_string_equal(d[0].name, "SRC part 1 (users.yml)");
	assert_int_equal(d[1].kind, DOCUMENT_SCRIPT);
	assert_string_equal(d[1].text, "#!/bin/sh\n");
	assert_int_equal(d[1].line, 1);
	assert_int_equal(d[2].kind, DOCUMENT_CLOUD_CONFIG);
	assert_string_equal(d[2].text, "#cloud-config\na: 1");
	assert_int_equal(d[2].line, 20);
	assert_string_equal(d[2].name, "SRC part 3, part 1");
	assert_int_equal(included.count, 1);
}

/* A message that was cut off is never taken for a whole one. */
static void test_cut_off(void **state)
{
	size_t whole = (size_t)(strstr(message, "--=b=--") - message) + strlen("--=b=--");

	(void)state;
	for (size_t n = 1; n < whole; n++) {
		assert_int_equal(open_text(SOURCE_ANYTHING, message, n), -1);
		error_clear(&err);
	}
	assert_int_equal(open_text(SOURCE_ANYTHING, message, whole), 0);
}

static void test_bad_mime(void **state)
{
	_cleanup_strbuf_ struct strbuf deep = {0};

	(void)state;
	refuse("Content-Type: text/html\n\n<p>", "SRC: unknown type \"text/html\"; known are text/cloud-config, text/x-shellscript, "
						  "text/cloud-boothook, text/x-include-url, text/plain, application/gzip, multipart/mixed");
	refuse("Content-Type: text/jinja2\n\nx", "SRC: templates (jinja) are not filled in on the node: send it filled in, or use the "
						 "variables that mkdl knows, ${mac} ${hostname} …");
	refuse("Content-Type: multipart/mixed; boundary=x\nContent-Transfer-Encoding: base64\n\nx",
	       "SRC: a multipart message cannot be encoded as a whole (RFC 2045, 6.4)");
	for (int i = 0; i < 8; i++)
		strbuf_printf(&deep, "Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n", i, i);
	strbuf_puts(&deep, "\n#!/bin/sh\n");
	for (int i = 8; i-- > 0;)
		strbuf_printf(&deep, "--x%d--\n", i);
	refuse(deep.data, "SRC part 1, part 1, part 1, part 1: gzip and MIME in one another, more than 4 deep");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content), cmocka_unit_test(test_refused), cmocka_unit_test(test_seed),
		cmocka_unit_test(test_include), cmocka_unit_test(test_mime), cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_bad_mime),
	};

	return cmocka_run_group_tests(tests, NULL, fixture_teardown);
}
