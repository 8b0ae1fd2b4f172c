#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/plan-words.h"
#include "node/state/state.h"

int split_portal(struct arena *a, const char *portal, unsigned fallback, const char **host, unsigned *port,
		 struct error *err)
{
	const char *colon = strrchr(portal, ':'), *close = strchr(portal, ']');
	uint64_t n = fallback;

	/* An IPv6 address without brackets has no port. */
	if (colon && portal[0] != '[' && strchr(portal, ':') != colon)
		colon = NULL;
	if (portal[0] == '[' && (!close || (close[1] && close[1] != ':')))
		return error_set(err, "\"%s\" is no portal", portal);
	if (portal[0] == '[')
		colon = close[1] == ':' ? close + 1 : NULL;
	if (colon && (!plan_word_number(colon + 1, 65535, &n) || n == 0))
		return error_set(err, "\"%s\": no port from 1 to 65535", portal);
	if (portal[0] == '[')
		*host = arena_strndup(a, portal + 1, (size_t)(close - portal - 1));
	else
		*host = colon ? arena_strndup(a, portal, (size_t)(colon - portal)) : arena_strdup(a, portal);
	*port = (unsigned)n;
	return 0;
}

static int connect_to(const struct addrinfo *to, int limit_ms)
{
	_cleanup_close_ int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int problem = 0, n;

	if (fd < 0)
		return errno;
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	n = poll(&p, 1, limit_ms);
	if (n <= 0)
		return n == 0 ? ETIMEDOUT : errno;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) < 0)
		return errno;
	return problem;
}

int reach(const char *host, unsigned port, int limit_ms, char address[static ADDRESS_SIZE], struct error *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	char service[8];
	int problem;

	snprintf(service, sizeof(service), "%u", port);
	problem = getaddrinfo(host, service, &hints, &list);
	if (problem)
		return error_set(err, "%s: %s", host, gai_strerror(problem));
	for (const struct addrinfo *i = list; i; i = i->ai_next) {
		problem = connect_to(i, limit_ms);
		if (problem)
			continue;
		getnameinfo(i->ai_addr, i->ai_addrlen, address, ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST);
		break;
	}
	freeaddrinfo(list);
	return problem ? error_set(err, "%s port %u: %s", host, port, strerror(problem)) : 0;
}
