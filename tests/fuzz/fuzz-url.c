/* URLs of configuration and the variables in them (node/agent/url.h). */
#include "tests/fuzz/fuzz.h"

#include "node/agent/url.h"

static void check_url(struct arena *a, const char *url)
{
	struct error err = {0};
	enum url_scheme scheme;
	const char *path;

	MUST(url_show(a, url) && url_append(a, url, ".sig") && url_seed(a, url, "user-data"));
	if (url_scheme(url, &scheme, &err) < 0) {
		fuzz_failed(&err);
		return;
	}
	for (const char *p = url; *p; p++)
		MUST((unsigned char)*p > ' ' && *p != 127);
	if (scheme != URL_FILE)
		return;
	if (url_file_path(a, url, &path, &err) < 0)
		fuzz_failed(&err);
	else
		MUST(*path == '/' && !strstr(path, "/../") && !strstr(path, "//"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	/* What the firmware says ends up in a URL, too. */
	const struct names_variable variables[] = {{"mac", "52:54:00:12:34:56"}, {"serial", text}, {"uuid", ""},
						   {"hostname", NULL}, {NULL, NULL}};
	struct arena arena = {0};
	struct error err = {0};
	const char *filled;

	check_url(&arena, text);
	if (url_fill(&arena, text, variables, &filled, &err) < 0)
		fuzz_failed(&err);
	else
		check_url(&arena, filled);
	if (url_fill(&arena, "http://h/${serial}/x", variables, &filled, &err) < 0)
		fuzz_failed(&err);
	else
		/* Whatever the serial number is, it is one component of the path. */
		MUST(!strpbrk(filled + strlen("http://h/"), "?#@ ") &&
		     strchr(filled + strlen("http://h/"), '/') == filled + strlen(filled) - 2);
	arena_free(&arena);
	free(text);
	return 0;
}
