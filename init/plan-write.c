#include "init/plan-private.h"

static void write_scope(enum plan_scope scope, const void *base, struct strbuf *out)
{
	for (const struct plan_record *record = plan_records(scope); record->word; record++)
		record->type->write(record, (const char *)base + record->offset, out);
}

void plan_write(const struct plan *p, struct strbuf *out)
{
	static const char *const kinds[] = {"tmpfs", "nfs", "iscsi", "loop", "disk"};

	flat_add(out, "mkdl-plan", "1", NULL);
	write_scope(PLAN_OF_NODE, p, out);
	for (size_t i = 0; i < p->link_count; i++) {
		flat_add(out, "link", p->links[i].name, NULL);
		write_scope(PLAN_OF_LINK, &p->links[i], out);
	}
	for (size_t i = 0; i < p->state_count; i++) {
		flat_add(out, "state", p->states[i].path, kinds[p->states[i].kind], NULL);
		write_scope(PLAN_OF_STATE, &p->states[i], out);
	}
	for (size_t i = 0; i < p->service_count; i++) {
		flat_add(out, "service", p->services[i].name, NULL);
		write_scope(PLAN_OF_SERVICE, &p->services[i], out);
	}
}
