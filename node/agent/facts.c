#include "node/agent/facts.h"

#include <string.h>

#include "base/flat.h"
#include "init/plan.h"

int facts_parse(struct arena *a, const char *name, const char *text, size_t n,
		struct names_variable out[static FACTS_URL_VARIABLES + 1], struct error *err)
{
	struct flat flat;
	size_t count = 0;

	if (flat_parse(a, name, text, n, &flat, err) < 0)
		return -1;
	for (; plan_url_variables[count] && count < FACTS_URL_VARIABLES; count++) {
		out[count] = (struct names_variable){plan_url_variables[count], NULL};
		for (size_t i = 0; i < flat.count; i++)
			if (!strcmp(flat.lines[i].words[0], out[count].name) && flat.lines[i].count > 1)
				out[count].value = flat.lines[i].words[1];
	}
	out[count] = (struct names_variable){NULL, NULL};
	return 0;
}
