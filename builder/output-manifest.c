/* manifest.json and the lock, beside the image. */
#include "builder/lock.h"
#include "builder/manifest.h"
#include "builder/output.h"

int output_manifest(struct outputs *o, struct error *err)
{
	_cleanup_strbuf_ struct strbuf manifest = {0}, lock = {0};

	(void)err;
	manifest_json(o->build, &o->hooks, &manifest);
	output_text(o, OUTPUT_OUT, "manifest.json", &manifest);
	lock_write(&o->build->lock, &lock);
	output_text(o, OUTPUT_OUT, "lock", &lock);
	return 0;
}
