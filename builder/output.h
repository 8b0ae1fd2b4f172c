/* Outputs: what a build leaves for machines and people. One handler per kind, in output-NAME.c; the table is in
 * output.c. A handler only says which files there are to be; publish.c compares, writes and puts them in place. */
#pragma once

#include "builder/build.h"

/* Where a file goes. */
enum output_place {
	OUTPUT_OUT,   /* OUT/NAME/, replaced as a whole */
	OUTPUT_IMAGE, /* TFTP/NAME/ID/: named by content, so that no download ever sees a mix */
	OUTPUT_ROOT, /* TFTP/: configuration of boot loaders, replaced file by file, after all the others */
};

enum output_content { OUTPUT_TEXT, OUTPUT_BLOB, OUTPUT_INITRAMFS };

struct output_file {
	enum output_place place;
	const char *path; /* below the place, no leading slash */
	enum output_content content;
	const char *text; /* OUTPUT_TEXT; in the arena */
	struct hash blob; /* OUTPUT_BLOB */
	uint64_t size;    /* bytes, for all kinds */
};

struct outputs {
	struct build *build;
	const char *out;  /* OUT, the folder that holds NAME */
	const char *tftp; /* TFTP, or NULL for none */
	struct hash hooks;
	struct output_file *files; /* those of OUTPUT_ROOT are put in place in this order */
	size_t count, cap;
};

/* Collect the files of all outputs. */
int outputs_collect(struct build *b, struct outputs *out, struct error *err);

/* The TFTP root that a profile sets, when the outputs go to `out`: its "out/" means that folder. NULL stays NULL. */
const char *output_tftp(struct arena *a, const char *out, const char *set);

/* The folders as messages name them: OUT, and TFTP or NULL. */
void outputs_folders(struct build *b, const char **out, const char **tftp);

/* For handlers. Text is copied; file NULL stands for the initramfs. */
void output_text(struct outputs *o, enum output_place place, const char *path, const struct strbuf *text);
void output_node(struct outputs *o, enum output_place place, const char *path, const struct node *file);

/* "NAME/ID/file": what a boot loader asks for, relative to the TFTP root. */
const char *output_image_path(struct outputs *o, const char *file);

/* The first file among the profile's bootloaders: that a pattern (path_match) fits: 1 with it in out, 0, or -1. */
int output_find_program(struct outputs *o, const char *pattern, struct node *out, struct error *err);

/* The handlers. */
int output_image(struct outputs *o, struct error *err);
int output_manifest(struct outputs *o, struct error *err);
int output_pxelinux(struct outputs *o, struct error *err);
int output_grub(struct outputs *o, struct error *err);
int output_ipxe(struct outputs *o, struct error *err);
