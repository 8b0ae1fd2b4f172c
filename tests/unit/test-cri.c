#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/drain/cri.h"
#include "node/grpc/protobuf.h"

/* Names of a pod or container. */
static void add_metadata(struct strbuf *out, const char *name, const char *namespace)
{
	_cleanup_strbuf_ struct strbuf m = {0};

	protobuf_string(&m, 1, name);
	protobuf_string(&m, 2, "uid");
	protobuf_string(&m, 3, namespace);
	protobuf_message(out, out->len ? 2 : 3, &m);
}

static void add_container(struct strbuf *out, const char *id, uint64_t state, const char *grace)
{
	_cleanup_strbuf_ struct strbuf c = {0}, m = {0};

	protobuf_string(&c, 1, id);
	protobuf_string(&c, 2, "pod-1");
	protobuf_string(&m, 1, "web");
	protobuf_message(&c, 3, &m);
	protobuf_number(&c, 6, state);
	protobuf_entry(&c, 9, "io.kubernetes.container.hash", sizeof("io.kubernetes.container.hash") - 1, "7");
	if (grace)
		protobuf_entry(&c, 9, "io.kubernetes.pod.terminationGracePeriod",
			       sizeof("io.kubernetes.pod.terminationGracePeriod") - 1, grace);
	protobuf_message(out, 1, &c);
}

static void test_containers(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	_cleanup_arena_ struct arena a = {0};
	struct pod_containers found;

	(void)state;
	add_container(&text, "one", 1, "45");
	add_container(&text, "ended", 2, "45");
	add_container(&text, "two", 1, NULL);
	add_container(&text, "three", 1, "-1");
	add_container(&text, "four", 1, "0");
	assert_int_equal(cri_read_containers(&a, text.data, text.len, &found, &err), 0);
	assert_int_equal(found.count, 4);
	assert_string_equal(found.items[0].id, "one");
	assert_string_equal(found.items[0].name, "web");
	assert_string_equal(found.items[0].sandbox_id, "pod-1");
	assert_int_equal(found.items[0].grace, 45);
	assert_int_equal(found.items[1].grace, 30);
	assert_int_equal(found.items[2].grace, 30);
	assert_int_equal(found.items[3].grace, 0);
}

static void test_sandboxes(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0}, one = {0}, two = {0};
	_cleanup_error_ struct error err = {0};
	_cleanup_arena_ struct arena a = {0};
	struct pod_sandboxes found;

	(void)state;
	protobuf_string(&one, 1, "pod-1");
	add_metadata(&one, "web-node", "default");
	protobuf_string(&two, 1, "pod-2");
	protobuf_number(&two, 3, 1); /* not ready */
	protobuf_message(&text, 1, &one);
	protobuf_message(&text, 1, &two);
	assert_int_equal(cri_read_sandboxes(&a, text.data, text.len, &found, &err), 0);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.items[0].name, "web-node");
	assert_string_equal(found.items[0].namespace, "default");
}

static void test_malformed(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	_cleanup_arena_ struct arena a = {0};
	struct pod_containers containers;
	struct pod_sandboxes sandboxes;

	(void)state;
	add_container(&text, "one", 1, "45");
	/* Cut anywhere: refused, or as if nothing were there; never read past its end. */
	for (size_t n = 1; n < text.len; n++) {
		assert_int_equal(cri_read_containers(&a, text.data, n, &containers, &err), -1);
		assert_string_equal(error_text(&err), "containerd's answer is malformed");
		error_clear(&err);
	}
	/* Metadata that is a number. */
	assert_int_equal(cri_read_sandboxes(&a, "\x0a\x02\x10\x01", 4, &sandboxes, &err), -1);
	assert_int_equal(cri_read_containers(&a, "\x0a\x02\x18\x01", 4, &containers, &err), -1);
	assert_int_equal(cri_read_containers(&a, "", 0, &containers, &err), 0);
	assert_int_equal(containers.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_sandboxes),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
