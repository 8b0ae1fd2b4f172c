/* The handler of a build without apply.c. */
#include "node/agent/handler.h"

__attribute__((weak)) int config_apply(struct config *c, struct arena *a, struct plan *plan, int rootfd, bool offline,
				       struct error *err)
{
	(void)c, (void)a, (void)plan, (void)rootfd, (void)offline, (void)err;
	return 0;
}
