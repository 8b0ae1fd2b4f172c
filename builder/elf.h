/* What the dynamic linker would need of an ELF file: its interpreter and the libraries it names.
 * Only program headers are read (as the kernel and ld.so do), never section headers, which stripped files may lack.
 * Formats: System V ABI, gABI chapters 4 and 5; elf(5). Hostile input is expected. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strings.h"

/* "GLIBC_2.38" of "libc.so.6": a version of symbols that a library has to define (LSB Core, Symbol Versioning). */
struct elf_version {
	const char *library, *version;
};

struct elf {
	bool dynamic;            /* has a dynamic section */
	int class;               /* ELFCLASS32 or ELFCLASS64 */
	unsigned machine, type;  /* EM_…, ET_… */
	const char *interpreter; /* PT_INTERP; NULL: static, or a library */
	const char *soname;      /* DT_SONAME or NULL */
	struct strings needed;   /* DT_NEEDED, in order */
	struct strings runpath;  /* the folders of DT_RUNPATH, else of DT_RPATH, as written ("$ORIGIN/../lib") */
	struct elf_version *wanted; /* DT_VERNEED; empty for files of another byte order than this machine's */
	size_t wanted_count;
	struct strings defined;  /* DT_VERDEF: the versions it has, as a library */
};

/* Read the ELF file open at fd (its offset does not matter). 1: out filled, strings in the arena; 0: not an ELF file
 * at all; -1: it claims to be one but is truncated or inconsistent. name is for messages. */
int elf_read(struct arena *a, int fd, const char *name, struct elf *out, struct error *err);

/* The first version that e wants of the library with this soname and that the library does not define, or NULL. A library
 * that defines no versions at all has everything, as the dynamic linker sees it. */
const char *elf_version_missing(const struct elf *e, const char *soname, const struct elf *library);

/* "x86_64-linux-gnu": the folder below /lib where Debian keeps libraries for this machine; NULL when not known. */
const char *elf_multiarch(const struct elf *e);
