/* Where the plan names a syslog server: the program that sends logs there, a service of PID 1's own. */
#pragma once

#include "init/node.h"

int syslog_add(struct node *node, struct error *err);
