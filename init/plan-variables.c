#include "init/plan.h"

#include <string.h>

const char *const plan_service_variables[] = {"node_ip", "hostname", "mac", "interface", "machine_id",
					       "reserved_memory", NULL};
const char *const plan_hostname_variables[] = {"mac", "machine_id", NULL};
const char *const plan_url_variables[] = {"mac", "uuid", "serial", "hostname", "machine_id", NULL};

int plan_check_variables(const char *value, const char *const names[], struct error *err)
{
	for (const char *p = strstr(value, "${"); p; p = strstr(p + 2, "${")) {
		size_t n = strcspn(p + 2, "}");
		bool known = false;

		if (p[2 + n] != '}')
			return error_set(err, "\"%s\": a ${ without its }", value);
		for (const char *const *name = names; *name; name++)
			known = known || (strlen(*name) == n && !memcmp(*name, p + 2, n));
		if (!known)
			return error_set(err, "\"%s\": unknown variable ${%.*s}", value, (int)n, p + 2);
	}
	return 0;
}
