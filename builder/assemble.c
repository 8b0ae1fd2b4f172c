#include "builder/assemble.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "builder/closure.h"
#include "builder/component.h"
#include "builder/generated.h"
#include "builder/hooks.h"
#include "builder/kernel.h"
#include "builder/modules.h"
#include "builder/node-files.h"
#include "builder/overlay.h"
#include "builder/runtime-check.h"
#include "builder/source.h"
#include "builder/usr-merge.h"

/* Where the kernel looks for early microcode (Documentation/arch/x86/microcode.rst). */
#define MICROCODE_DIR "/kernel/x86/microcode"

static bool same_node(const struct node *a, const struct node *b)
{
	if (a->type != b->type || a->mode != b->mode || a->uid != b->uid || a->gid != b->gid)
		return a->type == NODE_DIR && b->type == NODE_DIR; /* folders are shared: the first one's mode counts */
	switch (a->type) {
	case NODE_FILE:
		return hash_equal(&a->content, &b->content);
	case NODE_SYMLINK:
		return !strcmp(a->target, b->target);
	case NODE_CHAR:
	case NODE_BLOCK:
		return a->major == b->major && a->minor == b->minor;
	default:
		return true;
	}
}

/* Two components may bring the same file, but not two different ones to one place. */
static int merge_component(struct build *b, struct tree *taken, struct error *err)
{
	/* Of one component the last pattern wins, as in any sorted tree. */
	tree_sort(taken);
	for (size_t i = 0; i < taken->count; i++) {
		const struct node *n = &taken->nodes[i];
		struct node *old = tree_find(&b->tree, n->path);

		if (old && !same_node(old, n))
			return error_set(err,
					 "%s comes from %s (%s) and, with other content or mode, from %s (%s); take it "
					 "from one of them with files:, or put the right one into an overlay",
					 n->path, old->reason, old->origin, n->reason, n->origin);
		if (!old)
			continue;
		if (n->layer < old->layer)
			old->layer = n->layer;
	}
	for (size_t i = 0, known = b->tree.count; i < taken->count; i++) {
		struct tree before = {
			.arena = b->arena, .nodes = b->tree.nodes, .count = known, .cap = known, .sorted = true};

		if (!tree_find(&before, taken->nodes[i].path))
			tree_add(&b->tree, &taken->nodes[i]);
	}
	return 0;
}

static int add_components(struct build *b, struct error *err)
{
	for (size_t i = 0; i < b->profile.component_count; i++) {
		const struct component *c = &b->profile.components[i];
		struct tree *source, taken = {.arena = b->arena};

		if (source_open(b, &c->source, &source, err) < 0)
			return error_wrap(err, "component %s", c->name);
		if (component_select(b, c, source, &taken, err) < 0 || merge_component(b, &taken, err) < 0)
			return -1;
	}
	return 0;
}

/* The programs of mkdl's own build, and which nodes have them. */
static const struct {
	const char *helper, *path, *reason;
	bool (*wanted)(const struct build *b); /* NULL: every node */
} node_programs[] = {
	{"mkdl-init", "/init", "PID 1", NULL},
	{"network", "/usr/libexec/mkdl/network", "PID 1's network program", NULL},
	{"nodectl", "/usr/bin/nodectl", "asks PID 1", NULL},
	{"syslog", "/usr/libexec/mkdl/syslog", "sends logs to a server", NULL},
	{"state", "/usr/libexec/mkdl/state", "state: of the profile", implicit_state_program},
};

static int add_program(struct build *b, size_t i, struct error *err)
{
	const char *from = path_join(b->arena, b->helpers, node_programs[i].helper);
	_cleanup_close_ int fd = open(from, O_RDONLY | O_CLOEXEC);
	struct node n = {
		.path = node_programs[i].path,
		.type = NODE_FILE,
		.mode = 0755,
		.origin = "mkdl " MKDL_VERSION,
		.reason = node_programs[i].reason,
		.layer = LAYER_USERLAND,
	};

	if (fd < 0)
		return error_errno(err, "%s", from);
	if (file_keep(b, fd, from, &n.content, &n.size, err) < 0)
		return -1;
	tree_add(&b->tree, &n);
	return 0;
}

static int add_node_programs(struct build *b, struct error *err)
{
	const struct node link = {
		.path = "/usr/sbin/init",
		.type = NODE_SYMLINK,
		.mode = 0777,
		.target = "/init",
		.origin = "mkdl " MKDL_VERSION,
		.reason = node_programs[0].reason,
		.layer = LAYER_USERLAND,
	};

	for (size_t i = 0; i < sizeof(node_programs) / sizeof(*node_programs); i++)
		if ((!node_programs[i].wanted || node_programs[i].wanted(b)) && add_program(b, i, err) < 0)
			return -1;
	tree_add(&b->tree, &link);
	return 0;
}

static int add_kernel(struct build *b, struct error *err)
{
	struct kernel k;

	if (kernel_find(b, &k, err) < 0)
		return -1;
	b->kernel = k.image;
	b->kernel_version = k.version;
	return modules_add(b, &k, err);
}

/* The packages' files for one vendor, one after the other: the kernel finds the CPU's own in there. */
static int add_microcode(struct build *b, const char *pattern, const char *name, struct error *err)
{
	struct node n = {
		.path = path_join(b->arena, MICROCODE_DIR, name), .type = NODE_FILE, .mode = 0644, .layer = LAYER_EARLY,
		.reason = "microcode: of the profile",
	};
	_cleanup_strbuf_ struct strbuf all = {0};

	for (size_t i = 0; i < b->profile.microcode_count; i++) {
		struct tree *t;

		if (source_open(b, &b->profile.microcode[i], &t, err) < 0)
			return error_wrap(err, "microcode");
		tree_sort(t);
		for (size_t k = 0; k < t->count; k++) {
			const struct node *from = &t->nodes[k];

			if (from->type != NODE_FILE || !path_match(pattern, from->path) ||
			    strstr(from->path, ".initramfs"))
				continue;
			if (store_read_blob(&b->store, &from->content, 64 << 20, &all, err) < 0)
				return error_wrap(err, "microcode %s", from->path);
			n.origin = from->origin;
		}
	}
	if (!all.len)
		return 0;
	return generated_node(b, n, all.data, all.len, err);
}

/* Folders and devices that every image has, unless something brought them already. /dev/console is what the kernel
 * opens for PID 1 before devtmpfs is mounted. */
static void add_standard(struct build *b)
{
	static const struct node standard[] = {
		{.path = "/dev", .type = NODE_DIR, .mode = 0755},
		{.path = "/etc", .type = NODE_DIR, .mode = 0755},
		{.path = "/mnt", .type = NODE_DIR, .mode = 0755},
		{.path = "/proc", .type = NODE_DIR, .mode = 0555},
		{.path = "/root", .type = NODE_DIR, .mode = 0700},
		{.path = "/run", .type = NODE_DIR, .mode = 0755},
		{.path = "/sys", .type = NODE_DIR, .mode = 0555},
		{.path = "/tmp", .type = NODE_DIR, .mode = 01777},
		{.path = "/var/lib", .type = NODE_DIR, .mode = 0755},
		{.path = "/var/log", .type = NODE_DIR, .mode = 0755},
		{.path = "/var/tmp", .type = NODE_DIR, .mode = 01777},
		{.path = "/dev/console", .type = NODE_CHAR, .mode = 0600, .major = 5, .minor = 1},
		{.path = "/dev/null", .type = NODE_CHAR, .mode = 0666, .major = 1, .minor = 3},
		{.path = "/var/run", .type = NODE_SYMLINK, .mode = 0777, .target = "/run"},
	};

	for (size_t i = 0; i < sizeof(standard) / sizeof(*standard); i++) {
		struct node n = standard[i];
		struct node *old = tree_find(&b->tree, n.path);

		n.origin = "mkdl";
		n.reason = "every image has it";
		n.layer = LAYER_USERLAND;
		/* A package's /tmp or /root is made to be /tmp or /root. */
		if (!old || (old->type == NODE_DIR && n.type == NODE_DIR && n.mode != 0755))
			tree_add(&b->tree, &n);
	}
}

static void merge_all(struct build *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->tree.count; i++)
		if (usr_merge_node(b->arena, &b->tree.nodes[i]))
			b->tree.nodes[kept++] = b->tree.nodes[i];
	b->tree.count = kept;
	b->tree.sorted = false;
}

/* PID 1 reads what is below /etc/mkdl, and does not start with anything else. The agent's folder takes what overlays bring. */
static int check_own_files(const struct build *b, struct error *err)
{
	for (size_t i = 0; i < b->tree.count; i++) {
		const struct node *n = &b->tree.nodes[i];

		if (n->type == NODE_DIR || !path_is_below(n->path, "/etc/mkdl") ||
		    path_is_below(n->path, "/etc/mkdl/config.d") || !strcmp(n->origin, "mkdl") ||
		    !strcmp(n->origin, "generated"))
			continue;
		return error_set(err, "%s comes from %s, but /etc/mkdl is mkdl's own, made from the profile; remove it",
				 n->path, n->origin);
	}
	return 0;
}

int assemble(struct build *b, struct error *err)
{
	b->tree = (struct tree){.arena = b->arena};
	if (add_components(b, err) < 0 || add_node_programs(b, err) < 0 || add_kernel(b, err) < 0 ||
	    add_microcode(b, "/{,usr/}lib/firmware/intel-ucode/*", "GenuineIntel.bin", err) < 0 ||
	    add_microcode(b, "/{,usr/}lib/firmware/amd-ucode/*.bin", "AuthenticAMD.bin", err) < 0)
		return -1;
	if (node_files_add(b, err) < 0)
		return -1;
	merge_all(b);
	if (overlays_add(b, err) < 0 || tree_hooks_run(b, err) < 0)
		return -1;
	if (check_own_files(b, err) < 0 || runtime_check_files(b, err) < 0)
		return -1;
	usr_merge_links(&b->tree);
	if (closure_add(b, err) < 0)
		return -1;
	add_standard(b);
	usr_merge_links(&b->tree);
	return tree_finish(&b->tree, err) < 0 ? error_wrap(err, "the image's tree") : 0;
}
