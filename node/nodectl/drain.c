#include <stdio.h>
#include <unistd.h>

#include "node/nodectl/nodectl.h"

#define DRAIN "/usr/libexec/mkdl/drain"

/* The work is a program of its own, which containerd's service runs too. */
int run_drain(struct context *c, int argc, char **argv, struct error *err)
{
	if (*c->root)
		return error_set(err, "drain works on the node that it runs on");
	if (access(DRAIN, X_OK) < 0)
		return error_set(err, "this node runs no pods: " DRAIN " is not in its image");
	if (service_stop_and_wait(c, "kubelet", err) < 0)
		return -1;
	fflush(stdout);
	(void)argc; /* argv[0] is its name already */
	execv(DRAIN, argv);
	return error_errno(err, DRAIN);
}
