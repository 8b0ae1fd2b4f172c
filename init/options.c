#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "init/console.h"
#include "init/phases.h"

int phase_console(struct node *node, char *detail, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	int status;

	console_open();
	console_log("/run/mkdl/log/mkdl.log");
	if (file_read_at(AT_FDCWD, "/proc/cmdline", 1 << 16, &text, err) < 0)
		return -1;
	status = cmdline_parse(text.data, &node->options, err);
	console_verbose(node->options.verbose);
	snprintf(detail, DETAIL_SIZE, "%s, mkdl " MKDL_VERSION, console_device());
	return status;
}
