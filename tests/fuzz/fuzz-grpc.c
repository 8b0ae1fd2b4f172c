/* What a server answers to a call (node/grpc/grpc.h): HTTP/2 frames with gRPC's messages in them. The bytes come from a socket that
 * is closed behind them; an answer must have lengths and a status that hold, a failure its message. */
#include "tests/fuzz/fuzz.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/grpc/grpc.h"

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int listener = -1;
static char folder[64];

static void remove_all(void)
{
	unlink(address.sun_path);
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	snprintf(folder, sizeof(folder), "/tmp/mkdl-fuzz-grpc-XXXXXX");
	MUST(mkdtemp(folder));
	atexit(remove_all);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(listener, 1) == 0);
	return 0;
}

/* The server has said all that it will, before anybody asked. */
static void answer(const uint8_t *data, size_t size)
{
	int fd = accept(listener, NULL, NULL);

	MUST(fd >= 0);
	while (size) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0)
			break;
		data += n;
		size -= (size_t)n;
	}
	shutdown(fd, SHUT_WR);
	/* What the client sends is not read: it is little. The descriptor is closed with the next connection. */
	static int before = -1;

	if (before >= 0)
		close(before);
	before = fd;
}

static void check_answer(const struct grpc *g, const struct strbuf *message)
{
	const char *text = grpc_status_text(g);

	MUST(grpc_status(g) >= 0 && message->len <= GRPC_MESSAGE_LIMIT);
	for (; *text; text++)
		MUST((unsigned char)*text >= 0x20 && *text != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct grpc_header headers[] = {{"containerd-namespace", "k8s.io"}};
	struct strbuf request = {0}, message = {0};
	struct error err = {0};
	struct grpc *g = grpc_connect(address.sun_path, headers, 1, &err);
	int status;

	MUST(g);
	grpc_patience(g, 1000);
	answer(data, size);
	strbuf_puts(&request, "request");
	/* Two calls: what the first leaves behind is the second's beginning. */
	for (int i = 0; i < 2; i++) {
		if (grpc_call(g, "/fuzz.Fuzz/Call", &request, &message, &status, &err) < 0) {
			fuzz_failed(&err);
			break;
		}
		check_answer(g, &message);
	}
	grpc_close(g);
	strbuf_free(&request);
	strbuf_free(&message);
	return 0;
}
