/* Inside of plan_parse and plan_write: a table of records, each read into a field of the plan's structs and written from it.
 *
 *   plan.c          the driver of reading: lines → records; and the structs' defaults
 *   plan-write.c    the driver of writing
 *   plan-types.c    what the words of a record are: a text, seconds, a list …
 *   plan-node.c plan-network.c plan-state.c plan-service.c   the records by concern, their checks, and checks of the whole */
#pragma once

#include "base/flat.h"
#include "init/plan.h"
#include "init/plan-words.h"

enum plan_scope { PLAN_OF_NODE, PLAN_OF_LINK, PLAN_OF_STATE, PLAN_OF_SERVICE, PLAN_SCOPES };

/* What is filled while the records are read. */
struct plan_reading {
	struct arena *arena;
	const char *name;      /* of the file, for messages */
	struct place at;       /* of the record at hand */
	enum plan_scope scope; /* what the records now belong to */
	uint64_t seen;         /* records of this scope that were given, a bit each */
	struct plan plan;
};

struct plan_record;

struct plan_type {
	size_t least, most; /* words behind the record's; most 0: any number */
	bool repeats;
	/* words: NULL-terminated, count of them. field: where the record's offset points to. */
	int (*read)(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		    struct error *err);
	/* Appends whole lines; nothing for the default. */
	void (*write)(const struct plan_record *record, const void *field, struct strbuf *out);
};

struct plan_record {
	const char *word;
	const struct plan_type *type;
	size_t offset; /* in the struct of the scope */
	/* Of each word (of a pair, the key; value is then what follows, else NULL); NULL: any word will do. */
	int (*check)(const char *word, const char *value, struct error *err);
	unsigned fallback;        /* of a number or a choice: what is not written */
	const char *const *words; /* of a choice: by value, NULL-terminated */
};

/* The tables, each in the order in which it is written, ending with a word that is NULL. */
extern const struct plan_record plan_node_records[], plan_link_records[], plan_state_records[], plan_service_records[];
const struct plan_record *plan_records(enum plan_scope scope);

/* const char *; unsigned; bool; an enum stored as unsigned int; struct strings in one record or one word each;
 * struct pairs. */
extern const struct plan_type plan_type_text, plan_type_number, plan_type_flag, plan_type_choice, plan_type_words, plan_type_list,
	plan_type_pairs;

int plan_read_seconds(const char *word, unsigned *out, struct error *err);
/* Index of a word in a list that ends with NULL; -1 with "\"x\" is none of a, b, c". */
int plan_choose(const char *word, const char *const *words, struct error *err);

/* Checks that several tables use. */
int plan_check_path(const char *word, const char *value, struct error *err);
int plan_check_size(const char *word, const char *value, struct error *err);
int plan_check_domain(const char *word, const char *value, struct error *err);
int plan_check_address(const char *word, const char *value, struct error *err);
int plan_check_host(const char *word, const char *value, struct error *err);
int plan_check_interface(const char *word, const char *value, struct error *err);
int plan_check_node_ip(const char *word, const char *value, struct error *err);
int plan_check_url_words(const char *word, const char *value, struct error *err);
int plan_check_command(const char **words, struct error *err);
/* IPv4 or IPv6 with a prefix's length. */
bool plan_word_is_cidr(const char *word);

/* Open a part: the words behind "link", "state", "service". */
int plan_open_link(struct plan_reading *r, const char **words, struct error *err);
int plan_open_state(struct plan_reading *r, const char **words, struct error *err);
int plan_open_service(struct plan_reading *r, const char **words, struct error *err);

/* Checks of the whole, when all was read; name is the file's. */
int plan_check_links(const char *name, const struct plan *p, struct error *err);
int plan_check_states(const char *name, const struct plan *p, struct error *err);
int plan_check_services(struct arena *a, const char *name, const struct plan *p, struct error *err);
