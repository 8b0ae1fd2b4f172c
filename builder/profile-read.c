/* The key table at work: a map of values into a struct, and back out as JSON. */
#include "builder/profile-private.h"

#include <string.h>

static const struct key *find_key(enum key_map map, const char *name)
{
	for (size_t i = 0; i < profile_key_count; i++)
		if (profile_keys[i].map == map && !strcmp(profile_keys[i].name, name))
			return &profile_keys[i];
	return NULL;
}

static void complain_unknown(struct loader *l, const struct key_target *targets, size_t count, const struct value *name)
{
	const char *names[128], *near;
	size_t n = 0;

	for (size_t i = 0; i < profile_key_count && n < 128; i++)
		for (size_t t = 0; t < count; t++)
			if (profile_keys[i].map == targets[t].map)
				names[n++] = profile_keys[i].name;
	near = did_you_mean(name->text, names, n);
	if (near)
		complain(l, name, "unknown key \"%s\", did you mean \"%s\"?", name->text, near);
	else
		complain(l, name, "unknown key \"%s\"", name->text);
}

void read_map(struct loader *l, const struct key_target *targets, size_t count, const struct value *v)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct value *name = v->keys[i];
		const struct key *k = NULL;

		for (size_t t = 0; t < count && !k; t++) {
			k = find_key(targets[t].map, name->text);
			if (k)
				k->type->read(l, k, name, v->items[i], (char *)targets[t].base + k->offset);
		}
		if (!k)
			complain_unknown(l, targets, count, name);
	}
}

void write_map(struct json *j, enum key_map map, const void *base)
{
	for (size_t i = 0; i < profile_key_count; i++) {
		const struct key *k = &profile_keys[i];

		if (k->map == map)
			k->type->write(j, k, (const char *)base + k->offset);
	}
}
