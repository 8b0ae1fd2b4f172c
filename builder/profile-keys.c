/* The keys of a profile that the node's own configuration does not have. From these tables come the checks, the JSON of
 * `mkdl check --json` and the reference in mkdl-profile(5): to add a key, add a row (and, for a new kind of value, a
 * type). */
#include "builder/profile-private.h"
#include "config/syntax.h"

#define AT(type, field) offsetof(struct type, field)

static const struct key profile_keys[] = {
	{"name", &type_text, AT(profile, name), check_profile_name,
	 "Name of the profile and of its folder in out/. Not inherited; by default the file's name without "
	 ".yml. Names that"
	 " mkdl uses in out/ or in the TFTP root (boot, grub, tftp …) are refused."},
	{"extends", &type_skip, 0, NULL,
	 "What this profile builds upon, as file names; see MERGING."},
	{"kernel", &type_source, AT(profile, kernel), NULL,
	 "Source of the kernel and its modules, as in {apt: linux-image-amd64}."},
	{"modules", &type_set, AT(profile, modules), check_module,
	 "Kernel modules to load at boot, in this order; what they depend on comes along. Parameters may "
	 "follow a name, as in "
	 "\"loop max_loop=8\"."},
	{"drivers", &type_set, AT(profile, drivers), check_driver,
	 "Kernel modules to have in the image, loaded when the hardware asks for them: names, aliases, or patterns "
	 "of paths below "
	 "the modules' folder, as in kernel/drivers/net/ethernet/intel/\\*."},
	{"firmware", &type_sources, AT(profile, firmware), NULL,
	 "Where the firmware is that modules name: packages, or sources. Only the named files are taken."},
	{"microcode", &type_sources, AT(profile, microcode), NULL,
	 "Packages (or sources) with microcode for the CPU, which the kernel loads before anything else."},
	{"bootloaders", &type_sources, AT(profile, bootloaders), NULL,
	 "Packages (or sources) with pxelinux.0 and ldlinux.c32, or with undionly.kpxe and snponly.efi (package ipxe), which load iPXE on "
	 "machines whose firmware is none; they go into the TFTP folder, not into the image."},
	{"components", &type_components, AT(profile, components), NULL,
	 "The parts of the image: files from one source each. See COMPONENTS.NAME."},
	{"repositories", &type_repositories, AT(profile, repositories), NULL,
	 "Debian repositories besides this machine's own, for sources with \"repository\"."},
	{"images", &type_images, AT(profile, images), NULL,
	 "Container images that are part of the boot image: imported before the kubelet starts, pulled from nowhere."},
	{"registries", &type_registries, AT(profile, registries), NULL,
	 "Where containerd or dockerd finds images: a map of registries to mirrors, {docker.io: "
	 "[\"http://10.0.0.1:5000\"]}, asked in this order before the registry itself; _default for registries without a "
	 "line of their own. {mirrors: […], ca: FILE} where certificates are signed by an authority of one's own."},
	{"users", &type_users, AT(profile, users), NULL,
	 "Users of the node. See USERS.NAME."},
	{"kubernetes", &type_kubernetes, AT(profile, kubernetes), NULL,
	 "Makes the node a Kubernetes node; from it come the kubelet's flags and configuration."},
	{"containerd", &type_containerd, AT(profile, containerd), NULL,
	 "From it comes containerd's configuration."},
	{"cmdline", &type_list, AT(profile, cmdline), check_argument,
	 "Arguments of the kernel, one per item."},
	{"overlays", &type_set, AT(profile, overlays), check_overlay,
	 "File trees to copy into the image: names of folders in overlays/."},
	{"tree_hooks", &type_set, AT(profile, tree_hooks), check_hook,
	 "Executables in hooks/tree/ that see what is in the image and add files to it."},
	{"image_hooks", &type_set, AT(profile, image_hooks), check_hook,
	 "Executables in hooks/image/ that see the finished outputs and may add to them."},
	{"hostname", &type_text, AT(profile, hostname), check_hostname,
	 "The node's name; ${mac} and ${machine_id} are filled in on the node. Default: node-${mac}."},
	{"config", &type_config, 0, NULL,
	 "Configuration that the node reads at boot, beyond the profile: files in the image and addresses. "
	 "See CONFIG."},
	{"identity", &type_identity, 0, NULL,
	 "What the node's names and keys are derived from, beside its SMBIOS UUID or MAC address. See IDENTITY."},
	{"failure", &type_failure, 0, NULL,
	 "What to do when the boot fails: open a shell on the console, or reboot after a time. Default: reboot 30s."},
	{"compression", &type_compression, AT(profile, compression), NULL,
	 "How to compress the image: fast (zstd level 3), balanced (19, the default), smallest (22, with a window of 32 "
	 "MiB that the node "
	 "needs as RAM while it unpacks), lz4 (a larger image that a node unpacks in half the time, without a checksum), or a map; see "
	 "COMPRESSION."},
	{"output", &type_output, 0, NULL,
	 "Where the outputs go."},
};
const struct key_map map_profile = KEY_MAP("", profile_keys);

static const struct key source_keys[] = {
	{"apt", &type_source_kind, 0, check_package,
	 "A Debian package; what its files need comes from the packages that it depends on."},
	{"url", &type_source_kind, 0, check_url,
	 "A file to download; needs \"sha256\". Archives are unpacked."},
	{"path", &type_source_kind, 0, check_path,
	 "A file, folder or archive on this machine, relative to the project's folder."},
	{"build", &type_source_kind, 0, check_recipe,
	 "A recipe: the name of an executable in hooks/build/."},
	{"sha256", &type_text, AT(source, sha256), check_sha256,
	 "With \"url\": the SHA-256 of what is downloaded, 64 digits."},
	{"repository", &type_text, AT(source, repository), check_name,
	 "With \"apt\": a name in \"repositories\". Default: the repositories of this machine."},
	{"with", &type_pairs, AT(source, with), check_plain,
	 "With \"build\": options for the recipe."},
};
const struct key_map map_source = KEY_MAP("SOURCE", source_keys);

static const struct key component_keys[] = {
	{"files", &type_list, AT(component, files), check_pattern,
	 "Which files to take, as patterns: \\* and ? within a folder, \\*\\* across folders, {a,b} for one or the "
	 "other. Default: all."},
	{"to", &type_text, AT(component, to), check_target,
	 "Where they go: a folder when it ends in a slash, else the new name of the one file. What \"files\" matched "
	 "goes right into the folder; without \"files\" everything keeps its place below it. Default: the same path."},
	{"mode", &type_mode, AT(component, mode), NULL,
	 "Mode of the files, octal with or without the leading 0. Default: as in the source."},
	{"owner", &type_owner, AT(component, uid), NULL,
	 "Owner of the files, as numbers. Default: as in the source."},
	{"layer", &type_layer, AT(component, layer), NULL,
	 "What it changes together with, and so is compressed with: userland (the default), modules, runtime, "
	 "kubernetes, images or site."},
	{"dlopen", &type_set, AT(component, dlopen), check_soname,
	 "Shared libraries that its programs open at run time and that their ELF headers do not name."},
	{"version", &type_text, AT(component, version), check_plain,
	 "Its version, when the source does not tell."},
};
const struct key_map map_component = KEY_MAP("components.NAME", component_keys);

static const struct key repository_keys[] = {
	{"uri", &type_text, AT(repository, uri), check_uri,
	 "Address of the repository, as in sources.list(5)."},
	{"suite", &type_text, AT(repository, suite), check_plain,
	 "Suite, as in bookworm-backports."},
	{"components", &type_set, AT(repository, components), check_name,
	 "Its components. Default: main."},
	{"key", &type_file, AT(repository, key), check_plain,
	 "Keyring that its Release file is signed with. Default: the keys that this machine trusts."},
};
const struct key_map map_repository = KEY_MAP("repositories.NAME", repository_keys);

static const struct key image_keys[] = {
	{"file", &type_text, AT(container_image, file), check_absolute,
	 "Which of the source's files is the OCI archive. Default: its only one."},
	{"name", &type_text, AT(container_image, name), check_reference,
	 "The image's full name with its tag. Default: as in the archive."},
};
const struct key_map map_image = KEY_MAP("images.NAME", image_keys);

static const struct key user_keys[] = {
	{"uid", &type_number, AT(user, uid), NULL, "User number; root's is 0."},
	{"gid", &type_number, AT(user, gid), NULL, "Group number. Default: as uid."},
	{"home", &type_text, AT(user, home), check_absolute, "Home folder. Default: /, for root /root."},
	{"shell", &type_text, AT(user, shell), check_absolute, "Login shell. Default: /bin/sh."},
	{"ssh_keys", &type_set, AT(user, ssh_keys), check_ssh_key, "Public keys that may log in over SSH."},
};
const struct key_map map_user = KEY_MAP("users.NAME", user_keys);

static const struct key kubernetes_keys[] = {
	{"role", &type_text, AT(kubernetes, role), check_role,
	 "worker (the default); server: a worker that runs the control plane, too; or standalone: only static pods, without an API "
	 "server."},
	{"version", &type_text, AT(kubernetes, version), check_plain,
	 "The kubelet's version, when its source does not tell."},
	{"server", &type_text, AT(kubernetes, server), check_api_server,
	 "URL of the API server that a worker joins, or the word config: the node's configuration names it "
	 "(mkdl.kubernetes.server)."},
	{"token", &type_text, AT(kubernetes, token), check_token,
	 "Bootstrap token. It would be part of the image, which everybody on the boot network can read: better give it in the "
	 "node's configuration."},
	{"ca_cert_hash", &type_one_or_more, AT(kubernetes, ca_cert_hash), check_ca_hash,
	 "Hash of the public key of the cluster's certificate authority, as kubeadm prints it (sha256:HEX), or several; unsafe: "
	 "whatever authority the token vouches for. Default: the image's /etc/kubernetes/pki/ca.crt counts."},
	{"node_ip", &type_text, AT(kubernetes, node_ip), check_node_ip,
	 "Which address is the node's: boot-interface's (the default), an interface's by its name, an "
	 "address, or the first one in a "
	 "network, as in 10.0.0.0/8."},
	{"pods", &type_files, AT(kubernetes, pods), check_plain,
	 "Manifests of static pods, relative to the project's folder."},
	{"pod_cidr", &type_text, AT(kubernetes, pod_cidr), check_cidr,
	 "Network of the node's pods, when no API server assigns one."},
	{"dns", &type_set, AT(kubernetes, dns), check_address, "The cluster's DNS servers."},
	{"domain", &type_text, AT(kubernetes, domain), check_domain,
	 "The cluster's domain. Default: cluster.local."},
	{"max_pods", &type_count, AT(kubernetes, max_pods), NULL,
	 "How many pods may run here. Default: 110."},
	{"args", &type_list, AT(kubernetes, args), check_kubelet_flag, "More flags for the kubelet."},
	{"labels", &type_pairs, AT(kubernetes, labels), check_label, "Labels of the node."},
	{"cluster_cidr", &type_text, AT(kubernetes, cluster_cidr), check_cidr,
	 "Network of all pods of the cluster. Default: 10.244.0.0/16."},
	{"service_cidr", &type_text, AT(kubernetes, service_cidr), check_cidr,
	 "Network of the services' addresses. Default: 10.96.0.0/16."},
	{"proxy", &type_bool, AT(kubernetes, proxy), NULL,
	 "true: kube-proxy runs from the image, and what pods send out of cluster_cidr leaves under the node's address."},
	{"etcd", &type_etcd, AT(kubernetes, etcd), NULL, "etcd of a server."},
	{"apiserver_args", &type_list, AT(kubernetes, apiserver_args), check_flag, "More flags for kube-apiserver."},
	{"controller_manager_args", &type_list, AT(kubernetes, controller_manager_args), check_flag,
	 "More flags for kube-controller-manager."},
	{"scheduler_args", &type_list, AT(kubernetes, scheduler_args), check_flag, "More flags for kube-scheduler."},
	{"proxy_args", &type_list, AT(kubernetes, proxy_args), check_flag, "More flags for kube-proxy."},
	{"taints", &type_set, AT(kubernetes, taints), check_taint,
	 "Taints that the node registers with: KEY=VALUE:EFFECT."},
};
const struct key_map map_kubernetes = KEY_MAP("kubernetes", kubernetes_keys);

static const struct key etcd_keys[] = {
	{"members", &type_pairs, AT(etcd, members), check_member,
	 "Names of all servers (their hostnames) and their addresses. Default: each server is a cluster of its own."},
	{"volatile", &type_bool, AT(etcd, is_volatile), NULL,
	 "true: the cluster may be lost with a reboot. Else /var/lib/etcd has to be on state that outlives it."},
	{"args", &type_list, AT(etcd, args), check_flag, "More flags for etcd."},
};
const struct key_map map_etcd = KEY_MAP("kubernetes.etcd", etcd_keys);

static const struct key containerd_keys[] = {
	{"version", &type_text, AT(containerd, version), check_plain,
	 "containerd's version, when its source does not tell."},
	{"sandbox_image", &type_text, AT(containerd, sandbox_image), check_reference,
	 "Image of the pause container. Default: registry.k8s.io/pause:3.6."},
	{"snapshotter", &type_text, AT(containerd, snapshotter), check_snapshotter,
	 "How images are unpacked: overlayfs (the default), or native where overlays do not work."},
	{"cri", &type_bool, AT(containerd, cri), NULL,
	 "Has it the interface for a kubelet, or for crictl, where the profile has no kubelet? Default: false, which starts sooner."},
};
const struct key_map map_containerd = KEY_MAP("containerd", containerd_keys);

static const struct key compression_keys[] = {
	{"level", &type_number_skip, 0, NULL, "Level of zstd, 1 to 22. Default: 19."},
	{"window_log", &type_number_skip, 0, NULL,
	 "Size of the window as a power of two, 10 to 27; the node needs that much RAM while it unpacks. Default: "
	 "the level's own."},
};
const struct key_map map_compression = KEY_MAP("compression", compression_keys);

static const struct key output_keys[] = {
	{"tftp", &type_text, AT(profile, tftp), check_plain,
	 "Folder for what boot loaders fetch, relative to the working directory."},
};
const struct key_map map_output = KEY_MAP("output", output_keys);

static const struct key config_keys[] = {
	{"files", &type_files, AT(profile, config_files), check_config_file,
	 "Files that go into the image (as /etc/mkdl/config.d/…), relative to the project's folder: "
	 "cloud-config, Ignition, scripts. "
	 "Each overrides those before it; the kernel's command line and \"urls\" come after them."},
	{"urls", &type_set, AT(profile, plan.config_urls), check_config_url,
	 "More of it, fetched at boot: http://, https:// or tftp://, with the variables ${mac}, ${uuid}, "
	 "${serial}, ${hostname}."},
	{"required", &type_config_required, 0, NULL,
	 "true (the default): a source that cannot be read, or is wrong, stops the boot; false: the node says "
	 "so and goes on "
	 "without it."},
	{"timeout", &type_seconds, AT(profile, plan.config_wait), NULL,
	 "How long to try to read it. Default: 300s."},
	{"ca", &type_certificates, AT(profile, config_ca), check_plain,
	 "A file with certificates (PEM) of authorities, relative to the project's folder: servers of \"urls\" with https are known by "
	 "these alone. Default: those that the image trusts (/etc/ssl/certs/ca-certificates.crt)."},
	{"trust", &type_trust, AT(profile, plan.trust), NULL,
	 "An Ed25519 public key, as 64 digits or a file (PEM): what is fetched must be signed with it (see "
	 "mkdl sign in mkdl(1))."},
};
const struct key_map map_config = KEY_MAP("config", config_keys);

static const struct key identity_keys[] = {
	{"secret", &type_file, AT(profile, secret), check_plain,
	 "A file that goes into the image for root alone. Keys that are derived on the node (SSH's) cannot be "
	 "worked out by who "
	 "knows the machine's UUID but not this."},
};
const struct key_map map_identity = KEY_MAP("identity", identity_keys);

/* In the order of the manual. */
const struct key_map *const profile_maps[] = {
	&map_profile, &map_node, &map_source, &map_component, &map_repository, &map_service, &map_ready, &map_limits,
	&map_state, &map_chap, &map_network, &map_ethernet, &map_match, &map_bond, &map_parameters, &map_vlan,
	&map_nameservers, &map_route, &map_time, &map_config, &map_identity, &map_image, &map_user, &map_kubernetes,
	&map_etcd, &map_containerd, &map_compression, &map_output, NULL,
};
