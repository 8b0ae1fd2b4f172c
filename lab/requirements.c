/* What the host has to have. */
#include "builder/run-program.h"
#include "lab/servers.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strbuf.h"

static bool is_nfs(const struct cluster *c)
{
	return storage_wants(c, PLAN_STATE_NFS) || storage_wants(c, PLAN_STATE_LOOP);
}

static bool is_iscsi(const struct cluster *c)
{
	return storage_wants(c, PLAN_STATE_ISCSI);
}

static bool is_always(const struct cluster *c)
{
	(void)c;
	return true;
}

static const struct requirement {
	const char *program, *packages;
	bool (*when)(const struct cluster *c);
} requirements[] = {
	{"qemu-system-x86_64", "qemu-system-x86 ipxe-qemu", is_always},
	{"dnsmasq", "dnsmasq-base", is_always},
	{"nginx", "nginx-light", is_always},
	{"ip", "iproute2", is_always},
	{"ssh", "openssh-client", is_always},
	{"tgtd", "tgt", is_iscsi},
	{"ganesha.nfsd", "nfs-ganesha nfs-ganesha-vfs", is_nfs},
	{"docker-registry", "docker-registry", is_always},
};

int requirements_check(const struct cluster *c, struct error *err)
{
	_cleanup_strbuf_ struct strbuf programs = {0}, packages = {0};
	struct arena a = {0};

	for (size_t i = 0; i < sizeof(requirements) / sizeof(*requirements); i++) {
		const struct requirement *r = &requirements[i];

		if (!r->when(c) || program_find(&a, r->program))
			continue;
		strbuf_printf(&programs, "%s%s", programs.len ? ", " : "", r->program);
		strbuf_printf(&packages, " %s", r->packages);
	}
	arena_free(&a);
	if (is_nfs(c) && geteuid() != 0)
		return error_set(err, "state on NFS that the lab serves takes root: an ordinary user's server cannot open files for "
				 "others; use iSCSI, or run it as root");
	if (!programs.len)
		return 0;
	return error_set(err, "this host lacks %s; on Debian: apt-get install --no-install-recommends%s", programs.data,
			 packages.data);
}
