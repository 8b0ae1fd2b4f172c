#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "builder/elf.h"

static struct arena arena;
static struct strbuf self; /* this test program: a real dynamic ELF file */

static int read_bytes(const char *data, size_t n, struct elf *out)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_close_ int fd = memfd_create("elf", MFD_CLOEXEC);
	int r;

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, data, n, "memfd", &err), 0);
	r = elf_read(&arena, fd, "sample", out, &err);
	assert_true((r < 0) == (err.text != NULL));
	return r;
}

static int setup(void **state)
{
	_cleanup_error_ struct error err = {0};

	(void)state;
	return file_read_at(AT_FDCWD, "/proc/self/exe", 64 << 20, &self, &err);
}

static int teardown(void **state)
{
	(void)state;
	strbuf_free(&self);
	arena_free(&arena);
	return 0;
}

static void test_real_file(void **state)
{
	struct elf e = {0};
	bool libc = false;

	(void)state;
	assert_int_equal(read_bytes(self.data, self.len, &e), 1);
	assert_true(e.dynamic);
	assert_non_null(e.interpreter);
	assert_int_equal(e.interpreter[0], '/');
	assert_null(e.soname);
	for (size_t i = 0; i < e.needed.count; i++)
		libc |= !strcmp(e.needed.items[i], "libc.so.6");
	assert_true(libc);
	assert_non_null(elf_multiarch(&e));
}

static void test_other_files(void **state)
{
	struct elf e;

	(void)state;
	assert_int_equal(read_bytes("", 0, &e), 0);
	assert_int_equal(read_bytes("#!/bin/sh\n", 10, &e), 0);
	assert_int_equal(read_bytes("\177EL", 3, &e), 0);
	assert_int_equal(read_bytes(ELFMAG, SELFMAG, &e), -1);
}

/* Whatever is cut off: an answer or an error, and never a name that is not in the file. */
static void test_truncated(void **state)
{
	(void)state;
	for (size_t n = 0; n < self.len; n += 64) {
		struct arena scratch = arena;
		struct elf e;

		arena = (struct arena){0};
		read_bytes(self.data, n, &e);
		arena_free(&arena);
		arena = scratch;
	}
}

static void check_strings(const struct elf *e)
{
	size_t total = 0;

	for (size_t i = 0; i < e->needed.count; i++)
		total += strlen(e->needed.items[i]);
	for (size_t i = 0; i < e->runpath.count; i++)
		total += strlen(e->runpath.items[i]);
	total += e->interpreter ? strlen(e->interpreter) : 0;
	total += e->soname ? strlen(e->soname) : 0;
	assert_true(total < ((size_t)1 << 30));
}

/* Flips in the headers and in the dynamic section's neighbourhood; a fixed generator, so that a failure repeats. */
static void test_flipped(void **state)
{
	uint32_t random = 12345;
	_cleanup_free_ char *copy = malloc(self.len);
	const Elf64_Ehdr *h = (const void *)self.data;
	const Elf64_Phdr *p = (const void *)(self.data + h->e_phoff);
	size_t dynamic = 0;

	(void)state;
	assert_non_null(copy);
	for (size_t i = 0; i < h->e_phnum; i++)
		if (p[i].p_type == PT_DYNAMIC)
			dynamic = p[i].p_offset;
	for (unsigned round = 0; round < 3000; round++) {
		struct arena scratch = arena;
		size_t base = round % 2 ? dynamic : 0, span = round % 2 ? 512 : 1024;
		struct elf e;

		memcpy(copy, self.data, self.len);
		for (unsigned flips = 0; flips < 1 + round % 4; flips++) {
			random = random * 1664525 + 1013904223;
			copy[(base + (random >> 8) % span) % self.len] ^= (char)(1 << (random >> 29));
		}
		arena = (struct arena){0};
		if (read_bytes(copy, self.len, &e) == 1)
			check_strings(&e);
		arena_free(&arena);
		arena = scratch;
	}
}

static void test_versions(void **state)
{
	struct elf e = {0}, library = {0};
	const char *none[] = {"OTHER_1"};

	(void)state;
	assert_int_equal(read_bytes(self.data, self.len, &e), 1);
	assert_true(e.wanted_count > 0);
	/* A library without versions has everything, one with others nothing. */
	assert_null(elf_version_missing(&e, e.wanted[0].library, &library));
	library.defined = (struct strings){.items = none, .count = 1};
	assert_string_equal(elf_version_missing(&e, e.wanted[0].library, &library), e.wanted[0].version);
	assert_null(elf_version_missing(&e, "libnothing.so.1", &library));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_file), cmocka_unit_test(test_versions),
		cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
