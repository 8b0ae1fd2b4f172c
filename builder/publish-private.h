/* The steps of publish.c: writing files aside, syncing, replacing single files, removing old images. */
#pragma once

#include "builder/output.h"

/* Write all files of a place below dir, an existing folder, each synced. */
int publish_write_files(struct outputs *o, enum output_place place, const char *dir, struct error *err);

/* Sync the folder itself. */
int publish_sync(const char *dir, struct error *err);

/* Replace, in their order, the files of OUTPUT_ROOT that `current` does not accept. */
int publish_root_files(struct outputs *o, bool (*current)(int dir, const struct output_file *f), bool *changed,
		       struct error *err);

/* The id of the image that TFTP/NAME.ipxe boots now, NULL when there is none. */
const char *publish_previous(struct outputs *o);

/* Remove the folders of images below TFTP/NAME other than this build's and `previous`. */
int publish_remove_old(struct outputs *o, const char *previous, struct error *err);
