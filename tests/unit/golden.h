/* Golden files: what a generator wrote once and someone looked at. MKDL_GOLDEN=update writes them anew. */
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static inline void assert_golden(const char *name, const struct strbuf *text)
{
	_cleanup_strbuf_ struct strbuf path = {0}, want = {0};
	_cleanup_error_ struct error err = {0};
	const char *mode = getenv("MKDL_GOLDEN");

	strbuf_printf(&path, "%s/../golden/%s", TEST_DATA, name);
	if (mode && !strcmp(mode, "update") &&
	    file_write_atomic_at(AT_FDCWD, path.data, text->data, text->len, 0644, &err) < 0)
		fail_msg("%s", error_text(&err));
	if (file_read_at(AT_FDCWD, path.data, 1 << 20, &want, &err) < 0)
		fail_msg("%s", error_text(&err));
	assert_string_equal(text->data, want.data);
}
