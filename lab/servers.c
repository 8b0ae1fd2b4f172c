#include "lab/servers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "builder/run-program.h"
#include "lab/server-files.h"
#include "lab/storage.h"

enum { ANSWER_MS = 15000, LOOK_MS = 50, CALM_MS = 300, REGISTRY_PORT = 5000 };

static const struct kind {
	const char *name, *program;
	uint16_t port; /* TCP, where it listens once it is ready; 0: none */
} kinds[] = {
	[SERVER_DHCP] = {"dhcp", "dnsmasq", 0},
	[SERVER_HTTP] = {"http", "nginx", CLUSTER_HTTP_PORT},
	[SERVER_ISCSI] = {"iscsi", "tgtd", 3260},
	[SERVER_NFS] = {"nfs", "ganesha.nfsd", 2049},
	[SERVER_REGISTRY] = {"registry", "docker-registry", REGISTRY_PORT},
};

const char *server_name(enum lab_server_id id)
{
	return kinds[id].name;
}

/* The words behind the program's name. */
static struct strings arguments(const struct lab *l, enum lab_server_id id)
{
	struct arena *a = l->arena;
	struct strings out = {0};

	switch (id) {
	case SERVER_DHCP:
		strings_add(a, &out, "--keep-in-foreground");
		strings_add(a, &out, arena_printf(a, "--conf-file=%s", lab_path(l, "cluster/serve/dnsmasq.conf")));
		strings_add(a, &out, "--interface=lan");
		strings_add(a, &out, "--log-facility=-");
		strings_add(a, &out, "--log-dhcp");
		/* It would change to a user of its own, which there is none of in a namespace of users. */
		strings_add(a, &out, "--user=");
		strings_add(a, &out, "--group=");
		break;
	case SERVER_HTTP:
		strings_add(a, &out, "-p");
		strings_add(a, &out, lab_path(l, "cluster"));
		strings_add(a, &out, "-e");
		strings_add(a, &out, "stderr");
		strings_add(a, &out, "-c");
		strings_add(a, &out, lab_path(l, "cluster/serve/nginx.conf"));
		/* One process, and as who it is, for the same reason: it could not become another user for its workers, nor
		 * give that one its temporary folders. */
		strings_add(a, &out, "-g");
		strings_add(a, &out, "daemon off; master_process off; user root root;");
		break;
	case SERVER_ISCSI:
		strings_add(a, &out, "-f");
		strings_add(a, &out, "--iscsi");
		strings_add(a, &out, "portal=0.0.0.0:3260");
		break;
	case SERVER_NFS:
		strings_add(a, &out, "-F");
		strings_add(a, &out, "-f");
		strings_add(a, &out, lab_path(l, "run/ganesha.conf"));
		strings_add(a, &out, "-L");
		strings_add(a, &out, "STDOUT");
		strings_add(a, &out, "-p");
		strings_add(a, &out, lab_path(l, "run/ganesha.pid"));
		break;
	default:
		strings_add(a, &out, "serve");
		strings_add(a, &out, lab_path(l, "run/registry.yml"));
	}
	return out;
}

static __attribute__((noreturn)) void become(const char *const *argv, int log, const char *directory)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (null >= 0 && dup2(null, 0) == 0 && dup2(log, 1) == 1 && dup2(log, 2) == 2 && chdir(directory) == 0) {
		close_range(3, ~0U, 0);
		/* tgtd's socket would be in /run, which an ordinary user's lab does not own; relative, because it has to be short. */
		setenv("TGT_IPC_SOCKET", "tgtd", 1);
		execv(argv[0], (char *const *)argv);
		fprintf(stderr, "cannot start %s: %s\n", argv[0], strerror(errno));
	}
	_exit(127);
}

static int start(const struct lab *l, struct lab_servers *s, enum lab_server_id id, struct error *err)
{
	struct strings argv = {0}, rest = arguments(l, id);
	const char *program = program_find(l->arena, kinds[id].program);
	const char *path = lab_path(l, arena_printf(l->arena, "log/%s", kinds[id].name));
	_cleanup_close_ int log = -1;
	pid_t pid;

	if (!program)
		return error_set(err, "%s is not there", kinds[id].program);
	log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0)
		return error_errno(err, "%s", path);
	strings_add(l->arena, &argv, program);
	for (size_t i = 0; i < rest.count; i++)
		strings_add(l->arena, &argv, rest.items[i]);
	pid = fork();
	if (pid < 0)
		return error_errno(err, "cannot start %s", program);
	if (pid == 0)
		become(argv.items, log, lab_path(l, "run"));
	s->items[id] = (struct lab_server){.pid = pid, .wanted = true};
	return 0;
}

static bool listens(const struct lab *l, uint16_t port)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};

	return fd >= 0 && inet_pton(AF_INET, l->cluster->provisioner, &at.sin_addr) == 1 &&
	       connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;
}

/* What it said last, for the error. */
static const char *last_words(const struct lab *l, enum lab_server_id id)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};

	if (file_read_at(AT_FDCWD, lab_path(l, arena_printf(l->arena, "log/%s", kinds[id].name)), 1 << 20, &text, &ignored) < 0 ||
	    !text.len)
		return "it said nothing";
	return text_tail(l->arena, text.data, text.len, 5);
}

static int await(const struct lab *l, struct lab_servers *s, enum lab_server_id id, struct error *err)
{
	struct lab_server *server = &s->items[id];
	int64_t began = clock_ms();

	for (;;) {
		if (waitpid(server->pid, &server->status, WNOHANG) == server->pid) {
			server->pid = 0;
			return error_set(err, "%s (%s) ended at once:\n%s", kinds[id].program, kinds[id].name, last_words(l, id));
		}
		if (kinds[id].port ? listens(l, kinds[id].port) : clock_ms() >= began + CALM_MS)
			return 0;
		if (clock_ms() >= began + ANSWER_MS)
			return error_set(err, "%s does not listen on port %u after %d s:\n%s", kinds[id].program, kinds[id].port,
					 ANSWER_MS / 1000, last_words(l, id));
		poll(NULL, 0, LOOK_MS);
	}
}

int servers_start(const struct lab *l, struct lab_servers *s, struct error *err)
{
	const struct cluster *c = l->cluster;
	bool wanted[SERVER_COUNT] = {
		[SERVER_DHCP] = true,
		[SERVER_HTTP] = true,
		[SERVER_ISCSI] = storage_wants(c, PLAN_STATE_ISCSI),
		[SERVER_NFS] = storage_wants(c, PLAN_STATE_NFS) || storage_wants(c, PLAN_STATE_LOOP),
		[SERVER_REGISTRY] = true,
	};

	if (server_files_write(l, err) < 0)
		return -1;
	for (unsigned id = 0; id < SERVER_COUNT; id++)
		if (wanted[id] && start(l, s, id, err) < 0)
			return -1;
	for (unsigned id = 0; id < SERVER_COUNT; id++)
		if (wanted[id] && await(l, s, id, err) < 0)
			return -1;
	return wanted[SERVER_ISCSI] ? storage_targets(l, err) : 0;
}

bool servers_ended(const struct lab *l, struct lab_servers *s, pid_t pid, int status)
{
	for (unsigned id = 0; id < SERVER_COUNT; id++) {
		struct lab_server *server = &s->items[id];

		if (server->pid != pid)
			continue;
		server->pid = 0;
		server->status = status;
		if (WIFSIGNALED(status))
			lab_event(l, kinds[id].name, "FAILED: %s was killed by signal %d", kinds[id].program, WTERMSIG(status));
		else
			lab_event(l, kinds[id].name, "FAILED: %s ended with status %d: %s", kinds[id].program, WEXITSTATUS(status),
				  last_words(l, id));
		return true;
	}
	return false;
}
