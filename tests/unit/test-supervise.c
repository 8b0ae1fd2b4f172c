/* The parts of PID 1's supervision: loop, logs, children with a limit, what services and the kernel tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "init/child.h"
#include "init/kmsg.h"
#include "init/log.h"
#include "init/rate.h"
#include "init/unmount.h"

struct seen {
	struct loop *loop;
	struct watch watches[2];
	struct timer timer;
	int calls, timer_calls;
};

/* The first that is called drops both. */
static void drop_both(void *data, uint32_t events)
{
	struct seen *seen = data;

	(void)events;
	seen->calls++;
	loop_unwatch(seen->loop, &seen->watches[0]);
	loop_unwatch(seen->loop, &seen->watches[1]);
}

static void test_loop_drops_what_is_pending(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct loop loop;
	struct seen seen = {.loop = &loop};
	int pipes[2][2];

	(void)state;
	assert_int_equal(loop_open(&loop, &err), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(pipes[i]), 0);
		assert_int_equal(write(pipes[i][1], "x", 1), 1);
		assert_int_equal(loop_watch(&loop, &seen.watches[i], pipes[i][0], EPOLLIN, drop_both, &seen, &err), 0);
	}
	loop_turn(&loop, 0);
	loop_turn(&loop, 0);
	assert_int_equal(seen.calls, 1);
	for (int i = 0; i < 2; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	assert_int_equal(loop_watch(&loop, &seen.watches[0], pipes[0][0], EPOLLIN, drop_both, &seen, &err), -1);
	close(loop.epoll_fd);
}

static void again(void *data, int64_t now)
{
	struct seen *seen = data;

	seen->timer_calls++;
	/* Due already: in the next turn, not in this one for ever. */
	loop_at(seen->loop, &seen->timer, now - 1);
}

static void test_loop_timers(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct loop loop;
	struct seen seen = {.loop = &loop, .timer = {.call = again, .data = &seen}};
	struct timer later = {.call = again, .data = &seen};
	int64_t began = clock_ms();

	(void)state;
	assert_int_equal(loop_open(&loop, &err), 0);
	loop_at(&loop, &later, began + 100000);
	loop_at(&loop, &seen.timer, began + 30);
	loop_turn(&loop, began + 5000);
	assert_true(clock_ms() - began >= 30);
	assert_int_equal(seen.timer_calls, 1);
	loop_turn(&loop, began + 5000);
	assert_int_equal(seen.timer_calls, 2);
	loop_cancel(&loop, &seen.timer);
	loop_cancel(&loop, &seen.timer);
	loop_turn(&loop, 0);
	assert_int_equal(seen.timer_calls, 2);
	loop_cancel(&loop, &later);
	close(loop.epoll_fd);
}

static size_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

static void test_log(void **state)
{
	static struct log log;
	static struct loop loop = {0};
	char text[LOG_RING + 100], chunk[3000];

	(void)state;
	log_open(&log, "bounded", 10000);
	assert_int_equal(log_tail(&log, text, sizeof(text)), 0);
	log_write(&log, "one\ntwo\n", 8);
	assert_int_equal(log_tail(&log, text, sizeof(text)), 8);
	assert_memory_equal(text, "one\ntwo\n", 8);
	assert_int_equal(log_tail(&log, text, 6), 4);
	assert_memory_equal(text, "two\n", 4);
	memset(chunk, 'x', sizeof(chunk));
	chunk[sizeof(chunk) - 1] = '\n';
	for (int i = 0; i < 20; i++) {
		log_write(&log, chunk, sizeof(chunk));
		assert_true(size_of("log/bounded.log") <= 10000);
		assert_true(size_of("log/bounded.log.1") <= 10000);
	}
	/* The first line in the ring is cut, and left out. */
	assert_int_equal(log_tail(&log, text, sizeof(text)), 2 * sizeof(chunk));
	log_write(&log, text, sizeof(text));
	log_write(&log, "end", 3);
	assert_int_equal(log_tail(&log, text, 4), 4);
	assert_memory_equal(text + 1, "end", 3);
	log_close(&log, &loop);
}

static void run(struct supervisor *v, const char *script, int64_t limit_ms, struct child_result *r, int want, const char *text)
{
	_cleanup_error_ struct error err = {0};
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	const struct child child = {.name = "child", .argv = argv, .limit_ms = limit_ms};

	assert_int_equal(child_run(v, &child, r, &err), want);
	if (want < 0)
		assert_string_equal(error_text(&err), text);
	else
		assert_string_equal(r->text, text);
}

static void test_child(void **state)
{
	static struct supervisor v;
	_cleanup_error_ struct error err = {0};
	struct child_result r;
	int64_t began;

	(void)state;
	assert_int_equal(supervise_open(&v, &err), 0);
	run(&v, "echo one; echo two >&2", 0, &r, 0, "one\ntwo\n");
	run(&v, "exit 0", 5000, &r, 0, "");
	run(&v, "echo why; printf 'the\\033 reason\\n\\n'; exit 3", 5000, &r, -1, "child exited with status 3: the? reason");
	assert_int_equal(WEXITSTATUS(r.status), 3);
	run(&v, "kill -9 $$", 0, NULL, -1, "child was killed by signal 9 (Killed)");
	began = clock_ms();
	run(&v, "echo busy; sleep 1000 & sleep 1000", 1000, &r, -1, "child did not end within 1 s: busy");
	assert_true(r.timed_out && clock_ms() - began < 4000);
	supervise_request(&v, REQUEST_REBOOT, "the test");
	run(&v, "seq 1000", 5000, &r, 0, r.text);
	assert_non_null(strstr(r.text, "\n999\n1000\n"));
	close(v.signal_fd);
	close(v.loop.epoll_fd);
}

static void expect_line(const char *record, const char *want)
{
	char line[64];
	size_t n = kmsg_format(record, strlen(record), line, sizeof(line));

	assert_int_equal(n, strlen(want));
	assert_memory_equal(line, want, n);
}

static void test_kmsg(void **state)
{
	(void)state;
	expect_line("6,339,5140900,-;NET: Registered\n SUBSYSTEM=net\n", "<6>[    5.140900] NET: Registered\n");
	expect_line("30,1,18446744073709551,c,caller=T1;x", "<30>[18446744073.709551] x\n");
	expect_line("4,2,3,-;", "<4>[    0.000003] \n");
	expect_line("4,2,3,-", "");
	expect_line(";x", "");
	expect_line("", "");
	expect_line("4,2,3,-;01234567890123456789012345678901234567890123456789",
		    "<4>[    0.000003] 01234567890123456789012345678901234567890123\n");
}

static void tell(struct notify *n, const char *message)
{
	notify_read(n, message, strlen(message));
}

static void test_notify(void **state)
{
	struct notify n = {0};
	char garbage[512];

	(void)state;
	tell(&n, "READY=0\nREADYX=1\nREADY\nready=1\n=READY=1\n");
	assert_false(n.ready);
	tell(&n, "STATUS=a\033[2J\nWATCHDOG=1\nREADY=1");
	assert_true(n.ready);
	assert_string_equal(n.status, "a?[2J");
	tell(&n, "READY=0\nSTATUS=");
	assert_true(n.ready);
	assert_string_equal(n.status, "");
	memset(garbage, 0xc3, sizeof(garbage));
	memcpy(garbage, "STATUS=", 7);
	for (size_t i = 8; i < sizeof(garbage); i += 2)
		garbage[i] = (char)0xa4;
	notify_read(&n, garbage, sizeof(garbage));
	/* Whole characters of two bytes. */
	assert_int_equal(strlen(n.status), 126);
	for (unsigned seed = 1; seed < 2000; seed++) {
		srand(seed);
		for (size_t i = 0; i < sizeof(garbage); i++)
			garbage[i] = (char)rand();
		memcpy(garbage, "STATUS=", seed % 8);
		notify_read(&n, garbage, (size_t)rand() % sizeof(garbage));
		assert_true(strlen(n.status) < NOTIFY_STATUS);
	}
}

static void test_rate(void **state)
{
	struct rate r = {0};
	unsigned unsaid = 0;
	int said = 0;

	(void)state;
	/* Every 30 seconds for a day. */
	for (int64_t now = 0; now < 86400000; now += 30000)
		said += rate_allows(&r, now, &unsaid);
	assert_in_range(said, 8 + 250, 8 + 288);
	assert_int_equal(unsaid, 9);
	/* Quiet for an hour. */
	for (int i = 0; i < RATE_AT_ONCE; i++)
		assert_true(rate_allows(&r, 90000000 + i, &unsaid));
	assert_false(rate_allows(&r, 90000010, &unsaid));
}

static void test_unescape(void **state)
{
	char path[] = "/a\\040b\\134\\011c\\", cut[] = "\\04", odd[] = "\\999";

	(void)state;
	unmount_unescape(path);
	assert_string_equal(path, "/a b\\\tc\\");
	unmount_unescape(cut);
	assert_string_equal(cut, "\\04");
	unmount_unescape(odd);
	assert_string_equal(odd, "\\999");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loop_drops_what_is_pending), cmocka_unit_test(test_loop_timers),
		cmocka_unit_test(test_log), cmocka_unit_test(test_child), cmocka_unit_test(test_kmsg),
		cmocka_unit_test(test_notify), cmocka_unit_test(test_rate), cmocka_unit_test(test_unescape),
	};
	char folder[] = "/tmp/test-supervise-XXXXXX";
	int failed;

	if (!mkdtemp(folder) || chdir(folder) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return system("rm -r \"$PWD\"/log && rmdir \"$PWD\"") || failed;
}
