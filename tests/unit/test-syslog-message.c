#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/syslog/message.h"

static const struct message_head head = {30, INT64_C(1700000000123456), "node 1\n", "kube\xff"};

static void check(size_t size, const char *text, size_t n, const char *expected)
{
	char out[MESSAGE_SIZE];
	size_t len = message_format(out, size, &head, text, n);

	assert_int_equal(len, strlen(expected));
	assert_memory_equal(out, expected, len);
}

static void test_format(void **state)
{
	(void)state;
	check(MESSAGE_SIZE, "hello", 5, "<30>1 2023-11-14T22:13:20.123456Z node?1? kube? - - - hello");
	check(MESSAGE_SIZE, "a\0b\x1b[1m\xc3\xa9\xc3", 9, "<30>1 2023-11-14T22:13:20.123456Z node?1? kube? - - - a?b?[1m\xc3\xa9");
	check(MESSAGE_SIZE, "a\xc3", 2, "<30>1 2023-11-14T22:13:20.123456Z node?1? kube? - - - a?");
	/* Cut at a character's end. */
	check(58, "abc\xc3\xa9", 5, "<30>1 2023-11-14T22:13:20.123456Z node?1? kube? - - - abc");
	check(MESSAGE_SIZE, "", 0, "<30>1 2023-11-14T22:13:20.123456Z node?1? kube? - - - ");
}

static void test_long(void **state)
{
	char text[3 * MESSAGE_SIZE], out[MESSAGE_SIZE];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(message_format(out, sizeof(out), &head, text, sizeof(text)), sizeof(out));
	assert_int_equal(message_format(out, MESSAGE_UDP_SIZE, &head, text, sizeof(text)), MESSAGE_UDP_SIZE);
}

static unsigned severity(const char *text)
{
	return message_severity(text, strlen(text));
}

static void test_severity(void **state)
{
	(void)state;
	assert_int_equal(severity("I1122 17:30:01.123456 x"), SEVERITY_INFO);
	assert_int_equal(severity("W1122 17:30:01.123456 x"), SEVERITY_WARNING);
	assert_int_equal(severity("E1122 17:30:01.123456 x"), SEVERITY_ERROR);
	assert_int_equal(severity("F1122 17:30:01.123456 x"), 2);
	assert_int_equal(severity("Everything is fine"), SEVERITY_INFO);
	assert_int_equal(severity("E112"), SEVERITY_INFO);
	assert_int_equal(severity(""), SEVERITY_INFO);
	assert_int_equal(severity("time=\"x\" level=error msg=\"y\""), SEVERITY_ERROR);
	assert_int_equal(severity("time=\"x\" level=fatal msg=\"y\""), 2);
}

static void test_kmsg(void **state)
{
	static const char record[] = "28,1234,5000001,-,caller=T1;text; more\n SUBSYSTEM=x\n";
	static const char *const bad[] = {"", ";", "6,1;x", "6,1,2", "a,1,2,-;x", "999,1,2,-;x", "6,1,99999999999999999999,-;x", "6,,2,-;x"};
	unsigned priority;
	uint64_t sequence;
	const char *text;
	size_t length;
	int64_t us;

	(void)state;
	text = message_read_kmsg(record, sizeof(record) - 1, &priority, &sequence, &us, &length);
	assert_non_null(text);
	assert_int_equal(length, 10);
	assert_memory_equal(text, "text; more", 10);
	assert_int_equal(priority, 28);
	assert_int_equal(sequence, 1234);
	assert_int_equal(us, 5000001);
	assert_non_null(message_read_kmsg("6,1,2;x", 7, &priority, &sequence, &us, &length));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(message_read_kmsg(bad[i], strlen(bad[i]), &priority, &sequence, &us, &length));
	for (size_t n = 0; n < sizeof(record); n++)
		message_read_kmsg(record, n, &priority, &sequence, &us, &length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_severity),
		cmocka_unit_test(test_kmsg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
