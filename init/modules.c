#include "init/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "init/console.h"
#include "init/phases.h"
#include "init/pstore.h"

#define MODULES "/etc/mkdl/modules"

enum { MODULES_LIMIT = 1 << 20 };

int module_load(const char *path, const char *parameters, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "%s", path);
	if (syscall(SYS_finit_module, fd, parameters, 0) < 0 && errno != EEXIST) {
		/* strerror() would speak of files. */
		if (errno == ENOENT)
			return error_set(err, "%s: it uses a symbol that no loaded module has (see the kernel's log)",
					 path);
		return error_errno(err, "%s", path);
	}
	return 0;
}

static int load_all(struct node *node, char *detail, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct plan_modules modules;

	if (access(MODULES, F_OK) < 0)
		return 0;
	if (file_read_at(AT_FDCWD, MODULES, MODULES_LIMIT, &text, err) < 0 ||
	    plan_parse_modules(&node->arena, MODULES, text.data, text.len, &modules, err) < 0)
		return -1;
	for (size_t i = 0; i < modules.count; i++) {
		const struct plan_module *m = &modules.items[i];

		if (module_load(m->path, m->parameters, err) == 0)
			continue;
		/* The module is fine, the hardware is not there. */
		if (errno != ENODEV)
			return -1;
		console_say("modules: %s", error_text(err));
		error_clear(err);
	}
	snprintf(detail, DETAIL_SIZE, "%zu loaded", modules.count);
	return 0;
}

int phase_modules(struct node *node, char *detail, struct error *err)
{
	if (load_all(node, detail, err) < 0)
		return -1;
	/* What keeps the last boot's reason may be one of them. */
	pstore_read();
	return 0;
}
