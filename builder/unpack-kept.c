/* Archives unpacked once: the listing is kept in the store as result "listing". */
#include <stdio.h>

#include "base/cleanup.h"
#include "builder/unpack.h"

/* Listings are named after what unpacks them too: a change of the rules in unpack.c must change this word. */
static struct hash listing_key(const struct hash *archive)
{
	struct hasher h;

	hash_begin(&h);
	hash_add_string(&h, "unpack 2");
	hash_add(&h, archive->bytes, sizeof(archive->bytes));
	return hash_end(&h);
}

/* 1: read into out; 0: not there, or not usable any more. */
static int read_listing(struct store *s, const struct hash *key, struct tree *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error damaged = {0};
	struct tree t = {.arena = out->arena};
	int found = store_get_result(s, "listing", key, &text, err);

	if (found <= 0)
		return found;
	if (tree_read(&t, "listing", text.data, text.len, &damaged) < 0 || !store_has_files(s, &t)) {
		store_drop_result(s, "listing", key);
		return 0;
	}
	for (size_t i = 0; i < t.count; i++)
		tree_add(out, &t.nodes[i]);
	out->newest = t.newest;
	return 1;
}

int unpack_blob(struct store *s, const struct hash *archive, const char *name, struct tree *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_close_ int lock = -1, fd = -1;
	struct hash key = listing_key(archive);
	struct tree t = {.arena = out->arena};
	char hex[HASH_HEX_SIZE], lock_name[16 + HASH_HEX_SIZE];
	int found = read_listing(s, &key, out, err);

	if (found)
		return found < 0 ? -1 : 0;
	snprintf(lock_name, sizeof(lock_name), "unpack-%s", hash_hex(&key, hex));
	lock = store_lock(s, lock_name, err);
	if (lock < 0)
		return -1;
	found = read_listing(s, &key, out, err);
	if (found)
		return found < 0 ? -1 : 0;
	if (store_open_blob(s, archive, &fd, err) < 0)
		return error_wrap(err, "%s", name);
	if (unpack_archive(s, fd, name, &t, err) < 0)
		return -1;
	/* The comment keeps the listing of an archive without members from being empty, which would count as missing. */
	strbuf_puts(&text, "# unpacked\n");
	tree_write(&t, &text);
	if (store_put_result(s, "listing", &key, text.data, text.len, err) < 0)
		return -1;
	for (size_t i = 0; i < t.count; i++)
		tree_add(out, &t.nodes[i]);
	out->newest = t.newest;
	return 0;
}

bool unpack_is_done(struct store *s, const struct hash *archive)
{
	_cleanup_error_ struct error ignored = {0};
	struct arena a = {0};
	struct tree t = {.arena = &a};
	struct hash key = listing_key(archive);
	bool done = read_listing(s, &key, &t, &ignored) == 1;

	arena_free(&a);
	return done;
}
