/* The image's tables: modules, modalias, manifest (init/plan.h), preloaded images (node/images/image-list.h). */
#include "tests/fuzz/fuzz.h"

#include "init/plan.h"
#include "node/images/image-list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct arena arena = {0};
	struct error err = {0};
	struct plan_modules modules;
	struct plan_aliases aliases;
	struct plan_manifest manifest;
	struct image_list images;

	if (plan_parse_modules(&arena, "fuzz", text, size, &modules, &err) < 0)
		fuzz_failed(&err);
	if (plan_parse_modalias(&arena, "fuzz", text, size, &aliases, &err) < 0)
		fuzz_failed(&err);
	else
		for (size_t i = 0; i < aliases.count && i < 100; i++) {
			MUST(aliases.items[i].literal <= strlen(aliases.items[i].pattern));
			plan_alias_matches(&aliases.items[i], "pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00");
		}
	if (plan_parse_manifest(&arena, "fuzz", text, size, &manifest, &err) < 0)
		fuzz_failed(&err);
	if (image_list_parse(&arena, "fuzz", text, size, &images, &err) < 0)
		fuzz_failed(&err);
	arena_free(&arena);
	return 0;
}
