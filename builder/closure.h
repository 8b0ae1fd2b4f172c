/* The ELF closure: every dynamic program and library in the tree gets its interpreter and the libraries it needs. */
#pragma once

#include "builder/build.h"

/* Add what the files in b->tree need: the interpreter (PT_INTERP), DT_NEEDED, and what components name under dlopen:,
 * from the tree itself, then from the components' own sources, then from the package that a file came from and its
 * dependencies. What is found goes into the lowest layer that needs it, so that profiles that share a layer share its
 * segment. A library that is nowhere is an error that names the file that needs it.
 *
 * A library that lacks a symbol version which a file wants is replaced by the one in a package of the same name from
 * another repository, and so is everything else of its package: libc and its dynamic linker only work together. When there
 * is none, that is an error, too. */
int closure_add(struct build *b, struct error *err);
