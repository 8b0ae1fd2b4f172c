/* Files that other files need: looked for in the packages that the owner depends on. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "builder/apt.h"
#include "builder/source-private.h"

/* The folder that Debian puts an architecture's libraries into (Multiarch specification). */
static const char *triplet(const char *arch)
{
	static const char *const table[][2] = {
		{"amd64", "x86_64-linux-gnu"},    {"arm64", "aarch64-linux-gnu"}, {"armhf", "arm-linux-gnueabihf"},
		{"armel", "arm-linux-gnueabi"},   {"i386", "i386-linux-gnu"},     {"riscv64", "riscv64-linux-gnu"},
		{"ppc64el", "powerpc64le-linux-gnu"}, {"s390x", "s390x-linux-gnu"}, {"mips64el", "mips64el-linux-gnuabi64"},
		{"loong64", "loongarch64-linux-gnu"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(arch, table[i][0]))
			return table[i][1];
	return NULL;
}

static const struct node *find_file(struct tree *t, const char *path)
{
	const struct node *n = tree_find(t, path);

	return n && n->type != NODE_DIR ? n : NULL;
}

/* In one package: by path, or by soname in the folders that the dynamic linker searches (ld.so(8)). */
static const struct node *find_in(struct arena *a, const struct package *p, struct tree *t, const char *name)
{
	static const char *const folders[] = {"/lib", "/usr/lib"};
	const char *arch = triplet(p->arch);
	const struct node *n = NULL;

	if (strchr(name, '/'))
		return find_file(t, name);
	for (size_t i = 0; !n && arch && i < 2; i++)
		n = find_file(t, arena_printf(a, "%s/%s/%s", folders[i], arch, name));
	for (size_t i = 0; !n && i < 2; i++)
		n = find_file(t, arena_printf(a, "%s/%s", folders[i], name));
	for (size_t i = 0; !n && i < 2; i++)
		n = find_file(t, arena_printf(a, "%s64/%s", folders[i], name));
	return n;
}

/* The packages to look into, in order: the queue of the breadth-first walk. */
struct walk {
	struct package **queue;
	size_t count, cap;
};

static void enqueue(struct build *b, struct walk *w, struct package *p)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->queue[i] == p)
			return;
	w->queue = arena_grow(b->arena, w->queue, w->count, &w->cap, sizeof(struct package *));
	w->queue[w->count++] = p;
}

static void walk_all(struct build *b, struct walk *w, struct package *from)
{
	enqueue(b, w, from);
	for (size_t i = 0; i < w->count; i++)
		for (size_t k = 0; k < w->queue[i]->depend_count; k++) {
			struct package *p = lock_package(&b->lock, from->repository, w->queue[i]->depends[k]);

			if (p)
				enqueue(b, w, p);
		}
}

/* Is the package named after the soname, as Policy 8.1 has it ("libseccomp.so.2" → "libseccomp2", "libc.so.6" → "libc6")?
 * Looked into first: it saves the download of many others. Suffixes such as "t64" are fine. */
static bool is_named_after(const struct package *p, const char *soname)
{
	const char *so = strstr(soname, ".so."), *version = so ? so + 4 : "";
	size_t n = so ? (size_t)(so - soname) : 0;

	if (!n || strncmp(p->name, soname, n))
		return false;
	return !strncmp(p->name + n + (p->name[n] == '-'), version, strlen(version));
}

/* 1, 0 or -1 as source_find_library. */
static int look_into(struct build *b, struct package *p, const char *name, struct node *out, struct error *err)
{
	const struct node *n;
	struct tree *t;

	if (source_open_package(b, p, &t, err) < 0)
		return error_wrap(err, "looking for %s", name);
	n = find_in(b->arena, p, t, name);
	if (n)
		*out = *n;
	return n ? 1 : 0;
}

int source_find_library(struct build *b, const struct node *wanted_by, const char *name, struct node *out, struct error *err)
{
	struct walk w = {0};
	int found = 0;

	if (!wanted_by->package)
		return 0;
	found = look_into(b, wanted_by->package, name, out, err);
	if (found)
		return found;
	walk_all(b, &w, wanted_by->package);
	for (size_t i = 1; found == 0 && i < w.count; i++)
		if (is_named_after(w.queue[i], name))
			found = look_into(b, w.queue[i], name, out, err);
	for (size_t i = 1; found == 0 && i < w.count; i++)
		if (!is_named_after(w.queue[i], name))
			found = look_into(b, w.queue[i], name, out, err);
	return found;
}
