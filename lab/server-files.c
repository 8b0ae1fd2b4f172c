#include "lab/server-files.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "builder/qemu-boot.h"
#include "lab/servers.h"
#include "lab/storage.h"

enum { SCRIPT_LIMIT = 1 << 20 };

static int put(const struct lab *l, const char *below, const struct strbuf *text, mode_t mode, struct error *err)
{
	return file_write_atomic_at(AT_FDCWD, lab_path(l, below), text->data, text->len, mode, err);
}

static int write_registry(const struct lab *l, struct error *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	strbuf_printf(&out, "version: 0.1\nlog: {level: warn}\nstorage:\n  filesystem: {rootdirectory: \"%s\"}\n  delete: {enabled: true}\n"
			    "http: {addr: \":5000\"}\n", lab_path(l, "registry"));
	return put(l, "run/registry.yml", &out, 0600, err);
}

static int write_nfs(const struct lab *l, struct error *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	if (!storage_wants(l->cluster, PLAN_STATE_NFS) && !storage_wants(l->cluster, PLAN_STATE_LOOP))
		return 0;
	/* Without a period of grace: a server that starts anew would let nodes wait for 90 seconds. */
	strbuf_printf(&out,
		      "NFS_CORE_PARAM { Protocols = 4; NFS_Port = 2049; Bind_addr = 0.0.0.0; Enable_NLM = false; Enable_RQUOTA = false; }\n"
		      "NFSv4 { Graceless = true; RecoveryBackend = fs; RecoveryRoot = \"%s\"; Lease_Lifetime = 20; Grace_Period = 20; }\n"
		      "NFS_KRB5 { Active_krb5 = false; }\n"
		      "EXPORT_DEFAULTS { Access_Type = RW; Squash = No_Root_Squash; SecType = sys; Transports = TCP; Protocols = 4; }\n"
		      "LOG { Default_Log_Level = EVENT; }\n",
		      lab_path(l, "run/ganesha"));
	if (dir_make_at(AT_FDCWD, lab_path(l, "run/ganesha"), 0700, err) < 0 || storage_exports(l, &out, err) < 0)
		return -1;
	return put(l, "run/ganesha.conf", &out, 0600, err);
}

/* An emulated timer is late when the host is busy: the kernel would take it for broken and panic. */
int boot_scripts_adapt(const struct lab *l, struct error *err)
{
	static const char word[] = "no_timer_check";

	for (unsigned role = 0; role < CLUSTER_ROLES && !l->qemu.kvm; role++) {
		_cleanup_strbuf_ struct strbuf text = {0}, out = {0};
		const char *name = arena_printf(l->arena, "tftp/%s-%s.ipxe", l->name, lab_role_name((enum cluster_role)role));

		if (!lab_role_count(l->cluster, (enum cluster_role)role))
			continue;
		if (file_read_at(AT_FDCWD, lab_path(l, name), SCRIPT_LIMIT, &text, err) < 0)
			return -1;
		strbuf_puts(&text, "");
		if (strstr(text.data, word))
			continue;
		strbuf_puts(&out, boot_append(l->arena, text.data, "kernel", word));
		if (put(l, name, &out, 0644, err) < 0)
			return -1;
	}
	return 0;
}

int server_files_write(const struct lab *l, struct error *err)
{
	if (dir_make_at(AT_FDCWD, lab_path(l, "registry"), 0700, err) < 0 || write_registry(l, err) < 0 || write_nfs(l, err) < 0)
		return -1;
	return 0;
}
