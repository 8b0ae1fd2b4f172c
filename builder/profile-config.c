/* config: and identity: of a profile. */
#include <string.h>

#include "base/path.h"
#include "builder/profile-private.h"
#include "builder/public-key.h"
#include "config/syntax.h"

/* The field of all of these is the profile. */
static void read_config(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	const struct key_target target = {&map_config, field};
	struct profile *p = field;

	(void)k;
	if (!is_map(r, name, v, ", as in {files: [site.yml]}"))
		return;
	p->config_at = name->at;
	read_map(r, &target, 1, v);
}

static void write_config(struct json *j, const struct key *k, const void *field)
{
	json_open_object(j, k->name);
	write_map(j, &map_config, field);
	json_close_object(j);
}

const struct key_type type_config = {"map", read_config, write_config, NULL};

static void read_required(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			  void *field)
{
	struct plan *p = &((struct profile *)field)->plan;
	bool required = p->config_policy == PLAN_REQUIRE;

	type_bool.read(r, k, name, v, &required);
	p->config_policy = required ? PLAN_REQUIRE : PLAN_CONTINUE;
}

static void write_required(struct json *j, const struct key *k, const void *field)
{
	json_bool(j, k->name, ((const struct profile *)field)->plan.config_policy == PLAN_REQUIRE);
}

const struct key_type type_config_required = {"true or false", read_required, write_required, NULL};

/* Its name is part of the file's name on the node. */
bool check_config_file(struct reader *r, const struct value *name, const struct value *v)
{
	const char *base = path_base(v->text);

	return check_plain(r, name, v) &&
	       expect(r, name, v, consists_of(base, LOWER UPPER DIGIT "_", LOWER UPPER DIGIT "._-"),
		      "a file whose name is made of letters, digits, \".\", \"_\" and \"-\"");
}

static void read_trust(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	_cleanup_error_ struct error err = {0};
	const char **trust = field, *path;

	(void)k;
	if (!is_text(r, name, v))
		return;
	if (strlen(v->text) == 64 && !v->text[strspn(v->text, "0123456789abcdef")]) {
		*trust = v->text;
		return;
	}
	path = *v->text ? loader_find(loader_of(r), v->at, "", v->text) : NULL;
	if (!path)
		complain(r, v, "\"%s\": \"%s\" is neither a public key of 64 digits 0-9, a-f nor a file in the project's folder or in "
			       "mkdl's own", name->text, v->text);
	else if (public_key_read(r->arena, path, trust, &err) < 0)
		complain(r, v, "\"%s\": %s", name->text, error_text(&err));
}

const struct key_type type_trust = {"64 digits, or file on this machine", read_trust, write_text, NULL};

static void read_certificates(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			      void *field)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	const char *path = NULL;

	type_file.read(r, k, name, v, &path);
	if (!path)
		return;
	if (certificates_read(path, &text, &err) < 0)
		complain(r, v, "\"%s\": %s: %s", name->text, v->text, error_text(&err));
	else
		*(const char **)field = path;
}

const struct key_type type_certificates = {"file on this machine", read_certificates, write_text, NULL};

static void read_identity(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			  void *field)
{
	const struct key_target target = {&map_identity, field};

	(void)k;
	if (is_map(r, name, v, ", as in {secret: cluster.secret}"))
		read_map(r, &target, 1, v);
}

static void write_identity(struct json *j, const struct key *k, const void *field)
{
	if (!((const struct profile *)field)->secret)
		return;
	json_open_object(j, k->name);
	write_map(j, &map_identity, field);
	json_close_object(j);
}

const struct key_type type_identity = {"map", read_identity, write_identity, NULL};
