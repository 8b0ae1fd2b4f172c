/* The node as PID 1 knows it: what was asked for (plan, kernel command line) and what was found out (facts). */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "init/cmdline.h"
#include "init/memory.h"
#include "init/names.h"
#include "init/network-status.h"
#include "init/plan.h"
#include "init/supervise.h"

/* Values of the variables in services' words. Empty strings until known. */
struct facts {
	char interface[16]; /* IFNAMSIZ */
	char mac[18];       /* aa:bb:cc:dd:ee:ff */
	char node_ip[46];
	char hostname[64];
	char machine_id[33];
	char uuid[NAMES_UUID_SIZE];     /* SMBIOS; "" when the machine has none of its own, as serial */
	char serial[NAMES_SERIAL_SIZE];
	char seed[NAMES_SEED_SIZE];     /* what machine_id is derived from */
	char reserved_memory[MEMORY_TEXT]; /* for the kubelet */
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
	bool renamed; /* the plan's host name is the configuration's, which has weighed the command line's already */
	struct facts facts;
	struct network_status network; /* as last read */
	struct watch network_watch;
	unsigned network_turn; /* of the network program's present run */
	bool state_mounted; /* the plan's state in RAM, which is mounted once */
	bool settled; /* the facts are in use: a change of them is one of the running node */
	void (*network_changed)(struct node *node); /* called when there is another status; NULL: nobody wants to know */
	void (*time_changed)(struct node *node);    /* called when the NTP client said something */
	struct supervisor supervisor;
};
