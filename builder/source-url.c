/* url: a file or an archive from the network, named by its sha256. */
#include <string.h>

#include "base/path.h"
#include "builder/download-transfer.h"
#include "builder/source-file.h"

/* The last part of the URL's path; "" when it has none. */
static const char *base_name(struct arena *a, const char *url)
{
	const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;

	return path ? path_base(arena_strndup(a, path, strcspn(path, "?#"))) : "";
}

static int wanted(struct build *b, const struct source *s, struct download *out, struct error *err)
{
	struct download d = {.name = base_name(b->arena, s->spec), .uri = s->spec};

	if (!s->sha256 || !hash_parse(s->sha256, &d.hash))
		return place_error(err, s->at, "url: needs a sha256: of 64 hex digits");
	if (!*d.name)
		return place_error(err, s->at, "%s: the URL names no file", s->spec);
	*out = d;
	return 0;
}

static int url_resolve(struct build *b, const struct source *s, struct error *err)
{
	struct download d;

	if (wanted(b, s, &d, err) < 0)
		return -1;
	lock_put_hash(&b->lock, &(struct locked_hash){.kind = "url", .name = s->spec, .hash = d.hash});
	return 0;
}

static int url_open(struct build *b, const struct source *s, struct tree *out, struct error *err)
{
	const char *origin = transfer_show_uri(b->arena, s->spec);
	struct download d;

	if (wanted(b, s, &d, err) < 0)
		return -1;
	if (source_fetch(b, &d, 1, err) < 0)
		return -1;
	return source_file_open(b, &d.hash, d.name, source_file_is_program(b, &d.hash), origin, out, err);
}

const struct source_handler source_url = {
	.name = "url",
	.resolve = url_resolve,
	.open = url_open,
};
