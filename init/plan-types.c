#include <arpa/inet.h>
#include <string.h>

#include "init/plan-private.h"

static int check(const struct plan_record *record, const char *word, const char *value, struct error *err)
{
	return record->check ? record->check(word, value, err) : 0;
}

static int read_text(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		     struct error *err)
{
	(void)r, (void)count;
	if (check(record, words[0], NULL, err) < 0)
		return -1;
	*(const char **)field = words[0];
	return 0;
}

static void write_text(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const char *text = *(const char *const *)field;

	if (text && *text)
		flat_add(out, record->word, text, NULL);
}

static int read_number(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		       struct error *err)
{
	unsigned n = 0;

	(void)r, (void)count;
	if (plan_read_seconds(words[0], &n, err) < 0 || check(record, words[0], NULL, err) < 0)
		return -1;
	*(unsigned *)field = n;
	return 0;
}

static void write_number(const struct plan_record *record, const void *field, struct strbuf *out)
{
	unsigned n = *(const unsigned *)field;

	if (n != record->fallback)
		strbuf_printf(out, "%s %u\n", record->word, n);
}

static int read_flag(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		     struct error *err)
{
	(void)r, (void)record, (void)words, (void)count, (void)err;
	*(bool *)field = true;
	return 0;
}

static void write_flag(const struct plan_record *record, const void *field, struct strbuf *out)
{
	if (*(const bool *)field)
		flat_add(out, record->word, NULL);
}

static int read_choice(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		       struct error *err)
{
	int i = plan_choose(words[0], record->words, err);

	(void)r, (void)count;
	if (i < 0)
		return -1;
	*(unsigned *)field = (unsigned)i;
	return 0;
}

static void write_choice(const struct plan_record *record, const void *field, struct strbuf *out)
{
	unsigned n = *(const unsigned *)field;

	if (n != record->fallback)
		flat_add(out, record->word, record->words[n], NULL);
}

static int read_words(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		      struct error *err)
{
	(void)r;
	for (size_t i = 0; i < count; i++)
		if (check(record, words[i], NULL, err) < 0)
			return -1;
	*(struct strings *)field = (struct strings){.items = words, .count = count};
	return 0;
}

static void write_words(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct strings *list = field;

	if (!list->count)
		return;
	flat_word(out, record->word);
	for (size_t i = 0; i < list->count; i++)
		flat_word(out, list->items[i]);
	flat_end(out);
}

static int read_list(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		     struct error *err)
{
	(void)count;
	if (check(record, words[0], NULL, err) < 0)
		return -1;
	strings_add(r->arena, field, words[0]);
	return 0;
}

static void write_list(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct strings *list = field;

	for (size_t i = 0; i < list->count; i++)
		flat_add(out, record->word, list->items[i], NULL);
}

static int read_pairs(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		      struct error *err)
{
	struct pairs *pairs = field;

	(void)count;
	if (check(record, words[0], words[1], err) < 0)
		return -1;
	for (size_t i = 0; i < pairs->count; i++)
		if (!strcmp(pairs->items[i].key, words[0]))
			return error_set(err, "%s is set twice", words[0]);
	pairs_add(r->arena, pairs, words[0], words[1], r->at);
	return 0;
}

static void write_pairs(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct pairs *pairs = field;

	for (size_t i = 0; i < pairs->count; i++)
		flat_add(out, record->word, pairs->items[i].key, pairs->items[i].value, NULL);
}

const struct plan_type plan_type_text = {1, 1, false, read_text, write_text};
const struct plan_type plan_type_number = {1, 1, false, read_number, write_number};
const struct plan_type plan_type_flag = {0, 0, false, read_flag, write_flag};
const struct plan_type plan_type_choice = {1, 1, false, read_choice, write_choice};
const struct plan_type plan_type_words = {1, 0, false, read_words, write_words};
const struct plan_type plan_type_list = {1, 1, true, read_list, write_list};
const struct plan_type plan_type_pairs = {2, 2, true, read_pairs, write_pairs};

int plan_read_seconds(const char *word, unsigned *out, struct error *err)
{
	uint64_t n;

	if (!plan_word_number(word, PLAN_SECONDS_LIMIT, &n))
		return error_set(err, "\"%s\" is no number from 0 to %d", word, PLAN_SECONDS_LIMIT);
	*out = (unsigned)n;
	return 0;
}

int plan_choose(const char *word, const char *const *words, struct error *err)
{
	_cleanup_strbuf_ struct strbuf list = {0};

	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], word))
			return i;
		if (*words[i])
			strbuf_printf(&list, "%s%s", list.len ? ", " : "", words[i]);
	}
	return error_set(err, "\"%s\" is none of %s", word, list.data);
}

int plan_check_path(const char *word, const char *value, struct error *err)
{
	(void)value;
	return plan_word_is_path(word) ? 0 : error_set(err, "\"%s\" is no clean absolute path", word);
}

/* "512M", "50%", "4096": as tmpfs takes its size=. */
int plan_check_size(const char *word, const char *value, struct error *err)
{
	size_t digits = strspn(word, "0123456789");

	(void)value;
	if (digits == 0 || digits > 12 || word[0] == '0' ||
	    !(word[digits] == '\0' || (strchr("%kKmMgG", word[digits]) && word[digits + 1] == '\0')))
		return error_set(err, "\"%s\" is no size (50%%, 512M)", word);
	return 0;
}

int plan_check_address(const char *word, const char *value, struct error *err)
{
	unsigned char buffer[sizeof(struct in6_addr)];

	(void)value;
	if (inet_pton(AF_INET, word, buffer) == 1 || inet_pton(AF_INET6, word, buffer) == 1)
		return 0;
	return error_set(err, "\"%s\" is no address", word);
}

int plan_check_domain(const char *word, const char *value, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	(void)value;
	if (!*word || strlen(word) > 253 || word[strspn(word, allowed)] || *word == '-' || *word == '.' || strstr(word, ".."))
		return error_set(err, "\"%s\" is no domain name", word);
	return 0;
}

/* A name or an address. */
int plan_check_host(const char *word, const char *value, struct error *err)
{
	_cleanup_error_ struct error ignored = {0};

	if (plan_check_address(word, value, &ignored) == 0 || plan_check_domain(word, value, &ignored) == 0)
		return 0;
	return error_set(err, "\"%s\" is neither a host's name nor an address", word);
}

/* IFNAMSIZ is 16 with its NUL. */
int plan_check_interface(const char *word, const char *value, struct error *err)
{
	(void)value;
	if (!plan_word_is_name(word) || strlen(word) > 15)
		return error_set(err, "\"%s\" is no name of an interface", word);
	return 0;
}

int plan_check_url_words(const char *word, const char *value, struct error *err)
{
	(void)value;
	return plan_check_variables(word, plan_url_variables, err);
}

int plan_check_command(const char **words, struct error *err)
{
	if (!plan_word_is_path(words[0]))
		return error_set(err, "\"%s\" is no clean absolute path of a program", words[0]);
	for (size_t i = 0; words[i]; i++)
		if (plan_check_variables(words[i], plan_service_variables, err) < 0)
			return -1;
	return 0;
}

bool plan_word_is_cidr(const char *word)
{
	unsigned char buffer[sizeof(struct in6_addr)];
	const char *slash = strchr(word, '/');
	char address[INET6_ADDRSTRLEN];
	uint64_t bits;

	if (!slash || (size_t)(slash - word) >= sizeof(address))
		return false;
	memcpy(address, word, (size_t)(slash - word));
	address[slash - word] = '\0';
	if (inet_pton(AF_INET, address, buffer) == 1)
		return plan_word_number(slash + 1, 32, &bits);
	return inet_pton(AF_INET6, address, buffer) == 1 && plan_word_number(slash + 1, 128, &bits);
}
