/* Starting a child process. Children get a session of their own, default signals, an empty signal mask. */
#pragma once

#include <sys/types.h>

struct spawn {
	const char *const *argv; /* argv[0]: absolute path */
	const char *const *envp;
	const char *user;        /* as whom; NULL: root, without looking anything up */
	const char *socket;      /* a socket that is to be the user's, or NULL */
	int output;              /* descriptor for stdout and stderr; -1: /dev/null */
	const char *cgroup;      /* name of a service's group, or NULL */
	const char *terminal;    /* device that becomes stdin, stdout, stderr and controlling terminal; NULL: none */
};

/* The child's pid, or -1 with errno set when there is none (out of memory or processes). A program that cannot be
 * executed, and a user who is not there, say so on the child's stderr; it exits with 127. */
pid_t spawn_start(const struct spawn *s);

/* Signal a child and its session's processes; the child alone while it has not made its session yet. */
void spawn_kill(pid_t pid, int signal);

/* How a child with this wait(2) status ended: "exited with status 1", "was killed by signal 9 (Killed)". */
enum { SPAWN_HOW = 64 };
const char *spawn_describe(int status, char out[static SPAWN_HOW]);

/* What every child gets that nobody gave another; of a user other than root, HOME, USER and LOGNAME are added by
 * spawn_start. */
extern const char *const spawn_environment[], *const spawn_environment_of_user[];
