/* Downloads from a server that lies, stutters and breaks off: a thread of this program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "builder/download.h"

enum { SIZE = 300000 };

static struct arena arena;
static struct error err;
static struct store store;
static char folder[64], content[SIZE];
static struct hash content_hash;
static int listener, port;
static atomic_int requests, ranges;
static pthread_t server;

static void send_all(int fd, const char *data, size_t n)
{
	while (n) {
		ssize_t w = send(fd, data, n, MSG_NOSIGNAL);

		if (w <= 0)
			return;
		data += w;
		n -= (size_t)w;
	}
}

static void answer(int fd, int status, size_t length, size_t from, const char *data, size_t n)
{
	char head[256];
	int len = snprintf(head, sizeof(head),
			   "HTTP/1.1 %d x\r\nContent-Length: %zu\r\nContent-Range: bytes %zu-%d/%d\r\nConnection: close\r\n\r\n",
			   status, length, from, SIZE - 1, SIZE);

	send_all(fd, head, (size_t)len);
	send_all(fd, data, n);
}

static void redirect(int fd, const char *to)
{
	char head[256];
	int len = snprintf(head, sizeof(head), "HTTP/1.1 302 x\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
			   to);

	send_all(fd, head, (size_t)len);
}

/* The path says how the server behaves. */
static void serve(int fd, const char *request)
{
	const char *range = strstr(request, "Range: bytes=");
	size_t from = range ? strtoul(range + 13, NULL, 10) : 0;
	int count = atomic_fetch_add(&requests, 1);
	static char wrong[SIZE], longer[SIZE + 1000];

	if (range)
		atomic_fetch_add(&ranges, 1);
	if (from > SIZE)
		answer(fd, 416, 0, 0, "", 0);
	else if (strstr(request, "/ok"))
		answer(fd, range ? 206 : 200, SIZE - from, from, content + from, SIZE - from);
	else if (strstr(request, "/norange"))
		answer(fd, 200, SIZE, 0, content, SIZE);
	else if (strstr(request, "/flaky"))
		count < 2 ? answer(fd, 503, 4, 0, "busy", 4) : answer(fd, 200, SIZE, 0, content, SIZE);
	else if (strstr(request, "/broken"))
		answer(fd, 500, 4, 0, "dead", 4);
	else if (strstr(request, "/cut"))
		answer(fd, range ? 206 : 200, SIZE - from, from, content + from, SIZE - from > 100000 ? 100000 : SIZE - from);
	else if (strstr(request, "/short"))
		answer(fd, 200, 1000, 0, content, 1000);
	else if (strstr(request, "/long"))
		answer(fd, 200, sizeof(longer), 0, longer, sizeof(longer));
	else if (strstr(request, "/wrong"))
		answer(fd, range ? 206 : 200, SIZE - from, from, wrong + from, SIZE - from);
	else if (strstr(request, "/redirect"))
		redirect(fd, "/ok");
	else if (strstr(request, "/escape"))
		redirect(fd, "file:///etc/passwd");
	else
		answer(fd, 404, 4, 0, "none", 4);
}

static void *run_server(void *unused)
{
	(void)unused;
	for (;;) {
		char request[4096];
		size_t n = 0;
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			return NULL;
		while (n < sizeof(request) - 1) {
			ssize_t r = recv(fd, request + n, sizeof(request) - 1 - n, 0);

			if (r <= 0)
				break;
			n += (size_t)r;
			request[n] = '\0';
			if (strstr(request, "\r\n\r\n"))
				break;
		}
		request[n] = '\0';
		serve(fd, request);
		shutdown(fd, SHUT_WR);
		while (recv(fd, request, sizeof(request), 0) > 0)
			;
		close(fd);
	}
}

static int start_server(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		content[i] = (char)(i * 7 + i / 251);
	content_hash = hash_bytes(content, SIZE);
	/* This machine's proxy knows nothing of our server. */
	setenv("no_proxy", "127.0.0.1", 1);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(listener, 16) < 0 ||
	    getsockname(listener, (struct sockaddr *)&a, &len) < 0)
		return -1;
	port = ntohs(a.sin_port);
	return pthread_create(&server, NULL, run_server, NULL);
}

static int stop_server(void **state)
{
	(void)state;
	shutdown(listener, SHUT_RDWR);
	pthread_join(server, NULL);
	close(listener);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/mkdl-download-XXXXXX");
	assert_non_null(mkdtemp(folder));
	setenv("MKDL_CACHE", folder, 1);
	atomic_store(&requests, 0);
	atomic_store(&ranges, 0);
	return store_open(&store, &arena, &err);
}

static int teardown(void **state)
{
	struct error ignored = {0};

	(void)state;
	store_close(&store);
	dir_remove_at(AT_FDCWD, folder, &ignored);
	error_clear(&ignored);
	error_clear(&err);
	arena_free(&arena);
	return 0;
}

static struct download file_at(const char *path)
{
	return (struct download){
		.name = "file", .uri = arena_printf(&arena, "http://user:secret@127.0.0.1:%d%s", port, path), .size = SIZE,
		.hash = content_hash,
	};
}

static int get(struct download d)
{
	const struct download *list[] = {&d, &d};

	return download_all(&store, NULL, list, 2, false, &err);
}

static void put_partial(const char *data, size_t n)
{
	char path[200], hex[HASH_HEX_SIZE];

	snprintf(path, sizeof(path), "%s/partial/%s", folder, hash_hex(&content_hash, hex));
	assert_int_equal(file_write_atomic_at(AT_FDCWD, path, data, n, 0600, &err), 0);
}

static void test_good(void **state)
{
	(void)state;
	assert_int_equal(get(file_at("/ok")), 0);
	assert_true(store_has_blob_of(&store, &content_hash, SIZE));
	assert_int_equal(atomic_load(&requests), 1);
	assert_int_equal(get(file_at("/ok")), 0);
	assert_int_equal(atomic_load(&requests), 1);
}

static void test_redirect(void **state)
{
	(void)state;
	assert_int_equal(get(file_at("/redirect")), 0);
	assert_true(store_has_blob_of(&store, &content_hash, SIZE));
}

static void test_redirect_to_file(void **state)
{
	(void)state;
	assert_int_equal(get(file_at("/escape")), -1);
	assert_non_null(strstr(error_text(&err), "Protocol \"file\""));
}

static void test_resume(void **state)
{
	(void)state;
	put_partial(content, 120000);
	assert_int_equal(get(file_at("/ok")), 0);
	assert_true(store_has_blob_of(&store, &content_hash, SIZE));
	assert_int_equal(atomic_load(&ranges), 1);
}

static void test_resume_where_the_server_cannot(void **state)
{
	(void)state;
	put_partial(content, 120000);
	assert_int_equal(get(file_at("/norange")), 0);
	assert_true(store_has_blob_of(&store, &content_hash, SIZE));
	assert_int_equal(atomic_load(&requests), 2);
}

/* What is left of an earlier try is not what the server has. */
static void test_resume_of_rubbish(void **state)
{
	static char zeros[SIZE + 10];

	(void)state;
	put_partial(zeros, 120000);
	assert_int_equal(get(file_at("/ok")), 0);
	assert_true(store_has_blob_of(&store, &content_hash, SIZE));
	assert_int_equal(unlink(store_blob_path(&store, &arena, &content_hash)), 0);
	put_partial(zeros, SIZE);
	assert_int_equal(get(file_at("/ok")), 0);
	assert_int_equal(unlink(store_blob_path(&store, &arena, &content_hash)), 0);
	put_partial(zeros, SIZE + 10);
	assert_int_equal(get(file_at("/ok")), 0);
	assert_true(store_has_blob_of(&store, &content_hash, SIZE));
}

static void test_flaky(void **state)
{
	(void)state;
	assert_int_equal(get(file_at("/flaky")), 0);
	assert_int_equal(atomic_load(&requests), 3);
}

static void test_cut_connection(void **state)
{
	(void)state;
	assert_int_equal(get(file_at("/cut")), 0);
	assert_true(store_has_blob_of(&store, &content_hash, SIZE));
	assert_int_equal(atomic_load(&ranges), 2);
}

static void refuse(struct download d, int tries, const char *message)
{
	assert_int_equal(get(d), -1);
	assert_non_null(strstr(error_text(&err), message));
	assert_null(strstr(error_text(&err), "secret"));
	assert_int_equal(atomic_load(&requests), tries);
	assert_false(store_has_blob(&store, &content_hash));
}

static void test_broken(void **state)
{
	(void)state;
	refuse(file_at("/broken"), 4, "/broken: The requested URL returned error: 500");
}

static void test_missing(void **state)
{
	(void)state;
	refuse(file_at("/nowhere"), 1, "/nowhere: The requested URL returned error: 404");
}

static void test_too_short(void **state)
{
	(void)state;
	assert_int_equal(get(file_at("/short")), -1);
	assert_false(store_has_blob(&store, &content_hash));
}

static void test_too_long(void **state)
{
	(void)state;
	refuse(file_at("/long"), 1, "/long: the server sends more than the expected size");
}

static void test_wrong(void **state)
{
	char hex[HASH_HEX_SIZE];

	(void)state;
	refuse(file_at("/wrong"), 1, "/wrong: wrong sha256\n  expected ");
	assert_non_null(strstr(error_text(&err), hash_hex(&content_hash, hex)));
}

static void test_unreachable(void **state)
{
	struct download d = file_at("/ok");

	(void)state;
	d.uri = "http://127.0.0.1:1/x";
	assert_int_equal(get(d), -1);
	assert_non_null(strstr(error_text(&err), "http://127.0.0.1:1/x: "));
	d.uri = "gopher://127.0.0.1/x";
	assert_int_equal(get(d), -1);
	d.uri = "file:/nowhere/x";
	assert_int_equal(get(d), -1);
	assert_non_null(strstr(error_text(&err), "file:/nowhere/x: "));
}

static void test_local_file(void **state)
{
	struct download d = file_at("/ok");
	const char *path = arena_printf(&arena, "%s/local file", folder);

	(void)state;
	assert_int_equal(file_write_atomic_at(AT_FDCWD, path, content, SIZE, 0600, &err), 0);
	d.uri = arena_printf(&arena, "file:%s/local%%20file", folder);
	d.size = 0;
	assert_int_equal(get(d), 0);
	assert_true(store_has_blob_of(&store, &content_hash, SIZE));
}

static void test_offline(void **state)
{
	struct download a = file_at("/ok"), b = file_at("/other");
	const struct download *list[] = {&a, &b, &a};

	(void)state;
	b.name = "other";
	b.hash.bytes[0] ^= 1;
	assert_int_equal(download_all(&store, NULL, list, 3, true, &err), -1);
	assert_non_null(strstr(error_text(&err), "lacks 2 files"));
	assert_non_null(strstr(error_text(&err), "\n  file (http://127.0.0.1:"));
	assert_non_null(strstr(error_text(&err), "\n  other (http://127.0.0.1:"));
	assert_null(strstr(error_text(&err), "secret"));
	assert_int_equal(atomic_load(&requests), 0);
}

/* A file that cannot grow stands for a full disk. The part that fits is kept for the next time. */
static void test_full(void **state)
{
	struct rlimit before, small;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){.rlim_cur = 50000, .rlim_max = before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(get(file_at("/ok")), -1);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_non_null(strstr(error_text(&err), "cannot write to the cache"));
	error_clear(&err);
	assert_int_equal(get(file_at("/ok")), 0);
	assert_int_equal(atomic_load(&ranges), 1);
}

/* Two builds want the same file at the same time: one fetches it, the other waits. */
static void test_two_at_once(void **state)
{
	pid_t pid = fork();
	int status = -1;

	(void)state;
	if (pid == 0) {
		struct store mine;
		struct download d = file_at("/ok");
		const struct download *list[] = {&d};

		if (store_open(&mine, &arena, &err) < 0)
			_exit(2);
		_exit(download_all(&mine, NULL, list, 1, false, &err) == 0 && store_has_blob(&mine, &content_hash) ? 0 : 1);
	}
	assert_int_equal(get(file_at("/ok")), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(atomic_load(&requests), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_good), TEST(test_redirect), TEST(test_redirect_to_file), TEST(test_resume),
		TEST(test_resume_where_the_server_cannot), TEST(test_resume_of_rubbish), TEST(test_flaky),
		TEST(test_cut_connection), TEST(test_broken), TEST(test_missing), TEST(test_too_short), TEST(test_too_long),
		TEST(test_wrong), TEST(test_unreachable), TEST(test_local_file), TEST(test_offline), TEST(test_full),
		TEST(test_two_at_once),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
