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
	if (service_do_and_wait(c, "stop", "kubelet", err) < 0)
		return -1;
	fflush(stdout);
	(void)argc; /* argv[0] is its name already */
	execv(DRAIN, argv);
	return error_errno(err, DRAIN);
}

/* What drain did, undone: the kubelet runs, and its Node takes pods if it was the node that cordoned it. */
int run_uncordon(struct context *c, int argc, char **argv, struct error *err)
{
	if (argc > 1)
		return usage_error(argv[0], "it takes no words");
	if (service_do_and_wait(c, "start", "kubelet", err) < 0)
		return -1;
	return service_do_and_wait(c, "restart", "uncordon", err);
}
