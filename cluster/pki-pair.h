/* One key with its certificate in one file of DIR. */
#pragma once

#include "cluster/pki-wishes.h"

/* When an existing certificate is issued again though it says what it should. */
struct pki_due {
	int64_t now;
	unsigned days; /* fewer than so many are left … */
	bool always;   /* … or whatever is left */
};

/* Issue what the wish says, if it is not there or has become wrong or due. What cannot have been made by mkdl (broken, a key
 * with another's certificate, of another authority) is an error: it is not overwritten. */
int pki_pair_ensure(const struct pki_folder *folder, const struct pki_wish *wish, const struct authority *authority,
		    const struct pki_due *due, struct error *err);

/* The two as PEM, in the arena, after the checks that need no authority. */
int pki_pair_read(const struct pki_folder *folder, const char *path, const char **certificate, const char **key,
		  struct error *err);

/* A new key with a certificate as PEM, appended to out: the key first. */
int pki_pair_issue(const struct certificate_wish *wish, const struct authority *authority, int64_t now, struct strbuf *out,
		   int64_t *end, struct error *err);
