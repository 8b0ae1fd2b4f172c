/* What DHCP servers and routers say: the variables that busybox's clients make of it, one "NAME=VALUE" on each line, and the files
 * in which leases are kept (node/network/lease.h): what is written is read again as the same. */
#include "tests/fuzz/fuzz.h"

#include "node/network/lease.h"

static const char *find(void *data, const char *name)
{
	size_t n = strlen(name);

	for (const char *const *line = data; *line; line++)
		if (!strncmp(*line, name, n) && (*line)[n] == '=')
			return *line + n + 1;
	return NULL;
}

static void check_lease(const struct lease *lease)
{
	struct strbuf first = {0}, second = {0};
	struct error err = {0};
	struct lease again = {0};

	MUST(lease->route_count <= LEASE_ROUTES && lease->dns_count <= LEASE_DNS && lease->ntp_count <= LEASE_NTP &&
	     lease->search_count <= LEASE_SEARCH);
	lease_write(lease, &first);
	if (lease_parse("again", first.data ? first.data : "", first.len, &again, &err) < 0) {
		fprintf(stderr, "%s\n%s", error_text(&err), first.data);
		abort();
	}
	lease_write(&again, &second);
	MUST(first.len == second.len && (!first.len || !memcmp(first.data, second.data, first.len)));
	strbuf_free(&first);
	strbuf_free(&second);
}

static void from_variables(char *text)
{
	const char *lines[64] = {0};
	size_t count = 0;
	char *rest = text, *line;

	while (count < 63 && (line = strsep(&rest, "\n")))
		lines[count++] = line;
	for (enum lease_kind kind = LEASE_DHCP4; kind <= LEASE_DHCP6; kind++) {
		struct lease lease = {0};
		struct error err = {0};

		if (lease_from_variables(kind, find, lines, 1000, &lease, &err) < 0)
			fuzz_failed(&err);
		else
			check_lease(&lease);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct lease lease = {0};
	struct error err = {0};

	if (lease_parse("fuzz", (const char *)data, size, &lease, &err) < 0)
		fuzz_failed(&err);
	else
		check_lease(&lease);
	from_variables(text);
	free(text);
	return 0;
}
