#include "node/agent/cloud.h"

struct value *ignition_values(struct cloud *c, const struct document *d)
{
	diagnose(c->r.diag, SEVERITY_ERROR, (struct place){d->name, 0, 0}, 1, "Ignition is not read by this build");
	return NULL;
}
