/* The subcommands of `mkdl lab` that speak to a lab that runs. */
#pragma once

#include "builder/command.h"
#include "lab/client.h"

struct lab_call {
	const struct globals *globals;
	struct arena *arena;
	const char *out, *name; /* --out, --lab; name NULL: the only lab that runs */
	char **words;           /* what follows the subcommand, NULL-terminated */
	size_t count;
};

struct lab_word {
	const char *name;
	bool verbatim;          /* what follows is another program's: no options of ours in it */
	size_t least, most;     /* words that follow */
	int (*run)(const struct lab_call *call, struct error *err);
};

/* NULL when it is none. */
const struct lab_word *lab_word_find(const char *name);

/* The names of all, for messages. */
extern const struct lab_word lab_words[];
extern const size_t lab_word_count;

/* `mkdl lab push ARCHIVE NAME`: an image into the lab's registry (lab-push.c). */
int lab_push(const struct lab_call *call, struct error *err);
