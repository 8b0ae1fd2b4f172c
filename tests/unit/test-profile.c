/* Profiles from C: the fields that a build reads, and files that were damaged on purpose. Messages are tested in
 * tests/bad/. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"
#include "config/diagnostics.h"
#include "builder/profile-private.h"

#define SOURCES TEST_DATA "/../.."

struct fixture {
	struct arena arena;
	struct diagnostics d;
	struct profile p;
	char folder[32];
};

static int load(struct fixture *f, const char *file)
{
	f->d = (struct diagnostics){.arena = &f->arena};
	return profile_load(&f->arena, file, &f->p, &f->d);
}

static void begin(struct fixture *f)
{
	*f = (struct fixture){.folder = "/tmp/mkdl-profile-XXXXXX"};
	assert_int_equal(setenv("MKDL_HOME", SOURCES, 1), 0);
	assert_non_null(mkdtemp(f->folder));
}

static void end(struct fixture *f)
{
	_cleanup_error_ struct error err = {0};

	assert_int_equal(dir_remove_at(AT_FDCWD, f->folder, &err), 0);
	arena_free(&f->arena);
}

/* Write a profile into the fixture's folder; returns its path. */
static const char *put(struct fixture *f, const char *name, const char *text, size_t n)
{
	_cleanup_error_ struct error err = {0};
	const char *path = path_join(&f->arena, f->folder, name);

	assert_int_equal(file_write_atomic_at(AT_FDCWD, path, text, n, 0644, &err), 0);
	return path;
}

static void test_worker(void **state)
{
	struct fixture f;
	const struct component *c;

	(void)state;
	begin(&f);
	assert_int_equal(load(&f, SOURCES "/profiles/worker.yml"), 0);
	assert_int_equal(f.d.count, 0);
	assert_string_equal(f.p.name, "worker");
	assert_int_equal(f.p.files.count, 2);
	assert_int_equal(f.p.kernel.kind, SOURCE_APT);
	assert_string_equal(f.p.kernel.spec, "linux-image-amd64");
	c = profile_component(&f.p, "cni");
	assert_non_null(c);
	assert_string_equal(c->to, "/opt/cni/bin/");
	assert_int_equal(c->mode, -1);
	assert_int_equal(c->uid, -1);
	assert_int_equal(c->layer, LAYER_RUNTIME);
	c = profile_component(&f.p, "kubelet");
	assert_int_equal(c->source.kind, SOURCE_BUILD);
	assert_int_equal(c->source.with.count, 1);
	assert_string_equal(c->source.with.items[0].value, "kubelet");
	assert_true(c->source.roots.count >= 1);
	assert_int_equal(c->source.roots.items[0][0], '/');
	assert_null(profile_component(&f.p, "kube"));
	assert_true(f.p.kubernetes.enabled);
	assert_int_equal(f.p.kubernetes.max_pods, 110);
	assert_true(f.p.overlays.count >= 1);
	assert_int_equal(f.p.overlay_dirs.count, f.p.overlays.count);
	for (size_t i = 0; i < f.p.overlays.count; i++)
		assert_string_equal(path_base(f.p.overlay_dirs.items[i]), f.p.overlays.items[i]);
	assert_int_equal(f.p.overlay_dirs.items[0][0], '/');
	assert_int_equal(f.p.failure, FAILURE_REBOOT);
	assert_int_equal(f.p.failure_delay, 30);
	assert_int_equal(f.p.compression.level, 19);
	assert_string_equal(f.p.tftp, "out/tftp");
	end(&f);
}

static void test_demo(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(load(&f, SOURCES "/profiles/demo.yml"), 0);
	assert_string_equal(f.p.kubernetes.role, "standalone");
	assert_int_equal(f.p.kubernetes.pods.count, 1);
	assert_int_equal(access(f.p.kubernetes.pods.items[0], R_OK), 0);
	assert_int_equal(f.p.image_count, 2);
	end(&f);
}

static void test_defaults(void **state)
{
	static const char text[] = "kernel: {path: vmlinuz}\ncomponents: {a: {apt: runc, mode: 4755, owner: \"1:2\"}}\n"
				   "services: {a: {run: [/a]}, b: {run: [/b], oneshot: true}}\n";
	struct fixture f;

	(void)state;
	begin(&f);
	put(&f, "vmlinuz", "", 0);
	assert_int_equal(load(&f, put(&f, "small.node.yml", text, strlen(text))), 0);
	assert_string_equal(f.p.name, "small.node");
	assert_false(f.p.kubernetes.enabled);
	assert_string_equal(f.p.hostname, "node-${mac}");
	assert_int_equal(f.p.components[0].mode, 04755);
	assert_int_equal(f.p.components[0].uid, 1);
	assert_int_equal(f.p.components[0].gid, 2);
	assert_int_equal(f.p.plan.services[0].restart, PLAN_RESTART_DEFAULT);
	assert_int_equal(f.p.plan.services[0].ready, PLAN_READY_NONE);
	assert_int_equal(f.p.plan.services[0].ready_timeout, 60);
	assert_int_equal(f.p.plan.services[0].stop_timeout, 10);
	assert_int_equal(plan_service_restart(&f.p.plan.services[1]), PLAN_RESTART_ON_FAILURE);
	assert_null(f.p.tftp);
	end(&f);
}

static void test_untouched_on_failure(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.p.name = "before";
	assert_int_equal(load(&f, put(&f, "x.yml", "wrong: 1\n", 9)), -1);
	assert_string_equal(f.p.name, "before");
	assert_true(f.d.errors >= 1);
	end(&f);
}

static struct strbuf worker_text(void)
{
	_cleanup_error_ struct error err = {0};
	struct strbuf text = {0};

	assert_int_equal(file_read_at(AT_FDCWD, SOURCES "/profiles/worker.yml", 1 << 20, &text, &err), 0);
	return text;
}

/* Loading may succeed or fail, with a message then; the sanitizers watch the rest. */
static void survives(const char *text, size_t n)
{
	struct fixture f;
	int result;

	begin(&f);
	result = load(&f, put(&f, "damaged.yml", text, n));
	assert_true(result == 0 ? f.d.errors == 0 : f.d.errors > 0 && f.d.count > 0);
	end(&f);
}

static void test_truncated(void **state)
{
	_cleanup_strbuf_ struct strbuf text = worker_text();

	(void)state;
	for (size_t n = 0; n < text.len; n += 11)
		survives(text.data, n);
}

/* A small generator with a fixed seed (Knuth's MMIX constants), so that a failure can be repeated. */
static uint32_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static void test_damaged(void **state)
{
	static const char marks[] = "{}[]:,-!&*#?|>'\"%@` \n\t\\~";
	_cleanup_strbuf_ struct strbuf text = worker_text();
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 400; i++) {
		_cleanup_strbuf_ struct strbuf damaged = {0};

		strbuf_add(&damaged, text.data, text.len);
		for (uint32_t n = 1 + next(&seed) % 4; n > 0; n--) {
			size_t at = next(&seed) % damaged.len;

			damaged.data[at] =
				next(&seed) % 4 ? marks[next(&seed) % (sizeof(marks) - 1)] : (char)(next(&seed) % 256);
		}
		survives(damaged.data, damaged.len);
	}
}

/* Merging, on values alone: "base | over" gives `merged`, printed as flow YAML. */
static void print(struct strbuf *out, const struct value *v)
{
	if (v->type == VALUE_SCALAR || v->type == VALUE_NULL) {
		strbuf_puts(out, v->type == VALUE_NULL ? "~" : v->text);
		return;
	}
	strbuf_puts(out, v->type == VALUE_MAP ? "{" : "[");
	for (size_t i = 0; i < v->count; i++) {
		if (v->type == VALUE_MAP)
			strbuf_printf(out, "%s: ", v->keys[i]->text);
		print(out, v->items[i]);
		strbuf_puts(out, i + 1 < v->count ? ", " : "");
	}
	strbuf_puts(out, v->type == VALUE_MAP ? "}" : "]");
}

static void merges(const char *base, const char *over, const char *merged, size_t warnings)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct arena a = {0};
	struct diagnostics d = {.arena = &a};
	struct value *b = yaml_parse(&a, "b", base, strlen(base), &d), *o = yaml_parse(&a, "o", over, strlen(over), &d);

	assert_non_null(b);
	assert_non_null(o);
	print(&out, value_merge(&a, &d, b, o));
	assert_string_equal(out.data, merged);
	assert_int_equal(d.count, warnings);
	arena_free(&a);
}

static void test_merge(void **state)
{
	(void)state;
	merges("{a: 1, b: 2}", "{b: 3, c: 4}", "{a: 1, b: 3, c: 4}", 0);
	merges("{a: {b: 1, c: 2}}", "{a: {c: 3}}", "{a: {b: 1, c: 3}}", 0);
	merges("{a: {b: 1}}", "{a: !replace {c: 3}}", "{a: {c: 3}}", 0);
	merges("[1, 2]", "[2, 3]", "[1, 2, 2, 3]", 0);
	merges("{a: [1]}", "{a: !replace [2]}", "{a: [2]}", 0);
	merges("{a: 1, b: 2}", "{a: }", "{b: 2}", 0);
	merges("{a: {b: 1}}", "{a: {b: ~}}", "{a: {}}", 0);
	merges("{b: 2}", "{a: }", "{b: 2}", 1);
	merges("{}", "{a: {b: ~, c: 1}}", "{a: {c: 1}}", 1);
	merges("{a: [1]}", "{a: {b: 1}}", "{a: {b: 1}}", 0);
	merges("{a: {b: 1}}", "{a: x}", "{a: x}", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worker),	  cmocka_unit_test(test_demo),
		cmocka_unit_test(test_defaults),  cmocka_unit_test(test_untouched_on_failure),
		cmocka_unit_test(test_truncated), cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
