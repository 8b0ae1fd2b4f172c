#include "builder/build.h"
#include "builder/source.h"
#include "builder/version.h"

int version_of_component(struct build *b, const char *name, const char *stated, const char *key, struct place at,
			 struct version *out, struct error *err)
{
	const struct component *c = profile_component(&b->profile, name);
	const char *text = stated;

	if (!text && c)
		text = c->version;
	if (!text && c) {
		const struct source_handler *h = source_handler(c->source.kind);

		text = h->version ? h->version(b, &c->source) : NULL;
	}
	if (text) {
		if (version_parse(text, out))
			return 0;
		return error_set(err, "%s:%u:%u: \"%s\" is no version of %s; write it as \"1.36.4\"", at.file, at.line, at.column,
				 text, name);
	}
	if (c && c->source.kind == SOURCE_URL && version_parse_url(c->source.spec, out))
		return 0;
	if (c)
		at = c->at;
	return error_set(err, "%s:%u:%u: the version of %s is not known, its flags and configuration depend on it; say it with "
			 "\"%s\"", at.file, at.line, at.column, name, key);
}
