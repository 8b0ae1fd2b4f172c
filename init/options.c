#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "init/console.h"
#include "init/control.h"
#include "init/degraded.h"
#include "init/phases.h"

int phase_console(struct node *node, char *detail, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error why = {0};
	int status;

	console_open();
	console_log("/run/mkdl/log/mkdl.log");
	/* Without it the node cannot be asked, but it runs. */
	if (control_open(node, &why) < 0)
		degraded_add("control socket: %s", error_text(&why));
	if (file_read_at(AT_FDCWD, "/proc/cmdline", 1 << 16, &text, err) < 0)
		return -1;
	status = cmdline_parse(text.data, &node->options, err);
	console_verbose(node->options.verbose);
	snprintf(detail, DETAIL_SIZE, "%s, mkdl " MKDL_VERSION, console_device());
	return status;
}
