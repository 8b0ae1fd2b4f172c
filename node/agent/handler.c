/* The handlers of a build that has no readers: weak, those of merge.c and apply.c take their place. */
#include "node/agent/handler.h"

struct config {
	size_t count;
};

__attribute__((weak)) struct config *config_new(struct arena *a, const struct names_variable *variables)
{
	(void)variables;
	return arena_new(a, struct config);
}

__attribute__((weak)) int config_add(struct config *c, const struct document *d, struct error *err)
{
	(void)c;
	return error_set(err, "%s: there is no reader for %s", d->name, document_kind_name(d->kind));
}

__attribute__((weak)) int config_apply(struct config *c, struct arena *a, struct plan *plan, int rootfd, bool offline,
				       struct error *err)
{
	(void)c, (void)a, (void)plan, (void)rootfd, (void)offline, (void)err;
	return 0;
}

__attribute__((weak)) int config_effective(const struct config *c, struct strbuf *out, struct error *err)
{
	(void)c, (void)out, (void)err;
	return 0;
}
