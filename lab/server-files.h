/* The configuration of the lab's servers, in DIR/run, beside what `mkdl cluster init` wrote. */
#pragma once

#include "lab/lab.h"

int server_files_write(const struct lab *l, struct error *err);

/* What the roles' boot scripts have to say more in a lab. */
int boot_scripts_adapt(const struct lab *l, struct error *err);
