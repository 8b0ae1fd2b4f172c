/* The one file of the builder that sees the agent's headers, whose "source" is another. */
#include <fcntl.h>

#include "base/file.h"
#include "builder/node-config.h"
#include "init/names.h"
#include "node/agent/handler.h"
#include "node/agent/unpack.h"

enum { FILE_LIMIT = 4 << 20 };

static int leave_include(void *data, const char *url, struct error *err)
{
	(void)data, (void)url, (void)err;
	return 0;
}

int node_config_check(const struct strings *files, struct error *err)
{
	static const struct names_variable none[] = {{NULL, NULL}};
	_cleanup_arena_ struct arena a = {0};
	struct documents documents = {0};
	struct unpack u = {.arena = &a, .documents = &documents, .include = leave_include};
	struct config *config;
	struct plan plan;

	for (size_t i = 0; i < files->count; i++) {
		_cleanup_strbuf_ struct strbuf text = {0};

		if (file_read_at(AT_FDCWD, files->items[i], FILE_LIMIT, &text, err) < 0 ||
		    unpack(&u, files->items[i], SOURCE_ANYTHING, text.data ? text.data : "", text.len, err) < 0)
			return -1;
	}
	plan_init(&plan);
	config = config_new(&a, none, &plan);
	for (size_t i = 0; i < documents.count; i++)
		if (config_add(config, &documents.items[i], err) < 0)
			return -1;
	return 0;
}
