#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "builder/recipe.h"

static void test_good(void **state)
{
	static const char text[] = "#!/bin/sh\n"
				   "# recipe: all of it \n"
				   "# apt-source: one two\n"
				   "# apt: a b+\n"
				   "# apt: c\n"
				   "# build: other\n"
				   "# file: lib/x.sh ../../node/*.[ch]\n"
				   "# tool: cc (gcc binutils) make (make)\n"
				   "# tool: tar (tar)\n"
				   "# option: one = A (one of: A B)\n"
				   "# option: some-of = a (some of: a b c)\n"
				   "# option: text = some words, and more\n"
				   "# version: apt-source two\n"
				   "#\n"
				   "# nonsense: belongs to the prose\n"
				   "exit 0\n";
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct strings patterns;
	struct recipe r;

	(void)state;
	assert_int_equal(recipe_parse(&a, "/h/hooks/build/it", text, sizeof(text) - 1, &r, &patterns, &err), 0);
	assert_string_equal(r.name, "it");
	assert_string_equal(r.summary, "all of it");
	assert_int_equal(r.sources.count, 2);
	assert_int_equal(r.packages.count, 3);
	assert_string_equal(r.packages.items[2], "c");
	assert_int_equal(r.parts.count, 1);
	assert_int_equal(patterns.count, 2);
	assert_string_equal(patterns.items[1], "../../node/*.[ch]");
	assert_int_equal(r.tool_count, 3);
	assert_string_equal(r.tools[0].packages.items[1], "binutils");
	assert_string_equal(r.tools[2].name, "tar");
	assert_int_equal(r.option_count, 3);
	assert_false(r.options[0].several);
	assert_int_equal(r.options[0].choices.count, 2);
	assert_true(r.options[1].several);
	assert_string_equal(r.options[2].value, "some words, and more");
	assert_string_equal(r.version_of, "two");
	assert_null(r.version);
	arena_free(&a);
}

static void refuse(const char *declarations, const char *message)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct arena a = {0};
	struct recipe r = {.name = "untouched"};
	struct strings patterns;

	strbuf_printf(&text, "#!/bin/sh\n%s", declarations);
	assert_int_equal(recipe_parse(&a, "r", text.data, text.len, &r, &patterns, &err), -1);
	assert_string_equal(error_text(&err), message);
	assert_string_equal(r.name, "untouched");
	arena_free(&a);
}

static void test_bad(void **state)
{
	(void)state;
	refuse("", "r:2: the first declaration must be \"recipe: what it makes\"");
	refuse("#\n# recipe: x\n", "r:2: the first declaration must be \"recipe: what it makes\"");
	refuse("# apt: x\n", "r:2: the first declaration must be \"recipe: what it makes\"");
	refuse("# recipe:\n", "r:2: recipe: says nothing about what it makes");
	refuse("# recipe: x\n# recipe: y\n", "r:3: recipe: a second time");
	refuse("# recipe: x\n# some words\n", "r:3: expected a declaration (KEY: VALUE); a \"#\" alone ends them");
	refuse("# recipe: x\n#apt: y\n", "r:3: expected \"# KEY: VALUE\"; a \"#\" alone ends the declarations");
	refuse("# recipe: x\n# apt-sorce: y\n", "r:3: unknown declaration \"apt-sorce\", did you mean \"apt-source\"?");
	refuse("# recipe: x\n# apt:\n", "r:3: a package without a name");
	refuse("# recipe: x\n# apt: y ../z\n", "r:3: \"../z\" is no name for a package (small letters, digits, \"+-.\")");
	refuse("# recipe: x\n# apt: y\n# apt: y\n", "r:4: a package \"y\" is declared twice");
	refuse("# recipe: x\n# file: /etc/passwd\n",
	       "r:3: file \"/etc/passwd\" is no path relative to the recipe (\"..\" only at its start)");
	refuse("# recipe: x\n# file: lib/../y\n",
	       "r:3: file \"lib/../y\" is no path relative to the recipe (\"..\" only at its start)");
	refuse("# recipe: x\n# tool: cc\n", "r:3: tool \"cc\" needs its packages behind it: cc (PACKAGE)");
	refuse("# recipe: x\n# tool: cc (gcc\n", "r:3: tool \"cc\" needs its packages behind it: cc (PACKAGE)");
	refuse("# recipe: x\n# tool: cc ()\n", "r:3: a package without a name");
	refuse("# recipe: x\n# option: y\n", "r:3: expected option: NAME = VALUE");
	refuse("# recipe: x\n# option: Y = 1\n", "r:3: expected option: NAME = VALUE");
	refuse("# recipe: x\n# option: y = 1 (one of: 2 3)\n",
	       "r:3: option \"y\": its default \"1\" is not among the choices");
	refuse("# recipe: x\n# option: y = 1 (any of: 1)\n", "r:3: option \"y\": expected (one of: …) or (some of: …)");
	refuse("# recipe: x\n# option: y = 1 (one of: 1\n", "r:3: option \"y\": its choices do not end in \")\"");
	refuse("# recipe: x\n# option: y = 1\n# option: y = 2\n", "r:4: option \"y\" is declared twice");
	refuse("# recipe: x\n# version: 1 2 3\n", "r:3: expected version: apt-source NAME, or version: TEXT");
	refuse("# recipe: x\n# version: apt-source y\n",
	       "r:3: its version is that of \"y\", which is not declared with apt-source");
	refuse("# recipe: x\ty\n", "r:2: control character");
}

static void test_interpreter(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct strings patterns;
	struct recipe r;

	(void)state;
	assert_int_equal(recipe_parse(&a, "r", "", 0, &r, &patterns, &err), -1);
	assert_string_equal(error_text(&err), "r:1: a recipe starts with \"#!\" and its interpreter");
	arena_free(&a);
}

static void test_upstream_version(void **state)
{
	static const char *const versions[][2] = {
		{"1:1.35.0-4+deb12u1", "1.35.0"}, {"1.20.5+really1.20.2-1.1+deb12u1", "1.20.2"},
		{"1.6.20~ds1-1+deb12u3", "1.6.20"}, {"2022.83-1+deb12u3", "2022.83"},
		{"1.2.3", "1.2.3"},		    {"2.0-rc1-1", "2.0-rc1"},
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		assert_string_equal(recipe_upstream_version(&a, versions[i][0]), versions[i][1]);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_interpreter),
		cmocka_unit_test(test_upstream_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
