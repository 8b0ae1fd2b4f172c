#include "cluster/pki-pair.h"

#include <openssl/err.h>

/* What to do about a pair that is not right: nothing of worth is lost with it. */
#define ADVICE "take the file away, and \"mkdl cluster init\" makes it anew"

static int read_pair(const struct pki_folder *folder, const char *path, const struct strbuf *text, struct pair_of_keys *out,
		     struct error *err)
{
	const char *full = pki_folder_path(folder, path);
	_cleanup_pair_ struct pair_of_keys pair = {0};

	if (certificate_read(full, text->data, text->len, &pair.certificate, err) < 0 ||
	    key_read(full, text->data, text->len, &pair.key, err) < 0)
		return error_set(err, "%s: " ADVICE, error_text(err));
	if (X509_check_private_key(pair.certificate, pair.key) != 1) {
		ERR_clear_error();
		return error_set(err, "%s: its key and its certificate do not belong together: " ADVICE, full);
	}
	*out = pair;
	pair = (struct pair_of_keys){0};
	return 0;
}

int pki_pair_read(const struct pki_folder *folder, const char *path, const char **certificate, const char **key,
		  struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0}, certificate_text = {0}, key_text = {0};
	_cleanup_pair_ struct pair_of_keys pair = {0};

	if (pki_folder_read(folder, path, &text, NULL, err) < 0 || read_pair(folder, path, &text, &pair, err) < 0 ||
	    certificate_write(pair.certificate, &certificate_text, err) < 0 || key_write(pair.key, &key_text, err) < 0)
		return -1;
	*certificate = arena_strndup(folder->arena, certificate_text.data, certificate_text.len);
	*key = arena_strndup(folder->arena, key_text.data, key_text.len);
	return 0;
}

int pki_pair_issue(const struct certificate_wish *wish, const struct authority *authority, int64_t now, struct strbuf *out,
		   int64_t *end, struct error *err)
{
	_cleanup_pair_ struct pair_of_keys made = {0};
	const char *reason;

	if (key_make(&made.key, err) < 0 ||
	    certificate_issue(wish, &authority->pair, made.key, now, &made.certificate, err) < 0)
		return -1;
	/* An authority of the user's may be constrained to other names, or to less than ours. */
	if (!certificate_is_of(made.certificate, authority->pair.certificate, &reason))
		return error_set(err, "%s.crt does not allow the certificate of %s: %s", authority_path(authority->name),
				 wish->common_name, reason);
	if (key_write(made.key, out, err) < 0 || certificate_write(made.certificate, out, err) < 0)
		return -1;
	*end = certificate_end(made.certificate);
	return 0;
}

static int issue(const struct pki_folder *folder, const struct pki_wish *wish, const struct authority *authority, int64_t now,
		 bool first, const char *reason, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *full = pki_folder_path(folder, wish->path);
	int64_t end = 0;

	if (pki_pair_issue(&wish->wish, authority, now, &text, &end, err) < 0)
		return error_wrap(err, "%s", full);
	if (pki_folder_write(folder, wish->path, &text, err) < 0)
		return -1;
	pki_folder_say(folder, "%s %s, valid until %s%s", first ? "made" : "issued again:", wish->path,
		       certificate_time(folder->arena, end), reason);
	return 0;
}

/* Why a certificate that is right otherwise has to be issued again, or NULL. One that lives as long as its authority
 * would not gain anything. */
static const char *why_due(const struct pki_folder *folder, X509 *certificate, const struct authority *authority,
			   const struct pki_due *due)
{
	int64_t end = certificate_end(certificate), left = end - due->now;
	const char *when = certificate_time(folder->arena, end);

	if (due->always)
		return "";
	if (certificate_begin(certificate) > due->now)
		return " (the former one is not valid yet)";
	if (left <= 0)
		return arena_printf(folder->arena, " (the former one ended on %s)", when);
	if (left >= (int64_t)due->days * SECONDS_OF_DAY || end >= certificate_end(authority->pair.certificate))
		return NULL;
	return arena_printf(folder->arena, " (the former one ends on %s)", when);
}

int pki_pair_ensure(const struct pki_folder *folder, const struct pki_wish *wish, const struct authority *authority,
		    const struct pki_due *due, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_pair_ struct pair_of_keys pair = {0};
	const char *reason;
	bool found = false;

	if (pki_folder_read(folder, wish->path, &text, &found, err) < 0)
		return -1;
	if (!found)
		return issue(folder, wish, authority, due->now, true, "", err);
	if (read_pair(folder, wish->path, &text, &pair, err) < 0)
		return -1;
	if (!certificate_is_of(pair.certificate, authority->pair.certificate, &reason))
		return error_set(err, "%s: it is not of the authority %s (%s): " ADVICE, pki_folder_path(folder, wish->path),
				 pki_folder_path(folder, arena_printf(folder->arena, "%s.crt", authority_path(authority->name))),
				 reason);
	reason = certificate_differs(pair.certificate, &wish->wish);
	if (reason)
		reason = arena_printf(folder->arena, " (%s changed)", reason);
	else
		reason = why_due(folder, pair.certificate, authority, due);
	return reason ? issue(folder, wish, authority, due->now, false, reason, err) : 0;
}
