#include "lab/lab.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "init/names.h"

const char *lab_path(const struct lab *l, const char *below)
{
	return arena_printf(l->arena, "%s/%s", l->dir, below);
}

size_t lab_role_count(const struct cluster *c, enum cluster_role role)
{
	size_t n = 0;

	for (size_t i = 0; i < c->node_count; i++)
		n += c->nodes[i].role == role;
	return n;
}

const char *lab_role_name(enum cluster_role role)
{
	return role == CLUSTER_SERVER ? "server" : "worker";
}

/* Where addresses are compared as text, they are in lower case. */
static const char *lower(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text);

	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

/* Each byte of text that is not c. */
static const char *without(struct arena *a, const char *text, char c)
{
	char *copy = arena_strdup(a, text), *to = copy;

	for (; *text; text++)
		if (*text != c)
			*to++ = *text;
	*to = '\0';
	return copy;
}

void lab_nodes(struct lab *l)
{
	l->nodes = arena_calloc(l->arena, l->cluster->node_count, sizeof(*l->nodes));
	for (size_t i = 0; i < l->cluster->node_count; i++) {
		struct cluster_node *n = &l->cluster->nodes[i];
		struct lab_node *node = &l->nodes[i];

		node->node = n;
		/* A node that is known by its UUID alone gets an address that QEMU's machines have by custom. */
		node->mac = n->mac ? lower(l->arena, n->mac)
				   : arena_printf(l->arena, "52:54:00:6d:%02x:%02x", (unsigned)(i >> 8) & 0xff, (unsigned)i & 0xff);
		node->uuid = n->uuid ? lower(l->arena, n->uuid)
				     : arena_printf(l->arena, "6d6b646c-0000-4000-8000-%s", without(l->arena, node->mac, ':'));
		n->mac = node->mac;
		node->tap = arena_printf(l->arena, "tap%zu", i);
	}
}

const char *lab_fill(const struct lab *l, const struct lab_node *n, const char *text)
{
	char *dashed = arena_strdup(l->arena, n->mac);
	char seed[NAMES_SEED_SIZE], id[33];
	struct names_variable variables[] = {
		{"mac", dashed}, {"uuid", n->uuid}, {"hostname", n->node->name}, {"machine_id", id}, {"serial", n->node->name}, {0},
	};
	size_t size;
	char *out;

	for (char *p = dashed; *p; p++)
		if (*p == ':')
			*p = '-';
	names_seed(n->uuid, n->mac, seed);
	names_machine_id(seed, id);
	size = names_fill(text, variables, NULL, 0) + 1;
	out = arena_alloc(l->arena, size);
	names_fill(text, variables, out, size);
	return out;
}

void lab_event(const struct lab *l, const char *who, const char *fmt, ...)
{
	char path[4096], at[16], line[1024];
	_cleanup_close_ int fd = -1;
	time_t now = time(NULL);
	struct tm tm;
	va_list ap;
	size_t n;

	if (snprintf(path, sizeof(path), "%s/log/events", l->dir) >= (int)sizeof(path))
		return;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	localtime_r(&now, &tm);
	strftime(at, sizeof(at), "%H:%M:%S", &tm);
	snprintf(line, sizeof(line) - 1, "%s %s%s", at, who ? who : "", who ? ": " : "");
	n = strlen(line);
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - 1 - n, fmt, ap);
	va_end(ap);
	n = strlen(line);
	line[n] = '\n';
	/* It is a story, not a record: a full disk does not stop the lab. */
	if (fd < 0 || fd_write(fd, line, n + 1) < 0)
		return;
}
