/* The node as PID 1 knows it: what was asked for (plan, kernel command line) and what was found out (facts). */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "init/cmdline.h"
#include "init/lease.h"
#include "init/plan.h"
#include "init/supervise.h"

/* Values of the variables in services' words. Empty strings until known. */
struct facts {
	char interface[16]; /* IFNAMSIZ */
	char mac[18];       /* aa:bb:cc:dd:ee:ff */
	char node_ip[46];
	char hostname[64];
	char machine_id[33];
};

/* What was booted, as the manifest says. */
struct image_facts {
	char name[64], id[65], kernel[65];
};

struct node {
	struct arena arena; /* lives as long as the machine */
	struct options options;
	struct plan plan;
	struct plan_aliases aliases;
	struct image_facts image;
	struct facts facts;
	struct lease lease; /* of the node's interface */
	struct supervisor supervisor;
};
