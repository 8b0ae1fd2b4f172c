/* Texts that the firmware holds (SMBIOS UUID, serial), host names, variables in words of services (init/names.h), and PID 1's
 * facts as the agent reads them (node/agent/facts.h). */
#include "tests/fuzz/fuzz.h"

#include "init/names.h"
#include "init/plan.h"
#include "node/agent/facts.h"

static void from_firmware(const char *text)
{
	char uuid[NAMES_UUID_SIZE], serial[NAMES_SERIAL_SIZE], seed[NAMES_SEED_SIZE], id[33], initiator[NAMES_INITIATOR_SIZE];

	if (names_own_serial(text, serial))
		MUST(*serial && strlen(serial) < sizeof(serial));
	if (!names_own_uuid(text, uuid))
		return;
	MUST(strlen(uuid) == 36 && strspn(uuid, "0123456789abcdef-") == 36);
	names_seed(uuid, "52:54:00:12:34:56", seed);
	names_machine_id(seed, id);
	MUST(strlen(id) == 32 && strspn(id, "0123456789abcdef") == 32);
	names_initiator(seed, initiator);
	MUST(strlen(initiator) < sizeof(initiator));
}

static void fill(const char *text)
{
	const struct names_variable safe[] = {{"mac", text}, {"node_ip", "10.0.0.1"}, {NULL, NULL}};
	struct error err = {0};
	char small[8], *whole;
	size_t n = names_fill(text, safe, small, sizeof(small));

	MUST(memchr(small, 0, sizeof(small)));
	whole = malloc(n + 1);
	MUST(whole && names_fill(text, safe, whole, n + 1) == n && strlen(whole) == n);
	MUST(!strncmp(small, whole, sizeof(small) - 1));
	free(whole);
	if (plan_check_variables(text, plan_service_variables, &err) < 0)
		fuzz_failed(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct names_variable facts[FACTS_URL_VARIABLES + 1];
	char *text = fuzz_string(data, size), name[64];
	struct arena arena = {0};
	struct error err = {0};

	from_firmware(text);
	if (names_hostname(text, "52:54:00:12:34:56", "0123456789abcdef0123456789abcdef", name))
		MUST(names_is_hostname(name));
	if (names_is_hostname(text))
		MUST(strlen(text) < 64);
	fill(text);
	if (facts_parse(&arena, "fuzz", (const char *)data, size, facts, &err) < 0)
		fuzz_failed(&err);
	arena_free(&arena);
	free(text);
	return 0;
}
