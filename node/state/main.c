#include "node/state/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"

static const struct {
	const char *name;
	int (*run)(struct state_node *n, struct error *err);
} commands[] = {
	{"mount", cmd_mount},
	{"watch", cmd_watch},
	{"unmount", cmd_unmount},
};

/* One write(2) for each line, so that lines of several processes never mix. */
void say(const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	strbuf_printf(&line, "%s\n", text);
	fputs(line.data, stdout);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	_cleanup_error_ struct error err = {0};
	static struct state_node node;

	for (size_t i = 0; argc == 2 && i < sizeof(commands) / sizeof(*commands); i++) {
		int status;

		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		status = state_load(&node, &err);
		if (status == 0)
			status = commands[i].run(&node, &err);
		if (status < 0)
			say("%s", error_text(&err));
		return status < 0 ? 1 : status;
	}
	fprintf(stderr, "usage: state mount|watch|unmount\n");
	return 2;
}
