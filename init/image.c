#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "init/console.h"
#include "init/phases.h"
#include "init/reason.h"

#define MANIFEST "/etc/mkdl/manifest"
#define PLAN "/etc/mkdl/plan"
#define MODALIAS "/etc/mkdl/modalias"

enum { MANIFEST_LIMIT = 16 << 20, MODALIAS_LIMIT = 16 << 20, KERNEL_LOG = 1 << 18 };
enum { READ_ALL = 3 /* SYSLOG_ACTION_READ_ALL, syslog(2) */ };

static unsigned long long memory_mb(void)
{
	struct sysinfo info = {0};

	sysinfo(&info);
	return (unsigned long long)info.totalram * info.mem_unit >> 20;
}

/* What the kernel said when it could not unpack the image; "" when it does not say. */
static void unpacking_failure(char *out, size_t size)
{
	_cleanup_free_ char *log = calloc(1, KERNEL_LOG + 1);
	int n = log ? klogctl(READ_ALL, log, KERNEL_LOG) : -1;

	reason_after(n > 0 ? log : "", "Initramfs unpacking failed: ", out, size);
}

static int incomplete(struct error *err)
{
	char why[80];

	unpacking_failure(why, sizeof(why));
	if (!*why)
		return error_set(err,
				 "image is incomplete: %s: not enough RAM while unpacking, or a truncated download; "
				 "this machine has %llu MB; give it more, or serve the image again",
				 error_text(err), memory_mb());
	/* What writing answers when rootfs is full. */
	if (!strcmp(why, "write error"))
		return error_set(err,
				 "image is incomplete: %s: not enough RAM while unpacking; this machine has %llu MB: "
				 "give it more",
				 error_text(err), memory_mb());
	return error_set(err,
			 "image is incomplete: %s: the kernel could not unpack it (%s): a truncated or damaged "
			 "download: serve the image again",
			 error_text(err), why);
}

static void remember(const struct plan_manifest *m, struct image_facts *out, char *detail)
{
	snprintf(out->name, sizeof(out->name), "%s", m->image);
	snprintf(out->id, sizeof(out->id), "%s", m->id);
	snprintf(out->kernel, sizeof(out->kernel), "%s", m->kernel ? m->kernel : "");
	snprintf(detail, DETAIL_SIZE, "%s %.12s, %zu entries", m->image, m->id, m->count);
}

/* A kernel that runs out of room while it unpacks the image says so in one line and goes on; this is where it ends. */
int phase_image(struct node *node, char *detail, struct error *err)
{
	_cleanup_close_ int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct plan_manifest m = {0};
	struct utsname kernel = {0};
	struct arena a = {0};
	int status;

	if (access(MANIFEST, F_OK) < 0) {
		error_set(err, MANIFEST ", the image's last file, is missing");
		return incomplete(err);
	}
	if (file_read_at(AT_FDCWD, MANIFEST, MANIFEST_LIMIT, &text, err) < 0)
		return -1;
	status = plan_parse_manifest(&a, MANIFEST, text.data, text.len, &m, err);
	if (status == 0)
		status = plan_check_manifest(&m, root, err);
	if (status < 0)
		incomplete(err);
	else
		remember(&m, &node->image, detail);
	uname(&kernel);
	if (status == 0 && m.kernel && strcmp(m.kernel, kernel.release) != 0)
		status = error_set(err,
				   "the image has the modules of kernel %s, but kernel %s was booted: "
				   "serve kernel and initramfs of one build",
				   m.kernel, kernel.release);
	arena_free(&a);
	return status;
}

int phase_plan(struct node *node, char *detail, struct error *err)
{
	_cleanup_strbuf_ struct strbuf plan = {0}, modalias = {0};

	if (file_read_at(AT_FDCWD, PLAN, PLAN_TEXT_LIMIT, &plan, err) < 0 ||
	    plan_parse(&node->arena, PLAN, plan.data, plan.len, &node->plan, err) < 0)
		return -1;
	snprintf(detail, DETAIL_SIZE, "%s, %zu services", node->plan.name, node->plan.service_count);
	if (access(MODALIAS, F_OK) < 0)
		return 0;
	if (file_read_at(AT_FDCWD, MODALIAS, MODALIAS_LIMIT, &modalias, err) < 0)
		return -1;
	return plan_parse_modalias(&node->arena, MODALIAS, modalias.data, modalias.len, &node->aliases, err);
}
