#include <string.h>

#include "builder/node-private.h"

/* What the image needs for the kinds of state that the profile has: programs and kernel modules. */

enum need { NEED_NFS = 1, NEED_ISCSI = 2, NEED_LOOP = 4, NEED_DISK = 8, NEED_EXT4 = 16, NEED_XFS = 32 };

static unsigned needs_of(const struct plan_state *s)
{
	static const unsigned by_kind[] = {
		[PLAN_STATE_TMPFS] = 0, [PLAN_STATE_NFS] = NEED_NFS, [PLAN_STATE_ISCSI] = NEED_ISCSI,
		[PLAN_STATE_LOOP] = NEED_NFS | NEED_LOOP, [PLAN_STATE_DISK] = NEED_DISK,
	};
	unsigned needs = by_kind[s->kind];

	if (needs & (NEED_ISCSI | NEED_LOOP | NEED_DISK))
		needs |= s->fs == PLAN_FS_XFS ? NEED_XFS : NEED_EXT4;
	return needs;
}

static unsigned needs_of_all(const struct plan *plan)
{
	unsigned needs = 0;

	for (size_t i = 0; i < plan->state_count; i++)
		needs |= needs_of(&plan->states[i]);
	return needs;
}

/* mkfs.ext4 and fsck.ext4 are small and static by a recipe; the others come with their libraries. */
static const struct {
	unsigned need;
	const char *name;
	enum source_kind kind;
	const char *spec;
	const char *files[3];
	size_t count;
} parts[] = {
	{NEED_EXT4, "e2fsprogs", SOURCE_BUILD, "e2fsprogs", {NULL}, 0},
	{NEED_XFS, "xfsprogs", SOURCE_APT, "xfsprogs", {"/sbin/mkfs.xfs", "/sbin/xfs_repair"}, 2},
	{NEED_ISCSI, "open-iscsi", SOURCE_APT, "open-iscsi", {"/sbin/iscsid", "/sbin/iscsiadm"}, 2},
};

static const struct {
	unsigned need;
	const char *module;
	bool driver; /* loaded when there is such hardware */
} modules[] = {
	{NEED_NFS, "nfsv4", false},	 {NEED_ISCSI, "iscsi_tcp", false}, {NEED_ISCSI, "sd_mod", false},
	{NEED_LOOP, "loop", false},	 {NEED_EXT4, "ext4", false},	   {NEED_XFS, "xfs", false},
	{NEED_DISK, "sd_mod", false},	 {NEED_DISK, "ahci", true},	   {NEED_DISK, "nvme", true},
	{NEED_DISK, "virtio_blk", true}, {NEED_DISK, "virtio_scsi", true},
};

/* The place of the first state that has this need. */
static struct place place_of(const struct plan *plan, unsigned need)
{
	for (size_t i = 0; i < plan->state_count; i++)
		if (needs_of(&plan->states[i]) & need)
			return plan->states[i].at;
	return (struct place){0};
}

bool node_state_program(const struct profile *p)
{
	return needs_of_all(&p->plan) != 0;
}

size_t node_state_components(struct build *b, struct component *out)
{
	unsigned needs = needs_of_all(&b->profile.plan);
	size_t n = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		struct component *c = &out[n];

		/* A profile may have its own. */
		if (!(needs & parts[i].need) || profile_component(&b->profile, parts[i].name))
			continue;
		*c = (struct component){
			.name = parts[i].name,
			.source = {.kind = parts[i].kind, .spec = parts[i].spec, .roots = b->profile.roots},
			.mode = -1, .uid = -1, .gid = -1,
			.layer = LAYER_USERLAND,
			.at = place_of(&b->profile.plan, parts[i].need),
		};
		c->source.at = c->at;
		for (size_t f = 0; f < parts[i].count; f++)
			strings_add(b->arena, &c->files, parts[i].files[f]);
		n++;
	}
	return n;
}

/* The profile's own entry may have parameters behind the name. */
static bool has_module(const struct strings *list, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < list->count; i++)
		if (!strncmp(list->items[i], name, n) && (list->items[i][n] == ' ' || !list->items[i][n]))
			return true;
	return false;
}

void node_state_modules(struct build *b)
{
	unsigned needs = needs_of_all(&b->profile.plan);

	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		struct strings *list = modules[i].driver ? &b->profile.drivers : &b->profile.modules;

		if ((needs & modules[i].need) && !has_module(list, modules[i].module))
			strings_add(b->arena, list, modules[i].module);
	}
}
