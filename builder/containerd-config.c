#include "builder/containerd-config.h"

#include <string.h>

#include "builder/cni-config.h"
#include "builder/quote.h"
#include "builder/runtime.h"

/* Plugins that a node has no use for. Leaving them out saves time at every start: probing for btrfs and zfs, waiting for NRI's
 * socket, looking for OpenTelemetry's. The snapshotter that the profile chose is not left out. */
struct plugin {
	const char *name;
	struct version since, until;
};

static const struct plugin unused[] = {
	{"io.containerd.snapshotter.v1.aufs", {0}, {2, 0}},
	{"io.containerd.snapshotter.v1.blockfile", {1, 7}, {0}},
	{"io.containerd.snapshotter.v1.btrfs", {0}, {0}},
	{"io.containerd.snapshotter.v1.devmapper", {0}, {0}},
	{"io.containerd.snapshotter.v1.erofs", {2, 1}, {0}},
	{"io.containerd.differ.v1.erofs", {2, 1}, {0}},
	{"io.containerd.snapshotter.v1.zfs", {0}, {0}},
	{"io.containerd.internal.v1.opt", {0}, {0}},
	{"io.containerd.internal.v1.restart", {0}, {0}},
	{"io.containerd.internal.v1.tracing", {0}, {0}},
	{"io.containerd.tracing.processor.v1.otlp", {0}, {0}},
	{"io.containerd.nri.v1.nri", {1, 7}, {0}},
};

/* What a kubelet speaks to. */
static const struct plugin cri_plugins[] = {
	{"io.containerd.grpc.v1.cri", {0}, {0}},
	{"io.containerd.cri.v1.images", {2, 0}, {0}},
	{"io.containerd.cri.v1.runtime", {2, 0}, {0}},
};

static void write_disabled(struct arena *a, const struct plugin *plugins, size_t count, struct version version, const char *but,
			   struct strbuf *out)
{
	for (size_t i = 0; i < count; i++)
		if (version_within(version, plugins[i].since, plugins[i].until) &&
		    strcmp(strrchr(plugins[i].name, '.') + 1, but) != 0)
			strbuf_printf(out, "  %s,\n", quote_text(a, plugins[i].name));
}

static void write_head(struct arena *a, const struct containerd_settings *s, const char *snapshotter, struct strbuf *out)
{
	strbuf_printf(out, "version = %d\n", s->version.major >= 2 ? 3 : 2);
	strbuf_printf(out, "root = %s\nstate = %s\n", quote_text(a, CONTAINERD_ROOT), quote_text(a, CONTAINERD_STATE));
	strbuf_puts(out, "oom_score = -999\ndisabled_plugins = [\n");
	write_disabled(a, unused, sizeof(unused) / sizeof(*unused), s->version, snapshotter, out);
	if (!s->cri)
		write_disabled(a, cri_plugins, sizeof(cri_plugins) / sizeof(*cri_plugins), s->version, "", out);
	strbuf_printf(out, "]\n\n[grpc]\n  address = %s\n", quote_text(a, CONTAINERD_SOCKET));
}

/* The table of one plugin, or of a table in it (below, with its leading dot). */
static void write_table(struct strbuf *out, const char *plugin, const char *below)
{
	strbuf_printf(out, "\n[plugins.\"%s\"%s]\n", plugin, below);
}

static void write_string(struct arena *a, struct strbuf *out, const char *key, const char *value)
{
	if (value)
		strbuf_printf(out, "  %s = %s\n", key, quote_text(a, value));
}

static void write_runc(struct arena *a, struct strbuf *out, const char *plugin)
{
	write_table(out, plugin, ".containerd.runtimes.runc");
	write_string(a, out, "runtime_type", "io.containerd.runc.v2");
	write_table(out, plugin, ".containerd.runtimes.runc.options");
	strbuf_printf(out, "  SystemdCgroup = %s\n", strcmp(CGROUP_DRIVER, "systemd") == 0 ? "true" : "false");
}

static void write_cni(struct arena *a, const struct containerd_settings *s, struct strbuf *out, const char *plugin)
{
	write_table(out, plugin, ".cni");
	if (version_compare(s->version, (struct version){2, 1}) >= 0)
		strbuf_printf(out, "  bin_dirs = [%s]\n", quote_text(a, CNI_BIN_DIR)); /* and bin_dir beside it is an error */
	else
		write_string(a, out, "bin_dir", CNI_BIN_DIR);
	write_string(a, out, "conf_dir", s->cni_conf_dir);
	write_string(a, out, "conf_template", s->cni_template);
}

static void write_version_2(struct arena *a, const struct containerd_settings *s, const char *snapshotter, struct strbuf *out)
{
	const char *cri = "io.containerd.grpc.v1.cri";

	write_table(out, cri, "");
	write_string(a, out, "sandbox_image", s->sandbox_image);
	write_table(out, cri, ".containerd");
	write_string(a, out, "snapshotter", snapshotter);
	write_string(a, out, "default_runtime_name", "runc");
	write_runc(a, out, cri);
	write_cni(a, s, out, cri);
	write_table(out, cri, ".registry");
	write_string(a, out, "config_path", CONTAINERD_CERTS);
}

static void write_version_3(struct arena *a, const struct containerd_settings *s, const char *snapshotter, struct strbuf *out)
{
	const char *images = "io.containerd.cri.v1.images", *runtime = "io.containerd.cri.v1.runtime";

	write_table(out, images, "");
	write_string(a, out, "snapshotter", snapshotter);
	if (s->sandbox_image) {
		write_table(out, images, ".pinned_images");
		write_string(a, out, "sandbox", s->sandbox_image);
	}
	write_table(out, images, ".registry");
	write_string(a, out, "config_path", CONTAINERD_CERTS);
	write_table(out, runtime, ".containerd");
	write_string(a, out, "default_runtime_name", "runc");
	write_runc(a, out, runtime);
	write_cni(a, s, out, runtime);
}

int containerd_config(struct arena *a, const struct containerd_settings *s, struct strbuf *out, struct error *err)
{
	const char *snapshotter = s->snapshotter ? s->snapshotter : "overlayfs";

	if (version_compare(s->version, (struct version){1, 6}) < 0)
		return error_set(err, "containerd %u.%u is too old: 1.6 is the first whose configuration is known here",
				 s->version.major, s->version.minor);
	write_head(a, s, snapshotter, out);
	if (!s->cri)
		return 0;
	if (s->version.major >= 2)
		write_version_3(a, s, snapshotter, out);
	else
		write_version_2(a, s, snapshotter, out);
	return 0;
}

int containerd_check_kubelet(struct version containerd, struct version kubelet, struct error *err)
{
	/* CRI v1 came to kubelets in 1.23, to containerd in 1.6; v1alpha2 left kubelets in 1.26, containerd in 2.0. */
	if (containerd.major >= 2 && version_compare(kubelet, (struct version){1, 23}) < 0)
		return error_set(err, "kubelet %u.%u speaks CRI v1alpha2, which containerd %u.%u has no more: take containerd 1.7 or "
				 "a kubelet from 1.23 on", kubelet.major, kubelet.minor, containerd.major, containerd.minor);
	/* From then on the kubelet asks the runtime for its cgroup driver and takes no configured one. */
	if (containerd.major < 2 && version_compare(kubelet, (struct version){1, 38}) >= 0)
		return error_set(err, "kubelet %u.%u wants the CRI call RuntimeConfig, which containerd %u.%u lacks: take containerd "
				 "2.0 or newer", kubelet.major, kubelet.minor, containerd.major, containerd.minor);
	return 0;
}
