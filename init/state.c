#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "init/child.h"
#include "init/early.h"
#include "init/phases.h"

/* State in RAM is mounted here; what lies on servers and disks by a program of its own, which may hang (node/state). */
#define PROGRAM "/usr/libexec/mkdl/state"
#define KUBELET_ROOT "/var/lib/kubelet"

enum { EXIT_REBOOT = 3 }; /* node/state/state.h */

static int mount_tmpfs(const struct plan_state *s, struct error *err)
{
	char data[64];

	if (dir_make_at(AT_FDCWD, s->path, 0755, err) < 0)
		return -1;
	snprintf(data, sizeof(data), "mode=0755,size=%s", s->size);
	/* The kubelet's and the container runtime's folders hold devices and set-uid programs of containers. */
	if (mount("tmpfs", s->path, "tmpfs", 0, data) < 0)
		return error_errno(err, "tmpfs of %s on %s", s->size, s->path);
	return 0;
}

/* It waits for servers as long as the plan says; a request for the machine's end interrupts it. */
static int run_program(struct node *node, struct error *err)
{
	static const char *const argv[] = {PROGRAM, "mount", NULL};
	const struct child child = {.name = "state", .argv = argv, .on_console = true};
	struct child_result result = {0};

	if (child_run(&node->supervisor, &child, &result, err) == 0)
		return 0;
	if (WIFEXITED(result.status) && WEXITSTATUS(result.status) == EXIT_REBOOT && !result.interrupted &&
	    !result.timed_out)
		supervise_request(&node->supervisor, REQUEST_REBOOT, "the state's policy");
	return -1;
}

static int start_watch(struct node *node, struct error *err)
{
	static const struct names_variable none[] = {{NULL, NULL}};
	struct plan_service *watch = arena_new(&node->arena, struct plan_service);

	*watch = plan_service_new("state");
	strings_add(&node->arena, &watch->run, PROGRAM);
	strings_add(&node->arena, &watch->run, "watch");
	watch->log = "console";
	watch->stop_timeout = 1;
	return supervise_add(&node->arena, &node->supervisor, watch, none, true, NULL, err) ? 0 : -1;
}

/* The kubelet measures the file system that its folder is on, and an overlay measures as whatever lies below it. */
static int check_kubelet(const struct plan *plan, struct error *err)
{
	struct statfs fs;

	if (!plan_find_service(plan, "kubelet") || statfs(KUBELET_ROOT, &fs) < 0 ||
	    (unsigned)fs.f_type != OVERLAYFS_SUPER_MAGIC)
		return 0;
	return error_set(err, KUBELET_ROOT
			 " is on an overlay, where the kubelet cannot work: give it a state of its own, as in "
			 "\"state: {" KUBELET_ROOT ": tmpfs 50%%}\"");
}

bool state_is_in_ram(const struct plan *plan)
{
	for (size_t i = 0; i < plan->state_count; i++)
		if (plan->states[i].kind != PLAN_STATE_TMPFS)
			return false;
	return true;
}

int state_mount_ram(struct node *node, struct error *err)
{
	for (size_t i = 0; i < node->plan.state_count && !node->state_mounted; i++)
		if (mount_tmpfs(&node->plan.states[i], err) < 0)
			return -1;
	node->state_mounted = true;
	return 0;
}

int phase_state(struct node *node, char *detail, struct error *err)
{
	const struct plan *plan = &node->plan;
	bool remote = !state_is_in_ram(plan);

	if (remote && access(PROGRAM, X_OK) < 0)
		return error_set(
			err,
			"the image lacks what mounts state that is not tmpfs: build it from a profile with such state");
	if (remote && (run_program(node, err) < 0 || start_watch(node, err) < 0))
		return -1;
	if (!remote && state_mount_ram(node, err) < 0)
		return -1;
	if (check_kubelet(plan, err) < 0)
		return -1;
	if (plan->state_count)
		snprintf(detail, DETAIL_SIZE, "%zu mounted", plan->state_count);
	return 0;
}
