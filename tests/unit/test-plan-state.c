#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "init/plan-state-advice.h"

static struct arena arena;

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* A plan with these records. */
static struct plan parse(const char *records)
{
	_cleanup_error_ struct error err = {0};
	const char *text = arena_printf(&arena, "mkdl-plan 1\nname t\n%s", records);
	struct plan plan;

	if (plan_parse(&arena, "p", text, strlen(text), &plan, &err) < 0)
		fail_msg("%s", error_text(&err));
	return plan;
}

/* The keys of the errors ("!") and warnings ("?") that a plan gets. */
static const char *advice(const char *records, struct plan_surroundings around)
{
	struct plan plan = parse(records);
	const struct plan_advice *list;
	size_t count = plan_advise_states(&arena, &plan, &around, &list);
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = arena_printf(&arena, "%s%s%s%s", text, *text ? " " : "", list[i].error ? "!" : "?", list[i].key);
	return text;
}

static const struct plan_surroundings image = {.many_nodes = true}, node = {.kernel = "6.1.0-56-amd64"};

static void test_shared(void **state)
{
	(void)state;
	assert_string_equal(advice("state /a iscsi\nportal 192.0.2.1\ntarget iqn.x:a\n", image), "!target");
	assert_string_equal(advice("state /a iscsi\nportal 192.0.2.1\ntarget iqn.x:${mac}\n", image), "");
	assert_string_equal(advice("state /a iscsi\nportal 192.0.2.1\ntarget iqn.x:a\none-node\n", image), "");
	assert_string_equal(advice("state /a iscsi\nportal 192.0.2.1\ntarget iqn.x:a\n", node), "");
	assert_string_equal(advice("state /a loop\nserver s\nexport /e\nfile f\n", image), "!file");
	assert_string_equal(advice("state /a loop\nserver s\nexport /e/${uuid}\nfile f\n", image), "");
	assert_string_equal(advice("state /var/lib/kubelet nfs\nserver s\nexport /e\n", image), "!export");
	assert_string_equal(advice("state /var/lib/kubelet/pods nfs\nserver s\nexport /e\n", image), "!export");
	assert_string_equal(advice("state /srv/data nfs\nserver s\nexport /e\n", image), "");
}

static void test_overlays(void **state)
{
	const char *on_nfs = "state /var/lib nfs\nserver s\nexport /e/${mac}\n";
	const char *beside =
		"state /var/lib nfs\nserver s\nexport /e/${mac}\nstate /var/lib/containerd tmpfs\nsize 50%\n";
	const struct plan_surroundings overlayfs = {.snapshotter = "overlayfs"}, native = {.snapshotter = "native"};
	struct plan plan;

	(void)state;
	assert_string_equal(advice(on_nfs, overlayfs), "!path");
	assert_string_equal(advice(on_nfs, native), "");
	assert_string_equal(advice(on_nfs, image), "");
	assert_string_equal(advice(beside, overlayfs), "");
	plan = parse(on_nfs);
	assert_true(plan_needs_native(&plan));
	plan = parse(beside);
	assert_false(plan_needs_native(&plan));
}

static void test_nfs_options(void **state)
{
	const struct plan_surroundings later = {.kernel = "6.12.95+deb13-cloud-amd64"}, first = {.kernel = "6.6.0"};
	const char *version = "state /a nfs\nserver s\nexport /e\noptions vers=4.2\n";

	(void)state;
	assert_string_equal(advice(version, later), "?options");
	assert_string_equal(advice(version, first), "?options");
	assert_string_equal(advice(version, image), "?options");
	assert_string_equal(advice(version, node), "");
	assert_string_equal(advice("state /a nfs\nserver s\nexport /e\noptions noatime vers=3\n", node), "!options");
	assert_string_equal(advice("state /a nfs\nserver s\nexport /e\noptions soft\n", node), "?options");
	assert_string_equal(advice("state /a nfs\nserver s\nexport /e\noptions software\n", node), "");
}

static void test_places_and_images(void **state)
{
	(void)state;
	assert_string_equal(advice("state /run/x tmpfs\nsize 1M\n", node), "!path");
	assert_string_equal(advice("state /running tmpfs\nsize 1M\n", node), "");
	assert_string_equal(advice("state /a loop\nserver s\nexport /e\nfile ${mac}\nformat empty\n", node), "!format");
	assert_string_equal(advice("state /a loop\nserver s\nexport /e\nfile ${mac}\nformat empty\nsize 5%\n", node),
			    "!size");
	assert_string_equal(
		advice("state /a loop\nserver s\nexport /e\nfile ${mac}\nformat empty\nsize 100M\nfs xfs\n", node),
		"!size");
	assert_string_equal(advice("state /a loop\nserver s\nexport /e\nfile ${mac}\nformat empty\nsize 100M\n", node),
			    "");
	assert_string_equal(advice("state /var/lib/etcd nfs\nserver s\nexport /e\naway tmpfs 1G\n", node), "!away");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_shared, teardown),
		cmocka_unit_test_teardown(test_overlays, teardown),
		cmocka_unit_test_teardown(test_nfs_options, teardown),
		cmocka_unit_test_teardown(test_places_and_images, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
