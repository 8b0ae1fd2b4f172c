/* What the user sees of a lab: a table of its nodes, live on a terminal, elsewhere its story line by line. */
#pragma once

#include <stdio.h>

#include "lab/client.h"

enum lab_goal { GOAL_NONE, GOAL_UP, GOAL_READY };

enum watch_end { WATCH_REACHED, WATCH_FAILED, WATCH_INTERRUPTED };

/* The table of one moment, with a line above that says what the lab is. */
void table_print(const struct lab_status *s, const char *dir, FILE *to);
void table_json(const struct lab_status *s, const struct lab_client *c);

/* Show the lab on the stream "to" until every node is up, or Ready, or it is clear that one will not be, or timeout seconds (0: none) are
 * over, or the user has seen enough (Ctrl-C). For WATCH_FAILED err says why. */
int watch(struct arena *a, struct lab_client *c, enum lab_goal goal, unsigned timeout, FILE *to, enum watch_end *end,
	  struct error *err);
