/* A tree: the files of a source, or of the image, as a list of nodes. Nothing in it touches the host's file system:
 * contents are blobs in the store (store.h), named by their SHA-256; owners and modes are plain numbers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"

/* What changes together: each layer of the image becomes one compressed segment, in this order. */
enum layer {
	LAYER_EARLY,      /* microcode: uncompressed, read by the kernel before anything else */
	LAYER_USERLAND,   /* init, busybox, libraries, ssh */
	LAYER_MODULES,    /* kernel modules and firmware */
	LAYER_RUNTIME,    /* containerd, runc, CNI */
	LAYER_KUBERNETES, /* the kubelet and its companions */
	LAYER_IMAGES,     /* preloaded container images */
	LAYER_SITE,       /* configuration: overlays, generated files */
	LAYER_MANIFEST,   /* the image's last member */
	LAYER_COUNT,
};

const char *layer_name(enum layer layer);

/* Links that a walk follows before it gives up, as the kernel does (MAXSYMLINKS). */
enum { TREE_LINK_LIMIT = 40 };

enum node_type { NODE_FILE, NODE_DIR, NODE_SYMLINK, NODE_CHAR, NODE_BLOCK, NODE_FIFO };

struct node {
	const char *path;    /* clean (base/path.h) */
	enum node_type type;
	mode_t mode;         /* 07777 bits */
	uint32_t uid, gid;
	uint64_t size;       /* of a file's content, bytes */
	struct hash content; /* of a file: its blob */
	const char *target;  /* of a symbolic link */
	unsigned major, minor; /* of a device */
	const char *origin;  /* where it came from: "containerd 1.6.20~ds1-1+deb12u3", "overlay worker"; for people */
	const char *reason;  /* why it is there: "component containerd", "needed by /usr/bin/runc"; for people */
	enum layer layer;
	struct package *package; /* whose file it is (lock.h), where libraries of its are looked for; or NULL */
};

struct tree {
	struct arena *arena; /* owns paths and nodes */
	struct node *nodes;
	size_t count, cap;
	bool sorted;
	uint64_t newest; /* of an archive: unix time of its newest member; 0: not known */
};

/* Append a copy of node; strings are not copied. Of nodes with one path tree_sort keeps the last. */
void tree_add(struct tree *t, const struct node *node);

/* By path, bytewise. Of nodes with the same path the one added last stays. */
void tree_sort(struct tree *t);

/* The node at path, or NULL. Sorts when needed; the pointer is valid until the next tree_add. */
struct node *tree_find(struct tree *t, const char *path);

/* Follow symbolic links in every component, as the kernel would with the tree as root.
 * NULL when the path does not exist, loops (over 40 links) or passes through a file. */
struct node *tree_resolve(struct tree *t, const char *path);

/* Add the parent folders that are missing (0755 root:root, origin "folder"), move every folder into the first layer that
 * has something below it (the kernel unpacks the layers in order and makes no folders by itself), then check: nothing lies below
 * a file or a link, links have targets, modes hold only permission bits. Sorts. */
int tree_finish(struct tree *t, struct error *err);

/* The listing format of the store and of `mkdl list --raw`: flat records
 *   t NEWEST | f MODE UID GID SIZE SHA256 PATH | d MODE UID GID PATH | l PATH TARGET | c|b MODE UID GID MAJOR MINOR PATH | p MODE UID GID PATH
 * Origin, reason and layer are not part of it. Paths are cleaned and checked when read. */
struct strbuf;
void tree_write(struct tree *t, struct strbuf *out);
int tree_read(struct tree *t, const char *name, const char *text, size_t n, struct error *err);
