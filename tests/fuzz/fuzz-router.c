/* Options of a router's announcement (RFC 8106), as the kernel hands them on, several of them after each other: what is taken of them
 * is a lease that is written and read again. Then the network program's status as PID 1 reads it. */
#include "tests/fuzz/fuzz.h"

#include "init/network-status.h"
#include "node/network/ra.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct network_status status = {0};
	struct lease lease = {0}, again;
	struct strbuf text = {0};
	struct error err = {0};
	size_t at = 0;

	/* A copy of just the option's size each, so that reading beyond it is seen. */
	while (at + 2 <= size) {
		size_t n = data[at + 1] ? (size_t)data[at + 1] * 8 : 1;
		unsigned char *option;

		n = n < size - at ? n : size - at;
		option = malloc(n);
		MUST(option);
		memcpy(option, data + at, n);
		ra_take_option(option, n, 1000, &lease);
		free(option);
		at += n;
	}
	MUST(lease.dns_count <= LEASE_DNS && lease.search_count <= LEASE_SEARCH);
	if (lease.there) {
		lease_write(&lease, &text);
		if (lease_parse("again", text.data, text.len, &again, &err) < 0) {
			fprintf(stderr, "%s\n%s", error_text(&err), text.data);
			abort();
		}
		MUST(again.dns_count == lease.dns_count && again.search_count == lease.search_count);
	}
	strbuf_free(&text);
	if (network_status_parse("fuzz", (const char *)data, size, &status, &err) < 0)
		fuzz_failed(&err);
	MUST(status.ntp_count <= NETWORK_NTP && status.client_count <= NETWORK_CLIENTS);
	return 0;
}
