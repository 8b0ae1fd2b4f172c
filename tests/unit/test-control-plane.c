#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "builder/control-plane-config.h"
#include "golden.h"

static struct control_plane control_plane(struct version kubernetes, struct version etcd, size_t members)
{
	static struct pair pairs[] = {
		{.key = "server-1", .value = "10.77.0.11"},
		{.key = "server-2", .value = "10.77.0.12"},
		{.key = "server-3", .value = "10.77.0.13"},
	};

	return (struct control_plane){
		.etcd = etcd,
		.kubernetes = kubernetes,
		.members = {.items = pairs, .count = members},
		.cluster_cidr = "10.244.0.0/16",
		.service_cidr = "10.96.0.0/16",
		.domain = "cluster.local",
		.api_port = 6443,
	};
}

static const struct {
	const char *name;
	enum control_plane_program program;
} programs[] = {
	{"etcd", PROGRAM_ETCD},
	{"kube-apiserver", PROGRAM_APISERVER},
	{"kube-controller-manager", PROGRAM_CONTROLLER_MANAGER},
	{"kube-scheduler", PROGRAM_SCHEDULER},
	{"kube-proxy", PROGRAM_PROXY},
};

/* Kubernetes with the etcd that its own installer takes; the last of them with three members. */
static void test_golden(void **state)
{
	static const struct {
		struct version kubernetes, etcd;
		size_t members;
	} pairs[] = {{{1, 20}, {3, 4}, 1}, {{1, 24}, {3, 5}, 0}, {{1, 28}, {3, 5}, 1}, {{1, 32}, {3, 5}, 3}, {{1, 36}, {3, 6}, 3}};
	static const char *more[] = {"--v=2"};
	const struct strings args = {.items = more, .count = 1};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct control_plane c = control_plane(pairs[i].kubernetes, pairs[i].etcd, pairs[i].members);
		_cleanup_strbuf_ struct strbuf text = {0};
		struct arena a = {0};
		char name[64];

		for (size_t j = 0; j < sizeof(programs) / sizeof(*programs); j++) {
			struct strings flags = control_plane_flags(&a, programs[j].program, &c, &args);

			strbuf_printf(&text, "%s%s\n", j ? "\n" : "", programs[j].name);
			for (size_t f = 0; f < flags.count; f++)
				strbuf_printf(&text, "%s\n", flags.items[f]);
		}
		snprintf(name, sizeof(name), "control-plane-%u.%u.flags", c.kubernetes.major, c.kubernetes.minor);
		assert_golden(name, &text);
		arena_free(&a);
	}
}

static bool has_flag(enum control_plane_program program, struct version version, size_t members, const char *flag)
{
	bool etcd = program == PROGRAM_ETCD;
	struct control_plane c = control_plane(etcd ? VERSION_ANY : version, etcd ? version : VERSION_ANY, members);
	struct arena a = {0};
	struct strings list = control_plane_flags(&a, program, &c, &(struct strings){0});
	bool found = strings_has(&list, flag);

	arena_free(&a);
	return found;
}

/* What a program does not know keeps it from starting. */
static void test_edges(void **state)
{
	(void)state;
	assert_true(has_flag(PROGRAM_APISERVER, (struct version){1, 19}, 1, "--insecure-port=0"));
	assert_false(has_flag(PROGRAM_APISERVER, (struct version){1, 20}, 1, "--insecure-port=0"));
	assert_true(has_flag(PROGRAM_CONTROLLER_MANAGER, (struct version){1, 21}, 1, "--port=0"));
	assert_false(has_flag(PROGRAM_CONTROLLER_MANAGER, (struct version){1, 22}, 1, "--port=0"));
	assert_true(has_flag(PROGRAM_SCHEDULER, (struct version){1, 22}, 1, "--port=0"));
	assert_false(has_flag(PROGRAM_SCHEDULER, (struct version){1, 23}, 1, "--port=0"));
	assert_true(has_flag(PROGRAM_ETCD, (struct version){3, 5}, 1, "--experimental-initial-corrupt-check=true"));
	assert_false(has_flag(PROGRAM_ETCD, (struct version){3, 6}, 1, "--experimental-initial-corrupt-check=true"));
	assert_true(has_flag(PROGRAM_ETCD, (struct version){3, 6}, 1, "--feature-gates=InitialCorruptCheck=true"));
	assert_false(has_flag(PROGRAM_ETCD, (struct version){3, 4}, 1, "--experimental-watch-progress-notify-interval=5s"));
	assert_true(has_flag(PROGRAM_ETCD, (struct version){3, 6}, 1, "--watch-progress-notify-interval=5s"));
}

static void test_members(void **state)
{
	const struct version v = {1, 20}, etcd = {3, 4};

	(void)state;
	assert_true(has_flag(PROGRAM_ETCD, etcd, 0, "--initial-cluster=${hostname}=https://${node_ip}:2380"));
	assert_true(has_flag(PROGRAM_ETCD, etcd, 3, "--initial-cluster=server-1=https://10.77.0.11:2380,"
						    "server-2=https://10.77.0.12:2380,server-3=https://10.77.0.13:2380"));
	assert_true(has_flag(PROGRAM_SCHEDULER, v, 0, "--leader-elect=false"));
	assert_true(has_flag(PROGRAM_SCHEDULER, v, 1, "--leader-elect=false"));
	assert_true(has_flag(PROGRAM_SCHEDULER, v, 3, "--leader-elect=true"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_edges), cmocka_unit_test(test_members)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
