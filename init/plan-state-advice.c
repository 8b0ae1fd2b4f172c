/* What state cannot be or should not be, beyond what its records say each: one set of rules for the profile, where all
 * nodes have it, and for the node that is about to mount it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "init/plan-state-advice.h"

struct advising {
	struct arena *arena;
	const struct plan_surroundings *around;
	struct plan_advice *list;
	size_t count, cap;
};

/* key: the record that is to blame; text: what is wrong, and what to do instead. */
static void advise(struct advising *a, const struct plan_state *s, bool error, const char *key, const char *text)
{
	a->list = arena_grow(a->arena, a->list, a->count, &a->cap, sizeof(*a->list));
	a->list[a->count++] = (struct plan_advice){s, error, key, text};
}

static bool has_variable(const char *text)
{
	return text && strstr(text, "${");
}

static bool is_remote(const struct plan_state *s)
{
	return s->kind == PLAN_STATE_NFS || s->kind == PLAN_STATE_ISCSI || s->kind == PLAN_STATE_LOOP;
}

static const char *option(const struct plan_state *s, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < s->options.count; i++)
		if (!strncmp(s->options.items[i], name, n) &&
		    (!s->options.items[i][n] || s->options.items[i][n] == '='))
			return s->options.items[i] + n + (s->options.items[i][n] == '=');
	return NULL;
}

/* Every node that boots the image would have the same. */
static void advise_shared(struct advising *a, const struct plan_state *s)
{
	static const char *const private_folders[] = {
		"/var/lib/kubelet", "/var/lib/containerd", "/var/lib/docker", "/var/lib/etcd", "/etc/kubernetes",
	};

	if (!a->around->many_nodes || s->one_node)
		return;
	if (s->kind == PLAN_STATE_ISCSI && !has_variable(s->target))
		advise(a, s, true, "target",
		       "every node that boots this image would have the same LUN, which destroys what is on it: put "
		       "${mac} into the target's name, or say \"one_node: true\" if only one node boots it");
	if (s->kind == PLAN_STATE_LOOP && !has_variable(s->file) && !has_variable(s->export))
		advise(a, s, true, "file",
		       "every node that boots this image would mount the same file system, which destroys what is on "
		       "it: "
		       "put ${mac} into its name, or say \"one_node: true\" if only one node boots it");
	for (size_t i = 0; i < sizeof(private_folders) / sizeof(*private_folders); i++)
		if (s->kind == PLAN_STATE_NFS && !has_variable(s->export) && path_is_below(s->path, private_folders[i]))
			advise(a, s, true, "export",
			       arena_printf(a->arena,
					    "%s belongs to one node, and every node that boots this image "
					    "would have the same: put ${mac} into the export, or say \"one_node: "
					    "true\" if only one node boots it",
					    s->path));
}

static void advise_place(struct advising *a, const struct plan_state *s)
{
	static const char *const taken[] = {"/proc", "/sys", "/dev", "/run"};

	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (path_is_below(s->path, taken[i]))
			advise(a, s, true, "path",
			       arena_printf(a->arena, "%s is what PID 1 mounts itself; no state belongs there",
					    taken[i]));
}

static bool is_below_nfs(const struct plan *plan, const char *path)
{
	const struct plan_state *innermost = NULL;

	for (size_t i = 0; i < plan->state_count; i++)
		if (path_is_below(path, plan->states[i].path) &&
		    (!innermost || strlen(plan->states[i].path) > strlen(innermost->path)))
			innermost = &plan->states[i];
	return innermost && innermost->kind == PLAN_STATE_NFS;
}

bool plan_needs_native(const struct plan *plan)
{
	return is_below_nfs(plan, "/var/lib/containerd");
}

bool plan_docker_needs_vfs(const struct plan *plan)
{
	return is_below_nfs(plan, "/var/lib/docker");
}

static void advise_overlays(struct advising *a, const struct plan *plan, const struct plan_state *s)
{
	if (s->kind != PLAN_STATE_NFS || !path_is_below("/var/lib/containerd", s->path) || !a->around->snapshotter ||
	    strcmp(a->around->snapshotter, "overlayfs") != 0 || !plan_needs_native(plan))
		return;
	advise(a, s, true, "path",
	       "containerd's overlayfs cannot have its upper layers on NFS (images are imported, then no container "
	       "starts): leave out \"snapshotter\", and native is used; or keep this state on iscsi, loop or tmpfs");
}

/* Is "6.12.95-cloud" at least major.minor? Unknown: it may be. */
static bool is_since(const char *kernel, unsigned long major, unsigned long minor)
{
	char *end;
	unsigned long is = kernel ? strtoul(kernel, &end, 10) : 0;

	if (!kernel || *end != '.')
		return true;
	return is > major || (is == major && strtoul(end + 1, NULL, 10) >= minor);
}

static void advise_nfs(struct advising *a, const struct plan_state *s)
{
	const char *version = option(s, "vers") ? option(s, "vers") : option(s, "nfsvers");

	if (s->kind != PLAN_STATE_NFS && s->kind != PLAN_STATE_LOOP)
		return;
	if (version && !strcmp(version, "4.2") && is_since(a->around->kernel, 6, 6))
		advise(a, s, false, "options",
		       "NFS 4.2 with kernels since 6.6 and nfs-ganesha before 6.2 gives zeros in place of data, "
		       "without "
		       "an error: leave out vers= (4.1), unless the server is another one");
	if (version && version[0] != '4')
		advise(a, s, true, "options",
		       "NFS before version 4 needs helpers that a node does not have: leave out vers= (4.1)");
	if (option(s, "soft") || option(s, "softerr"))
		advise(a, s, false, "options",
		       "soft: what is being written when the server is away gets an error and is lost; without it, it "
		       "waits");
}

static uint64_t megabytes(const char *size)
{
	uint64_t n = strtoull(size, NULL, 10);

	switch (size[strspn(size, "0123456789")]) {
	case 'g': case 'G': return n << 10;
	case 'm': case 'M': return n;
	case 'k': case 'K': return n >> 10;
	default: return n >> 20;
	}
}

static void advise_image(struct advising *a, const struct plan_state *s)
{
	enum { XFS_LEAST = 300 }; /* megabytes; mkfs.xfs since 5.19 */

	if (s->kind != PLAN_STATE_LOOP || s->format != PLAN_FORMAT_EMPTY)
		return;
	if (!s->size)
		advise(a, s, true, "format", "a file that is made when it is missing needs a \"size\"");
	else if (strchr(s->size, '%'))
		advise(a, s, true, "size", "the size of a file is no share of the RAM: give it in M or G");
	else if (s->fs == PLAN_FS_XFS && megabytes(s->size) < XFS_LEAST)
		advise(a, s, true, "size", "an xfs file system needs 300M");
}

static void advise_fallback(struct advising *a, const struct plan_state *s)
{
	if (is_remote(s) && s->away == PLAN_AWAY_TMPFS && path_is_below(s->path, "/var/lib/etcd"))
		advise(a, s, true, "away",
		       "etcd that starts with an empty folder leaves its cluster or begins another: let it wait");
}

size_t plan_advise_states(struct arena *arena, const struct plan *plan, const struct plan_surroundings *around,
			  const struct plan_advice **out)
{
	struct advising a = {.arena = arena, .around = around};

	for (size_t i = 0; i < plan->state_count; i++) {
		const struct plan_state *s = &plan->states[i];

		advise_place(&a, s);
		advise_shared(&a, s);
		advise_overlays(&a, plan, s);
		advise_nfs(&a, s);
		advise_image(&a, s);
		advise_fallback(&a, s);
	}
	*out = a.list;
	return a.count;
}
