/* What the kernel command line and the image name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "init/cmdline.h"
#include "node/agent/sources.h"

#include "fixture.h"

static struct sources settings, urls;

static void read_line(const char *line)
{
	struct options options;

	/* What the agent understands, PID 1 lets pass. */
	assert_int_equal(cmdline_parse(line, &options, &err), 0);
	assert_int_equal(sources_read_cmdline(&arena, line, &settings, &urls, &err), 0);
	assert_int_equal(options.configuration, urls.count > 0 || strstr(line, "cc:") || strstr(line, "ds="));
}

static void test_urls(void **state)
{
	(void)state;
	read_line("quiet mkdl.config=http://a/1 root=x cloud-config-url=tftp://b/2 mkdl.config=\"http://a/3\"\n");
	assert_int_equal(settings.count, 0);
	assert_int_equal(urls.count, 3);
	assert_string_equal(urls.items[0].url, "http://a/1");
	assert_string_equal(urls.items[0].from, "kernel command line (mkdl.config=)");
	assert_string_equal(urls.items[1].url, "tftp://b/2");
	assert_string_equal(urls.items[1].from, "kernel command line (cloud-config-url=)");
	assert_string_equal(urls.items[2].url, "http://a/3");
	assert_false(urls.items[2].optional);
	read_line("quiet");
	assert_int_equal(urls.count, 0);
}

static void test_seed(void **state)
{
	static const char *const names[] = {"meta-data", "network-config", "vendor-data", "user-data"};
	static const bool optional[] = {false, true, true, false};

	(void)state;
	read_line("ds=nocloud-net;s=http://h/${mac}/;i=x;h=node1");
	assert_int_equal(urls.count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(urls.items[i].url, arena_printf(&arena, "http://h/${mac}/%s", names[i]));
		assert_int_equal(urls.items[i].optional, optional[i]);
	}
	assert_string_equal(settings.items[0].text, "#cloud-config\nhostname: \"node1\"\n");
	read_line("ds=nocloud;seedfrom=/var/lib/cloud/seed");
	assert_string_equal(urls.items[3].url, "/var/lib/cloud/seed/user-data");
	read_line("ds=nocloud");
	assert_int_equal(urls.count, 0);
}

static void test_settings(void **state)
{
	(void)state;
	read_line("mkdl.hostname=n1 mkdl.ntp=10.0.0.1,10.0.0.2 cc: ssh_pwauth: false\\nruncmd: [ [ ls, %22-l%22 ] ] end_cc quiet");
	assert_int_equal(settings.count, 1);
	assert_string_equal(settings.items[0].from, "kernel command line");
	assert_string_equal(settings.items[0].text,
			    "#cloud-config\nhostname: \"n1\"\nntp: {servers: [\"10.0.0.1\", \"10.0.0.2\"]}\n"
			    "ssh_pwauth: false\nruncmd: [ [ ls, \"-l\" ] ] \n");
	assert_int_equal(urls.count, 0);
	read_line("cc:{} end_cc mkdl.config=http://a/1 cc: a: [b]");
	assert_string_equal(settings.items[0].text, "#cloud-config\n{} \na: [b]\n");
	assert_int_equal(urls.count, 1);
}

static void test_bad(void **state)
{
	static const char *const bad[][2] = {
		{"mkdl.config", "kernel command line: mkdl.config= has no value"},
		{"mkdl.config=", "kernel command line: mkdl.config= has no value"},
		{"ds=ec2", "kernel command line: ds=ec2: the only data source is nocloud: ds=nocloud;s=URL"},
		{"ds=nocloud;x=1", "kernel command line: ds=nocloud: unknown key \"x\" (s or seedfrom, h or local-hostname, i or "
				   "instance-id)"},
		{"ds=nocloud;s", "kernel command line: ds=: \"s\" is not KEY=VALUE"},
		{"ds=nocloud;h=a_b", "kernel command line: ds=nocloud;h=a_b is no host name"},
		{"cc: a%00b", "kernel command line: cc: holds a zero byte"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(sources_read_cmdline(&arena, bad[i][0], &settings, &urls, &err), -1);
		assert_string_equal(error_text(&err), bad[i][1]);
		error_clear(&err);
	}
}

static void test_folder(void **state)
{
	static const char *const names[] = {"20-b", "10-a.yml", ".hidden", "old~", "10-a.yml.sig", "9"};
	char root[] = "/tmp/mkdl-sources-XXXXXX";
	struct sources found = {0};
	int fd;

	(void)state;
	assert_non_null(mkdtemp(root));
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(sources_add_folder(&arena, fd, &found, &err), 0);
	assert_int_equal(found.count, 0);
	assert_int_equal(dir_make_at(fd, "etc/mkdl/config.d", 0755, &err), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(file_write_atomic_at(fd, arena_printf(&arena, "etc/mkdl/config.d/%s", names[i]), "", 0, 0644, &err), 0);
	assert_int_equal(sources_add_folder(&arena, fd, &found, &err), 0);
	assert_int_equal(found.count, 3);
	assert_string_equal(found.items[0].url, "/etc/mkdl/config.d/10-a.yml");
	assert_string_equal(found.items[1].url, "/etc/mkdl/config.d/20-b");
	assert_string_equal(found.items[2].url, "/etc/mkdl/config.d/9");
	assert_int_equal(dir_remove_at(AT_FDCWD, root, &err), 0);
	close(fd);
}

static void test_many(void **state)
{
	_cleanup_strbuf_ struct strbuf line = {0};

	(void)state;
	for (int i = 0; i <= SOURCES_LIMIT; i++)
		strbuf_printf(&line, "mkdl.config=http://a/%d ", i);
	assert_int_equal(sources_read_cmdline(&arena, line.data, &settings, &urls, &err), -1);
	assert_string_equal(error_text(&err), "kernel command line: more than 64 sources of configuration");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls), cmocka_unit_test(test_seed), cmocka_unit_test(test_settings), cmocka_unit_test(test_bad),
		cmocka_unit_test(test_folder), cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, fixture_teardown);
}
