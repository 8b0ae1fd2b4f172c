#include "config/plan-check.h"

#include <string.h>

#include "config/syntax.h"
#include "init/plan-private.h"

bool plan_takes(struct reader *r, const struct value *name, const struct value *v, int scope, const char *record)
{
	_cleanup_error_ struct error err = {0};
	const struct plan_record *p = plan_records((enum plan_scope)scope);

	if (!check_plain(r, name, v))
		return false;
	while (p->word && strcmp(p->word, record) != 0)
		p++;
	if (!p->word || !p->check || p->check(v->text, NULL, &err) == 0)
		return true;
	complain(r, v, "\"%s\": %s", name->text, error_text(&err));
	return false;
}

bool check_interface(struct reader *r, const struct value *name, const struct value *v)
{
	_cleanup_error_ struct error err = {0};

	if (plan_check_interface(v->text, NULL, &err) == 0)
		return true;
	complain(r, v, "\"%s\": %s", name->text, error_text(&err));
	return false;
}

#define CHECK(function, scope, record)                                                            \
	bool function(struct reader *r, const struct value *name, const struct value *v)          \
	{                                                                                         \
		return plan_takes(r, name, v, scope, record);                                     \
	}

CHECK(check_server, PLAN_OF_STATE, "server")
CHECK(check_export, PLAN_OF_STATE, "export")
CHECK(check_image_file, PLAN_OF_STATE, "file")
CHECK(check_portal, PLAN_OF_STATE, "portal")
CHECK(check_iscsi_target, PLAN_OF_STATE, "target")
CHECK(check_device, PLAN_OF_STATE, "device")
CHECK(check_ntp, PLAN_OF_NODE, "ntp")
CHECK(check_trust, PLAN_OF_NODE, "trust")
CHECK(check_mac, PLAN_OF_LINK, "mac")
CHECK(check_link_address, PLAN_OF_LINK, "address")
CHECK(check_mtu, PLAN_OF_LINK, "mtu")
CHECK(check_search, PLAN_OF_LINK, "search")
CHECK(check_log, PLAN_OF_SERVICE, "log")

bool check_size(struct reader *r, const struct value *name, const struct value *v)
{
	return expect(r, name, v, is_tmpfs_size(v->text), "a share of the RAM (50%) or a size (512M; k, M or G)");
}

bool check_memory(struct reader *r, const struct value *name, const struct value *v)
{
	return check_size(r, name, v);
}

bool check_percent(struct reader *r, const struct value *name, const struct value *v)
{
	size_t n = strlen(v->text);
	unsigned long percent;
	bool ok = n > 1 && v->text[n - 1] == '%' &&
		  parse_number(arena_strndup(r->arena, v->text, n - 1), 1, 100000, &percent);

	return expect(r, name, v, ok, "a share of the CPUs, as in 50% or 200%");
}

bool check_pids(struct reader *r, const struct value *name, const struct value *v)
{
	unsigned long n;

	return expect(r, name, v, parse_number(v->text, 1, 1 << 22, &n), "a number from 1 to 4194304");
}

bool check_config_url(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const schemes[] = {"http://", "https://", "tftp://"};

	return expect(r, name, v, has_scheme(v->text, schemes, 3), "an http://, https:// or tftp:// URL") &&
	       plan_takes(r, name, v, PLAN_OF_NODE, "config-url");
}
